"""What the pages say is true: their commands run, their links lead somewhere, their tables are complete.

The commands of the README are run in `journeys/test_chinook.py`, which looks at what came out.
"""

import re

import pytest

from tests.walk import ROOT, commands
from tools.settings_page import page

DOCS = sorted((ROOT / "docs").glob("*.md"))
PAGES = [ROOT / "README.md", *DOCS]
CODE = re.compile(r"^```.*?^```|`[^`\n]*`|^    .*?$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")


def test_commands_to_run_stand_where_they_are_run():
    assert commands(ROOT / "README.md")
    assert [path.name for path in DOCS if commands(path)] == []


@pytest.mark.parametrize("path", [pytest.param(path, id=path.name) for path in PAGES])
def test_a_link_to_a_file_leads_to_one(path):
    prose = CODE.sub("", path.read_text(encoding="utf-8"))
    targets = [target for target in LINK.findall(prose) if "://" not in target]
    missing = [target for target in targets if not (path.parent / target).exists()]
    assert missing == []


def test_the_settings_page_is_the_one_that_the_settings_make():
    assert (ROOT / "docs" / "settings.md").read_text(encoding="utf-8") == page(), (
        "run `.venv/bin/python tools/settings_page.py > docs/settings.md`"
    )


def test_the_readme_stays_short():
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    assert len(lines) < 150
    assert all(len(line) <= 121 for line in lines)
