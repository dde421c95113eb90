"""What customers state, for whom somebody spoke, how a consent is recorded, registers, and how facts were before."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0019_stated"
down_revision = "0018_doors"
branch_labels = None
depends_on = None

_KINDS = (
    *("order", "pause", "quiet_hours", "language", "tracking", "manner"),
    *("best_days", "frequency", "household"),
)
_STATES = (
    ("customers", "customer", ("language", "time_zone", "country", "standing", "holds")),
    ("addresses", "address", ("state", "problem", "verified_at", "position", "removed_at")),
)
"""What a decision reads of rows that change: an update keeps what stood there before."""


def upgrade() -> None:
    """Widen statements and consents, add registers, and keep former states of customers and addresses."""
    listed = ", ".join(f"'{kind}'" for kind in _KINDS)
    op.drop_constraint(op.f("ck_statements_kind"), "statements")
    op.create_check_constraint(op.f("ck_statements_kind"), "statements", f"kind IN ({listed})")
    for table in ("statements", "consents"):
        op.add_column(
            table,
            sa.Column(
                "on_behalf",
                sa.Text(),
                server_default="",
                nullable=False,
                comment="who spoke for the customer, '' = the customer",
            ),
        )
    op.add_column("consents", sa.Column("expires_at", sa.DateTime(timezone=True), comment="exclusive"))
    op.add_column(
        "consents",
        sa.Column(
            "record",
            postgresql.JSONB(),
            server_default="{}",
            nullable=False,
            comment="ISO/IEC TS 27560, see preferences.receipt",
        ),
    )
    op.create_table(
        "notices",
        sa.Column("digest", sa.Text(), nullable=False, comment="SHA-256 of the text"),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False, comment="what customers were shown"),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_notices")),
    )
    _registers()
    _states()


def _registers() -> None:
    op.create_table(
        "registers",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("country", sa.Text(), nullable=False, comment="ISO 3166-1 alpha-2"),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("dated", sa.Date(), nullable=False, comment="of the file; the newest counts"),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False, comment="SHA-256 of the file"),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.CheckConstraint("kind IN ('letter', 'phone', 'email')", name=op.f("ck_registers_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registers")),
        sa.UniqueConstraint("country", "kind", "dated", name=op.f("uq_registers_country_kind_dated")),
    )
    op.create_table(
        "register_entries",
        sa.Column("register_id", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False, comment="SHA-256, see work.registers"),
        sa.ForeignKeyConstraint(
            ["register_id"], ["registers.id"], name=op.f("fk_register_entries_register_id")
        ),
        sa.PrimaryKeyConstraint("register_id", "digest", name=op.f("pk_register_entries")),
    )


def _states() -> None:
    op.create_table(
        "customer_states",
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("standing", sa.Text(), nullable=False),
        sa.Column("holds", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=False, comment="when it was changed"),
    )
    op.create_table(
        "address_states",
        sa.Column("address_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("verified_at", sa.DateTime(timezone=True)),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True)),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=False, comment="when it was changed"),
    )
    for table, one, columns in _STATES:
        kept, key = f"{one}_states", f"{one}_id"
        op.create_index(op.f(f"ix_{kept}_{key}"), kept, [key])
        old, new = (", ".join(f"{side}.{name}" for name in columns) for side in ("o", "n"))
        op.execute(
            f"""
            CREATE FUNCTION keep_{kept}() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                INSERT INTO {kept} ({key}, {", ".join(columns)}, until_at)
                SELECT o.id, {old}, now() FROM old_rows o JOIN new_rows n USING (id)
                 WHERE ({old}) IS DISTINCT FROM ({new});
                RETURN NULL;
            END
            $$
            """
        )
        op.execute(
            f"CREATE TRIGGER keep_states AFTER UPDATE ON {table} REFERENCING OLD TABLE AS old_rows"
            f" NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION keep_{kept}()"
        )
    op.execute(
        "INSERT INTO installation (key, value) VALUES ('states_since', now()::text),"
        " ('records', gen_random_uuid()::text) ON CONFLICT DO NOTHING"
    )
