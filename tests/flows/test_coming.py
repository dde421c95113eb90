"""What comes back is fetched at each source's own pace; one that fails or hangs keeps nobody waiting."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import text
from structlog.testing import capture_logs

from flows.coming import again_and_again, take_in
from flows.desk import Desk
from tests.channels.returned import mail
from tests.patience import until
from tests.town import install, settle
from tidings.settings import MailboxSettings


def rounds(works, *, until_true, pace=0.01, longest=0.05):
    """Run pieces of work side by side until a condition holds."""

    async def run():
        stop = asyncio.Event()
        with ThreadPoolExecutor(len(works)) as pool:
            tasks = [
                asyncio.create_task(again_and_again(stop, name, work, pool, pace=pace, longest=longest))
                for name, work in works.items()
            ]
            while not until_true():
                await asyncio.sleep(0.005)
            stop.set()
            await asyncio.gather(*tasks)

    asyncio.run(asyncio.wait_for(run(), 20))


def test_a_source_that_fails_is_tried_again_and_told_without_its_words():
    tries = []

    def fails():
        tries.append(1)
        raise ConnectionError("ada@example.org")

    with capture_logs() as logs:
        rounds({"broken": fails}, until_true=lambda: len(tries) >= 4)

    assert {(line["source"], line["error"]) for line in logs} == {("broken", "ConnectionError")}


def test_a_source_that_hangs_keeps_no_other_waiting():
    let_go = threading.Event()
    looks = []

    def works():
        looks.append(1)
        if len(looks) == 5:
            let_go.set()
        return 0

    rounds({"hangs": lambda: let_go.wait(20) and 0, "works": works}, until_true=lambda: len(looks) >= 5)

    assert let_go.is_set()


def test_after_something_there_is_no_rest():
    found = iter([3, 2, 1])
    looks = []

    def look():
        looks.append(next(found, 0))
        return looks[-1]

    rounds({"full": look}, until_true=lambda: len(looks) >= 4, pace=3600, longest=3600)

    assert looks == [3, 2, 1, 0]


def test_mail_that_arrives_while_the_program_is_up_is_taken_in_and_forwarded(settings, engine, tmp_path):
    settle(engine)
    for part in ("new", "cur", "tmp"):
        (tmp_path / "Mail" / part).mkdir(parents=True)
    given = settings.model_copy(update={"mailbox": MailboxSettings(maildir=tmp_path / "Mail")})
    at = Desk(installation=install(given, engine))
    (tmp_path / "Mail" / "new" / "1").write_bytes(mail("Why?", sender="c1@example.org", subject="Re: x"))

    def forwarded():
        with engine.connect() as connection:
            return connection.scalar(text("SELECT count(*) FROM replies WHERE state = 'sent'"))

    async def run():
        over = asyncio.Event()
        coming = asyncio.create_task(take_in(at, over))
        await asyncio.to_thread(until, forwarded)
        over.set()
        await coming

    asyncio.run(run())
    assert list((tmp_path / "Mail" / "new").iterdir()) == []
    assert len(list((settings.home / "outbox" / "email").iterdir())) == 1
