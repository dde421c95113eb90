"""Writes a migration from the difference between the migrated schema and store/tables.py; read it before you commit it.

Usage: python tools/migration.py what_it_does      writes store/migrations/versions/<next number>_what_it_does.py
       python tools/migration.py --start           writes 0001_start.py anew (only until the first release)
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from alembic import command
from sqlalchemy import create_engine, make_url, text

from store import connect, embedded

VERSIONS = Path(connect.__file__).parent / "migrations" / "versions"


def main(word: str) -> None:
    """Draft the migration that `word` names."""
    start = word == "--start"
    with tempfile.TemporaryDirectory(prefix="tidings-") as home:
        lease = embedded.join(Path(home))
        server = create_engine(lease.url, isolation_level="AUTOCOMMIT")
        with server.connect() as connection:
            connection.execute(text("CREATE DATABASE draft TEMPLATE template0"))
        server.dispose()
        draft = create_engine(make_url(lease.url).set(database="draft"))
        if start:
            (VERSIONS / "0001_start.py").unlink(missing_ok=True)
            later = {path: path.read_bytes() for path in VERSIONS.glob("0*.py")}
            for path in later:
                path.unlink()
        else:
            later = {}
            connect.migrate(draft)
        number = len(list(VERSIONS.glob("0*.py"))) + 1
        name = "start" if start else word
        with draft.begin() as connection:
            configuration = connect.migrations(connection)
            command.revision(
                configuration,
                "The tables of the first release" if start else word.replace("_", " ").capitalize(),
                autogenerate=True,
                rev_id=f"{number:04}_{name}",
            )
        for path, content in later.items():
            path.write_bytes(content)
        draft.dispose()
        lease.close()
        embedded.wait_until_stopped(Path(home))
    written = VERSIONS / f"{number:04}_{name}.py"
    lines = written.read_text(encoding="utf-8").splitlines(keepends=True)
    written.write_text("".join(line for line in lines if "# ###" not in line), encoding="utf-8")
    for step in (["format", "--quiet"], ["check", "--fix", "--quiet"]):
        subprocess.run([sys.executable, "-m", "ruff", *step, str(written)], check=True)


if __name__ == "__main__":
    if len(sys.argv) != 2:  # noqa: PLR2004
        sys.exit(__doc__)
    main(sys.argv[1])
