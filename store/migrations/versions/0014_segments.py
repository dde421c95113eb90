"""Segments, drafts and approvals of campaigns, colleagues who get tests, and the text of every template version."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014_segments"
down_revision = "0013_form"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what marketing writes before a campaign is one."""
    op.create_table(
        "segments",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "rule", postgresql.JSONB(astext_type=sa.Text()), nullable=False, comment="tidings.segment.Node"
        ),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_segments")),
        sa.UniqueConstraint("name", "version", name=op.f("uq_segments_name_version")),
    )
    op.create_table(
        "drafts",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("edition", sa.Text(), nullable=False),
        sa.Column(
            "definition",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=False,
            comment="see work.drafts.Draft",
        ),
        sa.Column("state", sa.Text(), server_default="draft", nullable=False),
        sa.Column(
            "asked_for",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="digest of what approval is asked of",
        ),
        sa.Column("asked_by", sa.Text(), server_default="", nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approved_by", sa.Text(), server_default="", nullable=False),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.Text(), server_default="", nullable=False, comment="why it was sent back"),
        sa.Column("run_id", sa.Text(), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_by", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "state IN ('draft', 'waiting_approval', 'approved', 'dropped')", name=op.f("ck_drafts_state")
        ),
        sa.CheckConstraint("state <> 'approved' OR approved_by <> ''", name=op.f("ck_drafts_approved")),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_drafts_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drafts")),
    )
    op.create_index(
        "uq_drafts_edition",
        "drafts",
        ["name", "edition"],
        unique=True,
        postgresql_where=sa.text("state <> 'dropped'"),
    )
    op.create_table(
        "seeds",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seeds")),
        sa.UniqueConstraint("channel", "address", name=op.f("uq_seeds_channel_address")),
        sa.CheckConstraint(
            "channel IN ('email', 'sms', 'push', 'letter', 'whatsapp')", name=op.f("ck_seeds_channel")
        ),
    )
    op.add_column(
        "templates",
        sa.Column(
            "texts",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default="{}",
            nullable=False,
            comment="text file to content; {} when recorded before 0014",
        ),
    )
