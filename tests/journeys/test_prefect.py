"""What Prefect's own API shows after a run, and what it must not know."""

import json
from urllib.request import Request, urlopen

import pytest
from sqlalchemy import text

from tests.patience import until
from tests.town import settle

SHARD_TASKS = 2


def ask(api, path, question):
    request = Request(f"{api}{path}", json.dumps(question).encode(), {"Content-Type": "application/json"})
    with urlopen(request, timeout=30) as answer:
        return json.load(answer)


def test_a_run_is_found_by_name_with_its_shards_and_without_anybody_in_it(tidings, engine, prefect):
    """The flow and each shard have names a person understands; parameters are ids and counts."""
    settle(engine, 7)

    code, report, errors = tidings(
        "campaign", "run", tidings.campaign(title="Spring in the garden"), "--now", "2026-03-03T12:00:00Z"
    )

    assert (code, report["sent"]) == (0, {"email": 7}), errors
    [run] = ask(prefect, "/flow_runs/filter", {"flow_runs": {"name": {"like_": "Spring in the garden"}}})
    assert run["name"] == "Spring in the garden, 7 messages"
    assert run["state_type"] == "COMPLETED"
    assert run["parameters"] == {"run": report["run"], "title": run["name"]}
    # Prefect records tasks every two seconds, after the command has ended.
    question = {"flow_runs": {"id": {"any_": [run["id"]]}}}
    tasks = until(lambda: len(found := ask(prefect, "/task_runs/filter", question)) >= SHARD_TASKS and found)
    assert {task["name"] for task in tasks} == {
        "Spring in the garden: plan shard 1 of 1",
        "Spring in the garden: send shard 1 of 1",
    }
    assert "example.org" not in json.dumps([run, tasks])


@pytest.mark.parametrize("debug", [False, True], ids=["without --debug", "with --debug"])
def test_a_fault_inside_a_flow_is_one_sentence_unless_a_person_asks_where(tidings, engine, debug):
    """Neither we nor Prefect show a traceback, which would say what the fault was about: a customer's data."""
    settle(engine, 2)
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE lanes RENAME TO elsewhere"))

    code, _, errors = tidings(
        "campaign", "run", tidings.campaign(), "--now", "2026-03-03T12:00:00Z", *["--debug"] * debug
    )

    assert code == 1
    assert ("Traceback" in errors) is debug
    assert ("This is a fault of ours; --debug shows where." in errors) is not debug
