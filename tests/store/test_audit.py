"""The audit is a chain: whatever somebody changes, removes, slips in or cuts off is found, and so is where."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic import command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, text

from store.audit import Break, Head, head, listed, note, open_reason, opened_because, verdict
from store.connect import migrations
from tests.town import NOON

ROWS = 6


def write(engine, count=ROWS):
    for number in range(count):
        with engine.begin() as connection:
            note(
                connection,
                actor="staff:ann",
                action="release",
                subject=f"run:{number}",
                detail={"because": f"Nr. {number} – «påske» \N{PARTY POPPER}", "size": number / 3},
            )


def tamper(engine, *statements):
    """Do what only somebody can who owns the database: no trigger is in the way."""
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in statements:
            connection.execute(text(statement))


def look(engine, known=None):
    with engine.connect() as connection:
        return verdict(connection, known=known)


REHASH = """
    DO $$ DECLARE r audit; BEGIN
        CREATE TEMP TABLE kept ON COMMIT DROP AS SELECT * FROM audit ORDER BY id;
        DELETE FROM audit_chain;
        FOR r IN SELECT * FROM kept LOOP PERFORM chain_audit(r); END LOOP;
    END $$
"""

TAMPERED = {
    "a row whose reason was changed": (
        ["UPDATE audit SET detail = detail || '{\"because\": \"else\"}' WHERE subject = 'run:2'"],
        (Break.CHANGED, 3),
    ),
    "a row whose actor was changed": (
        ["UPDATE audit SET actor = 'staff:bob' WHERE subject = 'run:0'"],
        (Break.CHANGED, 1),
    ),
    "the last row, a microsecond later": (
        ["UPDATE audit SET at = at + interval '1 microsecond' WHERE subject = 'run:5'"],
        (Break.CHANGED, 6),
    ),
    "a row with a hash of its own": (
        [
            "UPDATE audit SET actor = 'staff:bob' WHERE subject = 'run:2'",
            "UPDATE audit_chain SET hash = sha256('x') WHERE position = 3",
        ],
        (Break.CHANGED, 3),
    ),
    "two rows that changed places": (
        [
            f"UPDATE audit_chain SET audit_id = {new} WHERE audit_id = {old}"
            for old, new in ((2, 0), (3, 2), (0, 3))
        ],
        (Break.CHANGED, 2),
    ),
    "a row that is gone": (["DELETE FROM audit WHERE subject = 'run:2'"], (Break.MISSING, 3)),
    "a row that is gone with its link": (
        ["DELETE FROM audit WHERE subject = 'run:2'", "DELETE FROM audit_chain WHERE position = 3"],
        (Break.MISSING, 3),
    ),
    "a row that is gone, and the later links moved up": (
        [
            "DELETE FROM audit WHERE subject = 'run:2'",
            "DELETE FROM audit_chain WHERE position = 3",
            "UPDATE audit_chain SET position = -position WHERE position > 3",
            "UPDATE audit_chain SET position = -position - 1 WHERE position < 0",
        ],
        (Break.CHANGED, 3),
    ),
    "the first row gone": (
        ["DELETE FROM audit WHERE id = 1", "DELETE FROM audit_chain WHERE position = 1"],
        (Break.MISSING, 1),
    ),
    "a row that was slipped in": (
        ["INSERT INTO audit (actor, action, subject) VALUES ('staff:bob', 'release', 'run:9')"],
        (Break.INSERTED, None),
    ),
    "a row that was slipped in, with a link": (
        [
            "INSERT INTO audit (actor, action, subject) VALUES ('staff:bob', 'release', 'run:9')",
            "INSERT INTO audit_chain SELECT 7, max(id), (SELECT hash FROM audit_chain WHERE position = 6), sha256('x') "
            "FROM audit",
        ],
        (Break.CHANGED, 7),
    ),
    "the end cut off": (
        ["DELETE FROM audit WHERE id > 4", "DELETE FROM audit_chain WHERE position > 4"],
        (Break.TRUNCATED, 5),
    ),
    "everything gone": (["DELETE FROM audit", "DELETE FROM audit_chain"], (Break.TRUNCATED, 1)),
    "a row changed and the whole chain made anew": (
        ["UPDATE audit SET actor = 'staff:bob' WHERE subject = 'run:2'", REHASH],
        (Break.CHANGED, 6),
    ),
}


@pytest.mark.parametrize(("statements", "found"), TAMPERED.values(), ids=TAMPERED)
def test_what_somebody_did_to_the_audit_is_found(engine, statements, found):
    write(engine)
    with engine.connect() as connection:
        known = head(connection)
    assert look(engine, known).broken is None

    tamper(engine, *statements)

    verdict_ = look(engine, known)
    assert (verdict_.broken, verdict_.position) == found


def test_an_untouched_audit_holds_and_goes_on(engine):
    assert look(engine).rows == 0
    write(engine)
    with engine.connect() as connection:
        known = head(connection)
        entries = listed(connection, what="RUN:", limit=4)
    write(engine, 2)

    found = look(engine, known)

    assert (found.broken, found.rows, known.position) == (None, ROWS + 2, ROWS)
    assert [entry.subject for entry in entries] == ["run:5", "run:4", "run:3", "run:2"]
    assert entries[0].hash == known.hash
    with engine.connect() as connection:
        assert [entry.position for entry in listed(connection, before=entries[-1].position)] == [2, 1]
        assert not listed(connection, who="bob")


def test_another_audits_head_is_not_this_ones(engine):
    write(engine)

    assert look(engine, Head(position=2, hash="0" * 64)).broken is Break.CHANGED


def test_writers_at_once_make_one_chain(engine):
    """Each transaction writes two rows, some give up, one stays open all the while without anybody waiting for it."""
    with engine.connect() as slow:
        note(slow, actor="staff:slow", action="import", subject="x")

        def work(number):
            with engine.connect() as connection:
                for part in range(2):
                    note(connection, actor=f"staff:{number}", action="release", subject=f"run:{part}")
                connection.rollback() if number % 5 == 0 else connection.commit()

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(work, range(60)))
        slow.commit()

    found = look(engine)
    assert (found.broken, found.rows) == (None, 2 * 48 + 1)
    with engine.connect() as connection:
        [newest] = listed(connection, limit=1)
    assert (newest.actor, newest.id) == ("staff:slow", 1)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    detail=st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(2**60), 2**60)
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.just("k"), inner),
        max_leaves=5,
    )
)
def test_whatever_a_row_says_can_be_verified(module_engine, detail):
    with module_engine.begin() as connection:
        note(connection, actor="a", action="b", subject="c", detail={"d": detail})

    assert look(module_engine).broken is None


def test_one_customer_is_open_at_a_time(engine):
    def reason(customer, actor="staff:ann", since=NOON):
        return open_reason(connection, actor=actor, customer=customer, since=since)

    with engine.begin() as connection:
        opened_because(connection, actor="staff:ann", customer=1, because="calls about R-1")
        assert reason(1) == "calls about R-1"
        assert reason(1, actor="staff:bob") is None
        opened_because(connection, actor="staff:ann", customer=2, because="writes")
        assert (reason(1), reason(2)) == (None, "writes")
        assert reason(2, since=connection.scalar(text("SELECT now() + interval '1 second'"))) is None


def test_what_was_written_before_there_was_a_chain_gets_its_place(server):
    name = "audit_before_the_chain"
    with server.connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name}"))
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE template0"))
    old = create_engine(server.url.set(database=name))
    try:
        with old.begin() as connection:
            command.upgrade(migrations(connection), "0010_known")
        write(old, 3)
        with old.begin() as connection:
            command.upgrade(migrations(connection), "0012_staff")
        write(old, 2)

        assert (look(old).broken, look(old).rows) == (None, 5)
    finally:
        old.dispose()
        with server.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
