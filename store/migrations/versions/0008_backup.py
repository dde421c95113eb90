"""What outlives an erasure or a loss: salted digests of what is not used again, and ids that come out the same."""

import sqlalchemy as sa
from alembic import op

revision = "0008_backup"
down_revision = "0007_replies"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the digests, and let every new row be held against them, whichever door it came through."""
    op.create_table(
        "erased",
        sa.Column(
            "digest",
            sa.LargeBinary(),
            nullable=False,
            comment="SHA-256 of salt, kind and value; see 0008_backup",
        ),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('address', 'dedupe_key')", name=op.f("ck_erased_kind")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_erased")),
    )
    op.execute(
        """
        CREATE FUNCTION erased_digest(kind text, value text) RETURNS bytea LANGUAGE sql STABLE AS $$
            SELECT sha256(convert_to((SELECT i.value FROM installation i WHERE i.key = 'erasure_salt')
                                     || ':' || kind || ':' || value, 'UTF8'))
        $$
        """
    )
    op.execute(
        """
        CREATE FUNCTION refuse_erased_address() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF EXISTS (SELECT 1 FROM erased) THEN
                UPDATE addresses a SET state = 'unusable', problem = 'erased'
                FROM added n JOIN erased e ON e.digest = erased_digest('address', n.channel || ':' || n.value)
                WHERE a.id = n.id;
            END IF;
            RETURN NULL;
        END
        $$
        """
    )
    op.execute(
        """
        CREATE FUNCTION message_id(dedupe_key text) RETURNS uuid LANGUAGE sql VOLATILE AS $$
            -- A UUIDv8 (RFC 9562) of the key: planned again after a loss, a message keeps the id that providers knew.
            WITH hashed AS (SELECT substring(sha256(convert_to(dedupe_key, 'UTF8')) FROM 1 FOR 16) AS bytes), own AS (
                SELECT encode(set_byte(set_byte(bytes, 6, (get_byte(bytes, 6) & 15) | 128),
                                       8, (get_byte(bytes, 8) & 63) | 128), 'hex')::uuid AS id FROM hashed
            )
            SELECT CASE WHEN EXISTS (SELECT 1 FROM messages m WHERE m.id = own.id)  -- held before, its key given back
                        THEN gen_random_uuid() ELSE own.id END FROM own
        $$
        """
    )
    op.execute(
        "CREATE TRIGGER erased AFTER INSERT ON addresses REFERENCING NEW TABLE AS added"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_erased_address()"
    )
