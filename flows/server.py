"""Prefect's server as a child: one for each home, shared by its commands, gone when the last of them ends.

    python -m flows.server HOME PLACE PORT   the keeper: starts the server and stops it when nobody uses it
    python -m flows.server --template        makes the migrated database that a new home's is copied from

A command holds a shared lock on `clients.lock` for as long as it lives, also when it is killed; the keeper looks every
second whether anybody still does. A server in a second process costs nothing at the end of a command and lets the work
begin while it starts (5 s); `PREFECT_API_URL` names one that somebody else runs, and then nothing is started.
"""

import fcntl
import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from importlib.metadata import version
from pathlib import Path
from time import monotonic, sleep
from typing import IO
from urllib.error import URLError
from urllib.request import urlopen

from flows.environment import environment, folder
from tidings.problem import Exit, Problem

START_SECONDS = 120
LOOK_SECONDS = 1.0
STOP_SECONDS = 3

_keepers: dict[str, subprocess.Popen[bytes]] = {}
"""Those that this process started, by the URL of their server."""


@dataclass(frozen=True, kw_only=True)
class Server:
    """A Prefect server that runs or is starting."""

    api_url: str
    log: Path

    def wait(self) -> None:
        """Return when the server answers.

        Raises:
            Problem: it does not within two minutes, or has ended.
        """
        until = monotonic() + START_SECONDS
        keeper = _keepers.get(self.api_url)
        while not _answers(self.api_url):
            if monotonic() > until or (keeper and keeper.poll() is not None):
                raise Problem(
                    "Prefect's server did not start.",
                    todo=f"See {self.log}; nothing was sent.",
                    code=Exit.FAILED,
                )
            sleep(0.1)


DATABASE = "PREFECT_API_DATABASE_CONNECTION_URL"


@contextmanager
def joined(home: Path, *, database: str | None = None) -> Iterator[Server]:
    """Use the home's server, starting it if nobody did; it may still be starting when this yields.

    Args:
        home: whose server.
        database: a PostgreSQL URL for a server that several workers share; None: a file of the home.
    """
    if url := os.environ.get("PREFECT_API_URL"):
        yield Server(api_url=url, log=Path("the log of that server"))
        return
    place = folder(home) / "shared" if database else folder(home)
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (place / "clients.lock").open("a") as clients:
        with (place / "start.lock").open("a") as start:
            fcntl.flock(start, fcntl.LOCK_EX)
            fcntl.flock(clients, fcntl.LOCK_SH)
            url = _running(place) or _start(home, place, {DATABASE: database} if database else {})
        yield Server(api_url=url, log=place / "server.log")


def _running(place: Path) -> str | None:
    """Return the URL of the server whose keeper lives; the keeper holds `keeper.lock` as long as it does."""
    try:
        known = json.loads((place / "server.json").read_text())
        with (place / "keeper.lock").open("a") as keeper:
            fcntl.flock(keeper, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return str(known["url"])
    except (OSError, ValueError):
        return None
    return None


def _start(home: Path, place: Path, own: Mapping[str, str]) -> str:
    """Start a keeper, which inherits its lock so that it counts as running from the first moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}/api"
    keeper = (place / "keeper.lock").open("a")
    fcntl.flock(keeper, fcntl.LOCK_EX)
    with (place / "server.log").open("ab") as log, keeper:
        started = subprocess.Popen(
            [sys.executable, "-m", "flows.server", str(home), str(place), str(port)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            pass_fds=[keeper.fileno()],
            env={**os.environ, **environment(home), **own},
        )
    _keepers[url] = started  # Python complains of a child that is forgotten while it runs.
    (place / "server.json").write_text(json.dumps({"url": url}))
    return url


def _answers(url: str) -> bool:
    try:
        with urlopen(f"{url}/health", timeout=1) as answer:  # noqa: S310 -- our own server, or the one that is set
            return bool(answer.status == HTTPStatus.OK)
    except (URLError, OSError):
        return False


def keep(home: Path, place: Path, port: int) -> None:
    """Run the server until nobody holds `clients.lock` any more."""
    own = _server_environment(home) if DATABASE in os.environ else _file_environment(home, place)
    server = subprocess.Popen(_command(port), env={**os.environ, **own}, preexec_fn=die_with_parent)
    try:
        while server.poll() is None:
            sleep(LOOK_SECONDS)
            if (locks := _nobody(place)) is not None:
                _stop(server)
                # Who gets the locks now must not take this keeper, which still ends, for one with a server.
                (place / "server.json").unlink(missing_ok=True)
                for lock in locks:
                    lock.close()
    finally:
        _stop(server)


def _nobody(place: Path) -> list[IO[str]] | None:
    """Return the locks that keep newcomers out while we stop, or None while somebody uses the server."""
    held: list[IO[str]] = []
    for name in ("start.lock", "clients.lock"):
        lock = (place / name).open("a")
        held.append(lock)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            for file in held:
                file.close()
            return None
    return held


def _stop(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    try:
        server.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _command(port: int) -> list[str]:
    factory = "prefect.server.api.server:create_app"
    options = ["--host", "127.0.0.1", "--port", str(port), "--log-level", "error", "--lifespan", "on"]
    return [sys.executable, "-m", "uvicorn", "--factory", factory, *options]


def _file_environment(home: Path, place: Path) -> dict[str, str]:
    """Return the environment of a server whose database is a file, copied from the template when there is none."""
    database = place / "prefect.db"
    if not database.exists() and template().exists():
        draft = database.with_suffix(".draft")
        shutil.copyfile(template(), draft)
        draft.replace(database)
    return {
        **_server_environment(home),
        DATABASE: f"sqlite+aiosqlite:///{database}",
        "PREFECT_API_DATABASE_MIGRATE_ON_START": "false" if database.exists() else "true",
    }


def _server_environment(home: Path) -> dict[str, str]:
    return {
        **environment(home),
        "PREFECT_API_BLOCKS_REGISTER_ON_START": "false",
        "PREFECT_MEMO_STORE_PATH": str(folder(home) / "memo_store.toml"),
    }


def die_with_parent() -> None:
    """Ask Linux to end this process when its keeper ends, however that happens (prctl(2), PR_SET_PDEATHSIG)."""
    import ctypes
    import signal

    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def template() -> Path:
    """Return where the installed template of Prefect's database lies."""
    return Path(sys.prefix) / "share" / "tidings" / f"prefect-{version('prefect')}.db"


def make_template() -> None:
    """Make the template: a migrated, empty database. Takes 10 s, once for each installation."""
    target = template()
    if target.exists():
        return
    own_home = target.parent / "prefect-home"
    folder(own_home).mkdir(parents=True, exist_ok=True)
    draft = target.with_suffix(f".{os.getpid()}")
    own = {DATABASE: f"sqlite+aiosqlite:///{draft}"}
    subprocess.run(
        [sys.executable, "-m", "prefect", "server", "database", "upgrade", "-y"],
        env={**os.environ, **environment(own_home), **own},
        check=True,
        stdout=subprocess.DEVNULL,
    )
    draft.replace(target)
    shutil.rmtree(own_home, ignore_errors=True)


if __name__ == "__main__":
    if sys.argv[1:] == ["--template"]:
        make_template()
    else:
        keep(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
