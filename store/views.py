"""What experts may ask in SQL: a schema `views`, a role that may read it and nothing else, and a query's customers.

The schema is made when it is first asked for, and again after a restore or an upgrade: a backup holds facts only. A
query is safe by several things that each would do (`tests/store/test_views.py`): it is read word by word, and only
functions that compute are allowed; it runs as a subquery, so it is one SELECT; the transaction reads only; its role has
no right on any table; and it ends after `SECONDS`.
"""

import hashlib
import re
from collections.abc import Iterator

from psycopg.errors import DuplicateObject, InsufficientPrivilege, UniqueViolation
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from tidings.problem import Problem

ROLE = "tidings_segments"
SECONDS = 5
MOST = 5_000_000
"""Customers that a query may name."""

VIEWS = {
    "customers": """
        SELECT id AS customer_id, country, language, time_zone, standing, attributes, created_at FROM public.customers
    """,
    "addresses": """
        SELECT customer_id, channel, state, problem, verified_at IS NOT NULL AS verified,
               coalesce(postal ->> 'country', '') AS country, created_at
          FROM public.addresses WHERE removed_at IS NULL
    """,
    "consents": "SELECT customer_id, brand, topic, channel, action, at FROM public.consents",
    "statements": """
        SELECT customer_id, brand, topic, kind, channels, from_at, until_at, at FROM public.statements
    """,
    "touchpoints": """
        SELECT customer_id, brand, direction, channel, kind, purpose, machine, at FROM public.touchpoints
    """,
    "behaviour": """
        SELECT customer_id, channel, purpose_class, reached, engaged, observations, last_engaged_at
          FROM public.behaviour
    """,
    "messages": """
        SELECT customer_id, run_id, brand, purpose, document, state, reason, channel, due_at, planned_at
          FROM public.messages WHERE purpose_class = 'marketing'
    """,
}
"""No name, no address, no amount: what marketing may see of a customer."""

_COMPUTING = """
    count sum avg min max coalesce nullif greatest least lower upper length trim btrim ltrim rtrim substring left
    right position strpos replace concat abs ceil floor round mod date_trunc date_part extract now age make_interval
    make_date jsonb_array_length cardinality array_length array_position bool_and bool_or every row_number rank
    dense_rank ntile lag lead first_value last_value
"""
_OPENING = """
    select from where and or not in any all some exists on using as over partition by order having union intersect
    except values filter case when then else with is between like ilike distinct interval cast array group sets
    rollup cube materialized join lateral limit offset numeric decimal varchar char timestamp timestamptz time date
"""
_REFUSED = """
    into insert update delete merge truncate create alter drop grant revoke copy do call execute prepare listen
    notify set reset show begin commit rollback savepoint lock vacuum analyze explain declare fetch move close
    discard load reindex cluster refresh comment security import for operator collate function procedure table
    tablesample recursive xmltable json_table rows public information_schema
"""
FUNCTIONS = frozenset(_COMPUTING.split())
_BEFORE_PARENTHESIS = FUNCTIONS | frozenset(_OPENING.split())
_FORBIDDEN = frozenset(_REFUSED.split())
_LITERAL_TYPES = frozenset({"interval", "date", "timestamp", "timestamptz", "time"})
_TOKEN = re.compile(
    r"(?P<space>\s+)|(?P<text>'(?:[^'\\]|'')*')|(?P<quoted>\"(?:[^\"]|\"\")+\")"
    r"|(?P<word>[A-Za-z_][A-Za-z0-9_]*)|(?P<number>\d+(?:\.\d+)?)|(?P<sign>::|<>|!=|<=|>=|->>|->|\|\||-(?!-)|/(?!\*)|[+*%<>=(),.\[\]])"
)


def columns_of() -> dict[str, str]:
    """Return the columns of each view, as a person reads them."""
    return {
        name: ", ".join(column.rsplit(" ", 1)[-1] for column in re.split(r",\s*(?![^(]*\))", _listed(query)))
        for name, query in VIEWS.items()
    }


def _listed(query: str) -> str:
    return " ".join(query.split()).removeprefix("SELECT ").partition(" FROM ")[0]


def customers_of(engine: Engine, query: str, *, seconds: float = SECONDS) -> list[int]:
    """Run an expert's query; returns the customers that it names, each once, in order.

    Args:
        engine: of the store; a transaction of its own is opened, and given back without a trace.
        query: one SELECT over the views, whose column `customer_id` says who.
        seconds: after which it is ended.

    Raises:
        Problem: it is not one SELECT of what is allowed, fails, takes too long, or names too many.
    """
    checked = check_query(query)
    prepare(engine)
    try:
        with engine.connect() as connection:
            # Not an f-string of what somebody wrote: `check_query` has read every word of it.
            statement = (
                f"SELECT array_agg(who) FROM (SELECT DISTINCT customer_id::bigint AS who FROM ({checked}\n) AS asked"
                f" WHERE customer_id IS NOT NULL ORDER BY 1 LIMIT {MOST}) AS found"
            )
            for setting in (
                "SET TRANSACTION READ ONLY",
                f"SET LOCAL statement_timeout = '{seconds * 1000:.0f}ms'",
                "SET LOCAL search_path = views",
                "SET LOCAL max_parallel_workers_per_gather = 1",
                f"SET LOCAL ROLE {ROLE}",
            ):
                connection.exec_driver_sql(setting)
            found = connection.exec_driver_sql(statement.replace("%", "%%")).scalar()
            connection.rollback()
    except DBAPIError as error:
        raise Problem(f"The query cannot be used: {_first_line(error)}.") from error
    return list(found or [])


def check_query(query: str) -> str:
    """Return a query that is one SELECT and calls nothing but what computes.

    Raises:
        Problem: a sign, word or function that is not allowed; names it.
    """
    depth, words, before = 0, 0, ""
    for kind, token in _tokens(query):
        word = token.lower()
        name = word.strip('"')
        if kind in {"word", "quoted"} and (name in _FORBIDDEN or name.startswith("pg_")):
            raise Problem(f"The query may not say {token!r}.", todo="It is one SELECT over the views.")
        if word == "(":
            _check_call(before)
            depth += 1
        depth -= word == ")"
        if depth < 0:
            raise Problem("The query closes a parenthesis that it did not open.")
        if words == 0 and word not in {"select", "with"}:
            raise Problem("The query must begin with SELECT or WITH.")
        words, before = words + 1, word if kind != "text" else ""
    if depth or not words:
        raise Problem("The query ends before a parenthesis is closed." if words else "The query is empty.")
    return query


def prepare(engine: Engine) -> None:
    """Make the role and the views where they are missing or older than this program.

    Raises:
        Problem: the database's user may not; says what an administrator has to run.
    """
    with engine.connect() as connection:
        if _ready(connection):
            return
    try:
        with engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('views'))"))
            if not _ready(connection):
                _make(connection)
    except DBAPIError as error:
        if isinstance(error.orig, InsufficientPrivilege):
            raise Problem(
                "The database's user may not make the role and the schema that SQL segments need.",
                todo=f"An administrator runs: CREATE ROLE {ROLE} NOLOGIN; GRANT {ROLE} TO the user; "
                "GRANT CREATE ON DATABASE the database TO the user.",
            ) from error
        raise


def _tokens(query: str) -> Iterator[tuple[str, str]]:
    place = 0
    while place < len(query):
        match = _TOKEN.match(query, place)
        if match is None:
            raise Problem(
                f"The query may not hold {query[place : place + 10]!r}.",
                todo="No semicolon, comment, dollar or backslash; one SELECT over the views.",
            )
        kind = match.lastgroup or ""
        following = query[match.end() : match.end() + 2]
        glued = kind == "word" and (following[:1] in {"'", '"'} or following in {"&'", '&"'})
        if glued and match[0].lower() not in _LITERAL_TYPES:  # E'..', U&"..", B'..', regclass'..'
            raise Problem(f"The query may not hold {match[0] + following!r}.")
        if kind != "space":
            yield kind, match[0]
        place = match.end()


def _check_call(before: str) -> None:
    """Refuse a parenthesis behind a name that is not known: whatever it is, it would be called."""
    named = before[:1].isalpha() or before[:1] in {'"', "_"}
    if named and before not in _BEFORE_PARENTHESIS:
        todo = f"Functions: {', '.join(sorted(FUNCTIONS))}."
        raise Problem(f"The query may not call {before!r}.", todo=todo)


def _digest() -> str:
    return hashlib.sha256(repr(sorted(VIEWS.items())).encode()).hexdigest()[:16]


def _ready(connection: Connection) -> bool:
    return bool(
        connection.scalar(
            text("""
                SELECT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = :role)
                   AND obj_description(to_regnamespace('views'), 'pg_namespace') = :digest
                   AND (SELECT count(*) FROM pg_views WHERE schemaname = 'views') = :views
            """),
            {"role": ROLE, "digest": _digest(), "views": len(VIEWS)},
        )
    )


def _make(connection: Connection) -> None:
    if not connection.scalar(text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": ROLE}):
        try:
            with connection.begin_nested():
                connection.execute(text(f"CREATE ROLE {ROLE} NOLOGIN"))
        except DBAPIError as error:  # another database of the server was first: roles belong to the server
            if not isinstance(error.orig, DuplicateObject | UniqueViolation):
                raise
    if not connection.scalar(text("SELECT pg_has_role(current_user, :role, 'MEMBER')"), {"role": ROLE}):
        connection.execute(text(f"GRANT {ROLE} TO current_user"))
    connection.execute(text("DROP SCHEMA IF EXISTS views CASCADE"))
    connection.execute(text("CREATE SCHEMA views"))
    for name, query in VIEWS.items():
        connection.execute(text(f"CREATE VIEW views.{name} WITH (security_barrier) AS {query}"))
    connection.execute(text(f"GRANT USAGE ON SCHEMA views TO {ROLE}"))
    connection.execute(text(f"GRANT SELECT ON ALL TABLES IN SCHEMA views TO {ROLE}"))
    connection.execute(text(f"COMMENT ON SCHEMA views IS '{_digest()}'"))


def _first_line(error: DBAPIError) -> str:
    lines = str(error.orig).strip().splitlines() or ["no reason given"]
    return lines[0].rstrip(". ")
