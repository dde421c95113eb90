"""What the customer's pages need: slips with a link or a code, the codes, who asked how often, who wants to be erased."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013_form"
down_revision = "0012_staff"
branch_labels = None
depends_on = None

_KINDS = "'order', 'pause', 'quiet_hours', 'language', 'tracking'"


def upgrade() -> None:
    """Add the tables, and let customers say in which manner they want to be told."""
    op.drop_constraint(op.f("ck_statements_kind"), "statements")
    op.create_check_constraint(op.f("ck_statements_kind"), "statements", f"kind IN ({_KINDS}, 'manner')")
    op.create_index(
        "ix_statements_manner", "statements", ["customer_id"], postgresql_where=sa.text("kind = 'manner'")
    )
    _slips()
    _codes()
    op.create_table(
        "tries",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column(
            "subject",
            sa.LargeBinary(),
            nullable=False,
            comment="HMAC of what is limited: an address, a client",
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tries")),
    )
    op.create_index("ix_tries_subject", "tries", ["subject", "at"])
    op.create_table(
        "erasures",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("brand", sa.Text(), server_default="all", nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_erasures_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasures")),
    )
    op.create_index(
        "uq_erasures_open",
        "erasures",
        ["customer_id"],
        unique=True,
        postgresql_where=sa.text("closed_at IS NULL"),
    )


def _slips() -> None:
    op.create_table(
        "slips",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=True),
        sa.Column("brand", sa.Text(), server_default="all", nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False, comment="where it goes; '' once it is settled"),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column(
            "detail",
            postgresql.JSONB(),
            server_default="{}",
            nullable=False,
            comment="a code or a link; {} once settled",
        ),
        sa.Column("state", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("tries", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "kind IN ('link', 'document', 'code', 'confirm', 'saved')", name=op.f("ck_slips_kind")
        ),
        sa.CheckConstraint("state IN ('waiting', 'sent', 'dropped')", name=op.f("ck_slips_state")),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_slips_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_slips")),
    )
    op.create_index("ix_slips_due", "slips", ["due_at"], postgresql_where=sa.text("state = 'waiting'"))
    op.create_index("ix_slips_customer", "slips", ["customer_id"])


def _codes() -> None:
    op.create_table(
        "codes",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("brand", sa.Text(), server_default="all", nullable=False),
        sa.Column(
            "kind", sa.Text(), nullable=False, comment="address: to be added; data, document: opens them"
        ),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False, comment="the address that the code went to"),
        sa.Column(
            "digest",
            sa.LargeBinary(),
            nullable=False,
            comment="HMAC of id and code under the signing key",
        ),
        sa.Column("tries", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('address', 'data', 'document')", name=op.f("ck_codes_kind")),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_codes_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_codes")),
    )
    op.create_index("ix_codes_customer", "codes", ["customer_id"])
