"""What was said stays said: consents, statements and the audit are never changed, only added to."""

from alembic import op

revision = "0002_append_only"
down_revision = "0001_start"
branch_labels = None
depends_on = None

TABLES = ("consents", "statements", "audit")


def upgrade() -> None:
    """Refuse UPDATE, DELETE and TRUNCATE of these tables."""
    op.execute(
        """
        CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
        END
        $$
        """
    )
    for table in TABLES:
        op.execute(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
