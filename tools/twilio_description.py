"""Fetches Twilio's own OpenAPI description, which the tests hold our requests against.

Usage: python tools/twilio_description.py FOLDER

It comes in the npm package of Twilio's command line (Apache 2.0 and MIT), at the hash below; npm finds its registry as
it is configured. Nothing but the description is kept.
"""

import hashlib
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

PACKAGE = "@twilio/cli-core@8.3.2"
SHA256 = "6ae83443de5882462b5fba9eddd9080a0ba52ff9cfa579d8bac9f4cf43ee4409"
MEMBER = "package/src/services/twilio-api/twilio_api_v2010.json"


def main(folder: Path) -> None:
    """Put the description into a folder, once its hash was checked.

    Raises:
        SystemExit: npm failed, or sent something else.
    """
    with tempfile.TemporaryDirectory() as place:
        done = subprocess.run(
            ["npm", "pack", "--silent", "--ignore-scripts", PACKAGE],
            cwd=place,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        if done.returncode:
            sys.exit(f"npm could not fetch {PACKAGE}: {done.stderr[-200:]}")
        [archive] = Path(place).glob("*.tgz")
        if hashlib.sha256(archive.read_bytes()).hexdigest() != SHA256:
            sys.exit(f"{PACKAGE} is not what it was; nothing was kept.")
        with tarfile.open(archive) as opened:
            found = opened.extractfile(MEMBER)
            assert found is not None
            folder.mkdir(parents=True, exist_ok=True)
            (folder / Path(MEMBER).name).write_bytes(found.read())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
