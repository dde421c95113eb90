"""The templates there are: the library that comes with the program and the folders in `$TIDINGS_HOME/templates`."""

import hashlib
import re
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from templates.assets import check_asset
from templates.blocks import Blocks, read_blocks
from tidings.channel import Channel
from tidings.problem import Problem
from tidings.purpose import Purpose, PurposeClass

LIBRARY = Path(__file__).parent / "library"
_LANGUAGE = re.compile(r"^[a-z]{2,3}(_[A-Z]{2})?$")
_PLAIN = ".plain"
"""`en.plain.md` says the same as `en.md` in plain language."""
_TEXT_FILES = {".toml", ".md", ".json", ".svg"}


class Fact(BaseModel):
    """What every channel's output must say, in the form that its locale writes it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    value: str
    """Path in the data: `invoice.gross`."""
    form: Literal["text", "money", "date", "number", "percent", "iban"] = "text"
    currency: str = ""
    """Path of the currency, for money; defaults to `currency` beside the value."""


class _Sheet(BaseModel):
    """What `template.toml` may say."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    purpose: Purpose
    topic: str = ""
    purpose_class: PurposeClass | None = Field(default=None, alias="class")
    version: str
    channels: tuple[Channel, ...] = Field(min_length=1)
    document: Literal["", "invoice"] = ""
    postage: str = "standard"
    page_budget: int = Field(default=2, ge=1, le=40)
    sms_budget: int = Field(default=3, ge=1, le=10)
    data: dict[str, str] = {}
    facts: dict[str, Fact] = {}
    links: dict[str, str] = {}


TYPES = ("text", "number", "percent", "money", "date", "list", "invoice")


@dataclass(frozen=True, kw_only=True, eq=False)
class Template:
    """One folder: what it is for, what it needs, what it says in each language.

    `name` is `purpose/name`, `content_hash` the SHA-256 of all files, `model` maps a value's name to its type (one of
    TYPES, with `?` when it may be absent), `links` a link's name to its target (`{code}` stands for a value).
    """

    name: str
    title: str
    purpose: str
    topic: str
    purpose_class: PurposeClass
    version: str
    channels: tuple[Channel, ...]
    document: str
    """`invoice`: the letter is the invoice, and the e-mail has it attached."""
    postage: str
    page_budget: int
    sms_budget: int
    model: Mapping[str, str]
    facts: Mapping[str, Fact]
    links: Mapping[str, str]
    content_hash: str
    languages: tuple[str, ...]
    blocks: Mapping[str, Blocks]
    plain: Mapping[str, Blocks]
    """The same in plain language, for the languages that have it."""
    sample: Mapping[str, Any]
    """Data that show the template off: `sample.json`."""
    folder: Path

    def __repr__(self) -> str:
        return f"Template({self.name} {self.version} {self.content_hash[:8]})"

    @cached_property
    def link_names(self) -> tuple[str, ...]:
        """What its links are called."""
        return tuple(self.links)

    @cached_property
    def leads_to_document(self) -> bool:
        """Whether a text of it may print the link to the message's document: it has one, or names it anywhere."""
        texts = (text for blocks in self.blocks.values() for text in blocks.source.values())
        return bool(self.document) or any("document" in text for text in texts)

    @property
    def assets(self) -> Path:
        """The folder of its images."""
        return self.folder / "assets"


def find(name: str, *, extra: Path | None = None) -> Template:
    """Return the template of that name; a folder in `extra` goes before the library.

    Raises:
        Problem: there is none, or its files are wrong.
    """
    folders = _folders(extra)
    if name not in folders:
        raise Problem(f"There is no template {name!r}.", todo=f"Known: {', '.join(sorted(folders))}.")
    return _load(name, folders[name])


def all_templates(extra: Path | None = None) -> list[Template]:
    """Return every template, by name.

    Raises:
        Problem: the files of one are wrong.
    """
    return [_load(name, folder) for name, folder in sorted(_folders(extra).items())]


def texts_of(template: Template) -> dict[str, str]:
    """Return the text files of a template by their name: its sheet and its contents; what two versions differ in."""
    return {
        path.name: _text(path, path.read_bytes())
        for path in _files(template.folder)
        if _is_text(template.folder, path)
    }


def _files(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*")) if path.is_file() and not path.name.startswith(".")]


def _is_text(folder: Path, path: Path) -> bool:
    return path.parent == folder and path.suffix in {".md", ".toml"}


def as_recorded(
    name: str, texts: Mapping[str, str], content_hash: str, *, extra: Path | None = None
) -> Template:
    """Return a template as it was when `texts_of` it were written down, with the images and the sample of today.

    Where it is the same today, it is the one of `find`, as it is where no texts were written down.

    Raises:
        Problem: what could be read then cannot be any more.
    """
    with suppress(Problem):  # what it has become may be no template at all
        today = find(name, extra=extra)
        if today.content_hash == content_hash:
            return today
    if not texts:
        return find(name, extra=extra)
    folder = _folders(extra).get(name, LIBRARY / name)
    return _as_recorded(name, folder, content_hash, tuple(sorted(texts.items())))


@lru_cache(maxsize=64)
def _as_recorded(name: str, folder: Path, content_hash: str, texts: tuple[tuple[str, str], ...]) -> Template:
    of_today = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in (_files(folder) if folder.is_dir() else [])
        if not _is_text(folder, path)
    }
    made = _made(name, folder, of_today | {file: text.encode() for file, text in texts})
    return replace(made, content_hash=content_hash)


def _folders(extra: Path | None) -> dict[str, Path]:
    roots = [LIBRARY, *([extra] if extra else [])]
    sheets = [(root, sheet) for root in roots for sheet in sorted(root.glob("*/*/template.toml"))]
    return {sheet.parent.relative_to(root).as_posix(): sheet.parent for root, sheet in sheets}


def _load(name: str, folder: Path) -> Template:
    files = tuple((path, path.stat().st_mtime_ns, path.stat().st_size) for path in _files(folder))
    return _read(name, folder, files)


@lru_cache(maxsize=256)
def _read(name: str, folder: Path, files: tuple[tuple[Path, int, int], ...]) -> Template:
    """Read a folder; `files` with times and sizes is the cache's key."""
    return _made(
        name, folder, {path.relative_to(folder).as_posix(): path.read_bytes() for path, _, _ in files}
    )


def _made(name: str, folder: Path, contents: Mapping[str, bytes]) -> Template:
    for file, content in contents.items():
        if file.startswith("assets/") and not folder.is_relative_to(LIBRARY):  # those, our tests have checked
            check_asset(file, content, f"{folder / file}")
    sheet = _sheet(folder / "template.toml", contents["template.toml"])
    blocks = {
        Path(file).stem: read_blocks(_text(folder / file, content), f"{name}/{file}")
        for file, content in sorted(contents.items())
        if file.endswith(".md") and _LANGUAGE.match(Path(file).stem)
    }
    plain = {
        Path(file).stem.removesuffix(_PLAIN): read_blocks(_text(folder / file, content), f"{name}/{file}")
        for file, content in sorted(contents.items())
        if file.endswith(f"{_PLAIN}.md") and Path(file).stem.removesuffix(_PLAIN) in blocks
    }
    if not blocks:
        raise Problem(f"{folder} has no content file.", todo="Add one per language, for example en.md.")
    purpose_class = sheet.purpose_class or sheet.purpose.purpose_class
    return Template(
        name=name,
        title=sheet.title,
        purpose=sheet.purpose.value,
        topic=sheet.topic or sheet.purpose.value,
        purpose_class=purpose_class,
        version=sheet.version,
        channels=sheet.channels,
        document=sheet.document,
        postage=sheet.postage,
        page_budget=sheet.page_budget,
        sms_budget=sheet.sms_budget,
        model=sheet.data,
        facts=sheet.facts,
        links=sheet.links,
        content_hash=_hash(contents),
        languages=tuple(blocks),
        blocks=blocks,
        plain=plain,
        sample=_sample(folder / "sample.json", contents.get("sample.json", b"{}")),
        folder=folder,
    )


def _sheet(path: Path, content: bytes) -> _Sheet:
    try:
        sheet = _Sheet.model_validate(tomllib.loads(_text(path, content)))
    except tomllib.TOMLDecodeError as error:
        raise Problem(f"{path} is not valid TOML: {error}.", todo="Correct that line.") from error
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise Problem(f"{path}: {key}: {first['msg']} (value {first['input']!r}).") from error
    for key, kind in sheet.data.items():
        if kind.removesuffix("?") not in TYPES:
            raise Problem(
                f"{path}: data.{key}: there is no type {kind!r}.", todo=f"Types: {', '.join(TYPES)}."
            )
    for key, target in sheet.links.items():
        if not re.match(r"^(https://|http://|mailto:|\{website\})", target):
            raise Problem(f"{path}: links.{key}: {target!r} must start with https:// or {{website}}.")
    return sheet


def _sample(path: Path, content: bytes) -> dict[str, Any]:
    import json

    try:
        value = json.loads(content, parse_float=Decimal)
    except (ValueError, InvalidOperation) as error:
        raise Problem(f"{path} is not valid JSON: {error}.") from error
    if not isinstance(value, dict):
        raise Problem(f"{path} must hold one object.")
    return value


def _text(path: Path, content: bytes) -> str:
    try:
        return content.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise Problem(f"{path} is not UTF-8.", todo="Save it as UTF-8.") from error


def _hash(contents: Mapping[str, bytes]) -> str:
    """Return the SHA-256 over names and contents; line ends of text files do not count."""
    digest = hashlib.sha256()
    for name, content in sorted(contents.items()):
        same = content.replace(b"\r\n", b"\n") if Path(name).suffix in _TEXT_FILES else content
        digest.update(f"{name}\0{len(same)}\0".encode() + same)
    return digest.hexdigest()
