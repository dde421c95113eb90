"""A person pauses, resumes or stops a run; every worker heeds it within a second, between two slices of a batch.

The run's row is locked by every claim until it is committed, so afterwards nothing more of the run is claimed.
"""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection

from store.audit import note
from store.messages import pending
from store.runs import Run, cancel_stopped, find_run, notify, paused_from, set_run
from store.undecided import write_undecided
from tidings.problem import Problem

BEGUN = frozenset({"scheduled", "planning", "waiting_release", "sending"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Changed:
    """What became of a run."""

    run: str
    state: str
    cancelled: int = 0
    """Messages that will not be sent any more."""


def pause(connection: Connection, run_id: str, *, by: str, because: str) -> Changed:
    """Let a run rest: what is being handed over is finished, all else waits for `resume`.

    Raises:
        Problem: no such run, no name, or the run is not one that could still send.
    """
    run = _locked(connection, run_id, by)
    if run.state == "paused":
        raise Problem(f"Run {run_id} is paused already.", todo="`tidings resume` lets it go on.")
    if run.state not in BEGUN and not (run.state == "finished" and pending(connection, run_id)):
        raise Problem(f"Run {run_id} is {_words(run)}, so it cannot be paused.")
    set_run(connection, run_id, state="paused", paused_from=run.state)
    return _done(connection, Changed(run=run_id, state="paused"), by=by, because=because, action="pause")


def resume(connection: Connection, run_id: str, *, by: str, because: str) -> Changed:
    """Let a paused run go on where it was.

    Raises:
        Problem: no such run, no name, or it is not paused.
    """
    run = _locked(connection, run_id, by)
    if run.state != "paused":
        todo = "What is stopped stays so; a copy of a message can be sent with `tidings copy`."
        raise Problem(
            f"Run {run_id} is {_words(run)}, so it cannot be resumed.",
            todo=todo if run.state == "stopped" else "",
        )
    state = paused_from(connection, run_id) or "sending"
    set_run(connection, run_id, state=state, paused_from=None)
    return _done(connection, Changed(run=run_id, state=state), by=by, because=because, action="resume")


def stop(connection: Connection, run_id: str, *, by: str, because: str) -> Changed:
    """End a run for good: what is unsent is cancelled. What is in doubt stays named, and is settled but not sent again.

    Raises:
        Problem: no such run, no name, or it has ended already.
    """
    run = _locked(connection, run_id, by)
    may = {*BEGUN, "paused"}
    if run.state not in may and not (run.state == "finished" and pending(connection, run_id)):
        raise Problem(f"Run {run_id} is {_words(run)}, so there is nothing to stop.")
    set_run(connection, run_id, state="stopped")
    write_undecided(connection, runs=[run_id])
    cancelled = cancel_stopped(connection, [run_id])
    changed = Changed(run=run_id, state="stopped", cancelled=cancelled)
    return _done(connection, changed, by=by, because=because, action="stop")


ACTIONS: dict[str, Callable[..., Changed]] = {"pause": pause, "resume": resume, "stop": stop}


def _locked(connection: Connection, run_id: str, by: str) -> Run:
    if not by.strip():
        raise Problem("This needs a name.", todo="Say who decides with --by NAME.")
    run = find_run(connection, run_id, lock=True)
    if run is None:
        raise Problem(f"There is no run {run_id!r}.", todo="`tidings runs list` lists them.")
    return run


def _done(connection: Connection, changed: Changed, *, by: str, because: str, action: str) -> Changed:
    detail = {"because": because, "state": changed.state, "cancelled": changed.cancelled}
    note(connection, actor=f"staff:{by.strip()}", action=action, subject=changed.run, detail=detail)
    notify(connection, changed.run)
    return changed


def _words(run: Run) -> str:
    return run.state.replace("_", " ")
