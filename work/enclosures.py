"""PDFs that go into the envelope with every letter of a run: found, looked at as paper, and kept as they then were."""

import hashlib
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from store.runs import Run
from templates.catalog import Template
from templates.enclosure import Enclosure
from templates.foreign_letter import judged
from tidings.campaign import ENCLOSURE
from tidings.organisation import Brand
from tidings.problem import Problem
from work.archive import fetch, keep
from work.installation import Installation

FOLDER = "enclosures"
"""In the home."""


def taken(
    installation: Installation, names: Sequence[str], template: Template, brand: Brand
) -> dict[str, Any]:
    """Return what a run keeps of its enclosures, their bytes in the archive: {enclosures: [{name, sha256, pages}]}.

    Raises:
        Problem: one is missing, or may not be printed; names page and check.
    """
    wrong = list(problems(installation, names, template, brand))
    if wrong:
        raise Problem(wrong[0], todo="`tidings letters check` shows every check of a PDF.")
    kept = [
        {
            "name": name,
            "sha256": keep(installation.archive, path.read_bytes()),
            "pages": _looked(path, _digest(path), brand.address.country)["pages"],
        }
        for name in names
        for path in [_path(installation, name, template)]
    ]
    return {"enclosures": kept} if kept else {}


def problems(
    installation: Installation, names: Sequence[str], template: Template, brand: Brand
) -> Iterator[str]:
    """Say in sentences what is wrong with enclosures, each with its page; a second for each file, once."""
    for name in names:
        try:
            path = _path(installation, name, template)
            found = _looked(path, _digest(path), brand.address.country)
        except Problem as problem:
            yield str(problem)
            continue
        for one in found["findings"]:
            if one["verdict"] == "block":
                where = f"{name}, page {one['page']}" if one["page"] else name
                yield f"{where}: {one['check'].replace('_', ' ')}: {one['detail']}."


def of_run(installation: Installation, run: Run) -> tuple[Enclosure, ...]:
    """Return the enclosures of a run as they were when it was opened."""
    return tuple(
        Enclosure(name=one["name"], pdf=_fetched(installation.archive, one["sha256"]), pages=one["pages"])
        for one in run.options.get("enclosures", ())
    )


def sheets_of(run: Run) -> int:
    """Return the sheets that a run's enclosures add to each letter."""
    return sum((one["pages"] + 1) // 2 for one in run.options.get("enclosures", ()))


def _path(installation: Installation, name: str, template: Template) -> Path:
    if not re.fullmatch(ENCLOSURE, name):
        raise Problem(f"{name!r} is no name of an enclosure.", todo="Name a file such as terms.pdf.")
    folders = [template.assets, installation.home / FOLDER]
    for folder in folders:
        if folder is not None and (folder / name).is_file():
            return folder / name
    raise Problem(
        f"There is no enclosure {name}.",
        todo=f"Put it into {installation.home / FOLDER} or the template's assets/ folder.",
    )


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@lru_cache(maxsize=64)
def _looked(path: Path, digest: str, country: str) -> dict[str, Any]:
    """Return the judgement of a file; of other bytes another one."""
    del digest
    return judged(path, country, enclosed=True)


@lru_cache(maxsize=32)
def _fetched(archive: Path, digest: str) -> bytes:
    return fetch(archive, digest)
