"""`tidings pause`, `resume`, `stop`: a person holds up a run, lets it go on, or ends it."""

from dataclasses import asdict

from cli.options import By, Json, name_of
from cli.output import console, print_json
from tidings.problem import Exit
from tidings.settings import Settings


def pause(run: str, *, by: By = None, because: str = "", json: Json = False) -> int:
    """Let a run rest, until `tidings resume`; what a provider is being handed this second is finished.

    Example: tidings pause autumn-offer-2026 --by "Ingrid Moen" --because "wrong price"

    Parameters
    ----------
    run
        The run's id.
    because
        Why; recorded.
    """
    return _change("pause", run, by=by, because=because, json=json)


def resume(run: str, *, by: By = None, because: str = "", json: Json = False) -> int:
    """Let a paused run go on where it was; `tidings up` or `tidings deliver` sends it.

    Example: tidings resume autumn-offer-2026 --by "Ingrid Moen"

    Parameters
    ----------
    run
        The run's id.
    because
        Why; recorded.
    """
    return _change("resume", run, by=by, because=because, json=json)


def stop(run: str, *, by: By = None, because: str = "", json: Json = False) -> int:
    """End a run for good: what is unsent is cancelled, what is in doubt stays named.

    Example: tidings stop autumn-offer-2026 --by "Ingrid Moen" --because "recalled product"

    Parameters
    ----------
    run
        The run's id.
    because
        Why; recorded.
    """
    return _change("stop", run, by=by, because=because, json=json)


def _change(action: str, run: str, *, by: str | None, because: str, json: bool) -> int:

    from work.control import ACTIONS
    from work.installation import opened

    with opened(Settings.read()) as installation, installation.engine.begin() as connection:
        changed = ACTIONS[action](connection, run, by=name_of(by), because=because)
    if json:
        print_json(asdict(changed))
        return Exit.OK
    cancelled = f", {changed.cancelled:,} messages are cancelled" if action == "stop" else ""
    console.print(f"Run {changed.run} is {changed.state.replace('_', ' ')}{cancelled}.", soft_wrap=True)
    return Exit.OK
