"""Progress bars on stderr for work that takes longer than a moment."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

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
