"""Prefect's settings, pinned before it is imported: nothing phones home, nothing is slow by default."""

import os
from collections.abc import Mapping
from pathlib import Path

PINNED: Mapping[str, str] = {
    "DO_NOT_TRACK": "1",
    # Otherwise the server looks up a telemetry host at start and every 600 s (Prefect 3.8, 2026-11).
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "180",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "200",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_READ_BATCH_SIZE": "200",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "2",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_BATCH_SIZE": "500",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_READ_BATCH_SIZE": "200",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_FLUSH_INTERVAL": "2",
    "PREFECT_SERVER_SERVICES_TRIGGERS_READ_BATCH_SIZE": "200",
    # An idle server costs 12-22 % of a core with its default loops.
    "PREFECT_SERVER_SERVICES_SCHEDULER_LOOP_SECONDS": "300",
    "PREFECT_SERVER_SERVICES_LATE_RUNS_LOOP_SECONDS": "60",
    "PREFECT_SERVER_SERVICES_FOREMAN_LOOP_SECONDS": "60",
    "PREFECT_SERVER_SERVICES_PAUSE_EXPIRATIONS_LOOP_SECONDS": "60",
    "PREFECT_SERVER_SERVICES_CANCELLATION_CLEANUP_LOOP_SECONDS": "60",
    "PREFECT_SERVER_SERVICES_SCHEDULER_RECENT_DEPLOYMENTS_LOOP_SECONDS": "60",
    "PREFECT_SERVER_SERVICES_REPOSSESSOR_LOOP_SECONDS": "60",
    "PREFECT_SERVER_SERVICES_CLEANUP_RECONCILER_LOOP_SECONDS": "60",
    "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
    "PREFECT_WORKER_QUERY_SECONDS": "2",
    # It prints a fault with its traceback and what the exception says, which may be personal; we tell faults ourselves.
    "PREFECT_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_INTERNAL_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_SERVER_LEVEL": "WARNING",
    "PREFECT_LOGGING_TO_API_ENABLED": "false",  # No log line, and nothing personal in one, goes to Prefect.
    "PREFECT_CLI_PROMPT": "false",
}


def pin(home: Path, api_url: str) -> None:
    """Set the environment of this process for Prefect. Call it before anything imports `prefect`."""
    os.environ.update(environment(home, api_url))


def environment(home: Path, api_url: str | None = None) -> dict[str, str]:
    """Return Prefect's environment for a home; what a person has set stays, except where something would leave."""
    own = {
        key: value
        for key, value in PINNED.items()
        if key not in os.environ or key.endswith("ANALYTICS_ENABLED")
    }
    own |= {"PREFECT_HOME": str(folder(home)), "DO_NOT_TRACK": "1"}
    if api_url is not None:
        own["PREFECT_API_URL"] = api_url
    return own


def folder(home: Path) -> Path:
    """Return where Prefect keeps its files."""
    return home / "prefect"
