"""What a page says of a problem, in the reader's language: every sentence that a page can show has its translations."""

import ast
import re
import tomllib
from functools import cache
from pathlib import Path
from time import process_time

import pytest

from tidings.problem import Problem
from tidings.role import Role
from web.language import LANGUAGES
from web.told import catalogue, told

ROOT = Path(__file__).parents[2]
LAYERS = ("web", "work", "templates", "channels", "preferences", "store", "tidings")
NEVER_ON_A_PAGE = {
    "channels": "a provider's set-up, read before the first page is served",
    "store.connect": "without a database there is no page",
    "store.embedded": "without a database there is no page",
    "tidings.settings": "read before the first page is served",
    "tidings.signing": "read before the first page is served",
    "work.links": "what two links collide on is a template's own set-up, told by `tidings check`",
}
"""Modules below the pages whose problems end the page server before it serves, or never meet somebody who reads one."""


@cache
def modules():
    """Every module of the layers, and which of them each imports."""
    files = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts): path
        for layer in LAYERS
        for path in ROOT.glob(f"{layer}/**/*.py")
    }
    trees = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in files.items()}
    imports = {}
    for name, tree in trees.items():
        found = {
            f"{one.module}.{alias.name}"
            for one in ast.walk(tree)
            if isinstance(one, ast.ImportFrom) and one.module
            for alias in one.names
        }
        imports[name] = (found | {one.rpartition(".")[0] for one in found}) & trees.keys()
    return trees, imports


def below_the_pages():
    """Every module that a page of the staff or of a customer can come to."""
    _, imports = modules()
    known, waiting = set(), ["web.app"]
    while waiting:
        name = waiting.pop()
        if name not in known:
            known.add(name)
            waiting.extend(imports[name])
    return {
        name
        for name in known
        if not any(name == one or name.startswith(f"{one}.") for one in NEVER_ON_A_PAGE)
    }


@cache
def sentences():
    """Return what `_sentences` yields, read once."""
    return tuple(_sentences())


def _sentences():
    """Yield (module, line, sentence) of every problem below the pages; {0}, {1} ... stand for its values."""
    trees, _ = modules()
    for name in sorted(below_the_pages()):
        for function in ast.walk(trees[name]):
            if isinstance(function, ast.FunctionDef):
                for call in ast.walk(function):
                    if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "Problem":
                        for part in (*call.args, *(one.value for one in call.keywords if one.arg == "todo")):
                            for said in texts(part, function):
                                yield name, call.lineno, numbered(said)


GAP = "\0"


def texts(part, function):
    """Return the texts that an expression can be, a gap for each value; none for one that holds no words of ours."""
    match part:
        case ast.Constant(value=str(said)):
            return [said]
        case ast.JoinedStr(values=values):
            return ["".join(one.value if isinstance(one, ast.Constant) else GAP for one in values)]
        case ast.IfExp(body=body, orelse=other):
            return [*texts(body, function), *texts(other, function)]
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return [first + second for first in texts(left, function) for second in texts(right, function)]
        case ast.Name(id=name):
            return [said for value in assigned(name, function) for said in texts(value, function)]
    return []


def assigned(name, function):
    """Return what a function gives a name to."""
    return [
        one.value
        for one in ast.walk(function)
        if isinstance(one, ast.Assign) and name in {getattr(to, "id", "") for to in one.targets}
    ]


def numbered(said):
    """Return a text with its gaps as {0}, {1} ...; two that touch are one.

    >>> numbered("There is no segment \\0\\0.")
    'There is no segment {0}.'
    """
    first, *others = re.split(f"{GAP}+", said)
    return first + "".join(f"{{{number}}}{other}" for number, other in enumerate(others))


def worded(said):
    """Say whether there is anything to translate: two letters beside the values and beside code."""
    return re.search(r"[A-Za-z]{2}", re.sub(r"\{\d\}|`[^`]*`", "", said)) is not None


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_every_problem_that_a_page_can_show_is_translated(language):
    missing = {
        said: f"{name}:{line}"
        for name, line, said in sentences()
        if worded(said) and not catalogue().get(said, {}).get(language)
    }

    assert missing == {}


def test_a_translation_says_every_value_of_its_sentence():
    for said, languages in catalogue().items():
        assert languages.keys() == {*LANGUAGES[1:]}, said
        for language, translated in languages.items():
            gaps = [set(re.findall(r"\{\d\}", one)) for one in (said, translated)]
            assert gaps[0] == gaps[1], (said, language)


def test_no_sentence_is_kept_that_nobody_says():
    inside = set()
    for name in ("values", "holidays"):
        inside |= tomllib.loads(
            (ROOT / f"web/locales/problems/{name}.toml").read_text(encoding="utf-8")
        ).keys()

    assert catalogue().keys() - inside - {said for _, _, said in sentences()} == set()


@pytest.mark.parametrize(
    ("problem", "language", "shown"),
    [
        pytest.param(
            Problem("There is no run '4711'.", todo="`tidings runs list` shows them."),
            "sv",
            "Det finns ingen körning '4711'. `tidings runs list` visar dem.",
            id="what is wrong and what to do are both said in the language",
        ),
        pytest.param("There is no run '4711'.", "en", "There is no run '4711'.", id="English stays as it is"),
        pytest.param("The cat sat.", "nb", "The cat sat.", id="what nobody translated stays English"),
        pytest.param(
            "Run r-1 is paused, so it cannot be resumed.",
            "nb",
            "Kjøringen r-1 er satt på pause, så den kan ikke gjenopptas.",
            id="a word of ours inside a sentence is said in the language too",
        ),
        pytest.param(
            "There is no run '<b>There is no file.</b>'.",
            "nb",
            "Det finnes ingen kjøring '<b>There is no file.</b>'.",
            id="what somebody wrote is handed on, not read",
        ),
        pytest.param(
            "x: links.a: {0} must start with https:// or {website}.",
            "nb",
            "x: links.a: {0} må begynne med https:// eller {website}.",
            id="braces in a value are characters like others",
        ),
        pytest.param(
            "Nothing was sent. offer/x, en: block body is missing. Add `# body` and its text. Ask once more.",
            "nb",
            "Ingenting ble sendt. offer/x, en: blokken body mangler. Legg til `# body` med tekst. "
            "Be om det en gang til.",
            id="several sentences in one text",
        ),
    ],
)
def test_a_problem_is_told_in_the_language_of_the_page(problem, language, shown):
    assert told(problem, language) == shown


@pytest.mark.parametrize(
    "hostile",
    [
        pytest.param(". " * 5_000, id="thousands of ends"),
        pytest.param(": is not a . " * 300, id="a thousand separators"),
        pytest.param("There is no run " * 250, id="the same beginning again and again"),
        pytest.param("", id="nothing"),
    ],
)
def test_a_text_that_somebody_made_to_be_slow_is_soon_told(hostile):
    began = process_time()

    told(hostile, "pl")

    assert process_time() - began < 5


def test_every_page_shows_a_problem_in_its_language():
    names = "problem|problem.what|one.problem|numbers.problem|newest.result.problem"
    for page in ROOT.glob("web/pages/console/*.j2"):
        if page.name != "customer.html.j2":  # there it is what is wrong with an address, a code
            bare = re.findall(rf"\{{\{{ (?:{names}) \}}\}}", page.read_text(encoding="utf-8"))
            assert bare == [], page.name


def test_somebody_who_reads_norwegian_is_told_in_norwegian(staff):
    person = staff(Role.BILLING)

    page = person.post("/invoices/new", headers={"Accept-Language": "nb"})

    assert "Det er ingen fil." in page.text
    assert "There is no file." not in page.text
