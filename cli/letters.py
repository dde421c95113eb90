"""`tidings letters`: whether a PDF of somebody else may be printed."""

from pathlib import Path

from cyclopts import App

from cli.options import Json
from cli.output import console, print_json
from tidings.problem import Exit, Problem

app = App(name="letters", help="Look at PDFs as a print house does.")


@app.command
def check(file: Path, *, country: str, window: str = "", json: Json = False) -> int:
    """Say whether a PDF may be printed and put into an envelope for a country: every check with its page.

    Example: tidings letters check offer.pdf --country SE

    Page size, printable area, the address in the window, fonts, colours, hidden text, programs in the file. Exit code:
    0 it may, 3 something is in the way, 2 the file cannot be opened.

    Parameters
    ----------
    file
        A PDF.
    country
        Destination, ISO 3166-1 alpha-2: it says which paper and which window.
    window
        Of the envelope, where it is not the country's usual one: din-a, ch-right, uk-c5 and so on.
    """
    from templates.foreign_process import judged
    from tidings.country import codes

    if country.upper() not in codes():
        raise Problem(f"There is no country {country!r}.", todo="Use two letters of ISO 3166-1, such as SE.")
    found = judged(file, country.upper(), window)
    if json:
        print_json({"file": str(file), **found})
        return Exit.OK if found["printable"] else Exit.SOME_REJECTED
    from rich.table import Table
    from rich.text import Text

    table = Table("", "Check", "Page", "What", box=None, pad_edge=False)
    signs = {"pass": "[green]ok[/green]", "warn": "[yellow]look[/yellow]", "block": "[red]no[/red]"}
    for one in found["findings"]:
        page = str(one["page"]) if one["page"] else ""
        table.add_row(signs[one["verdict"]], one["check"].replace("_", " "), page, Text(one["detail"]))
    console.print(table)
    for line in found["address"]:
        console.print(f"  | {line}", markup=False)
    pages = f"{found['pages']} pages, {found['sheets']} sheets, window {found['window']}"
    verdict = "It may be printed" if found["printable"] else "It may not be printed"
    console.print(f"{verdict}: {pages}, in colour: {len(found['colour_pages'])}.", markup=False)
    return Exit.OK if found["printable"] else Exit.SOME_REJECTED
