"""The log goes to standard error: standard output belongs to the answer of the command.

No personal data in a log: the values of variables, and what an exception says, hold what customers gave us. A fault is
logged by its kind and by the lines of our code that it went through.
"""

import logging
import sys
import traceback

import structlog
from structlog.typing import EventDict, WrappedLogger

FRAMES = 6
"""Lines of code named with a fault, the innermost last."""


def tell(at_least: str) -> None:
    """Write what is logged from now on to standard error, from a level on: debug, info, warning or error."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[at_least.upper()]),
        logger_factory=_to_stderr,
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.dev.set_exc_info,
            where,
            structlog.dev.ConsoleRenderer(colors=False),
        ],
    )


def _to_stderr(*_: object) -> structlog.PrintLogger:
    """Return a logger that writes to standard error as it is now: whoever redirects it later is followed."""
    return structlog.PrintLogger(sys.stderr)


def where(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Replace the exception that is given or being handled by its kind and the places it came through."""
    if given := event.pop("exc_info", None):
        error = given if isinstance(given, BaseException) else sys.exc_info()[1]
        trace = error.__traceback__ if error else None
        event["error"] = type(error).__name__ if error else ""
        event["where"] = [
            f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(trace)[-FRAMES:]
        ]
    return event
