"""The press: typesets many documents on all cores. One document takes 0.1 s of CPU, so threads would not help."""

import atexit
import gc
import os
import signal
import tempfile
from collections.abc import Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from multiprocessing import forkserver, get_context, parent_process, resource_tracker
from shutil import rmtree
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any

from templates.invoice import MadeInvoice, make_invoice
from templates.paper import warm
from tidings.invoice import Invoice
from tidings.organisation import Brand
from tidings.problem import Problem

FEW = 12
"""So many documents are sooner done here than a second process has started (1.5 s)."""

CHUNK = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """What one invoice is typeset from."""

    invoice: Invoice
    brand: Brand
    language: str
    links: Mapping[str, str]
    postal: Mapping[str, Any] | None
    name: str
    company: str
    customer: str
    large: bool = False
    spoken: str = ""
    """By the customer, also where we have no texts in it."""


def typeset(jobs: list[Job]) -> Iterable[MadeInvoice | str]:
    """Return each job's invoice, in order, or what is wrong with it; the same job gives the same bytes in any process.

    Raises:
        OSError, ImportError: it is the machine that is wrong, and no document can be set.
    """
    if len(jobs) <= FEW or (os.cpu_count() or 1) == 1:
        return map(_set, jobs)
    return _pool().map(_set, jobs, chunksize=CHUNK)


def _set(job: Job) -> MadeInvoice | str:
    try:
        return make_invoice(
            job.invoice,
            brand=job.brand,
            language=job.language,
            links=job.links,
            postal=job.postal,
            name=job.name,
            company=job.company,
            customer=job.customer,
            large=job.large,
            spoken=job.spoken,
        )
    except Problem as problem:
        return str(problem)
    except (OSError, ImportError):
        raise
    except Exception as error:  # one customer's data; the others' documents go on
        return f"it cannot be typeset ({type(error).__name__})"


@cache
def _pool() -> ProcessPoolExecutor:
    """Start the processes once; they are forked from a clean one, for ours has threads and database connections."""
    context = get_context("forkserver")
    context.set_forkserver_preload(["templates.invoice", "weasyprint"])
    _leave_ctrl_c_to_us()
    place = TemporaryDirectory(prefix="tidings-press-", ignore_cleanup_errors=True)
    pool = ProcessPoolExecutor(
        max_workers=os.cpu_count(), mp_context=context, initializer=_end_with_parent, initargs=(place.name,)
    )
    atexit.register(place.cleanup)
    atexit.register(pool.shutdown, wait=False, cancel_futures=True)
    return pool


def _leave_ctrl_c_to_us() -> None:
    """Start the fork server with SIGINT blocked, which it and its workers inherit.

    A terminal interrupts every process that it runs; each would print a traceback beside the one sentence of ours. The
    tracker of resources comes first, for starting it takes the block away.
    """
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _end_with_parent(place: str) -> None:
    """Make ready for documents, and end when our process ends, also by kill -9; the fork server ends with the last.

    By itself a worker waits for work for ever, and the fork server lives as long as its workers do. WeasyPrint's files
    go into `place`: a worker ends without cleaning up behind itself.
    """
    tempfile.tempdir = place
    warm()
    gc.freeze()  # what every document needs is never looked through for garbage again
    Thread(target=_outlive_nobody, args=(place,), daemon=True).start()


def _outlive_nobody(place: str) -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        rmtree(place, ignore_errors=True)
        os._exit(1)
