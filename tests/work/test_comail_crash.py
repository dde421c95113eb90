"""A sender that is killed (-9) around the hand-over of an envelope for two: no letter is printed twice or lost."""

import multiprocessing
import os
import signal

import pytest
from sqlalchemy import create_engine

from channels.letter.spool import Spool
from tests.town import NOON, agree
from tests.work.test_comail import SHEET, STAMP, Post, copies  # noqa: F401 -- the fixture
from tidings.settings import SpoolSettings

MOMENTS = ["before the batch is there", "before anything is recorded", "after one answer was taken"]


class Fatal(Spool):
    """The print spool; who hands over to it is killed at a moment."""

    def __init__(self, settings, moment):
        super().__init__(settings)
        self.moment = MOMENTS.index(moment)

    def send(self, parcels):
        answers = super().send(parcels) if self.moment else iter(())
        for number, answer in enumerate(list(answers), start=1):
            if number == self.moment:
                break
            yield answer
        os.kill(os.getpid(), signal.SIGKILL)


def at_work(settings, spool):
    """Return the town as the process sees it that sends to this spool."""
    post = Post(settings, create_engine(settings.database.get_secret_value()))
    post.outbox = spool
    return post


def send_and_die(settings, moment):
    at_work(settings, Fatal(settings.spool, moment)).send()


@pytest.fixture
def killed(copies, home):  # noqa: F811
    """Kill a sender at a moment; return the town as it is found afterwards."""

    def kill(moment):
        post = copies.one(home)
        folder = home / "spool"
        folder.mkdir()
        settings = post.installation.settings.model_copy(update={"spool": SpoolSettings(folder=folder)})
        process = multiprocessing.get_context("spawn").Process(target=send_and_die, args=(settings, moment))
        process.start()
        process.join()
        assert process.exitcode == -signal.SIGKILL
        assert {row.state for row in post.messages().values()} == {"in_delivery"}
        post.outbox = Spool(settings.spool)
        post.peer = type(post.peer)(folder)
        return post

    return kill


@pytest.mark.parametrize("moment", MOMENTS)
def test_both_are_printed_once_in_one_envelope(killed, moment):
    post = killed(moment)
    assert len(post.pieces()) == int(moment != MOMENTS[0])
    post.send()
    post.send()

    messages = post.messages()
    [piece] = post.pieces()
    assert (piece["message"], [one["message"] for one in piece["with"]]) == (
        messages["invoice"].id, [messages["offer"].id],
    )  # fmt: skip
    assert {row.state for row in messages.values()} == {"done"}
    assert (messages["invoice"].cost, messages["offer"].cost) == (STAMP + SHEET, SHEET)
    assert post.sql("SELECT DISTINCT provider_reference FROM attempts WHERE state = 'accepted'") == [
        (piece["batch"],)
    ]


def test_consent_that_is_withdrawn_meanwhile_keeps_out_what_was_not_printed(killed):
    post = withdrawn(killed(MOMENTS[0]))

    messages = post.messages()
    [piece] = post.pieces()
    assert piece["message"] == messages["invoice"].id
    assert "with" not in piece
    assert (messages["invoice"].state, messages["offer"].state) == ("done", "held")


def test_consent_that_is_withdrawn_meanwhile_leaves_a_doubt_with_a_name(killed):
    """What may not be sent any more is not handed over again to find out; it was printed, and stays in doubt."""
    post = withdrawn(killed(MOMENTS[1]))

    messages = post.messages()
    [piece] = post.pieces()
    assert [one["message"] for one in piece["with"]] == [messages["offer"].id]
    assert (messages["invoice"].state, messages["offer"].state) == ("done", "in_delivery")
    assert sorted(post.sql("SELECT state FROM attempts WHERE state <> 'abandoned'")) == [
        ("accepted",),
        ("unknown",),
    ]


def withdrawn(post):
    """The customer withdraws, then another sender comes, twice."""
    [[customer]] = post.sql("SELECT id FROM customers")
    with post.engine.begin() as connection:
        agree(connection, customer, channel="letter", action="withdrawn", at=NOON)
    post.send()
    post.send()
    return post
