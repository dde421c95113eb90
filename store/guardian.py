"""The process that runs the embedded PostgreSQL and stops it when nobody needs it any more.

It is started as a script by `store.embedded`, so it imports nothing but the standard library. Three promises:

- PostgreSQL stops within `LINGER` plus `PATIENCE` seconds after the last process that holds the lease is gone, however
  that process died: the lease is a lock, and the kernel gives a dead process's locks back.
- PostgreSQL does not outlive this process: the kernel sends it a fast shutdown when its parent dies.
- The server's lock is held by this process and inherited by every one of PostgreSQL, so whoever gets it knows that
  none is left.
"""

import ctypes
import fcntl
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

LINGER = 2.0
"""Seconds without a client before the server stops; the next command of a script finds it warm."""
PATIENCE = 5.0
"""Seconds that a fast shutdown may take before it becomes an immediate one (recovery does the rest)."""

_POLL = 0.2
_LOG_LIMIT = 1_000_000

OPTIONS = {
    "listen_addresses": "",
    "unix_socket_directories": ".",  # relative to the data directory: no limit to the length of its path
    "unix_socket_permissions": "0700",
    "port": "5432",
    "max_connections": "80",
    "shared_buffers": "64MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "64MB",
    "max_wal_size": "512MB",
    "min_wal_size": "32MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "jit": "off",
    "random_page_cost": "1.1",
    "autovacuum_naptime": "5s",  # a one-shot command's server lives for seconds
    "huge_pages": "off",
    "max_parallel_workers_per_gather": "0",  # parallel work needs /dev/shm, which containers keep small
    "max_parallel_maintenance_workers": "0",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_error_statement": "panic",  # a failed statement may hold personal data
    "log_error_verbosity": "terse",
    "log_checkpoints": "off",
}

IO_METHOD_SINCE = 18
"""`io_method` is unknown to older servers, and workers of its own would only cost memory here."""

_PR_SET_PDEATHSIG = 1
_PR_SET_KEEPCAPS = 8
_PR_SET_SECUREBITS = 28
_SECBIT_NO_SETUID_FIXUP = 4
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_RAISE = 2
_CAPABILITY_VERSION = 0x20080522
_CAP_DAC_OVERRIDE = 1
_CAP_DAC_READ_SEARCH = 2


def become(user: int) -> None:
    """Leave root for `user`, keeping only the right to pass through and read directories that are root's own.

    PostgreSQL refuses to run as root, and a home of root may be mode 0700: an ambient capability opens the way without
    changing the mode of anybody's directory, and without a user namespace.

    Raises:
        OSError: the kernel or the container forbids it.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    kept = _passing_capability()
    libc.prctl(_PR_SET_KEEPCAPS, 1, 0, 0, 0)
    # Without it access(2), by which PostgreSQL looks for its own programs, ignores the capability.
    libc.prctl(_PR_SET_SECUREBITS, _SECBIT_NO_SETUID_FIXUP, 0, 0, 0)
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
    mask = 0 if kept is None else 1 << kept
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION, 0)
    sets = (ctypes.c_uint32 * 6)(mask, mask, mask, 0, 0, 0)
    if libc.capset(header, sets) != 0:
        raise OSError(ctypes.get_errno(), "capset")
    if kept is not None:
        libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, kept, 0, 0)


def _passing_capability() -> int | None:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    permitted = int(next(line for line in status.splitlines() if line.startswith("CapPrm")).split()[1], 16)
    # A container's default set lacks the narrower one.
    return next((cap for cap in (_CAP_DAC_READ_SEARCH, _CAP_DAC_OVERRIDE) if permitted >> cap & 1), None)


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGINT, 0, 0, 0)


def _open_log(path: Path) -> int:
    keep = os.O_APPEND if path.exists() and path.stat().st_size < _LOG_LIMIT else os.O_TRUNC
    return os.open(path, os.O_WRONLY | os.O_CREAT | keep, 0o600)


def _is_ready(data: Path) -> bool:
    try:
        lines = (data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return False
    return len(lines) > 7 and lines[7].startswith("ready")  # noqa: PLR2004 -- the file's eighth line is the status


def _is_unused(lease: int) -> bool:
    """Return True, and keep every newcomer out, when no client holds the lease."""
    try:
        fcntl.flock(lease, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _stop(server: subprocess.Popen[bytes]) -> None:
    for shutdown, patience in ((signal.SIGINT, PATIENCE), (signal.SIGQUIT, 1.5), (signal.SIGKILL, None)):
        server.send_signal(shutdown)
        try:
            server.wait(patience)
        except subprocess.TimeoutExpired:
            continue
        return


def _watch(server: subprocess.Popen[bytes], lease: int) -> None:
    """Return when the server ended, or stop it when no client held the lease for `LINGER` seconds."""
    unused_since: float | None = None
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
    while True:
        signal.sigtimedwait({signal.SIGCHLD}, _POLL)  # Popen.wait with a time looks twenty times a second
        if server.poll() is not None:
            return
        if not _is_unused(lease):
            unused_since = None
            continue
        now = time.monotonic()
        unused_since = now if unused_since is None else unused_since
        if now - unused_since >= LINGER:
            _stop(server)
            return
        fcntl.flock(lease, fcntl.LOCK_UN)


def guard(postgres: str, data: Path, lease_file: str, log: Path, server_lock: int) -> int:
    """Start the server, say `ready` on stdout, and stay until it ended. Returns the exit code."""
    lease = os.open(lease_file, os.O_RDWR)
    log_file = _open_log(log)
    owner = data.stat().st_uid
    if os.geteuid() == 0:
        become(owner)
    os.umask(0o077)
    version = int((data / "PG_VERSION").read_text(encoding="ascii"))
    options = OPTIONS | ({"io_method": "sync"} if version >= IO_METHOD_SINCE else {})
    settings = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
    server = subprocess.Popen(  # noqa: S603 -- our own binary, no shell
        [postgres, "-D", str(data), *settings],
        stdin=subprocess.DEVNULL,
        stdout=log_file,
        stderr=log_file,
        cwd="/",
        pass_fds=(server_lock,),
        preexec_fn=_die_with_parent,  # this process has one thread
    )
    signal.signal(signal.SIGTERM, lambda *_: server.send_signal(signal.SIGINT))
    while server.poll() is None and not _is_ready(data):
        time.sleep(0.005)
    if server.poll() is not None:
        return 1
    os.write(1, b"ready\n")
    os.close(1)
    _watch(server, lease)
    return 0


if __name__ == "__main__":
    _postgres, _data, _lease, _log, _lock = sys.argv[1:]
    sys.exit(guard(_postgres, Path(_data), _lease, Path(_log), int(_lock)))
