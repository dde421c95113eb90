"""PDFs that go into the envelope with every letter of a run: found, looked at as paper, and kept as they then were."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from channels.letter.manifest import grams_of
from store.runs import Run
from templates.catalog import Template
from templates.enclosure import Enclosure
from templates.foreign_process import judged
from templates.postal_lines import window_for
from tidings.campaign import ENCLOSURE
from tidings.file_hash import sha256_of
from tidings.organisation import Brand
from tidings.problem import Problem
from work.archive import fetch, keep
from work.installation import Installation

FOLDER = "enclosures"
"""In the home."""
MOST_SHOWN = 200
"""Files of the library that can be chosen on a page."""
_STEM = 60


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
        {"name": name, "sha256": keep(installation.archive, path.read_bytes()), "pages": found["pages"]}
        for name in names
        for path, found in [_seen(installation, name, template, brand)]
    ]
    return {"enclosures": kept} if kept else {}


def problems(
    installation: Installation, names: Sequence[str], template: Template, brand: Brand
) -> Iterator[str]:
    """Say in sentences what is wrong with enclosures, each with its page; a second for each file, once."""
    for name in names:
        try:
            _, found = _seen(installation, name, template, brand)
        except Problem as problem:
            yield str(problem)
            continue
        yield from _blocked(name, found)


def _blocked(name: str, found: Mapping[str, Any]) -> Iterator[str]:
    for one in found["findings"]:
        if one["verdict"] == "block":
            where = f"{name}, page {one['page']}" if one["page"] else name
            yield f"{where}: {one['check'].replace('_', ' ')}: {one['detail']}."


@dataclass(frozen=True, kw_only=True, slots=True)
class Added:
    """What enclosures add to each letter."""

    documents: Sequence[tuple[str, int]]
    """(name, pages)."""
    sheets: int
    cost: Decimal
    """Their paper and print, in the organisation's currency."""
    over: bool
    """Whether a letter of one sheet is then heavier than the first step of postage."""

    @property
    def options(self) -> dict[str, Any]:
        """Return what a run that is only thought of knows of them: enough for its costs."""
        return {"enclosures": [{"name": name, "pages": pages} for name, pages in self.documents]}


def added(installation: Installation, names: Sequence[str], template: Template, brand: Brand) -> Added:
    """Return what enclosures that may be printed add; see `problems` for those that may not.

    Raises:
        Problem: one is missing, or no PDF.
    """
    documents = [(name, int(_seen(installation, name, template, brand)[1]["pages"])) for name in names]
    sheets = _sheets(pages for _, pages in documents)
    postage = next(iter(installation.organisation.costs.postage.values()))
    grams = grams_of(window_for(brand.address.country, brand.windows).kind, 1 + sheets)
    return Added(
        documents=documents,
        sheets=sheets,
        cost=postage.sheet * sheets,
        over=not postage.holds(grams, 1 + sheets),
    )


def library(installation: Installation) -> list[str]:
    """Return the names of the PDFs in the home's library."""
    found = (installation.home / FOLDER).glob("*.pdf")
    return sorted(path.name for path in found if re.fullmatch(ENCLOSURE, path.name))[:MOST_SHOWN]


def shelved(installation: Installation, file_name: str, content: bytes, brand: Brand) -> str:
    """Put a PDF that somebody brought into the library, once it may be printed; returns the name that it has there.

    Another file of the same name stays: the new one gets a name of its own.

    Raises:
        Problem: it may not be printed; names page and check.
    """
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", Path(file_name).stem).strip("-._")[:_STEM] or "enclosure"
    digest = hashlib.sha256(content).hexdigest()
    folder = installation.home / FOLDER
    name = f"{stem}.pdf"
    if (folder / name).is_file() and sha256_of(folder / name) != digest:
        name = f"{stem}-{digest[:8]}.pdf"
    folder.mkdir(mode=0o700, exist_ok=True)
    with TemporaryDirectory(dir=folder, prefix=".") as draft:
        path = Path(draft) / name
        path.write_bytes(content)
        try:
            wrong = list(_blocked(name, judged(path, brand.address.country, enclosed=True)))
        except Problem as problem:
            raise Problem(problem.what.replace(str(path), name), todo=problem.todo) from problem
        if wrong:
            raise Problem(wrong[0], todo="`tidings letters check` shows every check of a PDF.")
        path.replace(folder / name)
    return name


def of_run(installation: Installation, run: Run) -> tuple[Enclosure, ...]:
    """Return the enclosures of a run as they were when it was opened."""
    return tuple(
        Enclosure(name=one["name"], pdf=_fetched(installation.archive, one["sha256"]), pages=one["pages"])
        for one in run.options.get("enclosures", ())
    )


def sheets_of(run: Run) -> int:
    """Return the sheets that a run's enclosures add to each letter."""
    return _sheets(one["pages"] for one in run.options.get("enclosures", ()))


def _sheets(pages: Iterable[int]) -> int:
    """Return the sheets of documents, each of which begins on the front of one."""
    return sum((count + 1) // 2 for count in pages)


def _seen(
    installation: Installation, name: str, template: Template, brand: Brand
) -> tuple[Path, dict[str, Any]]:
    """Return where an enclosure lies, and how it is judged."""
    path = _path(installation, name, template)
    return path, _looked(path, sha256_of(path), brand.address.country)


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


@lru_cache(maxsize=64)
def _looked(path: Path, digest: str, country: str) -> dict[str, Any]:
    """Return the judgement of a file; of other bytes another one."""
    del digest
    return judged(path, country, enclosed=True)


@lru_cache(maxsize=32)
def _fetched(archive: Path, digest: str) -> bytes:
    return fetch(archive, digest)
