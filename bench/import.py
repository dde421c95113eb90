"""What a row of customers costs to import: read, recognised, judged and handed over, the database's work apart."""  # noqa: N999 -- the suite is called so

import csv
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from bench.figure import Figure, bound, cpu_seconds
from bench.home import fresh_home
from work.intake import ImportReport, import_file

ROWS = 100_000
MOST = 0.1
"""Milliseconds of CPU a row."""
_Text = Callable[[int], str]


def figures() -> list[Figure]:
    """Return milliseconds of CPU for each of 100,000 customers of which no value is another's."""
    with fresh_home() as (settings, store):
        path = settings.root / "customers.csv"
        write_customers(path, ROWS)
        reports: list[ImportReport] = []
        now = datetime(2026, 3, 3, tzinfo=UTC)
        spent = cpu_seconds(
            lambda: reports.append(import_file(store.engine, "customers", path, now=now, actor="system"))
        )
    found = reports[0]
    if (found.imported, found.problems) != (ROWS, ()):
        msg = f"{found.imported} of {ROWS} customers were imported, {len(found.problems)} values were wrong"
        raise AssertionError(msg)
    return [bound("import ms a row", ours=spent * 1000 / ROWS, most=MOST, unit="ms CPU")]


def write_customers(path: Path, rows: int) -> None:
    """Write customers of five countries as an export from elsewhere has them: names of countries, national phones."""
    places: tuple[tuple[str, str, str, _Text, _Text], ...] = (
        ("Norway", "Oslo", "", lambda n: f"{150 + n % 9000:04}", lambda n: f"4{n % 1_000_000 + 600_000:07}"),
        ("Sweden", "Lund", "", lambda n: f"{10_000 + n % 80_000}", lambda n: f"070-{n:07}"),
        ("Poland", "Kraków", "", lambda n: f"{n % 90:02}-{n % 1000:03}", lambda n: f"+48 51{n:07}"),
        ("Brazil", "São Paulo", "SP", lambda n: f"{1000 + n % 4000:05}-{n % 1000:03}", _sao_paulo),
        (
            "USA",
            "Palo Alto",
            "CA",
            lambda n: f"94{n % 1000:03}",
            lambda n: f"+1 650 {200 + n // 10_000} {n % 10_000:04}",
        ),
    )
    header = "CustomerId,FirstName,LastName,Address,City,State,Country,PostalCode,Phone,Email,Group"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header.split(","))
        for number in range(rows):
            country, city, state, code, phone = places[number % len(places)]
            writer.writerow(
                (
                    number + 1,
                    f"Förnamn{number}",
                    f"Etternavn{number}",
                    f"Storgata {number + 1}",
                    *(city, state, country, code(number), phone(number)),
                    f"customer.{number}@post{number % 97}.example.com",
                    f"group {number % 7}",
                )
            )


def _sao_paulo(number: int) -> str:
    return f"(11) 9{80_000_000 + number}"
