"""What the pages say is true: their commands run, their links lead somewhere, their tables are complete.

The commands of the README are run in `journeys/test_chinook.py`, which looks at what came out.
"""

import ast
import re
import shlex

import pytest
from cyclopts import App, CycloptsError

from channels.registry import PROVIDERS
from cli.main import COMMANDS
from tests.walk import ROOT, commands
from tidings.outcome import ErrorClass
from tidings.receipt import ReceiptKind
from tools.settings_page import page

DOCS = sorted((ROOT / "docs").glob("**/*.md"))
PAGES = [ROOT / "README.md", *DOCS]
CODE = re.compile(r"^```.*?^```|`[^`\n]*`|^    .*?$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#\s]*)(#[^)\s]*)?[^)]*\)")
FENCE = re.compile(r"^```[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
TYPED = re.compile(r"^(?:[A-Z_]+=\S+ )*tidings (.+)$", re.MULTILINE)
QUOTED = re.compile(r"`(?:[A-Z_]+=\S+ )?tidings ([^`\n]+)`")
CELLS = re.compile(r"`([^`]+)`")


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


def first_cells(name):
    """Return the words in backticks of the first column of a page's tables."""
    lines = [line for line in read(name).splitlines() if line.startswith("|")]
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
        known = {name for one in apps[-1].assemble_argument_collection() for name in one.names}
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


def test_every_class_of_error_is_explained():
    assert {str(one) for one in ErrorClass} - first_cells("docs/operations.md") == set()


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


def test_the_readme_stays_short():
    lines = read("README.md").splitlines()
    assert len(lines) < 150
    assert all(len(line) <= 121 for line in lines)
