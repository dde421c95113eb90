"""`tidings init` makes a home; `tidings check` says what is set, where it came from, and what is wrong."""

import os
import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.markup import escape
from rich.prompt import Prompt
from rich.table import Table

from cli.output import console, print_json
from tidings.problem import Exit, Problem
from tidings.settings import Settings
from work.organisation_file import Answers, organisation_toml, sms_sender, write_once

ENV_FILE = Path(".env")


def init(
    *,
    name: str = "",
    country: str = "",
    email: str = "",
    service: str = "",
    address: tuple[str, ...] = (),
    languages: Annotated[tuple[str, ...], Parameter(name="--language")] = (),
    legal_name: str = "",
    time_zone: str = "",
    tax_id: str = "",
    website: str = "",
    phone: str = "",
    sms: str = "",
    accounts: Annotated[tuple[str, ...], Parameter(name="--account")] = (),
    force: bool = False,
    json: bool = False,
) -> int:
    """Make a home: organisation.toml, the signing key and the database. Asks for what no option says.

    Example: tidings init --name "Nordlys" --country NO --email hei@nordlys.example --language en

    Parameters
    ----------
    name:
        What customers know you by.
    country:
        Where you are, like NO or Norway.
    email:
        The address that mail comes from.
    service:
        The mailbox that people read, where it is another one: replies of customers are forwarded to it.
    address:
        One line of your return address; say it once for each line.
    languages:
        A language of your messages, like en or pt_BR; the first is the fallback.
    legal_name:
        The name of the company, where it is another one.
    time_zone:
        Where you are, like Europe/Oslo.
    tax_id:
        Printed on invoices.
    website:
        Where the links of campaigns lead; default is the domain of the e-mail address. Printed, too.
    phone:
        Of your service desk.
    sms:
        Sender of SMS: a number, or at most 11 letters and digits.
    accounts:
        CURRENCY=IBAN, once for each currency you bill in.
    force:
        Write a new organisation.toml over the one that is there.
    json:
        Print one JSON object: home, organisation, brand.
    """
    from tidings.country import language_code, language_of, zone_of

    settings = Settings.read()
    path = settings.root / "organisation.toml"
    if path.exists() and not force:
        raise Problem(
            f"{path} exists and stays as it is.", todo="Edit it, or say --force to write a new one."
        )
    if sys.stdin.isatty():
        console.print(
            "A few questions about who writes to your customers; Enter takes what is in brackets.\n"
        )
    name = name or _ask("What do your customers know you by?", option="--name")
    country = _country(country or _ask("In which country are you?", option="--country"))
    email = email or _ask("From which address does mail come?", option="--email")
    answers = Answers(
        name=name,
        country=country,
        email=email,
        service=service or _ask("Which mailbox do people read?", option="", default=email),
        address=address or _lines(_ask("Your return address, parts divided by ;", option="--address"), ";"),
        languages=tuple(
            language_code(one) or one  # as a person says it: "no", "Norwegian"
            for one in languages
            or _lines(_ask("Languages of your messages", option="", default=language_of(country)), ",")
        ),
        legal_name=legal_name or _ask("Name of the company", option="", default=name),
        time_zone=time_zone or _ask("Your time zone", option="", default=zone_of(country)),
        tax_id=tax_id or _ask("Tax id, as invoices print it", option="", default=""),
        # Links of campaigns lead there: without one they would lead nowhere.
        website=website or _ask("Web page", option="", default=f"https://{email.rpartition('@')[2]}"),
        phone=phone or _ask("Telephone of your service desk", option="", default=""),
        sms=sms or _ask("Sender of SMS", option="", default=sms_sender(name)),
        accounts=_accounts(
            accounts or _lines(_ask("Accounts, like EUR=DE89...", option="", default=""), ",")
        ),
    )
    write_once(path, organisation_toml(answers), force=force)
    _open(settings)
    if json:
        print_json({"home": str(settings.root), "organisation": str(path), "brand": name})
        return Exit.OK
    console.print(f"\nWritten: [bold]{escape(str(path))}[/], a signing key and a database beside it.")
    console.print("Nothing leaves this machine until TIDINGS_MODE says so. Next: `tidings check`.")
    return Exit.OK


def check(*, json: bool = False) -> int:
    """Print each setting, its value and where it came from, and everything that is wrong. Exit 2 if anything is.

    Example: tidings check

    Parameters
    ----------
    json:
        Print one JSON object: settings and problems.
    """
    from work.check import Report
    from work.check import check as judge

    report: Report = judge(os.environ, ENV_FILE, reach=_reach)
    if json:
        print_json(
            {
                "settings": [
                    {"name": row.name, "value": row.value, "source": row.source, "problem": row.problem}
                    for row in report.settings
                ],
                "problems": list(report.problems),
            }
        )
    else:
        table = Table(box=None, pad_edge=False, header_style="bold")
        table.add_column("setting", no_wrap=True)
        table.add_column("value")
        table.add_column("from", no_wrap=True)
        for row in report.settings:
            style = "red" if row.problem else "dim" if row.source == "default" else ""
            table.add_row(row.name, escape(row.value), row.source, style=style)
        console.print(table)
        console.print()
        for problem in report.problems:
            console.print(f"[red]wrong[/]  {escape(problem)}")
        if not report.problems:
            console.print("[green]Everything is fine.[/]")
    return Exit.UNUSABLE if report.problems else Exit.OK


def _ask(question: str, *, option: str, default: str | None = None) -> str:
    """Return the answer of the person; a script that left out `option` is told so, or gets the default."""
    if sys.stdin.isatty():
        while not (answer := Prompt.ask(question, default=default, console=console)) and default is None:
            console.print("This one is needed.")
        return answer or ""
    if default is None:
        raise Problem(
            f"{option} is missing.", todo="Say it as an option, or run `tidings init` in a terminal."
        )
    return default


def _lines(said: str, mark: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in said.split(mark) if part.strip())


def _country(said: str) -> str:
    from tidings.country import country_code

    code = country_code(said)
    if not code:
        raise Problem(f"There is no country {said!r}.", todo="Write its name or two letters, like NO.")
    return code


def _accounts(said: tuple[str, ...]) -> dict[str, str]:
    accounts = {}
    for one in said:
        currency, equals, number = one.partition("=")
        if not (equals and number.strip()):
            raise Problem(
                f"The account {one!r} cannot be read.", todo="Write CURRENCY=IBAN, like EUR=DE89..."
            )
        accounts[currency.strip()] = number.replace(" ", "")
    return accounts


def _open(settings: Settings) -> None:
    from store.organisation import write_brands
    from work.installation import opened

    with opened(settings) as installation, installation.engine.begin() as connection:
        write_brands(connection, installation.organisation)


def _reach(settings: Settings) -> None:
    """Open the database if there is one already: a check makes nothing."""
    from store.connect import opened

    if settings.database is not None or (settings.root / "database").is_dir():
        with opened(settings):
            pass
