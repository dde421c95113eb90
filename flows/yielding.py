"""Who sends stands back: people wait for pages, campaigns do not."""

import os

STEPS_BACK = 5
"""Of the 20 that nice(1) knows: of a core that a page wants too a sender gets a quarter, of an idle one everything."""


def stand_back() -> None:
    """Let others go first that want the same core; for this thread and every thread and process it starts from now on.

    The database's own processes are not among them, nor is the page server, when they run before.
    """
    os.nice(STEPS_BACK)
