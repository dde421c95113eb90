"""Writes docs/settings.md from `tidings.settings`; tests/test_docs.py checks that nobody forgot.

.venv/bin/python tools/settings_page.py > docs/settings.md
"""

import ast
import enum
import sys
import typing
from pathlib import Path

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from tidings import settings
from work.check import leaves, setting_name

HEAD = """# Settings

Set them in the environment or in a file `.env` in the folder that the program is started in; the environment wins.
`tidings check` prints each one, its value and where it came from. A provider is used only when `TIDINGS_EMAIL`,
`TIDINGS_SMS`, `TIDINGS_WHATSAPP`, `TIDINGS_PUSH` or `TIDINGS_LETTER` names it; credentials that lie around on the
machine never suffice. A duration is written like `PT5M` (ISO 8601) or `0:05:00`.

This page is written by `tools/settings_page.py`.

| setting | default | what it is |
|---|---|---|
"""


def page() -> str:
    """Return the text of docs/settings.md."""
    told = _told(Path(settings.__file__).read_text(encoding="utf-8"))
    rows = []
    for path, field in leaves():
        words = told.get(path, "")
        choices = _choices(field)
        text = " ".join(part for part in (f"One of {choices}." if choices else "", words) if part)
        rows.append(f"| `{setting_name(*path)}` | {_default(field)} | {text} |")
    return HEAD + "\n".join(rows) + "\n"


def _told(source: str) -> dict[tuple[str, ...], str]:
    """Return what stands below each field: (group, field) of a provider's, (field,) of the program's."""
    classes = {node.name: node for node in ast.parse(source).body if isinstance(node, ast.ClassDef)}
    groups = {
        name: type(field.default).__name__
        for name, field in settings.Settings.model_fields.items()
        if type(field.default).__name__ in classes
    }
    told: dict[tuple[str, ...], str] = {(name,): text for name, text in _below(classes["Settings"])}
    for group, class_name in groups.items():
        told |= {(group, name): text for name, text in _below(classes[class_name])}
    return told


def _below(node: ast.ClassDef) -> list[tuple[str, str]]:
    found = []
    for field, after in zip(node.body, node.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            value = after.value if isinstance(after, ast.Expr) else None
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                found.append((field.target.id, " ".join(value.value.split()).replace("|", "\\|")))
    return found


def _choices(field: FieldInfo) -> str:
    annotation = field.annotation
    if typing.get_origin(annotation) is tuple:
        annotation = typing.get_args(annotation)[0]
    values = typing.get_args(annotation) if typing.get_origin(annotation) is typing.Literal else ()
    if isinstance(field.annotation, type) and issubclass(field.annotation, enum.StrEnum):
        values = tuple(field.annotation)
    return ", ".join(f"`{value}`" for value in values if value)


def _default(field: FieldInfo) -> str:
    default = field.get_default(call_default_factory=True)
    if isinstance(default, SecretStr):
        default = default.get_secret_value()
    return "" if default in (None, "", ()) else f"`{default}`"


if __name__ == "__main__":
    sys.stdout.write(page())
