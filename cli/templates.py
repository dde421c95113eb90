"""`tidings template`: what there is to send, how it looks, whether it holds together, and what changed."""

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
    from templates.catalog import Template
    from templates.inspection import Finding

app = App(
    name="template", help="List, begin, look at, check and compare the templates: one text for all channels."
)


@app.command(name="list")
def list_(*, as_json: Annotated[bool, Parameter(name="--json")] = False) -> None:
    """List the templates of the library and of `$TIDINGS_HOME/templates`.

    `engine` is who sets its letters: `fill` (typeset once, then filled) or `full` (each laid out on its own, and why).

    Example: tidings template list

    Parameters
    ----------
    as_json
        Print one JSON value.
    """
    from templates.catalog import all_templates

    found = all_templates(_extra())
    engines = {template.name: _engine(template) for template in found}
    if as_json:
        print_json(
            [
                _identity(template)
                | {
                    "channels": [channel.value for channel in template.channels],
                    "languages": list(template.languages),
                    "engine": engines[template.name][0],
                    "engine_because": engines[template.name][1],
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
        "engine",
        box=None,
        pad_edge=False,
    )
    for template in found:
        channels = " ".join(channel.value for channel in template.channels)
        languages = " ".join(template.languages)
        table.add_row(
            template.name,
            template.title,
            template.version,
            template.purpose_class.value,
            channels,
            languages,
            ": ".join(filter(None, engines[template.name])),
        )
    console.print(table)


@app.command
def show(
    name: str, *, language: str = "en", as_json: Annotated[bool, Parameter(name="--json")] = False
) -> None:
    """Print what a template needs, what it promises and what it says.

    Example: tidings template show offer/autumn

    Args:
        name: as `tidings template list` has it.
        language: which content file.
        as_json: print one JSON value.
    """
    from templates.catalog import find
    from templates.language import choose

    template = find(name, extra=_extra())
    chosen = choose(language, template.languages)
    if as_json:
        print_json(
            _identity(template)
            | {
                "topic": template.topic,
                "language": chosen,
                "data": dict(template.model),
                "links": dict(template.links),
                "facts": {
                    key: {"value": fact.value, "form": fact.form} for key, fact in template.facts.items()
                },
                "blocks": dict(template.blocks[chosen].source),
            }
        )
        return
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
def new(
    name: str,
    *,
    like: str = "",
    languages: str = "",
    channels: str = "",
    as_json: Annotated[bool, Parameter(name="--json")] = False,
) -> None:
    """Begin a template of your own, in `$TIDINGS_HOME/templates`, from one that there is.

    Example: tidings template new offer/spring --like offer/autumn --languages en,nb

    Args:
        name: purpose/name.
        like: the template to begin from; the library's for that purpose when left out.
        languages: whose texts are taken over, with commas; all when left out.
        channels: on which it goes, with commas; the other's when left out.
        as_json: print one JSON value.
    """
    from work.authoring import begin

    made = begin(
        name,
        folder=_extra(),
        like=like,
        languages=_listed(languages),
        channels=[_channel(word) for word in _listed(channels)],
    )
    if as_json:
        print_json({"template": name, "files": [str(path) for path in made]})
        return
    for path in made:
        console.print(str(path), markup=False, soft_wrap=True)
    console.print(f"Edit the texts, then: tidings template check {name}", markup=False, soft_wrap=True)


@app.command
def preview(
    name: str,
    *,
    language: str = "",
    country: str = "",
    brand: str | None = None,
    data: Path | None = None,
    customer: str = "",
    out: Path | None = None,
    as_json: Annotated[bool, Parameter(name="--json")] = False,
) -> None:
    """Render a template on every channel into files to look at: for its sample or a real customer.

    Example: tidings template preview offer/autumn --language nb

    Writes email.html, email.txt, email.eml, sms.txt, whatsapp.txt, push.json, letter.pdf and its pages as
    letter-1.png and on; a folder for each language, unless one is named.

    Args:
        name: as `tidings template list` has it.
        language: of the content; every language that it has when left out.
        country: destination of the letter, ISO 3166-1; the brand's own when left out.
        brand: whose name is on it; the first when left out.
        data: a JSON file with other data than the sample.
        customer: a real customer's reference: rendered with their name and addresses.
        out: folder; `preview/<name>` in the home when left out.
        as_json: print one JSON value.
    """
    from templates.catalog import find
    from work.looking import written

    settings = Settings.read()
    template = find(name, extra=_extra())
    given = _data(data) if data else None
    folder = out or settings.root / "preview" / name
    if customer:
        from work.installation import opened
        from work.looking import for_customer

        with opened(settings) as installation:
            made = for_customer(installation, template, customer, language=language, brand=brand, data=given)
            found = written(made, folder, installation.organisation)
    else:
        from work.looking import for_sample

        organisation = _organisation(settings)
        made = for_sample(template, _brand(settings, brand), language=language, country=country, data=given)
        found = written(made, folder, organisation)
    if as_json:
        print_json([one.told() for one in found])
        return
    for one in found:
        console.print(f"{one.language:5} {one.channel:8} {one.said}", markup=False, soft_wrap=True)
        for path in one.files:
            console.print(f"               {path}", markup=False, soft_wrap=True)


@app.command
def check(*names: str, as_json: Annotated[bool, Parameter(name="--json")] = False) -> int:
    """Render templates on every channel in every language, search each for each fact, and look at them as readers do.

    Example: tidings template check offer/autumn

    What readers see: links, alternative texts, contrast, dark mode, lengths, size, unsubscribing, signs of spam,
    reading age; each a pass, a warning or a block. Exits with 3 when something is wrong or blocked.

    Args:
        names: which; all when left out.
        as_json: print one JSON value.
    """
    from templates.catalog import all_templates, find
    from templates.inspection import Verdict
    from templates.preview import check_template
    from templates.publication import unlike

    brand = _brand(Settings.read(), None)
    chosen = [find(name, extra=_extra()) for name in names] or all_templates(_extra())
    found = {}
    for template in chosen:
        problems, looks = check_template(template, brand)
        found[template.name] = ([*problems, *unlike(template, brand)], looks)
    blocked = any(
        problems or any(one.verdict is Verdict.BLOCK for one in looks) for problems, looks in found.values()
    )
    if as_json:
        print_json(
            {
                "templates": len(found),
                "problems": [line for problems, _ in found.values() for line in problems],
                "checks": [
                    {
                        "template": name,
                        "check": one.check,
                        "verdict": one.verdict.value,
                        "language": one.language,
                        "channel": one.channel,
                        "detail": one.detail,
                    }
                    for name, (_, looks) in found.items()
                    for one in looks
                ],
            }
        )
        return Exit.SOME_REJECTED if blocked else Exit.OK
    for name, (problems, looks) in found.items():
        console.print(f"{name}: {_state(problems, looks)}", markup=False)
        for line in problems:
            console.print(f"  {line}", markup=False, soft_wrap=True)
        for one in looks:
            if one.verdict is not Verdict.PASS:
                place = " ".join(filter(None, (one.language, one.channel)))
                words = f"  {one.verdict.value:5} {one.check.replace('_', ' ')} ({place}): {one.detail}"
                console.print(words, markup=False, soft_wrap=True)
    return Exit.SOME_REJECTED if blocked else Exit.OK


def _state(problems: "list[str]", looks: "list[Finding]") -> str:
    blocks = sum(one.verdict == "block" for one in looks)
    warnings = sum(one.verdict == "warn" for one in looks)
    told = [
        f"{count} {word}{'s' if count > 1 else ''}"
        for count, word in ((len(problems), "problem"), (blocks, "block"), (warnings, "warning"))
        if count
    ]
    return ", ".join(told) or "in order"


@app.command
def diff(
    name: str,
    other: str = "",
    *,
    version: str = "",
    as_json: Annotated[bool, Parameter(name="--json")] = False,
) -> int:
    """Show what a template says now that it did not say when a run last used it, or what another template says instead.

    Example: tidings template diff offer/autumn --version 1

    Exits with 0 whether they differ or not.

    Args:
        name: as `tidings template list` has it.
        other: compare with this template instead.
        version: compare with this version, or the beginning of a content hash; the last used when left out.
        as_json: print one JSON value.
    """
    from templates.catalog import find, texts_of
    from work.authoring import difference, used

    template = find(name, extra=_extra())
    if other:
        before = find(other, extra=_extra())
        texts, named = texts_of(before), before.name
    else:
        from store.connect import opened

        with opened(Settings.read()) as store, store.engine.connect() as connection:
            last = used(connection, template.name, version)
        texts, named = dict(last.texts), f"{last.version} ({last.content_hash[:12]})"
    found = difference(texts, texts_of(template), names=(named, template.name if other else "now"))
    if as_json:
        print_json({"template": template.name, "from": named, "files": found})
        return Exit.OK
    if not found:
        console.print(f"{template.name} says what {named} says.", markup=False, soft_wrap=True)
    for text in found.values():
        console.print(text, markup=False, soft_wrap=True, end="")
    return Exit.OK


def _identity(template: "Template") -> dict[str, object]:
    return {
        "template": template.name,
        "title": template.title,
        "version": template.version,
        "class": template.purpose_class.value,
        "content_hash": template.content_hash,
    }


def _engine(template: "Template") -> tuple[str, str]:
    """Return who sets a template's letters, and why it is not the faster engine; empty for one without letters."""
    from templates.engine import paper_of
    from templates.preview import SAMPLE_BRAND

    try:
        made = paper_of(template, SAMPLE_BRAND, template.languages[0])
    except Problem as problem:
        return "full", str(problem)
    return (made.engine.value, made.why) if made else ("", "")


def _listed(words: str) -> list[str]:
    return [word.strip() for word in words.split(",") if word.strip()]


def _channel(word: str) -> Channel:
    try:
        return Channel(word)
    except ValueError as error:
        raise Problem(f"There is no channel {word!r}.", todo=f"Known: {', '.join(Channel)}.") from error


def _extra() -> Path:
    return Settings.read().root / "templates"


def _organisation(settings: Settings) -> Organisation | None:
    """Return the organisation, whose prices a preview names; None before there is one."""
    path = settings.root / "organisation.toml"
    return read_organisation(path) if path.exists() else None


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
