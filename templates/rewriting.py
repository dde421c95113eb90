"""A template with other words in some of its blocks: as a value to look at, and as a folder of one's own."""

import hashlib
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from templates.blocks import NAMES, Blocks, read_blocks
from templates.catalog import Template
from tidings.problem import Problem

Texts = Mapping[str, Mapping[str, str]]
"""Language to block to its text, for blocks that say something else than the template."""


def rewritten(template: Template, name: str, texts: Texts) -> Template:
    """Return the template under another name with these texts; nothing is written.

    Raises:
        Problem: a language or a block is not the template's, or a text cannot be a block.
    """
    blocks = {
        language: _blocks(known, texts[language], f"{name}/{language}.md") if language in texts else known
        for language, known in template.blocks.items()
    }
    if unknown := sorted(set(texts) - set(blocks)):
        raise Problem(f"Template {template.name} has no text in {unknown[0]!r}.")
    said = "".join(written(blocks[language]) for language in sorted(blocks))
    digest = hashlib.sha256(f"{template.content_hash}\0{name}\0{said}".encode()).hexdigest()
    return replace(template, name=name, blocks=blocks, content_hash=digest)


def write_copy(template: Template, name: str, texts: Texts, *, folder: Path) -> None:
    """Write the template with these texts as `folder/name`, all at once; what is there is replaced.

    Raises:
        Problem: as `rewritten`, or the folder cannot be written.
    """
    made = rewritten(template, name, texts)
    place = folder / name
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=place.parent, prefix=".writing-") as scratch:
            fresh = Path(scratch) / "fresh"
            shutil.copytree(template.folder, fresh)
            for language in texts:
                (fresh / f"{language}.md").write_text(written(made.blocks[language]), encoding="utf-8")
            if place.exists():
                place.rename(Path(scratch) / "before")
            fresh.rename(place)
    except OSError as error:
        raise Problem(f"{place} cannot be written: {error.strerror}.") from error


def written(blocks: Blocks) -> str:
    """Return the blocks as a content file."""
    said = [f"# {name}\n{blocks.source[name]}\n" for name in NAMES if blocks.source.get(name)]
    return "\n".join(said)


def _blocks(known: Blocks, texts: Mapping[str, str], where: str) -> Blocks:
    if unknown := sorted(set(texts) - set(NAMES)):
        raise Problem(f"{where}: there is no block {unknown[0]!r}.")
    source = {**known.source, **{name: text.replace("\r\n", "\n").strip() for name, text in texts.items()}}
    if any(line.startswith("# ") for text in source.values() for line in text.split("\n")):
        raise Problem(
            f"{where}: a line begins with `# `, which begins a block.", todo="Use ## for a heading."
        )
    return read_blocks(written(Blocks(where=where, source=source)), where)
