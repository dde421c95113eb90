"""Statements of the hot path: straight to the driver, prepared once for each connection, without compiling anything."""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from struct import pack
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from store.driver import driver_of

if TYPE_CHECKING:
    import psycopg
    from psycopg.adapt import Dumper

_UUID, _UUIDS = 2950, 2951
"""PostgreSQL's numbers of the types uuid and uuid[]."""
_LENGTH = "00000010"
"""Before each UUID of a binary array: it has 16 bytes."""
_ITEM = 20
"""Bytes of a UUID there, with its length."""


class Uuids(bytes):
    """UUIDs as PostgreSQL keeps an array of them, made by `uuids`."""


def uuids(values: Iterable[str]) -> Uuids:
    """Return UUIDs as a value for `%(name)s::uuid[]` of a statement that is run here; the server parses no letters.

    >>> uuids(["01900000-0000-7000-8000-000000000001"]).hex(" ", 4)
    '00000001 00000000 00000b86 00000001 00000001 00000010 01900000 00007000 80000000 00000001'
    """
    found = list(values)
    if not found:
        return Uuids(pack("!iiI", 0, 0, _UUID))
    items = bytes.fromhex((_LENGTH + _LENGTH.join(found)).replace("-", ""))
    if len(items) != len(found) * _ITEM:
        raise ValueError("not all of these are UUIDs")
    return Uuids(pack("!iiIii", 1, 0, _UUID, len(found), 1) + items)


@cache
def _uuids_dumper() -> "type[Dumper]":
    from psycopg.adapt import Dumper  # only here: the driver costs 40 ms
    from psycopg.pq import Format

    class AsTheyAre(Dumper):
        format = Format.BINARY
        oid = _UUIDS

        def dump(self, obj: Uuids) -> bytes:
            return obj

    return AsTheyAre


def rows(connection: Connection, statement: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Run a statement with `%(name)s` parameters in the connection's transaction; return its rows, if it has any."""
    cursor = _run(connection, statement, values)
    return cursor.fetchall() if cursor.description else []


def all_changed(connection: Connection, statement: str, values: Mapping[str, Any], *, count: int) -> bool:
    """Run a statement that should change `count` rows; where it finds others, take it back and return False.

    The caller then asks which; to be told of each costs more than a tenth of the change, and nearly always it is all.
    """
    point = connection.begin_nested()
    if _run(connection, statement, values).rowcount == count:
        point.commit()
        return True
    point.rollback()
    return False


def _run(connection: Connection, statement: str, values: Mapping[str, Any]) -> "psycopg.Cursor[Any]":
    driver = driver_of(connection)
    if any(type(value) is Uuids for value in values.values()):
        driver.adapters.register_dumper(Uuids, _uuids_dumper())
    return driver.execute(statement, values, prepare=True)


def unless_known(connection: Connection, statement: str, otherwise: str, values: Mapping[str, Any]) -> None:
    """Run a statement; where it adds what is there already, take it back and run the other one, which asks first.

    To ask costs a fifth of each row, and duplicates are rare.
    """
    from psycopg.errors import UniqueViolation  # only here: the driver costs 40 ms

    point = connection.begin_nested()
    try:
        rows(connection, statement, values)
    except UniqueViolation:
        point.rollback()
        rows(connection, otherwise, values)
    else:
        point.commit()


_PLAIN = re.compile(r"[0-9A-Za-z_.:+-]+").fullmatch


def array(values: Iterable[object]) -> str:
    r"""Return values as PostgreSQL writes an array, to be cast in the statement; ten times quicker than the driver.

    >>> array(["a-1", None, 'says "no"', 7, "NULL", ""])
    '{a-1,NULL,"says \\"no\\"",7,"NULL",""}'
    >>> array(["", ""]), array([1, 2]), array(["null", None, "2"]), array([])
    ('{"",""}', '{"1","2"}', '{"null",NULL,2}', '{}')
    """
    found = list(values)
    if len(set(found)) == 1:  # many columns say the same of a whole batch
        return "{" + ",".join([_element(found[0])] * len(found)) + "}"
    if found and None not in found:
        joined = '","'.join(map(str, found))
        # Looked through once, not a value at a time: what may stand between quotes as it is, mostly does.
        if joined.count('"') == 2 * (len(found) - 1) and "\\" not in joined and "\0" not in joined:
            return '{"' + joined + '"}'
    known = {value: _element(value) for value in set(found)}
    return "{" + ",".join([known[value] for value in found]) + "}"


def _element(value: object) -> str:
    if value is None:
        return "NULL"
    text = str(value)
    if _PLAIN(text) and text.upper() != "NULL":
        return text
    escaped = text.replace("\0", "").replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
