"""What the pages say is true: their commands run, their links lead somewhere, their tables are complete.

The commands of the README are run in `journeys/test_chinook.py`, which looks at what came out.
"""

import ast
import re
import shlex
import tomllib

import pytest
from cyclopts import App, CycloptsError
from PIL import Image

from channels.contract import Capability
from channels.registry import PROVIDERS
from cli.main import COMMANDS
from preferences.policy import Policy
from store.audit import OPENED
from store.events import KINDS
from tests.walk import ROOT, commands
from tidings.outcome import ErrorClass
from tidings.problem import Exit
from tidings.reason import Reason
from tidings.receipt import ReceiptKind
from tidings.role import Role
from tools.settings_page import page

DOCS = sorted((ROOT / "docs").glob("**/*.md"))
PAGES = [ROOT / "README.md", *DOCS]
CODE = re.compile(r"^```.*?^```|`[^`\n]*`|^    .*?$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#\s]*)(#[^)\s]*)?[^)]*\)")
FENCE = re.compile(r"^```[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
TYPED = re.compile(r"^(?:[A-Z_]+=\S+ )*tidings (.+)$", re.MULTILINE)
QUOTED = re.compile(r"`(?:[A-Z_]+=\S+ )?tidings ([^`\n]+)`")
CELLS = re.compile(r"`([^`]+)`")
LINKED = re.compile(r"\]\(([^)#\s]+)")


@pytest.fixture(scope="module")
def app():
    """The command line, of the table that the program's own is made of."""
    made = App(name="tidings")
    for name, place, _ in COMMANDS:
        made.command(place, name=name)
    return made


def pages(paths=PAGES):
    return [pytest.param(path, id=str(path.relative_to(ROOT))) for path in paths]


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def first_cells(name, section=""):
    """Return the words in backticks of the first column of the tables of a page, or of one section of it."""
    text = read(name).split(f"\n## {section}\n")[1].split("\n## ")[0] if section else read(name)
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return {word for line in lines for word in CELLS.findall(line.split("|")[1])}


def heading(text):
    """Return the anchor that a heading has on the usual renderers of Markdown."""
    return "#" + re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")


def shown(text):
    """Return the command lines that a page shows in blocks, one word list each."""
    blocks = "\n".join(FENCE.findall(text)).replace("\\\n", " ")
    found = []
    for line in TYPED.findall(blocks):
        words = shlex.split(line.replace("[--json]", "--json"), comments=True)
        found.append(words[: words.index(">")] if ">" in words else words)
    return found


def test_commands_to_run_stand_where_they_are_run():
    assert commands(ROOT / "README.md")
    assert [path.name for path in DOCS if commands(path)] == []


@pytest.mark.parametrize("path", pages())
def test_a_link_leads_to_a_file_and_to_a_heading_of_it(path):
    prose = CODE.sub("", path.read_text(encoding="utf-8"))
    missing = []
    for file, anchor in LINK.findall(prose):
        target = path.parent / file if file else path
        if "://" in file or (target.exists() and not anchor):
            continue
        headings = re.findall(r"^#+ (.+)$", target.read_text(encoding="utf-8"), re.MULTILINE)
        if anchor not in [heading(one) for one in headings]:
            missing.append(file + anchor)
    assert missing == []


@pytest.mark.parametrize("path", pages())
def test_a_command_that_a_block_shows_can_be_typed_so(path, app):
    wrong = []
    for words in shown(path.read_text(encoding="utf-8")):
        try:
            app.parse_args(words, exit_on_error=False, print_error=False)
        except CycloptsError as error:
            wrong.append(f"{shlex.join(words)}: {error}")
    assert wrong == []


@pytest.mark.parametrize("path", pages())
def test_a_command_that_a_sentence_names_exists_with_its_options(path, app):
    wrong = []
    for line in QUOTED.findall(path.read_text(encoding="utf-8")):
        words = [word.strip("[]") for word in line.split()]
        names, apps, _ = app.parse_commands([word for word in words if not word.startswith("-")])
        own = apps[-1].assemble_argument_collection() if apps[-1].default_command else ()
        known = {name for one in own for name in one.names}
        options = {word for word in words if word.startswith("--")}
        if not names or not options <= known | {"--debug", "--version"}:
            wrong.append(line)
    assert wrong == []


def test_every_command_is_on_some_page():
    said = "\n".join(path.read_text(encoding="utf-8") for path in PAGES)
    assert [name for name, *_ in COMMANDS if not re.search(rf"tidings {name}\b", said)] == []


def test_every_alert_is_explained_and_no_other():
    made = [node for node in ast.walk(ast.parse(read("work/alerts.py"))) if isinstance(node, ast.Call)]
    named = {
        word.value.value
        for call in made
        if isinstance(call.func, ast.Name) and call.func.id == "Alert"
        for word in call.keywords
        if word.arg == "name"
    }
    section = read("docs/operations.md").split("\n## Alerts\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| `([a-z_]+)` \|", section, re.MULTILINE)
    assert len(named) >= 8
    assert set(rows) == named


def test_every_gauge_is_explained_and_no_other():
    gauges = set(re.findall(r'"(tidings_[a-z_]+)"', read("web/metrics.py")))
    section = read("docs/operations.md").split("\n## Metrics\n")[1].split("\n## ")[0]
    assert set(re.findall(r"^\| `(tidings_[a-z_]+)` \|", section, re.MULTILINE)) == gauges


def test_every_place_in_the_home_is_explained():
    said = read("docs/operations.md").split("\n## Where things are\n")[1].split("\n## ")[0]
    folders = ("channels", "flows", "store", "web", "work")
    sources = [path.read_text(encoding="utf-8") for one in folders for path in (ROOT / one).rglob("*.py")]
    named = {name for text in sources for name in re.findall(r'\bhome / "([^"]+)"', text)}
    assert len(named) >= 10
    assert [name for name in sorted(named) if not re.search(rf"`{re.escape(name)}[/`]", said)] == []


def test_every_class_of_error_is_explained():
    assert {str(one) for one in ErrorClass} - first_cells("docs/operations.md") == set()


def test_every_reason_is_explained_and_no_other():
    named = tomllib.loads(read("web/locales/en/console.toml"))["reason"]
    assert {str(one) for one in Reason} <= set(named)
    assert first_cells("docs/codes.md", "Reasons") == set(named)


def test_every_cause_of_a_suppression_is_explained_and_no_other():
    named = set(tomllib.loads(read("web/locales/en/customers.toml"))["suppressed"])
    assert set(Policy().closing) < named
    assert first_cells("docs/codes.md", "Suppressions") == named


def audited():
    """Return the actions that the program writes into the audit, as the modules that do so spell them."""
    found = {OPENED, *re.findall(r"INTO audit .*\n.* '(\w+)'", read("work/intake.py"))}
    for path in (path for folder in ("work", "web", "store") for path in (ROOT / folder).rglob("*.py")):
        source = path.read_text(encoding="utf-8")
        if re.search(r"^from store(\.audit import .*\bnote| import (.*\b)?audit)\b", source, re.MULTILINE):
            found |= {word for node in ast.walk(ast.parse(source)) for word in actions(node)}
    return found


def actions(node):
    """Return the texts that a piece of such a module makes the action of a row."""
    spelled = []
    if isinstance(node, ast.Call):
        spelled += [word.value for word in node.keywords if word.arg == "action"]
        spelled += node.args if isinstance(node.func, ast.Name) and node.func.id == "_note" else []
    if (
        isinstance(node, ast.Assign)
        and isinstance(node.value, ast.IfExp)
        and ast.unparse(node.targets[0]) in ("kind", "action")
    ):
        spelled += [node.value.body, node.value.orelse]
    return [one.value for one in spelled if isinstance(one, ast.Constant)]


def test_every_action_of_the_audit_is_explained_and_no_other():
    made = audited()
    assert len(made) > 30
    assert first_cells("docs/codes.md", "Audit actions") == made


def test_every_event_that_systems_hear_of_is_explained_and_no_other():
    assert first_cells("docs/api.md", "Events") == set(KINDS)


def test_every_way_in_which_a_doubt_ends_is_explained():
    assert {str(one) for one in Capability} <= first_cells("docs/doubts.md")


def test_every_exit_code_is_explained_and_no_other():
    section = read("docs/operations.md").split("\n## Exit codes\n")[1].split("\n## ")[0]
    assert {int(one) for one in re.findall(r"^\| (\d+) \|", section, re.MULTILINE)} == {
        int(one) for one in Exit
    }


def test_every_role_is_explained():
    assert {str(one) for one in Role} <= first_cells("docs/roles.md")


def test_every_provider_has_a_page_and_says_how_to_connect_it():
    linked = set(re.findall(r"\(providers/(\w+)\.md\)", read("docs/connect-your-providers.md")))
    assert linked == {path.stem for path in (ROOT / "docs" / "providers").glob("*.md")}
    for one in (ROOT / "docs" / "providers").glob("*.md"):
        parts = set(re.findall(r"^## (.+)$", one.read_text(encoding="utf-8"), re.MULTILINE))
        assert {"Settings", "Errors", "What comes back", "In doubt"} <= parts, one.name
    said = read("docs/connect-your-providers.md")
    assert [name for channel, name in PROVIDERS if f"`TIDINGS_{channel.upper()}={name}`" not in said] == []


def test_a_setting_that_a_page_names_exists():
    known = first_cells("docs/settings.md")
    groups = {name.partition("__")[0] + "__" for name in known if "__" in name} | {"TIDINGS_CARRIER__KEY"}
    wrong = {
        (path.name, name)
        for path in PAGES
        for name in re.findall(r"\bTIDINGS_[A-Z0-9_]+", path.read_text(encoding="utf-8"))
        if name not in known | groups
    }
    assert wrong == set()


def test_a_picture_is_small_is_shown_and_has_its_words():
    said = "\n".join(path.read_text(encoding="utf-8") for path in PAGES)
    shown = {name: words for words, name in re.findall(r"!\[([^\]]*)\]\((?:docs/)?pictures/([\w.]+)\)", said)}
    kept = {path.name: path for path in (ROOT / "docs" / "pictures").iterdir()}
    assert set(shown) == set(kept)
    assert all(len(words) > 20 for words in shown.values())
    assert [name for name, path in kept.items() if path.stat().st_size > 150_000] == []
    for path in kept.values():
        with Image.open(path) as picture:
            picture.verify()


def test_each_person_is_one_click_from_their_page():
    starts = {f"quick-start-{who}.md" for who in ("marketing", "billing", "support", "customers")}
    assert starts <= {name.removeprefix("docs/") for name in LINKED.findall(read("README.md"))}
    for name in starts:
        page = read(f"docs/{name}")
        assert [one for one in ("## What", "### 5. ", "## When something is odd") if one not in page] == []


def words_of(table):
    """Return every text of a file of words."""
    for value in table.values():
        yield from words_of(value) if isinstance(value, dict) else [value]


@pytest.mark.parametrize("path", pages(sorted((ROOT / "docs").glob("quick-start-*.md"))))
def test_what_a_quick_start_sets_in_italics_stands_on_a_page(path):
    locales = [ROOT / "web/locales/en.toml", *(ROOT / "web/locales/en").glob("*.toml")]
    known = {word for one in locales for word in words_of(tomllib.loads(one.read_text(encoding="utf-8")))}
    said = {word.rstrip(".?:") for word in known} | {word.partition(":")[0] for word in known}
    named = re.findall(r"(?<!\*)\*([^*\n]+)\*(?!\*)", path.read_text(encoding="utf-8"))
    assert len(named) >= 5
    assert [word for word in named if word not in said] == []


def test_every_kind_of_receipt_is_explained():
    assert {str(one) for one in ReceiptKind} - first_cells("docs/vocabulary.md") == set()


def test_every_provider_is_in_the_readme():
    linked = set(re.findall(r"docs/providers/(\w+)\.md", read("README.md")))
    known = {path.stem for path in (ROOT / "docs" / "providers").glob("*.md")} - {"mailbox"}
    assert linked == known
    assert len(known) == len(PROVIDERS)


def test_the_settings_page_is_the_one_that_the_settings_make():
    assert read("docs/settings.md") == page(), (
        "run `.venv/bin/python tools/settings_page.py > docs/settings.md`"
    )


def test_every_setting_is_explained():
    rows = re.findall(r"^\| `(TIDINGS_\w+)` \| .* \| (.*) \|$", read("docs/settings.md"), re.MULTILINE)
    assert len(rows) > 100
    assert [name for name, words in rows if len(words.split()) < 2] == []


def test_the_readme_stays_short():
    lines = read("README.md").splitlines()
    assert len(lines) < 150
    assert all(len(line) <= 121 for line in lines if not line.startswith("|"))
