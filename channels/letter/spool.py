"""The print spool: a folder that a print house or an inserter collects batches from.

Each batch is one directory with `letters.pdf`, `manifest.json`, `manifest.csv`, `SHA256SUMS` and, last,
`<batch>.done`. It appears whole, by a rename;
the print house may take it away at any time. `.tidings` is ours: it remembers what was handed over.
"""

from datetime import timedelta
from pathlib import Path

from channels.contract import Capability
from channels.letter.handover import LetterFolder
from tidings.channel import Channel
from tidings.problem import Problem
from tidings.settings import SpoolSettings


class Spool(LetterFolder):
    """Accepted exactly once: the message id is the key, `reference` is the batch."""

    name = "spool"
    channel = Channel.LETTER
    capability = Capability.KEY
    platforms: frozenset[str] = frozenset()
    rate = 0.0
    call_timeout = timedelta(minutes=2)

    def __init__(self, settings: SpoolSettings) -> None:
        """Use the folder of the settings, which somebody else made.

        Raises:
            Problem: no folder is named, or it is not there: a mount that is missing must not become a local folder.
        """
        if settings.folder is None:
            msg = "TIDINGS_LETTER is spool, but TIDINGS_SPOOL__FOLDER is not set."
            raise Problem(msg, todo="Name the folder that the print house collects from.")
        folder: Path = settings.folder.expanduser().absolute()
        if not folder.is_dir():
            msg = f"TIDINGS_SPOOL__FOLDER: {folder} is not a folder."
            raise Problem(msg, todo="Make it, or mount it.")
        super().__init__(folder, folder / ".tidings")

    def close(self) -> None:
        """Nothing is kept open."""
