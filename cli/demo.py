"""`tidings demo`: the main job with invented customers, in a home of its own, and nothing leaves the machine."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from cli.demo_screen import Told, show
from cli.output import print_json
from cli.progress import bar
from tidings.channel import Channel
from tidings.problem import Exit
from tidings.settings import Mode, Settings
from work.demo import ACTOR, CUSTOMERS, EXAMPLES, MARKER, World, empty_home, invent, take_in, write_inputs
from work.demo_people import SOURCE, Person, Story

if TYPE_CHECKING:
    from flows.oneshot import OneShot

WHYS = ((Story.BY_POST, "invoices"), (Story.PAYS_ON_TEXT, "offer"), (Story.BOUNCED, "newsletter"))
"""Whose decision is explained, and in which run."""


def demo(
    *,
    out: Path | None = None,
    customers: int = CUSTOMERS,
    json: bool = False,
) -> int:
    """Invent customers in five countries and send them a newsletter, an offer and invoices, into a folder.

    Everything happens in a home of its own, `demo` below TIDINGS_HOME, which is emptied first. Nothing leaves the
    machine, whatever the settings say, and every run comes out the same.

    Example: tidings demo --customers 50

    Parameters
    ----------
    out
        The folder for what is "sent"; default is `outbox` in the demo's home.
    customers
        How many customers to invent; three in ten get an invoice.
    json
        Print one JSON object: customers, runs, outbox, preference_url, seconds.
    """
    from flows.environment import folder

    began = monotonic()
    world = invent(customers)
    settings = demo_settings()
    home = settings.root
    empty_home(home, servers=[folder(home) / "keeper.lock"])
    outbox = _empty_outbox(out) if out else home / "outbox"
    told = _play(world, settings, outbox)
    seconds = round(monotonic() - began, 1)
    if json:
        print_json(
            {
                "customers": told.customers,
                "runs": list(told.runs.values()),
                "outbox": str(told.outbox),
                "preference_url": told.preference_url,
                "seconds": seconds,
            }
        )
    else:
        show(told, seconds)
    return Exit.OK


def demo_settings() -> Settings:
    """Return the settings of the demo: a home of its own with its own database, and no provider whatever is set."""
    home = Settings.read().root / "demo"
    return Settings(home=home, database=None, mode=Mode.OUTBOX, email=(), sms=(), push=(), letter=())


def _play(world: World, settings: Settings, outbox: Path) -> Told:
    """Take the world's files in, run the campaigns and the bills, and gather what there is to show."""
    from flows.starting import started
    from work.installation import let_links_live_from

    home = settings.root
    files = write_inputs(world, home / "input")
    shutil.copyfile(EXAMPLES / "organisation.toml", home / "organisation.toml")
    with started(settings, out=outbox, now=world.now) as shot:
        with shot.installation.engine.begin() as connection:
            let_links_live_from(connection, datetime.now(UTC))
        take_in(shot.installation.engine, shot.installation.organisation, files, now=world.now)
        runs = {
            "newsletter": _campaign(shot, files["newsletter"]),
            "offer": _campaign(shot, files["offer"]),
            "invoices": _invoices(shot, files["invoices"]),
        }
        return _told(world, shot, outbox, runs)


def _campaign(shot: OneShot, file: Path) -> Mapping[str, Any]:
    from store.runs import wait_for_silence
    from work.campaign import open_campaign, read_campaign

    campaign = read_campaign(file)
    opened = open_campaign(
        shot.installation, campaign, shot.installation.policy, actor=ACTOR, now=shot.desk.now()
    )
    with shot.installation.engine.begin() as connection:
        # The demo plays on a day of its own: what waits for silence waits from the reader's today on.
        late = max(datetime.now(UTC) - shot.desk.now(), timedelta(0))
        waits = {str(channel): wait + late for channel, wait in campaign.fallback_after.items()}
        wait_for_silence(connection, opened.run, waits)
    with bar(campaign.title) as progress:
        return shot.run(opened.run, progress=progress)


def _invoices(shot: OneShot, file: Path) -> Mapping[str, Any]:
    from work.bills import read_bills, read_mapping
    from work.invoicing import open_invoice_run

    documents, file_hash = read_bills(file, read_mapping(None))
    opened = open_invoice_run(
        shot.installation,
        documents,
        shot.installation.policy,
        file_name=file.name,
        file_hash=file_hash,
        source=SOURCE,
        actor=ACTOR,
        now=shot.desk.now(),
    )
    with bar("Invoices") as progress:
        return shot.run(opened.run, progress=progress)


def _empty_outbox(folder: Path) -> Path:
    """Return the folder for what is "sent"; what an earlier demo left there is removed, nothing else ever is."""
    folder = folder.absolute()
    if (folder / MARKER).exists():
        # With what the outbox remembers of letters: the ids of a demo come again.
        for name in (*Channel, ".letter"):
            shutil.rmtree(folder / name, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARKER).touch()
    return folder


def _told(world: World, shot: OneShot, outbox: Path, runs: Mapping[str, Mapping[str, Any]]) -> Told:
    from store.customers import find
    from store.reasons import chosen

    person = next((one for one in world.persons if one.story is Story.BY_POST), world.persons[0])
    with shot.installation.engine.begin() as connection:
        split: dict[str, dict[str, dict[str, int]]] = {name: {} for name in runs}
        for name, found in runs.items():
            for channel, reason, number in chosen(connection, found["run"]):
                split[name].setdefault(channel, {})[reason] = number
        customer = find(connection, person.reference, SOURCE)
    assert customer is not None
    return Told(
        customers=len(world.persons),
        runs=runs,
        chosen=split,
        whys=_whys(world, shot, runs),
        outbox=outbox,
        home=shot.installation.home,
        person=person,
        preference_url=shot.installation.links.preferences(customer),
    )


def _whys(
    world: World, shot: OneShot, runs: Mapping[str, Mapping[str, Any]]
) -> list[tuple[Person, str, Mapping[str, Any]]]:
    """Explain three decisions: those of the stories, or of the first customers where there are no stories yet."""
    from work.explain import explain

    by_story = {person.story: person for person in world.persons}
    chosen = [(by_story[story], name) for story, name in WHYS if story in by_story]
    chosen += [(person, "newsletter") for person in world.persons if person.story is None]
    return [
        (
            person,
            name,
            explain(shot.installation, person.reference, runs[name]["run"], now=world.now, source=SOURCE),
        )
        for person, name in chosen[: len(WHYS)]
    ]
