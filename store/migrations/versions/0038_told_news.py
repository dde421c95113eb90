"""Keep what happened while an endpoint was disabled, for its replay, and say when an offer was used.

Nothing was written while the only endpoint was disabled: whoever mended it after the weekend and asked for everything
since Friday missed what had happened from the moment on when it was given up. And uses of years ago that a file brought
could not be told from those of now.
"""

from alembic import op

revision = "0038_told_news"
down_revision = "0037_told_redemptions"
branch_labels = None
depends_on = None

_LISTENED = "EXISTS (SELECT FROM webhooks WHERE disabled_at IS NULL)"
_REGISTERED = "EXISTS (SELECT FROM webhooks)"
_TOLD = "'channel', NEW.channel),"
_DATED = "'channel', NEW.channel, 'redeemed_at', NEW.at),"


def upgrade() -> None:
    """Write events for disabled endpoints too, and the moment of a use."""
    _rewrite(_LISTENED, _REGISTERED)
    _rewrite(_TOLD, _DATED)


def downgrade() -> None:
    """As it was."""
    _rewrite(_DATED, _TOLD)
    _rewrite(_REGISTERED, _LISTENED)


def _rewrite(words: str, others: str) -> None:
    """Change the same words in every function of ours that has them."""
    words, others = words.replace("'", "''"), others.replace("'", "''")
    op.execute(
        f"""
        DO $$ DECLARE told record; BEGIN
            FOR told IN SELECT oid FROM pg_proc
                         WHERE pronamespace = current_schema()::regnamespace AND strpos(prosrc, '{words}') > 0 LOOP
                EXECUTE replace(pg_get_functiondef(told.oid), '{words}', '{others}');
            END LOOP;
        END $$
        """
    )
