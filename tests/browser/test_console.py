"""The staff's pages as people have them: phone and desktop, light and dark, without scripts, by keyboard, live."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import tomli_w
from playwright.sync_api import expect
from sqlalchemy import text

from store import staff as accounts
from tests.browser.axe import violations
from tests.browser.serving import free_address, served
from tests.town import ORGANISATION, install, settle
from tests.web.runs import campaign
from tests.web.test_invoices import TABLE
from tidings.role import STAFF, Role
from tidings.settings import Settings
from work import run as stages

pytestmark = pytest.mark.browser

SIZES = {"phone": {"width": 390, "height": 844}, "desktop": {"width": 1440, "height": 900}}


class House:
    """A running page server, who works there, and what they have begun."""

    def __init__(self, home, engine):
        self.url = free_address()
        self.engine = engine
        settings = Settings(
            home=home, database=engine.url.render_as_string(hide_password=False), public_url=self.url
        )
        self.installation = install(settings, engine)
        self.run = campaign(self.installation, engine, people=40)
        settle(engine, 2, channels=("email", "letter"), consent=None)
        with engine.begin() as connection:
            connection.execute(
                text("""INSERT INTO customer_references (source, reference, customer_id)
                        SELECT 'erp', 'C-' || row_number() OVER (ORDER BY id DESC), id FROM customers
                        ORDER BY id DESC LIMIT 2""")
            )
            connection.execute(
                text("""UPDATE messages SET state = 'done' WHERE id IN (
                            SELECT id FROM messages WHERE state = 'ready' LIMIT 20)""")
            )

    def cookie(self, name, *roles):
        """Return the cookie of somebody who is logged in."""
        now = datetime.now(UTC)
        with self.engine.begin() as connection:
            known = accounts.find(connection, name)
            number = known.id if known else accounts.add(connection, name=name, roles=roles, now=now)
            secret = accounts.begin_session(connection, number, now=now, life=timedelta(hours=1))
        return {"name": "tidings", "value": secret, "url": self.url}

    def make(self, run):
        """Do what the resident loop does with a new run."""
        now = datetime.now(UTC)
        for shard in range(stages.begin(self.installation, run, now=now).count):
            stages.plan(self.installation, run, shard, self.installation.policy, now=now)
        stages.open_for_sending(self.installation, run)


@pytest.fixture(scope="module")
def house(tmp_path_factory, module_engine):
    home = tmp_path_factory.mktemp("house")
    (home / "organisation.toml").write_text(tomli_w.dumps(ORGANISATION), encoding="utf-8")
    made = House(home, module_engine)
    with served(home, made.url, database=made.installation.settings.database.get_secret_value()):
        yield made


@pytest.fixture
def opened(chromium, house):
    """Return a function that opens a path for somebody with roles; it fails when the browser complains."""
    contexts, told = [], []

    def go(path, *roles, name="kari", scripts=True, size="desktop", scheme="light"):
        context = chromium.new_context(
            java_script_enabled=scripts, viewport=SIZES[size], color_scheme=scheme, locale="en-GB"
        )
        contexts.append(context)
        context.add_cookies([house.cookie(name, *(roles or STAFF))])
        page = context.new_page()
        page.on("console", lambda message: told.append(message.text))
        page.on("pageerror", lambda error: told.append(str(error)))
        page.goto(f"{house.url}{path}")
        return page

    yield go
    for context in contexts:
        context.close()
    assert told == [], "the browser complains, for example of the content security policy"


@pytest.fixture(scope="module")
def file(chromium, house):
    """The path of a billing file that was brought and mapped, with wrong rows."""
    context = chromium.new_context(java_script_enabled=False)
    context.add_cookies([house.cookie("bo", Role.BILLING)])
    page = context.new_page()
    page.goto(f"{house.url}/invoices")
    page.set_input_files("#file", {"name": "march.csv", "mimeType": "text/csv", "buffer": TABLE})
    page.get_by_role("button", name="Go on").click()
    page.get_by_label("Currency").fill("NOK")
    page.get_by_role("button", name="Go on").click()
    path = page.url.removeprefix(house.url).removesuffix("/check")
    context.close()
    return path


PAGES = ("/today", "/runs", "{run}", "{run}/missing", "{run}/missing?reason=no_consent", "/invoices", "{file}",
         "{file}/check", "/reports?since=2026-01-01")  # fmt: skip


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(house, opened, file, size, scheme):
    for path in PAGES:
        page = opened(path.format(run=f"/runs/{house.run}", file=file), size=size, scheme=scheme)
        assert page.evaluate("() => document.documentElement.scrollWidth") == SIZES[size]["width"], path
        assert violations(page, standards=()) == []
        page.context.close()


def test_billing_takes_a_file_to_the_customers_without_a_script_and_another_person_releases(
    house, opened, file
):
    other = opened("/today", Role.MANAGER, name="mari", scripts=False)
    page = opened(f"{file}/check", Role.BILLING, name="bo", scripts=False, size="phone")
    expect(page.get_by_text("Unknown customer")).to_be_visible()
    page.get_by_label("Your system's total").fill("500,00")
    page.get_by_role("button", name="Make the invoices").click()
    run = page.url.rpartition("/")[2]
    expect(page.get_by_text("The documents are being made.")).to_be_visible()
    house.make(run)
    page.get_by_role("link", name="Show the newest numbers").click()
    expect(page.get_by_role("link", name="The highest amount")).to_be_visible()
    expect(page.get_by_role("button", name="Release")).to_have_count(0)

    other.reload()
    other.get_by_role("link", name="Invoices of march.csv").first.click()
    expect(other.get_by_text("bo asked for it")).to_be_visible()
    other.get_by_role("button", name="Release").click()

    expect(other.get_by_role("status")).to_have_text("The run is released.")
    with house.engine.connect() as connection:
        assert (
            connection.execute(text("SELECT released_by FROM runs WHERE id = :id"), {"id": run}).scalar()
            == "mari"
        )


def test_a_run_moves_while_somebody_looks_is_told_and_leaves_the_place_as_it_was(house, opened):
    page = opened(f"/runs/{house.run}", Role.MARKETING, name="mia")
    sent = page.locator(".figure", has_text="Sent").locator("b")
    before = int(sent.inner_text())
    page.get_by_text("As a table").click()
    page.locator("summary").focus()

    with house.engine.begin() as connection:
        connection.execute(
            text("""UPDATE messages SET state = 'done' WHERE id IN (
                        SELECT id FROM messages WHERE run_id = :run AND state = 'ready' LIMIT 3)"""),
            {"run": house.run},
        )

    expect(sent).to_have_text(str(before + 3))
    expect(page.get_by_role("table", name="From the audience to the answers")).to_be_visible()
    expect(page.locator("summary")).to_be_focused()
    expect(page.locator("#told")).to_contain_text(re.compile(r"% of \d+ out"))


def test_a_run_is_paused_and_goes_on_without_a_script(house, opened):
    page = opened(f"/runs/{house.run}", Role.MARKETING, name="mia", scripts=False, size="phone")

    page.get_by_role("button", name="Pause or stop").click()
    page.get_by_label("Why").fill("wrong price")
    page.get_by_role("button", name="Pause", exact=True).click()
    expect(page.get_by_role("status")).to_have_text("The run is paused.")
    page.get_by_role("button", name="Resume").click()
    page.locator("#control").get_by_role("button", name="Resume").click()
    expect(page.get_by_role("status")).to_have_text("The run goes on.")


def test_the_keyboard_is_enough_on_a_phone(house, opened):
    page = opened("/today", size="phone")

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Go to the content")).to_be_focused()
    while page.evaluate("() => document.activeElement.className") != "burger":
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Reports")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Reports")).to_be_hidden()


@pytest.mark.parametrize("language", ["nb", "sv", "pl", "pt-BR"])
def test_every_language_fits_on_a_phone(chromium, house, file, language):
    context = chromium.new_context(viewport=SIZES["phone"], locale=language)
    context.add_cookies([house.cookie("kari", *STAFF)])
    page = context.new_page()
    for path in PAGES:
        page.goto(f"{house.url}{path.format(run=f'/runs/{house.run}', file=file)}")
        assert page.evaluate("() => document.documentElement.lang") == language
        assert page.evaluate("() => document.documentElement.scrollWidth") == SIZES["phone"]["width"], path
    context.close()
