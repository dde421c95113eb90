"""`tidings.stand_in`: somebody may try before saying who they are, as long as nothing leaves the machine."""

import pytest

from templates.catalog import all_templates
from templates.preview import prove
from tidings.problem import Problem
from tidings.settings import Mode, Settings
from tidings.stand_in import STAND_IN, organisation_of


def test_a_home_without_an_organisation_gets_the_stand_in_while_nothing_leaves(tmp_path):
    assert organisation_of(Settings(home=tmp_path)) is STAND_IN


@pytest.mark.parametrize("mode", [Mode.TEST, Mode.LIVE])
def test_nobody_is_mailed_in_the_name_of_the_stand_in(tmp_path, mode):
    with pytest.raises(Problem, match="tidings init"):
        organisation_of(Settings(home=tmp_path, mode=mode))


def test_a_wrong_file_is_never_replaced_by_the_stand_in(tmp_path):
    (tmp_path / "organisation.toml").write_text("name = 7")

    with pytest.raises(Problem, match=r"organisation\.toml"):
        organisation_of(Settings(home=tmp_path))


@pytest.mark.parametrize("template", all_templates(), ids=lambda template: template.name)
def test_every_template_can_be_tried_in_its_name(template):
    assert prove(template, brand=STAND_IN.brands[0]) == []
