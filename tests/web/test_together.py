"""Forms that come at the same moment share a transaction, and nothing else."""

import asyncio

import httpx
import pytest
from sqlalchemy import text

from tests.town import settle
from web.together import Together

SOON = 5.0
LONG = 60.0


def asked(posts, work, **ways):
    """What becomes of posts that come at the same moment: answers and exceptions."""

    async def ask():
        together = Together(work, **{"most": 10, "pace": 0.0, "at_once": 2} | ways)
        waiting = (together.answer(post) for post in posts)
        return await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), SOON)

    return asyncio.run(ask())


@pytest.mark.parametrize(
    ("most", "sizes"),
    [
        pytest.param(5, [5], id="all in one batch"),
        pytest.param(2, [1, 2, 2], id="no more than the batch may hold"),
    ],
)
def test_who_comes_at_the_same_moment_is_answered_together(most, sizes):
    batches = []

    def work(posts):
        batches.append(len(posts))
        return [post * 10 for post in posts]

    assert asked([1, 2, 3, 4, 5], work, most=most) == [10, 20, 30, 40, 50]
    assert sorted(batches) == sizes


def test_who_comes_alone_does_not_wait_for_the_next_moment():
    assert asked([1], list, pace=LONG) == [1]


def test_a_post_that_has_to_come_again_comes_with_the_next_batch():
    seen = []

    def work(posts):
        seen.append(list(posts))
        return ["first" if post not in posts[:place] else None for place, post in enumerate(posts)]

    assert asked(["ada", "bo", "ada"], work) == ["first", "first", "first"]
    assert seen == [["ada", "bo", "ada"], ["ada"]]


def test_a_fault_of_one_is_its_own_and_a_fault_of_the_work_is_everybodys():
    def one_fails(posts):
        return [ValueError("this one") if post == 2 else post for post in posts]

    def all_fail(posts):
        raise OSError("no connection")

    assert [str(answer) for answer in asked([1, 2, 3], one_fails)] == ["1", "this one", "3"]
    assert [str(answer) for answer in asked([1, 2], all_fail)] == ["no connection", "no connection"]


def test_somebody_who_leaves_takes_nobodys_answer_along():
    async def ask():
        together = Together(list, most=10, pace=0.0, at_once=1)
        gone, stays = (asyncio.ensure_future(together.answer(post)) for post in (1, 2))
        await asyncio.sleep(0)
        gone.cancel()
        return await asyncio.wait_for(stays, SOON)

    assert asyncio.run(ask()) == 2


def posted(door, customers, **fields):
    """Let customers save a form at the same moment; return status and the end of where each is led."""

    async def post():
        transport = httpx.ASGITransport(door.app)
        url = door.installation.settings.public_url
        async with httpx.AsyncClient(transport=transport, base_url=url) as client:
            forms = (client.post(door.form(customer), data=fields) for customer in customers)
            return await asyncio.gather(*forms)

    answers = asyncio.run(post())
    return [(answer.status_code, answer.headers.get("location", "")[-7:]) for answer in answers]


def objections(door):
    return door.ask("SELECT customer_id FROM consents WHERE action = 'objected' ORDER BY customer_id, id")


def test_forms_of_a_crowd_are_saved_in_few_transactions(door, engine):
    crowd = settle(engine, count=12)

    assert posted(door, crowd, offer="none") == [(303, "saved=1")] * 12
    assert objections(door) == [(customer,) for customer in sorted(crowd)]
    [(transactions, touchpoints)] = door.ask("SELECT count(DISTINCT xmin::text), count(*) FROM touchpoints")
    assert (touchpoints, transactions <= 4) == (12, True)


def test_two_forms_of_one_customer_at_the_same_moment_follow_each_other(door, engine):
    [ada, bo] = settle(engine, count=2)

    saved = posted(door, [ada, bo, ada], offer="none")

    assert sorted(saved) == [(303, "saved=0"), (303, "saved=1"), (303, "saved=1")]
    assert objections(door) == [(ada,), (bo,)]


def test_two_records_of_one_person_at_the_same_moment_follow_each_other(door, engine):
    [ada, also_ada] = settle(engine, count=2)
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO persons (customer_id, person_id, since) VALUES (:one, :one, 0), (:other, :one, 0)"
            ),
            {"one": ada, "other": also_ada},
        )

    saved = posted(door, [ada, also_ada], offer="none")

    assert sorted(saved) == [(303, "saved=0"), (303, "saved=1")]
    assert len(objections(door)) == 1


def test_what_the_database_refuses_of_one_is_saved_of_the_others(door, engine):
    [ada, bo, cy] = settle(engine, count=3)
    with engine.begin() as connection:
        connection.execute(
            text(f"ALTER TABLE touchpoints ADD CONSTRAINT not_bo CHECK (customer_id <> {bo}) NOT VALID")
        )
    try:
        saved = posted(door, [ada, bo, cy], offer="none")
    finally:
        with engine.begin() as connection:
            connection.execute(text("ALTER TABLE touchpoints DROP CONSTRAINT not_bo"))

    assert [status for status, _ in saved] == [303, 500, 303]
    assert objections(door) == [(ada,), (cy,)]


def test_a_link_to_nobody_leads_nowhere_and_keeps_nobody_from_saving(door, engine):
    [ada] = settle(engine)

    assert [status for status, _ in posted(door, [ada, ada + 1000], offer="none")] == [303, 404]
    assert objections(door) == [(ada,)]
