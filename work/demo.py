"""The demo's world as files, as a company would hand them over: tables of CSV, bills, two campaigns, an organisation.

The same number of customers gives the same files, byte for byte. They go in through the same imports as everybody's.
"""

import csv
import fcntl
import json
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from store import embedded
from store.organisation import write_brands
from tidings.organisation import Organisation
from tidings.problem import Exit, Problem
from work.demo_bills import billed, invoices
from work.demo_history import touchpoints
from work.demo_people import SOURCE, Person, people
from work.demo_wishes import consents, statements, suppressions

NOW = datetime(2026, 10, 6, 9, tzinfo=UTC)
"""A Tuesday: eleven o'clock in Oslo, six in the morning in Sao Paulo."""
CUSTOMERS = 200
BILLED_SHARE = 0.3
EXAMPLES = Path(__file__).parents[1] / "examples" / "demo"
ACTOR = "staff:demo"
MARKER = ".made-by-tidings-demo"


@dataclass(frozen=True, kw_only=True)
class World:
    """Everything that is known of the demo's customers."""

    persons: tuple[Person, ...]
    now: datetime

    @cached_property
    def billed(self) -> frozenset[int]:
        """Numbers of the customers who get an invoice."""
        return billed(self.persons, max(1, round(len(self.persons) * BILLED_SHARE)))

    def tables(self) -> dict[str, Iterable[Mapping[str, Any]]]:
        """Return the rows of each kind of import, in the order in which they go in."""
        return {
            "customers": map(_customer, self.persons),
            "devices": (_device(person) for person in self.persons if person.device),
            "consents": consents(self.persons, self.now),
            "statements": statements(self.persons, self.now),
            "suppressions": suppressions(self.persons, self.now),
            "touchpoints": touchpoints(self.persons, self.billed, self.now),
        }


def invent(count: int) -> World:
    """Return the world of `count` customers, always the same one.

    Raises:
        Problem: there would be nobody.
    """
    if count < 1:
        raise Problem(f"A demo of {count} customers shows nothing.", todo="Ask for at least one.")
    return World(persons=tuple(people(count, NOW)), now=NOW)


def empty_home(home: Path, *, servers: Iterable[Path] = ()) -> None:
    """Make `home` an empty folder of the demo's own; what an earlier demo left there is removed.

    Args:
        home: it may not exist yet.
        servers: lock files of servers that end by themselves soon after the program they were started for.

    Raises:
        Problem: there is a folder that no demo made, or a program still uses it.
    """
    if home.exists():
        if not (home / MARKER).exists() and any(home.iterdir()):
            raise Problem(
                f"{home} holds something that no demo made.",
                todo="Move it away, or set TIDINGS_HOME elsewhere.",
            )
        if embedded.is_used(home):
            raise Problem(f"A program still uses {home}.", todo="End it first, for example `tidings up`.")
        if (home / "database").exists():
            embedded.wait_until_stopped(home)
        for lock in filter(Path.exists, servers):
            with lock.open("a") as held:
                fcntl.flock(held, fcntl.LOCK_EX)
        shutil.rmtree(home)
    home.mkdir(parents=True)
    (home / MARKER).touch()


def write_inputs(world: World, folder: Path) -> dict[str, Path]:
    """Write the files that the demo starts from; return them by kind, in the order in which they go in."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {}
    for kind, rows in world.tables().items():
        files[kind] = folder / f"{kind}.csv"
        _write_csv(files[kind], list(rows))
    files["invoices"] = folder / "invoices.jsonl"
    with files["invoices"].open("w", encoding="utf-8") as out:
        for invoice in invoices(world.persons, world.billed, world.now):
            out.write(json.dumps(invoice, ensure_ascii=False) + "\n")
    for campaign in ("newsletter", "offer"):
        files[campaign] = folder / f"{campaign}.toml"
        shutil.copyfile(EXAMPLES / f"{campaign}.toml", files[campaign])
    return files


def _write_csv(path: Path, rows: list[Mapping[str, Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as out:
        if rows:
            writer = csv.DictWriter(out, fieldnames=list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)


def _customer(person: Person) -> dict[str, Any]:
    return {
        "reference": person.reference,
        "first_name": person.first_name,
        "last_name": person.last_name,
        "email": person.email,
        "mobile": person.phone,
        "street": person.street if person.place else "",
        "postal_code": person.place.postal_code if person.place else "",
        "city": person.place.city if person.place else "",
        "area": person.place.region if person.place else "",
        "country": person.country.code,
        "language": person.language,
        "standing": person.standing,
        "segment": person.segment,
        "customer_since": person.since.date().isoformat(),
    }


def _device(person: Person) -> dict[str, Any]:
    return {
        "customer": person.reference,
        "token": person.device,
        "platform": person.platform,
        "device": f"phone-{person.number}",
    }


def take_in(engine: Engine, organisation: Organisation, files: Mapping[str, Path], *, now: datetime) -> None:
    """Import the files, each in one transaction, and learn from the history.

    Raises:
        Problem: a value of ours was refused, which is a fault of the demo.
    """
    from work.columns import KINDS
    from work.intake import import_file
    from work.learn import learn

    with engine.begin() as connection:
        write_brands(connection, organisation)
    given = {"brands": frozenset(brand.id for brand in organisation.brands), "country": organisation.country}
    for kind, path in files.items():
        if kind in KINDS and path.stat().st_size:
            report = import_file(engine, kind, path, now=now, actor=ACTOR, source=SOURCE, given=given)
            if report.problems:
                raise Problem(f"{path}: {report.problems[0]}", code=Exit.FAILED)
    learn(engine, now=now, full=True)
