"""Rehearsals with what became of each customer in them, messages that were overtaken, and a slip that asks."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0022_rehearsal"
down_revision = "0021_limits"
branch_labels = None
depends_on = None


def _instant(name: str, *, nullable: bool = False, default: bool = False) -> sa.Column[object]:
    now = sa.func.now() if default else None
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, server_default=now)


def _text(name: str, *, comment: str | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default="", nullable=False, comment=comment)


def upgrade() -> None:
    """Add the tables and let slips ask which of two channels is meant."""
    _rehearsals()
    _rehearsed()
    _recalls()
    op.create_index(
        "ix_messages_fallen",
        "messages",
        ["id"],
        postgresql_where=sa.text("state = 'ready' AND tried <> '{}'"),
    )
    op.drop_constraint(op.f("ck_slips_kind"), "slips")
    op.create_check_constraint(
        op.f("ck_slips_kind"),
        "slips",
        "kind IN ('link', 'document', 'code', 'confirm', 'saved', 'mismatch')",
    )


def _rehearsals() -> None:
    op.create_table(
        "rehearsals",
        sa.Column(
            "id", sa.Text(), nullable=False, comment="rehearsal-NAME-EDITION-xxxxxxxx, of what was asked"
        ),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("edition", sa.Text(), nullable=False),
        sa.Column("definition", postgresql.JSONB(), nullable=False, comment="tidings.campaign.Campaign"),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("policy_version", sa.Integer(), nullable=True, comment="null: not worked through yet"),
        sa.Column(
            "result",
            postgresql.JSONB(),
            server_default="{}",
            nullable=False,
            comment="work.rehearsal.as_json",
        ),
        sa.Column("requested_by", sa.Text(), nullable=False),
        _instant("known_at"),
        _instant("until_at"),
        _instant("created_at", default=True),
        sa.CheckConstraint("state IN ('waiting', 'done', 'failed')", name=op.f("ck_rehearsals_state")),
        sa.ForeignKeyConstraint(
            ["policy_version"], ["policies.version"], name=op.f("fk_rehearsals_policy_version")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rehearsals")),
    )
    op.create_index("ix_rehearsals_edition", "rehearsals", ["name", "edition", "known_at"])


def _rehearsed() -> None:
    op.create_table(
        "rehearsed",
        sa.Column("rehearsal_id", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("state", sa.Text(), nullable=False, comment="as of messages, at the end of the rehearsal"),
        _text("reason"),
        sa.Column("first_channel", sa.Text(), nullable=True),
        sa.Column("channel", sa.Text(), nullable=True),
        _text("ground", comment="why first on first_channel"),
        _text("wait", comment="why it did not leave at once"),
        sa.Column("tried", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True, comment="of the first choice"),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_rehearsed_customer_id")),
        sa.ForeignKeyConstraint(
            ["rehearsal_id"], ["rehearsals.id"], name=op.f("fk_rehearsed_rehearsal_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("rehearsal_id", "customer_id", name=op.f("pk_rehearsed")),
    )
    op.create_index(op.f("ix_rehearsed_customer_id"), "rehearsed", ["customer_id"])


def _recalls() -> None:
    op.create_table(
        "recalls",
        sa.Column("message_id", postgresql.UUID(as_uuid=False), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False, comment="that it did not have to take"),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False, comment="kind of the touchpoint that overtook it"),
        _instant("at"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_recalls_run_id")),
        sa.PrimaryKeyConstraint("message_id", "channel", name=op.f("pk_recalls")),
    )
    op.create_index("ix_recalls_run", "recalls", ["run_id"])
