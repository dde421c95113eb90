"""What is deployed is what the program is: units and image start commands that exist, with settings that exist."""

import re
import shlex

import pytest

from cli.main import COMMANDS
from tests.walk import ROOT
from tidings.settings import Settings
from tools.setup import LIBRARIES

UNITS = sorted((ROOT / "deploy" / "systemd").glob("*.service"))
IMAGE = (ROOT / "deploy" / "Containerfile").read_text(encoding="utf-8")


@pytest.mark.parametrize("unit", UNITS, ids=[path.name for path in UNITS])
def test_a_unit_starts_a_command_that_there_is_as_a_user_of_its_own(unit):
    text = unit.read_text(encoding="utf-8")
    (started,) = re.findall(r"^ExecStart=(.*)$", text, re.MULTILINE)
    words = shlex.split(started.replace("'", " "))
    command = words[words.index("/opt/tidings/.venv/bin/tidings") + 1]
    assert command in {name for name, _, _ in COMMANDS}
    assert "User=tidings" in text
    assert {"NoNewPrivileges=true", "ProtectSystem=strict", "UMask=0077"} <= set(text.splitlines())


def test_the_settings_of_the_example_exist():
    lines = (ROOT / "deploy" / "tidings.env").read_text(encoding="utf-8").splitlines()
    named = [line.lstrip("#").partition("=")[0] for line in lines if "=" in line]
    assert named
    assert {name.removeprefix("TIDINGS_").partition("__")[0].lower() for name in named} <= set(
        Settings.model_fields
    )


def test_the_image_has_the_libraries_that_set_up_would_install_and_serves_on_the_port_of_the_settings():
    assert all(package in IMAGE for package in LIBRARIES.values())
    assert f"EXPOSE {Settings.model_fields['port'].default}\n" in IMAGE
    assert 'ENTRYPOINT ["tidings"]\nCMD ["up"]' in IMAGE


def test_the_image_names_only_what_there_is():
    named = re.findall(r"/opt/tidings/([\w./-]+)", IMAGE)
    assert "tools/setup.py" in named
    assert all((ROOT / name).exists() for name in named if not name.startswith(".venv"))
    home = re.findall(r"(?:TIDINGS_HOME=|--home-dir |VOLUME )(\S+)", IMAGE)
    assert home == ["/var/lib/tidings"] * 3
    [asked] = re.findall(r"127\.0\.0\.1:(\d+)(/\w+)", IMAGE.partition("HEALTHCHECK")[2])
    assert asked == (str(Settings.model_fields["port"].default), "/readyz")
    assert 'Route("/readyz"' in (ROOT / "web" / "app.py").read_text(encoding="utf-8")
    assert "USER tidings" in IMAGE.partition("HEALTHCHECK")[0]
