"""Devices of the app: one push address per device; a token belongs to whoever registered it last."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text

_RELEASE = text("""
    UPDATE addresses SET removed_at = :at
     WHERE channel = 'push' AND removed_at IS NULL
       AND (value = :token AND customer_id <> :customer
            OR customer_id = :customer AND device = :device AND value <> :token)
""")

_REGISTER = text("""
    INSERT INTO addresses (customer_id, channel, value, platform, device, verified_at, position)
    VALUES (:customer, 'push', :token, :platform, :device, :at,
            (SELECT coalesce(max(position) + 1, 0) FROM addresses WHERE customer_id = :customer AND channel = 'push'))
    ON CONFLICT (customer_id, channel, value) DO UPDATE
       SET platform = excluded.platform, device = excluded.device, removed_at = NULL, state = 'usable', problem = '',
           verified_at = excluded.verified_at
    RETURNING (xmax = 0) AS made
""")


def register(
    connection: Connection, *, customer: int, device: str, platform: str, token: str, at: datetime
) -> bool:
    """Make `token` the address of a customer's device; return whether the address is new.

    The device's older token, and the same token at another customer (a phone that changed hands), are removed.
    """
    values = {"customer": customer, "device": device, "platform": platform, "token": token, "at": at}
    connection.execute(_RELEASE, values)
    return bool(connection.execute(_REGISTER, values).scalar_one())
