"""Progress bars on stderr for work that takes longer than a moment."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from cli.output import progress_console


@contextmanager
def bar(title: str) -> Iterator[Callable[[int, int], None]]:
    """Yield `show(done, of)`; draws nothing where nobody looks."""
    if not sys.stderr.isatty():
        yield lambda _done, _of: None
        return
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=progress_console, transient=True) as progress:
        task = progress.add_task(title, total=None)
        yield lambda done, of: progress.update(task, completed=done, total=of)


@contextmanager
def stages(title: str) -> Iterator[Callable[[str], None]]:
    """Yield `show(what)` of work whose parts take nobody knows how long: a bar that moves, the time so far."""
    if not sys.stderr.isatty():
        yield lambda _what: None
        return
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=progress_console, transient=True) as progress:
        task = progress.add_task(title, total=None)
        yield lambda what: progress.update(task, description=f"{title}: {what}")
