"""A template of one's own: begun from another one, and compared with what was sent."""

import difflib
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from sqlalchemy import Connection

from store.editions import Recorded, recorded
from templates.catalog import Template, find
from tidings.channel import Channel
from tidings.problem import Problem
from tidings.purpose import Purpose

NAME = re.compile(r"([a-z]+)/([a-z0-9][a-z0-9_-]{0,60})")
LIKE = {Purpose.INVOICE: "invoice/standard", Purpose.NEWS: "news/quarterly"}
"""What a new template is begun from when nothing is named; any other purpose begins as an offer."""


def begin(
    name: str,
    *,
    folder: Path,
    like: str = "",
    languages: Sequence[str] = (),
    channels: Sequence[Channel] = (),
) -> list[Path]:
    """Make the folder of a new template from another one, and return its files.

    Args:
        name: purpose and name, `offer/spring`.
        folder: of one's own templates: `$TIDINGS_HOME/templates`.
        like: the template to begin from; the library's for that purpose when ''.
        languages: whose texts are taken over; all of them when empty.
        channels: those of the sheet; the other's when empty.

    Raises:
        Problem: the name is none, it is taken, or the other template lacks a language; nothing is written.
    """
    matched = NAME.fullmatch(name)
    purposes = [purpose.value for purpose in Purpose]
    if matched is None or matched[1] not in purposes:
        raise Problem(
            f"{name!r} is no name of a template.",
            todo=f"Use PURPOSE/NAME, such as offer/spring; purposes: {', '.join(purposes)}.",
        )
    target = folder / name
    if target.exists():
        raise Problem(f"{target} is there already.", todo="Choose another name, or edit its files.")
    source = find(like or LIKE.get(Purpose(matched[1]), "offer/autumn"), extra=folder)
    lacking = [language for language in languages if language not in source.languages]
    if lacking:
        raise Problem(
            f"{source.name} has no text in {', '.join(lacking)}.",
            todo=f"It has {', '.join(source.languages)}.",
        )
    draft = target.with_name(f".{target.name}.new")
    shutil.rmtree(draft, ignore_errors=True)
    try:
        draft.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source.folder, draft)
        for path in draft.glob("*.md"):
            if languages and path.name.partition(".")[0] not in languages:
                path.unlink()
        sheet = draft / "template.toml"
        sheet.write_text(_own(sheet.read_text(encoding="utf-8"), name, source, channels), encoding="utf-8")
        draft.rename(target)
    except OSError as error:
        raise Problem(f"{target} cannot be written: {error}.") from error
    return sorted(path for path in target.rglob("*") if path.is_file())


def _own(sheet: str, name: str, source: Template, channels: Sequence[Channel]) -> str:
    """Return a sheet with its own title, purpose, first version and channels; everything else stays as it was."""
    purpose, _, short = name.partition("/")
    title = short.replace("-", " ").replace("_", " ").capitalize()
    changed = {"title": f'"{title}"', "purpose": f'"{purpose}"', "version": '"1"'}
    if channels:
        changed["channels"] = "[" + ", ".join(f'"{channel}"' for channel in channels) + "]"
    head, mark, rest = sheet.partition("\n[")
    for key, value in changed.items():
        head = re.sub(rf"^{key}\s*=.*$", f"{key} = {value}", head, count=1, flags=re.MULTILINE)
    if source.purpose != purpose:
        head = re.sub(r"^topic\s*=.*\n?", "", head, flags=re.MULTILINE)
    return head + mark + rest


def difference(
    before: Mapping[str, str], after: Mapping[str, str], *, names: tuple[str, str]
) -> dict[str, str]:
    """Return, for each text file that differs, its unified diff; `names` stand in its head."""
    return {
        file: "".join(
            difflib.unified_diff(
                before.get(file, "").splitlines(keepends=True),
                after.get(file, "").splitlines(keepends=True),
                f"{names[0]}/{file}",
                f"{names[1]}/{file}",
            )
        )
        for file in sorted({*before, *after})
        if before.get(file, "") != after.get(file, "")
    }


def used(connection: Connection, name: str, wanted: str) -> Recorded:
    """Return what runs used of a template: a version, the beginning of a content hash, or '' for the last.

    Raises:
        Problem: no run used it, or none used that.
    """
    known = recorded(connection, name)
    if not known:
        raise Problem(f"No run has used {name!r} yet.", todo="Name two templates to compare their files.")
    found = [
        one for one in known if not wanted or one.version == wanted or one.content_hash.startswith(wanted)
    ]
    if not found:
        versions = ", ".join(f"{one.version} ({one.content_hash[:12]})" for one in known)
        raise Problem(f"No run has used version {wanted!r} of {name}.", todo=f"Known: {versions}.")
    if not found[0].texts:
        raise Problem(f"What version {found[0].version} of {name} said was not kept.")
    return found[0]
