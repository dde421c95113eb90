"""The log goes to standard error: standard output belongs to the answer of the command."""

import logging
import sys

import structlog


def tell(at_least: str) -> None:
    """Write what is logged from now on to standard error, from a level on: debug, info, warning or error."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[at_least.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
