"""Every page there is, with something on it: small phone and desktop, light and dark, axe clean, valid HTML.

A page that nobody has put into the walk fails a test. With SCREENSHOTS=folder the walk keeps a picture of each page.
"""

import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from starlette.routing import Route

from store import staff as accounts
from tests.browser.axe import COLOURS, violations
from tests.browser.serving import environment, free_address, served
from tests.web.test_valid import CHECKER, RULES, complaints
from tidings.role import STAFF
from tidings.settings import Settings
from web import addresses, documents, form, login, privacy, renewal, unsubscribe, which
from web.app import staff_routes
from work.installation import opened

SIZES = {"phone": {"width": 320, "height": 640}, "desktop": {"width": 1440, "height": 900}}

CUSTOMERS = {
    "/p": ["/p", "/p?sent=1"],
    "/p/{token}": ["{form}", "{form}?saved=1", "{form}cut"],
    "/p/{token}/history": ["{form}/history"],
    "/p/{token}/addresses": ["{form}/addresses"],
    "/p/{token}/which": ["{form}/which?stated=email&observed=sms&topic=offer"],
    "/p/{token}/data": ["{form}/data"],
    "/c/{token}": ["{confirm}"],
    "/u/{token}": ["{unsubscribe}"],
    "/d/{token}": ["{document}"],
    "/login": ["/login"],
    "/welcome/{secret}": ["{welcome}", "/welcome/nobody"],
}
"""The pages without a login, and the paths to walk of each."""

CONSOLE = {
    "/today": ["/today"],
    "/account": ["/account"],
    "/templates": ["/templates"],
    "/templates/{purpose}/{name}": ["/templates/offer/autumn", "/templates/invoice/standard?language=pl"],
    "/calendar": ["/calendar?month=2026-10", "/calendar?view=list"],
    "/campaigns": ["/campaigns"],
    "/campaigns/new": ["/campaigns/new"],
    "/campaigns/seeds": ["/campaigns/seeds"],
    "/campaigns/{draft:int}": ["{draft}"],
    "/campaigns/{draft:int}/rehearsal": ["{draft}/rehearsal", "{bare}/rehearsal"],
    "/segments": ["/segments"],
    "/segments/new": ["/segments/new"],
    "/segments/{name}": ["/segments/homes"],
    "/staff": ["/staff"],
    "/staff/{name}": ["/staff/kari"],
    "/keys": ["/keys"],
    "/audit": ["/audit", "/audit?verify=1"],
    "/runs": ["/runs"],
    "/runs/{run}": ["{newsletter}", "{bills}"],
    "/runs/{run}/missing": ["{newsletter}/missing", "{newsletter}/missing?reason=no_consent"],
    "/runs/{run}/whatif": ["{newsletter}/whatif"],
    "/customers": ["/customers", "/customers?q=a"],
    "/customers/{ref}": ["/customers/D-1004", "{customer}"],
    "/customers/{ref}/messages/{message}": ["{customer}/messages/{letter}", "{customer}/messages/{bill}"],
    "/customers/{ref}/as-of": [
        "{customer}/as-of",
        "{customer}/as-of?on=2026-03-04",
        "{customer}/as-of?on=never",
    ],
    "/calls": ["/calls"],
    "/invoices": ["/invoices"],
    "/invoices/new/{digest}": ["{file}"],
    "/invoices/new/{digest}/check": ["{file}/check"],
    "/invoices/{run}": ["{invoices}"],
    "/gaps": ["/gaps", "/gaps?since=2020-01-01&until=2020-02-01"],
    "/reports": ["/reports", "/reports?since=2026-01-01"],
}
"""The pages of the staff, and the paths to walk of each."""

NO_PAGES = {
    "/", "/sw.js", "/p/{token}/receipt", "/d/{token}/{name}.pdf", "/d/{token}/{name}.xml",
    "/templates/{purpose}/{name}/matrix", "/templates/{purpose}/{name}/email", "/templates/{purpose}/{name}/letter",
    "/campaigns/{draft:int}/checks", "/campaigns/{draft:int}/email", "/campaigns/{draft:int}/letter",
    "/calendar/collisions", "/runs/{run}/live", "/today/live", "/customers/{ref}/sent/{reference}/{part}",
    "/invoices/evidence", "/invoices/{run}/{invoice:int}.pdf", "/gaps/{table}",
}  # fmt: skip
"""What a browser gets and nobody reads as a page: files, frames, parts of pages that are walked, and ways elsewhere."""


def test_every_page_is_in_the_walk():
    modules = (form, addresses, documents, login, privacy, renewal, unsubscribe, which)
    routes = [*(one for module in modules for one in module.routes()), *staff_routes()]
    known = {one.path for one in routes if isinstance(one, Route) and "GET" in one.methods}

    assert known == CUSTOMERS.keys() | CONSOLE.keys() | NO_PAGES


class House:
    """A demo whose pages are served to somebody with every role, and where its pages are."""

    def __init__(self, home, url):
        self.home, self.url = home, url
        self.found = {}
        self.cookies = []


@pytest.fixture(scope="module")
def house(tmp_path_factory, chromium):
    """The demo, with a draft that was rehearsed, a segment, a file of bills with wrong rows, and an open customer."""
    folder = tmp_path_factory.mktemp("walk")
    url = free_address()
    started = environment(folder, url)

    def run(*words):
        command = [sys.executable, "-m", "cli", *words]
        return subprocess.run(
            command, cwd=folder, env=started, stdout=subprocess.PIPE, text=True, check=True
        ).stdout

    made = House(folder / "demo", url)
    told = json.loads(run("demo", "--customers", "30", "--json"))
    made.found["form"] = re.search(r"/p/.*", told["preference_url"])[0]
    started["TIDINGS_HOME"] = str(made.home)
    offer = made.home / "input" / "offer.toml"
    run("segments", "save", "homes", str(offer), "--title", "Homes and cabins", "--by", "mia")
    rehearsed = made.home / "input" / "rehearsed.toml"
    rehearsed.write_text(offer.read_text(encoding="utf-8").replace("autumn-offer", "winter-offer"))
    run("campaign", "rehearse", str(rehearsed), "--now", "2026-12-01T09:00Z")
    made.found["welcome"] = path_of(
        json.loads(run("staff", "add", "new", "--role", "support", "--json"))["link"]
    )
    settings = Settings(home=made.home, public_url=made.url)
    with opened(settings) as installation:
        look_up(made, installation)
        with served(made.home, url):
            furnish(made, chromium)
            yield made


def path_of(url):
    return re.sub(r"^https?://[^/]+", "", url)


def look_up(made, installation):
    """Find the numbers of what the demo made, and let somebody with every role in."""
    now = datetime.now(UTC)
    with installation.engine.begin() as connection:
        account = accounts.add(connection, name="kari", roles=STAFF, now=now)
        secret = accounts.begin_session(connection, account, now=now, life=timedelta(hours=2))
        runs = dict(
            connection.execute(text("SELECT coalesce(kind || ':' || title, kind), id FROM runs")).all()
        )
        messages = dict(
            connection.execute(
                text("""SELECT DISTINCT ON (m.purpose) m.purpose, m.id::text FROM messages m
                        JOIN customer_references r ON r.customer_id = m.customer_id AND r.reference = 'D-1003'
                        ORDER BY m.purpose, m.id""")
            ).all()
        )
        customer = connection.scalar(
            text("SELECT customer_id FROM customer_references WHERE reference = 'D-1003'")
        )
    made.cookies = [{"name": "tidings", "value": secret, "url": made.url}]
    bills = next(run for name, run in runs.items() if not name.startswith("campaign"))
    news = next(run for name, run in runs.items() if "newsletter" in name)
    links = installation.links
    invoice = links.for_message(messages["invoice"], customer, "invoice", ())
    offer = links.for_message(messages.get("offer", messages["invoice"]), customer, "offer", ())
    made.found |= {
        "newsletter": f"/runs/{news}",
        "bills": f"/runs/{bills}",
        "invoices": f"/invoices/{bills}",
        "customer": "/customers/D-1003",
        "bill": messages["invoice"],
        "letter": next(iter(messages.values())),
        "document": path_of(invoice["document"]),
        "unsubscribe": path_of(offer["unsubscribe"]),
        "confirm": path_of(links.confirm(1)),
    }


def furnish(made, chromium):
    """Do by hand what the demo has not: drafts, a file of bills, and a customer whose page is opened with a reason."""
    context = chromium.new_context(java_script_enabled=False, base_url=made.url, locale="en-GB")
    context.add_cookies(made.cookies)
    page = context.new_page()
    made.found["bare"] = draft(page, "bare-offer")
    made.found["draft"] = draft(page, "winter-offer")
    values = {"code": "LIGHT25", "discount": "25", "price": "66.75", "currency": "EUR"}
    for name, value in (values | {"valid_until": "2027-12-23"}).items():
        page.locator(f'[name="data.{name}"]').fill(value)
    page.get_by_role("button", name="Save", exact=True).click()
    page.goto("/invoices")
    page.set_input_files("#file", {"name": "october.csv", "mimeType": "text/csv", "buffer": BILLS})
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="Go on").click()
    made.found["file"] = path_of(page.url).removesuffix("/check")
    page.goto(made.found["customer"])
    page.get_by_label("Ticket number, or what it is about").fill("ticket 812")
    page.get_by_role("button", name="Open", exact=True).click()
    page.goto(f"{made.found['form']}/addresses?lang=en")
    page.get_by_label("Your e-mail address or mobile number").fill("chloe@new.example")
    page.get_by_role("button", name="Send me a code").click()
    made.cookies = context.cookies()
    context.close()


BILLS = b"""Invoice,Customer,Date,Due date,Currency,Text,Quantity,Price,VAT %,Total
2026-7001,D-1003,2026-10-05,2026-11-04,NOK,Lantern Skumring,4,250.00,25,1250.00
2026-7002,K-4711,2026-10-05,2026-11-04,NOK,Lantern Skumring,4,250.00,25,1250.00
2026-7003,D-1004,2026-10-05,2026-11-04,NOK,Lantern Skumring,4,250.00,25,1205.00
"""


def draft(page, name):
    page.goto("/campaigns/new")
    page.get_by_label("Campaign name").fill(name.replace("-", " ").capitalize())
    page.get_by_label("Identity").fill(name)
    page.get_by_label("Edition").fill("2026")
    page.get_by_label("Template").select_option("offer/autumn")
    page.get_by_role("button", name="Next").click()
    return path_of(page.url).partition("?")[0]


@pytest.mark.browser
@pytest.mark.parametrize(
    "pages", [pytest.param(CUSTOMERS, id="customers"), pytest.param(CONSOLE, id="staff")]
)
def test_every_page_is_clean_and_fits(chromium, house, pages, tmp_path):
    """A page is loaded once, and then resized and darkened: loading it takes longer than looking at it."""
    context = chromium.new_context(locale="en-GB", base_url=house.url, reduced_motion="reduce")
    context.add_cookies(house.cookies)
    page = context.new_page()
    told = []
    for number, path in enumerate(walk(house, pages)):
        answer = page.goto(path)
        (tmp_path / f"{number}.html").write_text(f"{answer.text()}<!-- {path.replace('-', '.')} -->")
        if answer.status not in {200, 404, 422}:  # a page also says that there is no such thing
            told.append((path, "status", answer.status))
        for size in SIZES:
            page.set_viewport_size(SIZES[size])
            for scheme, rules in (("light", ()), ("dark", COLOURS)):
                page.emulate_media(color_scheme=scheme)
                told += [(path, size, scheme, *one) for one in flaws(page, SIZES[size]["width"], rules)]
                keep(page, f"{size}-{scheme}-{re.sub('[^a-z0-9]+', '-', path[:40].lower())}")
    context.close()

    assert not told, "\n".join(map(str, told))
    (tmp_path / ".htmlvalidate.json").write_text(json.dumps(RULES))
    assert not CHECKER.exists() or complaints(tmp_path) == []


def walk(house, pages=CUSTOMERS | CONSOLE):
    for paths in pages.values():
        for path in paths:
            yield path.format(**house.found)


def flaws(page, width, rules=()):
    """Yield what is wrong with a page, in words of axe and of a ruler."""
    if (wide := page.evaluate("document.documentElement.scrollWidth")) > width:
        yield "wider than the screen", wide
    yield from violations(page, rules=rules)


def keep(page, name):
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


LANGUAGES = ("nb", "sv", "pl", "pt-BR")


@pytest.mark.browser
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_fits_on_a_phone_in_every_language_and_in_letters_twice_as_large(
    chromium, house, language
):
    context = chromium.new_context(locale=language, base_url=house.url)
    context.add_cookies(house.cookies)
    page = context.new_page()
    told = []
    for path in walk(house):
        page.goto(path)
        for size, width in (("100%", 320), ("200%", 390)):
            page.set_viewport_size({"width": width, "height": 800})
            page.evaluate("size => document.documentElement.style.fontSize = size", size)
            if (wide := page.evaluate("document.documentElement.scrollWidth")) > width:
                told.append((path, size, wide))
            keep(page, f"{language}-{size[:-1]}-{re.sub('[^a-z0-9]+', '-', path[:40].lower())}")
    context.close()

    assert told == []


@pytest.mark.browser
@pytest.mark.parametrize("size", SIZES)
def test_what_comes_after_a_button_is_clean_and_fits_too(chromium, house, size):
    context = chromium.new_context(viewport=SIZES[size], locale="en-GB", base_url=house.url)
    context.add_cookies(house.cookies)
    page = context.new_page()
    told = []
    for path, button in AFTER.items():
        page.goto(path.format(**house.found))
        page.get_by_role("button", name=button, exact=True).first.click()
        page.wait_for_load_state()
        told += [(path, button, *one) for one in flaws(page, SIZES[size]["width"])]
        keep(page, f"{size}-after-{re.sub('[^a-z0-9]+', '-', button.lower())}")
    context.close()

    assert not told, "\n".join(map(str, told))


AFTER = {
    "{newsletter}/whatif": "Decide again",
    "/segments/new": "Count now",
    "{form}/which?stated=email&observed=sms&topic=offer": "Keep: by e-mail",
    "{form}?lang=en": "See first what it would have changed",
    "{form}/data?lang=en": "Email, c•••3@example.com",
    "{unsubscribe}?lang=en": "Yes, unsubscribe",
}
"""Pages that only a button leads to, the last one for good."""


@pytest.mark.browser
def test_what_a_draft_would_do_stands_beside_its_form(chromium, house):
    context = chromium.new_context(viewport=SIZES["desktop"], base_url=house.url)
    context.add_cookies(house.cookies)
    page = context.new_page()
    page.goto(house.found["draft"])

    form, live = (page.locator(one).bounding_box() for one in ("#composer", "#live"))
    context.close()

    assert abs(form["y"] - live["y"]) < 40
    assert live["x"] > form["x"] + form["width"]
