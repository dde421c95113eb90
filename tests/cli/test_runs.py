"""`tidings runs`: what it answers, and that nothing else stands on standard output."""

import json

from tests.walk import tidings


def test_a_home_that_has_nothing_answers_in_json_and_says_on_stderr_who_stands_in(tmp_path):
    done = tidings(tmp_path / "home", "runs", "list", "--json")

    assert (done.returncode, json.loads(done.stdout)) == (0, [])
    assert "an example stands in" in done.stderr
