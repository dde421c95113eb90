"""How long a process keeps memory that a frame has given back, before the system has it again."""

import os


def keep_freed() -> None:
    """Let polars keep freed memory for ten seconds, not half of one; call it before polars is imported.

    A run is decided in lists of thousands of customers, one after the other, and each asked the system anew, page by
    page, for what the one before had just returned: a fifth of planning's CPU outside the database. The environment is
    the only way to tell the allocator (jemalloc) inside polars, and a process that this one starts inherits it.
    """
    os.environ.setdefault("_RJEM_MALLOC_CONF", "dirty_decay_ms:10000,muzzy_decay_ms:10000")
