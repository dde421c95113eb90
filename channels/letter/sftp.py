"""Print batches on a print house's SFTP server: draft-ietf-secsh-filexfer-02 as OpenSSH speaks it, by paramiko.

A batch is uploaded as `.<batch>/` and renamed to `<batch>/`: it is there whole or not at all. Before the rename a mark
in our own books says that the upload was complete: where later neither name is there, it was renamed and collected.
"""

import base64
import binascii
import errno
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import paramiko

from channels.contract import Capability
from channels.durable import is_safe, sync_folder, write_durably
from channels.letter.batches import Known
from channels.letter.handover import LetterDrop, keys_of
from channels.letter.in_time import GivenUpError, in_time
from channels.letter.manifest import files_of
from tidings.channel import Channel
from tidings.outcome import ErrorClass, Refused, Unknown
from tidings.problem import Problem
from tidings.settings import SftpSettings

RENAMING = "renaming"
SOON, LATER = timedelta(minutes=1), timedelta(minutes=10)
OURS = {errno.ENOENT: "no_such_file", errno.EACCES: "permission_denied"}
"""What the server says about a folder that we name wrongly or may not write to; all else passes, as a full disk."""
BROKEN = (paramiko.SSHException, EOFError, GivenUpError, ConnectionError, TimeoutError)


class Sftp(LetterDrop):
    """Accepted exactly once: the delivery is the key, `reference` is the batch."""

    name = "sftp"
    channel = Channel.LETTER
    capability = Capability.KEY
    platforms: frozenset[str] = frozenset()
    rate = 0.0

    def __init__(self, settings: SftpSettings, *, home: Path) -> None:
        """Read the keys; the server is contacted by the first batch.

        Raises:
            Problem: no host, user, password or key; no key of the host that can be checked.
        """
        for name, value in (("HOST", settings.host), ("USERNAME", settings.username)):
            if not value:
                raise Problem(
                    f"TIDINGS_LETTER is sftp, but TIDINGS_SFTP__{name} is not set.",
                    todo="The print house tells it.",
                )
        if not settings.password.get_secret_value() and settings.key_file is None:
            raise Problem(
                "TIDINGS_LETTER is sftp, but neither TIDINGS_SFTP__KEY_FILE nor TIDINGS_SFTP__PASSWORD is set.",
                todo="Make a key with `ssh-keygen -t ed25519` and give its public part to the print house.",
            )
        super().__init__(home, self.name, limit=settings.timeout)
        self._settings = settings
        self._host_keys = _host_keys(settings)
        self._key = _own_key(settings)

    def close(self) -> None:
        """Nothing is kept open."""

    def _place(self, staged: Path) -> Refused | Unknown | None:
        client = paramiko.SSHClient()
        try:
            failed = self._connect(client)
            if failed is not None:
                return failed
            return self._hand_over(client, staged)
        finally:
            client.close()

    def _known(self) -> Known:
        """Read the manifests that are still there; what the print house took away, only our own books know."""
        client = paramiko.SSHClient()
        try:
            return self._connect(client) or in_time(lambda: self._manifests(client), self._limit)
        except (*BROKEN, OSError) as error:
            return _told(error)
        finally:
            client.close()

    def _manifests(self, client: paramiko.SSHClient) -> dict[str, Sequence[str]]:
        sftp: Any = client.open_sftp()
        place = self._settings.folder.rstrip("/") or "/"
        found: dict[str, Sequence[str]] = {}
        for name in filter(is_safe, sftp.listdir(place)):
            with suppress(FileNotFoundError), sftp.open(f"{place}/{name}/manifest.json") as file:
                found[name] = keys_of(file.read())
        return found

    def _connect(self, client: paramiko.SSHClient) -> Refused | None:
        seconds = self._limit.total_seconds()
        for name, kind, key in self._host_keys:
            client.get_host_keys().add(name, kind, key)
        client.set_missing_host_key_policy(paramiko.RejectPolicy())
        try:
            in_time(
                lambda: client.connect(
                    self._settings.host,
                    port=self._settings.port,
                    username=self._settings.username,
                    password=self._settings.password.get_secret_value() or None,
                    pkey=self._key,
                    timeout=seconds,
                    banner_timeout=seconds,
                    auth_timeout=seconds,
                    allow_agent=False,
                    look_for_keys=False,
                ),
                self._limit,
            )
        except paramiko.BadHostKeyException:
            return Refused(error=ErrorClass.CONFIG, code="host_key", wait=LATER)
        except paramiko.AuthenticationException:
            return Refused(error=ErrorClass.CONFIG, code="authentication", wait=LATER)
        except paramiko.SSHException as error:
            if "known_hosts" in str(error):  # the policy's words: the server showed a key that nobody told us
                return Refused(error=ErrorClass.CONFIG, code="host_key", wait=LATER)
            return Refused(error=ErrorClass.TRANSIENT, code="connect", wait=SOON)
        except (*BROKEN, OSError):
            return Refused(error=ErrorClass.TRANSIENT, code="connect", wait=SOON)
        return None

    def _hand_over(self, client: paramiko.SSHClient, staged: Path) -> Refused | Unknown | None:
        place = self._settings.folder.rstrip("/") or "/"
        final, draft = f"{place}/{staged.name}", f"{place}/.{staged.name}"
        try:
            sftp: Any = in_time(client.open_sftp, self._limit)
            if in_time(lambda: self._is_there(sftp, staged, final, draft), self._limit):
                return None
            in_time(lambda: _upload(sftp, staged, draft), self._limit)
        except (*BROKEN, OSError) as error:  # under its draft's name it is no batch
            return _told(error)
        write_durably(staged / RENAMING, b"")
        sync_folder(staged)
        try:
            in_time(lambda: _rename(sftp, draft, final), self._limit)
        except BROKEN as error:
            return Unknown(code=type(error).__name__)
        except OSError as error:
            return self._taken_back(sftp, staged, draft, final, error)
        return None

    def _taken_back(
        self, sftp: Any, staged: Path, draft: str, final: str, error: OSError
    ) -> Refused | Unknown | None:
        """Remove what could not be renamed; a server may have done so all the same, and refused what comes behind.

        The mark goes first: without a draft it would say that the batch was collected.
        """
        try:
            if in_time(lambda: _exists(sftp, final), self._limit):
                return None
        except (*BROKEN, OSError):
            return Unknown(code="rename")
        (staged / RENAMING).unlink()
        sync_folder(staged)
        with suppress(*BROKEN, OSError):
            in_time(lambda: _remove(sftp, draft), self._limit)
        return _told(error)

    def _is_there(self, sftp: Any, staged: Path, final: str, draft: str) -> bool:
        """Whether an earlier try came to its end; a batch that is neither here nor there was collected."""
        if _exists(sftp, final):
            return True
        return (staged / RENAMING).exists() and not _exists(sftp, draft)


def _exists(sftp: Any, path: str) -> bool:
    try:
        sftp.stat(path)
    except FileNotFoundError:
        return False
    return True


def _upload(sftp: Any, staged: Path, draft: str) -> None:
    if not _exists(sftp, draft):
        sftp.mkdir(draft)
    for name in files_of(staged):
        with (staged / name).open("rb") as file:
            sftp.putfo(file, f"{draft}/{name}", confirm=True)  # asks for the size afterwards


def _rename(sftp: Any, draft: str, final: str) -> None:
    """Rename by OpenSSH's extension, or by the plain request where a server has no extensions."""
    try:
        sftp.posix_rename(draft, final)
    except OSError as error:
        if "unsupported" not in str(error).lower():
            raise
        sftp.rename(draft, final)


def _remove(sftp: Any, draft: str) -> None:
    for name in sftp.listdir(draft):
        sftp.remove(f"{draft}/{name}")
    sftp.rmdir(draft)


def _told(error: BaseException) -> Refused:
    """Return the outcome of a failure before the rename, or of a rename that the server refused."""
    number = error.errno if isinstance(error, OSError) else None
    if number in OURS:
        return Refused(error=ErrorClass.CONFIG, code=OURS[number], wait=LATER)
    code = type(error).__name__ if isinstance(error, BROKEN) else "failure"
    return Refused(error=ErrorClass.TRANSIENT, code=code, wait=SOON)


def _host_keys(settings: SftpSettings) -> list[tuple[str, str, paramiko.PKey]]:
    """Return the keys by which the server is known: (name, type, key)."""
    name = settings.host if settings.port == 22 else f"[{settings.host}]:{settings.port}"  # noqa: PLR2004 -- SSH
    todo = "Ask the print house for it; `ssh-keyscan` only shows what whoever answers claims to be."
    if settings.host_key:
        kind, _, encoded = settings.host_key.strip().partition(" ")
        try:
            key = paramiko.PKey.from_type_string(kind, base64.b64decode(encoded.split()[0], validate=True))
        except (paramiko.SSHException, binascii.Error, ValueError, IndexError) as error:
            raise Problem("TIDINGS_SFTP__HOST_KEY is no public key of SSH.", todo=todo) from error
        return [(name, kind, key)]
    if settings.known_hosts is None:
        raise Problem(
            "TIDINGS_LETTER is sftp, but neither TIDINGS_SFTP__HOST_KEY nor TIDINGS_SFTP__KNOWN_HOSTS is set.",
            todo=todo,
        )
    path = settings.known_hosts.expanduser()
    found = _read(lambda: paramiko.HostKeys(str(path)), "KNOWN_HOSTS", path).lookup(name)
    if not found:
        raise Problem(f"TIDINGS_SFTP__KNOWN_HOSTS: {path} has no key of {name}.", todo=todo)
    return [(name, kind, found[kind]) for kind in found]


def _own_key(settings: SftpSettings) -> paramiko.PKey | None:
    if settings.key_file is None:
        return None
    path = settings.key_file.expanduser()
    word = settings.key_password.get_secret_value()
    return _read(lambda: paramiko.PKey.from_path(path, word.encode() if word else None), "KEY_FILE", path)


def _read(read: Callable[[], Any], name: str, path: Path) -> Any:
    try:
        return read()
    except (OSError, paramiko.SSHException, ValueError, TypeError) as error:
        why = (
            "is encrypted"
            if isinstance(error, paramiko.PasswordRequiredException)
            else f"cannot be read ({type(error).__name__})"
        )
        raise Problem(f"TIDINGS_SFTP__{name}: {path} {why}.", todo="Name a file that can be read.") from error
