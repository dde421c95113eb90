"""What every message writes is checked a statement at a time: a foreign key costs a look-up and a lock for each row."""

from alembic import op

revision = "0010_known"
down_revision = "0009_watch"
branch_labels = None
depends_on = None

KEYS = (
    ("deliveries", "message_id", "messages"),
    ("deliveries", "address_id", "addresses"),
    ("attempts", "delivery_id", "deliveries"),
    ("touchpoints", "customer_id", "customers"),
)
STAY = ("customers", "addresses", "messages", "deliveries")


def upgrade() -> None:
    """Replace four foreign keys: what is named must be there, by one look for all new rows, and stays for ever."""
    op.execute(
        """
        CREATE FUNCTION refuse_removal() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION '% stay for ever: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
        END
        $$
        """
    )
    for table in STAY:
        op.execute(
            f"CREATE TRIGGER stays BEFORE DELETE OR TRUNCATE OR UPDATE OF id ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_removal()"
        )
    for table, column, named in KEYS:
        op.drop_constraint(f"fk_{table}_{column}", table)
        # Always by the index of what is named: the plan is kept while that table grows.
        op.execute(
            f"""
            CREATE FUNCTION known_{table}_{column}() RETURNS trigger LANGUAGE plpgsql
                SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$
            BEGIN
                IF EXISTS (SELECT FROM added a WHERE a.{column} IS NOT NULL
                           AND NOT EXISTS (SELECT FROM {named} n WHERE n.id = a.{column})) THEN
                    RAISE EXCEPTION '{table}.{column} names what is not in {named}'
                        USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'known_{table}_{column}';
                END IF;
                RETURN NULL;
            END
            $$
            """
        )
        op.execute(
            f"CREATE TRIGGER known_{column} AFTER INSERT ON {table} REFERENCING NEW TABLE AS added"
            f" FOR EACH STATEMENT EXECUTE FUNCTION known_{table}_{column}()"
        )
        op.execute(
            f"CREATE TRIGGER fixed_{column} BEFORE UPDATE OF {column} ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_removal()"
        )
    op.drop_index("ix_touchpoints_recorded", table_name="touchpoints")
    op.create_index("ix_touchpoints_recorded", "touchpoints", ["recorded_at"], postgresql_using="brin")
