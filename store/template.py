"""Makes the cluster that a new home copies: initialised, migrated, stopped cleanly.

Set-up runs it: `python -m store.template`.
"""

import shutil
import tempfile
from pathlib import Path

from store import embedded
from store.connect import opened
from tidings.settings import Settings


def make_template() -> Path:
    """Make the template unless it exists, remove those of older schemas, and return its path."""
    target = embedded.template()
    if target.is_dir():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="tidings-") as scratch:
        home = Path(scratch)
        with opened(Settings(home=home, database=None)):
            pass
        embedded.wait_until_stopped(home)
        draft = Path(tempfile.mkdtemp(prefix="draft-", dir=target.parent))
        shutil.copytree(home / "database" / "data", draft, copy_function=shutil.copyfile, dirs_exist_ok=True)
    # Readable for everybody: the one who installs may be root, the one who copies somebody else; nothing is secret yet.
    for path in (draft, *draft.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    for old in target.parent.glob("cluster-*"):
        shutil.rmtree(old, ignore_errors=True)
    draft.rename(target)
    return target


if __name__ == "__main__":
    make_template()
