"""An offer that was used is told to other systems however it was said: by a call, as a touchpoint, in a file."""

from alembic import op

revision = "0037_told_redemptions"
down_revision = "0036_lighter_plan"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Write an event for each use; what a stranger calls offer or code is cut short."""
    op.execute(
        """
        CREATE FUNCTION tell_redemption() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF EXISTS (SELECT FROM webhooks WHERE disabled_at IS NULL) THEN
                INSERT INTO events (kind, customer_id, data, at)
                VALUES ('offer.redeemed', NEW.customer_id,
                        jsonb_build_object('offer', left(NEW.detail ->> 'offer', 130), 'code',
                            left(NEW.detail ->> 'code', 130), 'message', NEW.message_id, 'channel', NEW.channel),
                        clock_timestamp());
            END IF;
            RETURN NULL;
        END
        $$
        """
    )
    op.execute(
        """CREATE TRIGGER tell_redemption AFTER INSERT ON touchpoints FOR EACH ROW
           WHEN (NEW.kind = 'redeemed') EXECUTE FUNCTION tell_redemption()"""
    )


def downgrade() -> None:
    """Take the trigger away."""
    op.execute("DROP TRIGGER tell_redemption ON touchpoints")
    op.execute("DROP FUNCTION tell_redemption()")
