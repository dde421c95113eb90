"""CPU of a PostgreSQL server, all its processes together; the suites and the peers read it alike."""

import os
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")


def server_cpu(postmaster: int) -> float:
    """Return the CPU seconds, user and system, of the server and of every child it has or had."""
    total = 0
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            words = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:  # it ended meanwhile; its parent has its time
            continue
        user, system, of_children, system_of_children = (int(word) for word in words[11:15])
        if int(folder.name) == postmaster:
            total += user + system + of_children + system_of_children
        elif int(words[1]) == postmaster:
            total += user + system
    return total / _TICK


def postmaster_of(backend: int) -> int:
    """Return the server's first process, given one that serves a connection (`pg_backend_pid`)."""
    return int(Path(f"/proc/{backend}/stat").read_text().rpartition(")")[2].split()[1])
