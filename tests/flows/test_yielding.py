"""Pages come before what sends."""

import json
import subprocess
import sys

TWICE = """
import json, os, subprocess, sys, threading
from flows.yielding import stand_back

def place():
    return os.getpriority(os.PRIO_PROCESS, 0)

def child():
    return int(subprocess.check_output([sys.executable, "-c", "import os; print(os.nice(0))"]))

before = [place(), child()]
stand_back()
found = []
thread = threading.Thread(target=lambda: found.append(place()))
thread.start()
thread.join()
print(json.dumps([before, [place(), child()], found]))
"""


def test_what_sends_and_all_that_it_starts_stands_behind_what_was_there_before():
    done = subprocess.run([sys.executable, "-c", TWICE], capture_output=True, check=True)
    [here, child], after, threads = json.loads(done.stdout)

    assert child == here
    assert after == [here + 5, here + 5]
    assert threads == [here + 5]
