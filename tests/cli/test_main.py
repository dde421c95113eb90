"""The command line as a person's hands meet it."""

import json
import os
import signal
import socket
import subprocess
import sys
from io import StringIO

import pytest
from rich.table import Column, Table

from cli.main import COMMANDS, main, tidings
from cli.output import _Console
from tests.walk import ROOT


@pytest.mark.parametrize(
    ("told", "code", "said"),
    [
        pytest.param(signal.SIGINT, 130, "interrupted; nothing is half done", id="by Ctrl-C"),
        pytest.param(signal.SIGTERM, 143, "ended from outside; nothing is half done", id="by the system"),
    ],
)
def test_who_is_told_to_end_says_what_it_left_and_nothing_on_standard_output(tmp_path, told, code, said):
    file = tmp_path / "mapping.toml"
    os.mkfifo(file)
    command = [sys.executable, "-m", "cli", "import", "customers", "a.csv", "--mapping", str(file), "--json"]
    environment = {**os.environ, "TIDINGS_HOME": str(tmp_path / "home")}
    with (
        subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process,
        file.open("w"),
    ):  # opens when the command reads it
        process.send_signal(told)
        out, err = process.communicate()

    assert (process.returncode, out) == (code, "")
    assert said in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    "words", [["campaign", "example"], ["campaign", "example", "--json"]], ids=["text", "JSON"]
)
def test_a_reader_who_has_seen_enough_is_no_failure(tmp_path, words):
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "cli", *words],
        env={**os.environ, "TIDINGS_HOME": str(tmp_path / "home"), "PYTHONUNBUFFERED": ""},
        stdout=write,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("output", "code", "said"),
    [(">&-", 0, ""), (">/dev/full", 1, "the disk is full")],
    ids=["an output that is closed", "an output that takes no more"],
)
def test_an_output_that_cannot_be_written_is_no_fault_of_ours(tmp_path, output, code, said):
    done = subprocess.run(
        ["sh", "-c", f'"$0" -m cli laws {output}', sys.executable],
        env={**os.environ, "TIDINGS_HOME": str(tmp_path / "home"), "PYTHONUNBUFFERED": ""},
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )

    assert done.returncode == code
    assert said in done.stderr
    assert "fault of ours" not in done.stderr
    assert "Exception ignored" not in done.stderr


def _spoken():
    """Every command that a person can type, as its words."""
    for name, _, _ in COMMANDS:
        command = tidings(called=name)[name]
        if command.default_command:
            yield [name]
        yield from ([name, below] for below in command if not below.startswith("-"))


@pytest.mark.parametrize("words", [*_spoken()], ids=" ".join)
def test_every_command_shows_an_example_of_itself(words, capsys):
    with pytest.raises(SystemExit) as stopped:
        main([*words, "--help"])

    shown = " ".join(capsys.readouterr().out.split())
    assert stopped.value.code == 0
    assert "Example: " in shown
    assert f"tidings {' '.join(words)}" in shown.partition("Example: ")[2]


@pytest.mark.parametrize("words", [*_spoken()], ids=" ".join)
def test_every_word_of_a_command_is_explained(words):
    command = tidings(called="")
    for word in words:
        command = command[word]
    said = command.assemble_argument_collection(parse_docstring=True)

    assert [one.name for one in said if one.show and not one.parameter.help] == []


def test_what_is_off_or_empty_is_no_default_to_read(capsys):
    with pytest.raises(SystemExit):
        main(["init", "--help"])

    shown = capsys.readouterr().out
    assert "[default" not in shown
    assert "--no-" not in shown


def test_a_setting_that_a_provider_misses_is_a_sentence(tmp_path):
    def tidings_says(*words, **settings):
        return subprocess.run(
            [sys.executable, "-m", "cli", *words],
            env={**os.environ, "TIDINGS_HOME": str(tmp_path / "home")} | settings,
            capture_output=True,
            text=True,
            check=False,
        )

    who = ["--name", "Nordlys", "--country", "NO", "--email", "hei@nordlys.example", "--language", "en"]
    assert tidings_says("init", *who, "--address", "Fjordveien 1").returncode == 0
    done = tidings_says("deliver", TIDINGS_MODE="live", TIDINGS_SMS="twilio")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("tidings: TIDINGS_SMS is twilio, but TIDINGS_TWILIO__")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("words", "settings", "said"),
    [
        (["runs", "list"], {"TIDINGS_HOME": "/dev/null"}, "/dev/null"),
        (["keys", "add", os.fsdecode(b"K\xf8nde"), "--role", "system"], {}, "is not UTF-8"),
    ],
    ids=["a home that is a file", "a word in Latin-1"],
)
def test_what_the_machine_refuses_is_no_fault_of_ours(tmp_path, words, settings, said):
    done = subprocess.run(
        [sys.executable, "-m", "cli", *words],
        env={**os.environ, "TIDINGS_HOME": str(tmp_path / "home")} | settings,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode in {1, 2}
    assert said in done.stderr
    assert "fault of ours" not in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ["customers", "list", "--limit", "-1"],
        ["audit", "list", "--limit", "0"],
        ["calls", "done", "99999999999999999999", "--by", "x", "--note", "y"],
        ["segments", "show", "garden", "--version", "99999999999999999999"],
        ["mismatches", "--topic", "frogs"],
        ["explain", "C1", "a-run", "--language", "xx"],
        ["keys", "add", "shop", "--role", "system", "--last-day", "9999-12-31"],
        ["deliver", "--now", "9999-12-31T23:59:59Z"],
        ["explain", "C1", "--as-of", "0001-01-01", "--purpose", "offer"],
        ["move", "pinpoint", "."],
        ["restore", ".", "--by", "x"],
    ],
    ids=" ".join,
)
def test_a_word_that_nothing_can_be_done_with_is_unusable_input(tmp_path, words):
    done = subprocess.run(
        [sys.executable, "-m", "cli", *words],
        env={**os.environ, "TIDINGS_HOME": str(tmp_path / "home"), "PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout) == (2, "")
    assert "fault of ours" not in done.stderr
    assert "Errno" not in done.stderr


def test_a_second_page_at_one_place_is_refused_before_anything_starts(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = subprocess.run(
            [sys.executable, "-m", "cli", "up"],
            env={
                **os.environ,
                "TIDINGS_HOME": str(tmp_path / "home"),
                "TIDINGS_PORT": str(taken.getsockname()[1]),
            },
            capture_output=True,
            text=True,
            check=False,
        )

    assert (done.returncode, done.stdout) == (2, "")
    assert "Address already in use. Is `tidings up` running already?" in done.stderr
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("more", [[], ["--json"]], ids=["text", "JSON"])
def test_a_terminal_without_our_letters_gets_the_rest(more):
    done = subprocess.run(
        [sys.executable, "-m", "cli", "laws", "--country", "NO", *more],
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, b"")
    if more:
        assert "markedsføringsloven" in json.dumps(json.loads(done.stdout), ensure_ascii=False)
    else:
        assert b"markedsf?ringsloven" in done.stdout


@pytest.mark.parametrize("no_wrap", [False, True], ids=["words", "what is typed again"])
def test_a_narrow_terminal_is_told_everything(no_wrap):
    shown = _Console(file=StringIO(), width=20)
    table = Table(Column("Run", no_wrap=no_wrap), "Source")
    table.add_row("invoices-20261006-be3e06", "markedsføringsloven")

    shown.print(table)

    run, source = (
        "".join(line.split("│")[column].strip() for line in shown.file.getvalue().splitlines() if "│" in line)
        for column in (1, 2)
    )
    assert (run, source) == ("invoices-20261006-be3e06", "markedsføringsloven")


@pytest.mark.parametrize(
    ("path", "typed"), [("/usr/bin", ".venv/bin/tidings"), ("{bin}", "tidings")], ids=["not found", "found"]
)
def test_the_demo_names_its_commands_as_this_shell_finds_them(tmp_path, path, typed):
    binaries = tmp_path / ".venv" / "bin"
    binaries.mkdir(parents=True)
    command = binaries / "tidings"
    command.write_text(f"#!{sys.executable}\nfrom cli.demo_screen import _ourselves\nprint(_ourselves())\n")
    command.chmod(0o755)
    done = subprocess.run(
        [".venv/bin/tidings"],
        cwd=tmp_path,
        env={**os.environ, "PATH": path.format(bin=binaries), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.stdout.strip(), done.stderr) == (typed, "")
