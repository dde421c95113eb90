"""Two records of one person become one and two again; who makes a call; customers found at once."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015_care"
down_revision = "0014_segments"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add merges and persons, who makes a call, and the indexes of finding."""
    op.create_table(
        "merges",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("kept_id", sa.BigInteger(), nullable=False),
        sa.Column("gone_id", sa.BigInteger(), nullable=False),
        sa.Column("undoes", sa.BigInteger(), comment="split: the merge that it takes back"),
        sa.Column(
            "since",
            sa.BigInteger(),
            nullable=False,
            comment="the last consent at that moment, see store.persons",
        ),
        sa.Column(
            "held",
            postgresql.ARRAY(postgresql.UUID(as_uuid=False)),
            server_default="{}",
            nullable=False,
            comment="sent once only",
        ),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("action IN ('merge', 'split')", name=op.f("ck_merges_action")),
        sa.CheckConstraint("(action = 'split') = (undoes IS NOT NULL)", name=op.f("ck_merges_takes_back")),
        sa.ForeignKeyConstraint(["kept_id"], ["customers.id"], name=op.f("fk_merges_kept_id")),
        sa.ForeignKeyConstraint(["gone_id"], ["customers.id"], name=op.f("fk_merges_gone_id")),
        sa.ForeignKeyConstraint(["undoes"], ["merges.id"], name=op.f("fk_merges_undoes")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_merges")),
        sa.UniqueConstraint("undoes", name=op.f("uq_merges_undoes")),
    )
    op.execute(
        "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON merges"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    op.create_table(
        "persons",
        sa.Column("customer_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False, comment="who is kept"),
        sa.Column(
            "since",
            sa.BigInteger(),
            nullable=False,
            comment="what was said later counts for all of the person",
        ),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_persons_customer_id")),
        sa.ForeignKeyConstraint(["person_id"], ["customers.id"], name=op.f("fk_persons_person_id")),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_persons")),
    )
    op.create_index(op.f("ix_persons_person_id"), "persons", ["person_id"])
    op.add_column(
        "calls",
        sa.Column(
            "taken_by",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="staff:<name> who makes it, '' nobody yet",
        ),
    )
    op.add_column("calls", sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_customer_references_reference", "customer_references", ["reference"])
    op.create_index(
        "ix_customers_last_name",
        "customers",
        [sa.text("lower(last_name) text_pattern_ops"), sa.text("lower(first_name) text_pattern_ops")],
    )
    op.create_index(
        "ix_customers_company",
        "customers",
        [sa.text("lower(company) text_pattern_ops")],
        postgresql_where=sa.text("company <> ''"),
    )
    op.create_index(
        "ix_addresses_postcode",
        "addresses",
        [sa.text("upper(replace(postal ->> 'postcode', ' ', ''))")],
        postgresql_where=sa.text("channel = 'letter'"),
    )
