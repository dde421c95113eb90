"""`tidings templates`: what there is to send, how it looks, and whether it holds together."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from cli.output import console, print_json
from tidings.channel import Channel
from tidings.organisation import Brand, Organisation, read_organisation
from tidings.problem import Exit, Problem
from tidings.settings import Settings

if TYPE_CHECKING:
    from tidings.message import Content

app = App(name="templates", help="List, look at and check the templates: one text for all channels.")


@app.command(name="list")
def list_(*, as_json: Annotated[bool, Parameter(name="--json", negative="")] = False) -> None:
    """List the templates of the library and of `$TIDINGS_HOME/templates`.

    Example: tidings templates list
    """
    from templates.catalog import all_templates

    found = all_templates(_extra())
    if as_json:
        print_json(
            [
                {
                    "template": template.name,
                    "title": template.title,
                    "version": template.version,
                    "class": template.purpose_class.value,
                    "channels": [channel.value for channel in template.channels],
                    "languages": list(template.languages),
                    "content_hash": template.content_hash,
                }
                for template in found
            ]
        )
        return
    from rich.table import Column, Table

    table = Table(
        Column("template", no_wrap=True),
        "title",
        "version",
        "class",
        "channels",
        "languages",
        box=None,
        pad_edge=False,
    )
    for template in found:
        channels = " ".join(channel.value for channel in template.channels)
        languages = " ".join(template.languages)
        table.add_row(
            template.name, template.title, template.version, template.purpose_class.value, channels, languages
        )
    console.print(table)


@app.command
def show(name: str, *, language: str = "en") -> None:
    """Print what a template needs, what it promises and what it says.

    Example: tidings templates show offer/autumn

    Args:
        name: as `tidings templates list` has it.
        language: which content file.
    """
    from templates.catalog import find
    from templates.language import choose

    template = find(name, extra=_extra())
    chosen = choose(language, template.languages)
    console.print(f"[bold]{template.name}[/bold] {template.version}: {template.title}", highlight=False)
    console.print(f"{template.purpose_class.value}, topic {template.topic}; {template.content_hash[:12]}")
    for title, rows in (("data", template.model), ("links", template.links)):
        for key, value in rows.items():
            console.print(f"  {title}.{key} = {value}", markup=False)
    for key, fact in template.facts.items():
        console.print(f"  facts.{key}: {fact.value} as {fact.form}", markup=False)
    for block, text in template.blocks[chosen].source.items():
        console.print(f"\n# {block}", style="bold", markup=False)
        console.print(text, markup=False)


@app.command
def preview(
    name: str,
    *,
    language: str = "en",
    country: str = "",
    brand: str | None = None,
    data: Path | None = None,
    out: Path | None = None,
) -> None:
    """Render a template with its sample data on every channel, into files to look at.

    Example: tidings templates preview offer/autumn

    Args:
        name: as `tidings templates list` has it.
        language: of the content.
        country: destination of the letter, ISO 3166-1; the brand's own when left out.
        brand: whose name is on it; the first when left out.
        data: a JSON file with other data than the sample.
        out: folder; `preview/<name>` in the home when left out.
    """
    from templates.catalog import find
    from templates.preview import render_all, sample_subject

    settings = Settings.read()
    template = find(name, extra=_extra())
    folder = out or settings.root / "preview" / name
    subject = sample_subject(
        template, _brand(settings, brand), language, country=country, data=_data(data) if data else None
    )
    contents = render_all(template, subject)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for channel, content in contents.items():
            for file, written in _files(channel, content).items():
                (folder / file).write_bytes(written)
                console.print(f"{channel.value:7} {folder / file}", markup=False, soft_wrap=True)
    except OSError as error:
        raise Problem(
            f"{folder} cannot be written: {error}.", todo="Choose another folder with --out."
        ) from error


@app.command
def check(*names: str, as_json: Annotated[bool, Parameter(name="--json", negative="")] = False) -> int:
    """Render templates on every channel in every language and search each output for each fact.

    Example: tidings templates check

    Exits with 3 when something is wrong.

    Args:
        names: which; all when left out.
        as_json: print one JSON value.
    """
    from templates.catalog import all_templates, find
    from templates.preview import check_template

    brand = _brand(Settings.read(), None)
    chosen = [find(name, extra=_extra()) for name in names] or all_templates(_extra())
    found = {template.name: check_template(template, brand) for template in chosen}
    if as_json:
        print_json(
            {"templates": len(found), "problems": [line for lines in found.values() for line in lines]}
        )
    else:
        for name, problems in found.items():
            console.print(
                f"{name}: {'in order' if not problems else f'{len(problems)} problems'}", markup=False
            )
            for line in problems:
                console.print(f"  {line}", markup=False, soft_wrap=True)
    return Exit.SOME_REJECTED if any(found.values()) else Exit.OK


def _extra() -> Path:
    return Settings.read().root / "templates"


def _brand(settings: Settings, brand: str | None) -> Brand:
    from templates.preview import SAMPLE_BRAND

    path = settings.root / "organisation.toml"
    if not path.exists() and brand is None:
        return SAMPLE_BRAND
    organisation: Organisation = read_organisation(path)
    return organisation.brand(brand)


def _data(path: Path) -> dict[str, object]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Problem(f"{path} cannot be read as JSON: {error}.") from error
    if not isinstance(value, dict):
        raise Problem(f"{path} must hold one object.", todo="See sample.json of the template.")
    return value


def _files(channel: Channel, content: "Content") -> dict[str, bytes]:
    from templates.preview import files_of

    return files_of(channel, content)
