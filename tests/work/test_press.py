"""`work.press`: many documents on all cores, and no process that stays behind."""

import os
import signal
import subprocess
import sys
from select import select

import pytest

from tests.town import ORGANISATION
from tidings.invoice import Invoice
from tidings.organisation import Organisation
from work.press import FEW, Job, typeset

BRAND = Organisation.model_validate(ORGANISATION).brands[0]


def job(number):
    invoice = Invoice.model_validate(
        {
            "number": f"F{number}",
            "customer": "C1",
            "issued_on": "2026-03-01",
            "due_on": "2026-03-31",
            "currency": "NOK",
            "lines": [{"description": "Spade", "quantity": number, "unit_price": "1"}],
            "total": number,
        }
    )
    return Job(
        invoice=invoice,
        brand=BRAND,
        language="nb",
        links={},
        postal=None,
        name="Ada",
        company="",
        customer="C1",
    )


JOBS = [job(number) for number in range(1, FEW + 2)]


def typeset_and_stay():
    """Typeset, say so and wait for the end of the input.

    Not by `input()`: a signal that comes between its flush and its read is heard when the read is over.
    """
    list(typeset(JOBS))
    os.write(1, b"\n")
    while not select([sys.stdin], [], [], 0.1)[0]:
        pass


def test_another_process_sets_the_same_bytes():
    assert list(typeset(JOBS))[:2] == list(typeset(JOBS[:2]))


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT], ids=["killed", "interrupted"])
def test_nothing_stays_behind_when_the_program_ends(tmp_path, end):
    """The workers hold our end of the program's output; reading it ends when the last of them has."""
    code = "from tests.work.test_press import typeset_and_stay; typeset_and_stay()"
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    ) as program:
        assert program.stdout.readline() == b"\n"
        program.send_signal(end)

        assert program.stdout.read() == b""

    assert not [left.name for left in tmp_path.iterdir() if left.name.startswith(("weasyprint", "tidings"))]


def test_ctrl_c_is_for_the_program_alone(tmp_path):
    """A terminal interrupts every process that it runs; those of the press say nothing of it, as they end with us."""
    code = (
        "from tests.work.test_press import typeset_and_stay\n"
        "try: typeset_and_stay()\nexcept KeyboardInterrupt: pass"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as program:
        assert program.stdout.readline() == b"\n"
        os.killpg(program.pid, signal.SIGINT)

        assert program.stdout.read() == b""
        assert program.stderr.read() == b""
