"""The separate XML of an invoice, what it credits, how long it is kept, and what became of it: paid, credited, reminded."""

import sqlalchemy as sa
from alembic import op

revision = "0024_invoices"
down_revision = "0023_letters"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add columns to invoices and the table of their events."""
    columns = (
        sa.Column("xml_hash", sa.Text(), nullable=True, comment="SHA-256 of the archived UBL file"),
        sa.Column("due", sa.Numeric(18, 2), comment="left to pay; null: gross, from before it was kept"),
        sa.Column(
            "credits",
            sa.Text(),
            nullable=False,
            server_default="",
            comment="number that a credit note credits",
        ),
        sa.Column("keep_until", sa.Date(), comment="the law wants the archived files so long"),
    )
    for column in columns:
        op.add_column("invoices", column)
    op.create_index(
        "ix_invoices_credits", "invoices", ["brand", "credits"], postgresql_where=sa.text("credits <> ''")
    )
    op.create_table(
        "invoice_events",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), primary_key=True),
        sa.Column("invoice_id", sa.BigInteger(), sa.ForeignKey("invoices.id"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("amount", sa.Numeric(18, 2), comment="paid or credited; null: all that was due"),
        sa.Column("step", sa.SmallInteger(), comment="of a reminder, from 1"),
        sa.Column(
            "source", sa.Text(), nullable=False, comment="who says so: a system, a person, `credit-note`"
        ),
        sa.Column(
            "external_id", sa.Text(), nullable=False, comment="its identity there; said twice, kept once"
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.CheckConstraint(
            "kind IN ('paid', 'credited', 'cancelled', 'disputed', 'resolved', 'reminded')", name="kind"
        ),
        sa.UniqueConstraint("source", "external_id"),
    )
    op.create_index("ix_invoice_events_invoice", "invoice_events", ["invoice_id"])
