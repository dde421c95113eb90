"""Staff, their sessions, and the audit as a hash chain.

A row of the audit gets its place in the chain as its transaction commits, so that writers wait for each other no
longer than a commit takes, whatever else their transactions do.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012_staff"
down_revision = "0010_known"
branch_labels = None
depends_on = None

_ROLES = ("marketing", "billing", "support", "counter", "manager", "admin", "system")
_LOCK = 8_436_465


def upgrade() -> None:
    """Add staff and sessions; give keys scopes and an end; chain the audit, old rows too; let erasures take statements."""
    _keys()
    _staff()
    _chain()
    _erasing()


def _instant(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _keys() -> None:
    op.drop_constraint("ck_api_keys_role", "api_keys")
    listed = ", ".join(f"'{role}'" for role in _ROLES)
    op.create_check_constraint(op.f("ck_api_keys_role"), "api_keys", f"role IN ({listed})")
    op.add_column(
        "api_keys",
        sa.Column(
            "scopes",
            postgresql.ARRAY(sa.Text()),
            server_default="{}",
            nullable=False,
            comment="empty: all that the role may",
        ),
    )
    op.add_column("api_keys", _instant("expires_at", nullable=True))
    op.add_column("api_keys", _instant("used_at", nullable=True))


def _staff() -> None:
    op.create_table(
        "staff",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False, comment="of a removed account too: audits name it"),
        sa.Column("roles", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column(
            "password_hash",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="'' = none, see store.staff",
        ),
        sa.Column("subject", sa.Text(), nullable=True, comment="issuer and subject of the single sign-on"),
        sa.Column(
            "language",
            sa.Text(),
            server_default="",
            nullable=False,
            comment="of the pages; '' = the browser's",
        ),
        sa.Column(
            "invitation",
            sa.LargeBinary(),
            nullable=True,
            comment="SHA-256 of the link that sets a password, once",
        ),
        _instant("invited_until", nullable=True),
        _instant("created_at"),
        _instant("removed_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff")),
        sa.UniqueConstraint("name", name=op.f("uq_staff_name")),
        sa.UniqueConstraint("subject", name=op.f("uq_staff_subject")),
        sa.UniqueConstraint("invitation", name=op.f("uq_staff_invitation")),
    )
    op.create_table(
        "staff_sessions",
        sa.Column(
            "id", sa.LargeBinary(), nullable=False, comment="SHA-256 of the cookie, which is never kept"
        ),
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        _instant("created_at"),
        _instant("seen_at"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_staff_sessions_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_sessions")),
    )
    op.create_index(op.f("ix_staff_sessions_staff_id"), "staff_sessions", ["staff_id"])
    op.create_table(
        "login_tries",
        sa.Column("key", sa.LargeBinary(), nullable=False, comment="SHA-256 of a name or a client"),
        sa.Column("tries", sa.Integer(), nullable=False),
        _instant("since"),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_login_tries")),
    )
    op.create_table(
        "sign_ons",
        sa.Column(
            "state",
            sa.LargeBinary(),
            nullable=False,
            comment="SHA-256 of a state that came back: it counts once",
        ),
        _instant("used_at"),
        sa.PrimaryKeyConstraint("state", name=op.f("pk_sign_ons")),
    )


def _chain() -> None:
    op.create_index("ix_audit_actor", "audit", ["actor", "id"])
    op.create_table(
        "audit_chain",
        sa.Column(
            "position",
            sa.BigInteger(),
            autoincrement=False,
            nullable=False,
            comment="1, 2, 3 in the order of commits",
        ),
        sa.Column("audit_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "previous",
            sa.LargeBinary(),
            nullable=False,
            comment="hash of the row before; empty for the first",
        ),
        sa.Column("hash", sa.LargeBinary(), nullable=False, comment="see store.audit"),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_audit_chain")),
        sa.UniqueConstraint("audit_id", name=op.f("uq_audit_chain_audit_id")),
    )
    op.execute(
        f"""
        CREATE FUNCTION chain_audit(added audit) RETURNS void LANGUAGE plpgsql AS $$
        DECLARE
            last audit_chain;
        BEGIN
            PERFORM pg_advisory_xact_lock({_LOCK});
            SELECT * INTO last FROM audit_chain ORDER BY position DESC LIMIT 1;
            INSERT INTO audit_chain (position, audit_id, previous, hash) VALUES (
                coalesce(last.position, 0) + 1, added.id, coalesce(last.hash, ''),
                sha256(coalesce(last.hash, '') || convert_to(jsonb_build_array(
                    coalesce(last.position, 0) + 1, added.id,
                    to_char(added.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'),
                    added.actor, added.action, added.subject, added.detail)::text, 'UTF8')));
        END
        $$
        """
    )
    op.execute("SELECT chain_audit(a) FROM (SELECT * FROM audit ORDER BY id) a")
    op.execute(
        """
        CREATE FUNCTION chain_new_audit() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM chain_audit(NEW);
            RETURN NULL;
        END
        $$
        """
    )
    op.execute(
        "CREATE CONSTRAINT TRIGGER chained AFTER INSERT ON audit DEFERRABLE INITIALLY DEFERRED"
        " FOR EACH ROW EXECUTE FUNCTION chain_new_audit()"
    )
    op.execute(
        "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_chain"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def _erasing() -> None:
    """What somebody wished is no proof of anything once they are erased; only store.erasure says that it erases."""
    op.execute(
        """
        CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_TABLE_NAME = 'statements' AND TG_OP = 'DELETE'
                    AND current_setting('tidings.erasing', true) = 'on' THEN
                RETURN NULL;
            END IF;
            RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
        END
        $$
        """
    )
