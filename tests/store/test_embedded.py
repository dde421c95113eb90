"""The embedded server: any home, any death, never two, never left behind."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import text

from store import embedded, guardian
from store.connect import open_store, opened
from tidings.settings import Settings

STILL_THERE = 10.0
"""Seconds after which no process of a one-shot command may live."""

CLIENT = """
import sys
from pathlib import Path
from sqlalchemy import text
from store.connect import opened
from tidings.settings import Settings
with opened(Settings(home=Path(sys.argv[1]))) as store, store.engine.begin() as connection:
    row = connection.execute(text("SELECT pg_postmaster_start_time(), pg_backend_pid()")).one()
    connection.execute(text("INSERT INTO installation VALUES (:key, '') ON CONFLICT DO NOTHING"), {"key": sys.argv[2]})
    connection.commit()
    print(row[0].isoformat(), flush=True)
    sys.stdin.read()
"""


def start_client(home: Path, key: str = "k") -> subprocess.Popen:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TIDINGS_")}
    return subprocess.Popen(
        [sys.executable, "-c", CLIENT, str(home), key],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
        env=environment,
    )


def processes_of(home: Path) -> list[int]:
    """The processes that have the home in their command line or work in it, ourselves and clients excluded."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes()
            place = (process / "cwd").readlink()
        except OSError:
            continue
        if os.fsencode(home / "database" / "data") in command or place == home / "database" / "data":
            found.append(int(process.name))
    return found


def wait_until_gone(home: Path) -> float:
    """Wait until the server's lock is free and return how many seconds that took."""
    start = time.monotonic()
    embedded.wait_until_stopped(home)
    return time.monotonic() - start


@pytest.fixture
def deep_home(tmp_path):
    """A home whose path is 200 characters long, below a folder that is its owner's alone."""
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    rest = 200 - len(str(private)) - 1
    parts = ["d" * min(60, rest - at) for at in range(0, rest, 61)]
    home = private.joinpath(*parts)
    assert 199 <= len(str(home)) <= 200
    return home


def test_a_private_home_with_a_path_of_200_characters_works(deep_home):
    with opened(Settings(home=deep_home)) as store, store.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM customers")).scalar() == 0
        assert connection.execute(text("SHOW fsync")).scalar() == "on"
        assert connection.execute(text("SHOW listen_addresses")).scalar() == ""
    deep_home.chmod(0o700)
    with opened(Settings(home=deep_home)) as store, store.engine.connect() as connection:
        assert connection.execute(text("SHOW TimeZone")).scalar() == "UTC"
    assert deep_home.parent.stat().st_uid == os.geteuid()
    assert wait_until_gone(deep_home) < STILL_THERE


def test_nobody_else_reaches_the_data_or_the_socket(home):
    with opened(Settings(home=home)):
        assert (home / "database").stat().st_mode & 0o777 == 0o700
        assert (home / "database" / "data").stat().st_mode & 0o777 == 0o700
        assert (home / "database" / "data").stat().st_uid != 0


def test_commands_that_start_at_once_share_one_server_and_it_ends_with_the_last(home):
    clients = [start_client(home, f"k{number}") for number in range(4)]
    servers = {client.stdout.readline() for client in clients}
    for client in clients:
        client.communicate()

    assert len(servers) == 1
    assert "" not in servers
    assert wait_until_gone(home) < STILL_THERE
    assert not processes_of(home)


def test_a_killed_command_leaves_nothing_behind(home):
    client = start_client(home)
    assert client.stdout.readline()
    client.kill()
    client.communicate()

    assert wait_until_gone(home) < STILL_THERE
    assert not processes_of(home)


def test_everything_killed_at_once_starts_again_with_all_that_was_committed(home):
    client = start_client(home, "committed")
    assert client.stdout.readline()
    victims = processes_of(home)
    assert len(victims) > 2
    for process in [*victims, client.pid]:
        with suppress(ProcessLookupError):  # one of the server's may have ended since, or with another one
            os.kill(process, signal.SIGKILL)
    client.communicate()
    (home / "database" / "data" / "postmaster.pid").write_text(
        f"{os.getpid()}\n"
    )  # its id was given to somebody else

    with opened(Settings(home=home)) as store, store.engine.connect() as connection:
        assert "committed" in connection.execute(text("SELECT key FROM installation")).scalars().all()


def test_the_server_dies_with_its_guardian_and_the_next_command_starts_another(home):
    first = open_store(Settings(home=home))
    watcher = next(
        process
        for process in processes_of(home)
        if b"guardian.py" in Path(f"/proc/{process}/cmdline").read_bytes()
    )
    os.kill(watcher, signal.SIGKILL)

    with opened(Settings(home=home)) as second, second.engine.connect() as connection:
        assert connection.execute(text("SELECT 1")).scalar() == 1
    first.close()


def test_two_homes_do_not_touch_each_other(tmp_path):
    with opened(Settings(home=tmp_path / "one")) as one, opened(Settings(home=tmp_path / "two")) as two:
        with one.engine.begin() as connection:
            connection.execute(text("INSERT INTO installation VALUES ('k', 'one')"))
        with two.engine.connect() as connection:
            assert connection.execute(text("SELECT value FROM installation WHERE key = 'k'")).scalar() is None


def test_a_warm_start_is_quick(home):
    with opened(Settings(home=home)):
        embedded.join(home).close()
        start = time.monotonic()
        embedded.join(home).close()
        joined = time.monotonic() - start
    wait_until_gone(home)
    start = time.monotonic()
    embedded.join(home).close()
    started = time.monotonic() - start

    assert joined < 0.5  # measured: 0.001
    assert started < 3.0  # measured: 0.06


def test_the_persons_own_variables_of_postgres_do_not_reach_the_server(home, monkeypatch):
    monkeypatch.setenv("PGDATA", "/nonexistent")
    monkeypatch.setenv("PGOPTIONS", "-c search_path=nowhere")
    monkeypatch.setenv("PGUSER", "somebody")
    monkeypatch.setenv("PGPORT", "1")

    with opened(Settings(home=home)) as store, store.engine.connect() as connection:
        assert connection.execute(text("SELECT current_user")).scalar() == "postgres"


def test_the_guardian_needs_nothing_but_the_standard_library():
    code = """if True:
        import json, runpy, sys
        runpy.run_path(sys.argv[1], run_name="imported")
        print(json.dumps(sorted(sys.modules)))
    """
    names = json.loads(subprocess.check_output([sys.executable, "-I", "-S", "-c", code, guardian.__file__]))

    assert {name.split(".")[0] for name in names} <= sys.stdlib_module_names | {"__main__", "__mp_main__"}
