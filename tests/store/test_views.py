"""`store.views`: an expert's SQL names customers and does nothing else."""

import pytest
from sqlalchemy import text

from store.views import FUNCTIONS, check_query, customers_of, prepare
from tests.town import settle
from tidings.problem import Problem


@pytest.fixture(scope="module")
def town(module_engine):
    settle(module_engine, 3, channels=("email",))
    with module_engine.begin() as connection:
        connection.execute(
            text("UPDATE customers SET country = 'SE', attributes = '{\"points\": 7}' WHERE id = 2")
        )
    return module_engine


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param("SELECT customer_id FROM customers", [1, 2, 3], id="all of a view"),
        pytest.param("select c.customer_id from customers c where country = 'SE'", [2], id="a condition"),
        pytest.param(
            "SELECT customer_id FROM customers WHERE (attributes ->> 'points')::int > 5",
            [2],
            id="an attribute",
        ),
        pytest.param(
            "WITH n AS (SELECT customer_id, count(*) AS n FROM addresses GROUP BY customer_id)"
            " SELECT customer_id FROM n WHERE n >= 1 AND customer_id IN (SELECT customer_id FROM consents)",
            [1, 2, 3],
            id="a WITH and a subquery",
        ),
        pytest.param(
            "SELECT customer_id FROM touchpoints WHERE at > now() - interval '90 days' AND kind = 'it''s'",
            [],
            id="an interval and a quote in a text",
        ),
        pytest.param(
            "SELECT customer_id FROM customers WHERE country LIKE 'S%' OR 1 % 2 = 0", [2], id="a percent sign"
        ),
        pytest.param(
            "SELECT customer_id FROM customers UNION ALL SELECT customer_id FROM customers",
            [1, 2, 3],
            id="each once",
        ),
    ],
)
def test_a_query_names_customers(town, query, expected):
    assert customers_of(town, query) == expected


HOSTILE = {
    "a second statement": "SELECT customer_id FROM customers; DELETE FROM customers",
    "a closed subquery": "SELECT customer_id FROM customers) AS x; DROP TABLE customers; SELECT (1",
    "a closed subquery without a semicolon": "SELECT customer_id FROM customers) AS a, (SELECT 1",
    "a comment that hides the rest": "SELECT customer_id FROM customers -- ",
    "a comment in between": "SELECT customer_id /* */ FROM customers",
    "sleep": "SELECT customer_id FROM customers WHERE pg_sleep(60) IS NULL",
    "sleep in quotes": 'SELECT customer_id FROM customers WHERE "pg_sleep"(60) IS NULL',
    "sleep with a space": "SELECT customer_id FROM customers WHERE pg_sleep (60) IS NULL",
    "sleep by its schema": "SELECT customer_id FROM customers WHERE pg_catalog.pg_sleep(60) IS NULL",
    "sleep by an escaped name": 'SELECT customer_id FROM customers WHERE U&"pg_sl\\0065ep"(60) IS NULL',
    "a file": "SELECT pg_read_file('/etc/passwd') AS customer_id",
    "a folder": "SELECT pg_ls_dir('/') AS customer_id",
    "a large object": "SELECT lo_import('/etc/passwd') AS customer_id",
    "another role": "SELECT set_config('role', 'none', true)::bigint AS customer_id",
    "a query in a text": "SELECT query_to_xml('SELECT * FROM public.customers', true, true, '') AS customer_id",
    "names of customers": "SELECT id AS customer_id FROM public.customers",
    "names of customers, quoted": 'SELECT id AS customer_id FROM "public"."customers"',
    "keys": 'SELECT id AS customer_id FROM "public".api_keys',
    "the catalogue": "SELECT oid::bigint AS customer_id FROM pg_catalog.pg_authid",
    "the catalogue without its schema": "SELECT oid::bigint AS customer_id FROM pg_authid",
    "the catalogue in quotes": 'SELECT oid::bigint AS customer_id FROM "pg_catalog"."pg_authid"',
    "an insert in a WITH": "WITH a AS (INSERT INTO customers VALUES (1) RETURNING 1) SELECT 1 AS customer_id",
    "a delete": "DELETE FROM customers",
    "a table of the answer": "SELECT customer_id INTO stolen FROM customers",
    "a lock": "SELECT customer_id FROM customers FOR UPDATE",
    "dollar quotes": "SELECT customer_id FROM customers WHERE country = $$SE$$",
    "an escaped text": "SELECT customer_id FROM customers WHERE country = E'\\x53'",
    "a text that casts itself": "SELECT customer_id FROM customers WHERE regclass'public.customers' IS NULL",
    "an operator by its schema": "SELECT 1 OPERATOR(pg_catalog.+) 2 AS customer_id",
    "a parameter": "SELECT customer_id FROM customers WHERE country = %(country)s",
    "a colon name": "SELECT customer_id FROM customers WHERE country = :country",
    "the names of the page": "SELECT first_name AS customer_id FROM customers",
    "nothing": "   ",
    "a NUL": "SELECT customer_id FROM customers WHERE country = '\0'",
    "what is no number": "SELECT country AS customer_id FROM customers",
    "no column that says who": "SELECT country FROM customers",
    "an endless recursion": "WITH RECURSIVE t AS (SELECT 1 AS customer_id UNION ALL SELECT customer_id FROM t)"
    " SELECT customer_id FROM t",
    "a function of a row": "SELECT (c).row_to_json AS customer_id FROM customers c",
}


@pytest.mark.parametrize("query", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_query_is_refused_and_changes_nothing(town, query):
    with pytest.raises(Problem):
        customers_of(town, query)

    with town.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM customers")) == 3
        assert connection.scalar(text("SELECT current_user = session_user"))


def test_the_role_alone_holds_too(town):
    """What would slip through the reading has no right to anything but the views, and cannot write."""
    prepare(town)
    for query in (
        "SELECT * FROM public.customers",
        "SELECT * FROM public.api_keys",
        "INSERT INTO views.customers (customer_id) VALUES (9)",
        "CREATE TEMP TABLE t (a int)",
        "SELECT pg_read_file('/etc/passwd')",
        "COPY (SELECT 1) TO PROGRAM 'true'",
    ):
        with town.connect() as connection:
            connection.exec_driver_sql("SET TRANSACTION READ ONLY")
            connection.exec_driver_sql("SET LOCAL ROLE tidings_segments")
            with pytest.raises(Exception, match=r"permission denied|read-only|cannot insert|cannot execute"):
                connection.exec_driver_sql(query)


def test_a_query_that_takes_too_long_ends(town):
    nines = " UNION ALL ".join("SELECT customer_id FROM customers" for _ in range(9))
    slow = f"WITH n AS ({nines}) SELECT count(*) AS customer_id FROM " + ", ".join(
        f"n n{k}" for k in range(9)
    )
    with pytest.raises(Problem, match="timeout"):
        customers_of(town, slow, seconds=0.3)


def test_the_views_come_back_after_a_restore(town):
    prepare(town)
    with town.begin() as connection:
        connection.execute(text("DROP VIEW views.customers CASCADE"))

    assert customers_of(town, "SELECT customer_id FROM customers") == [1, 2, 3]


def test_every_function_that_is_allowed_can_be_called():
    calls = ", ".join(f"{name}(1)" for name in sorted(FUNCTIONS))
    assert check_query(f"SELECT {calls}")
