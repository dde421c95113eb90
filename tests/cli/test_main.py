"""The command line as a person's hands meet it."""

import os
import signal
import subprocess
import sys


def test_ctrl_c_says_what_it_left_and_nothing_on_standard_output(tmp_path):
    file = tmp_path / "customers.csv"
    os.mkfifo(file)
    command = [sys.executable, "-m", "cli", "import", "customers", str(file), "--json"]
    environment = {**os.environ, "TIDINGS_HOME": str(tmp_path / "home")}
    with (
        subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process,
        file.open("w"),
    ):  # opens when the command reads it
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()

    assert (process.returncode, out) == (130, "")
    assert "interrupted; nothing is half done" in err
    assert "Traceback" not in err
