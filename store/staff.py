"""Staff: accounts, sessions, invitations, and how often somebody has tried to log in.

What opens a door (cookie, invitation, state of a sign-on) is kept as SHA-256 only: 256 random bits need no slow hash.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, text

from store.keys import digest
from tidings.problem import Problem
from tidings.role import Role


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """A person who works here."""

    id: int
    name: str
    roles: frozenset[Role]
    language: str
    created_at: datetime
    removed_at: datetime | None
    has_password: bool
    single_sign_on: bool
    invited_until: datetime | None


_ACCOUNT = """
    s.id, s.name, s.roles, s.language, s.created_at, s.removed_at, s.password_hash <> '' AS has_password,
    s.subject IS NOT NULL AS single_sign_on, s.invited_until
"""


def _account(row: object) -> Account:
    values = dict(row._mapping)  # type: ignore[attr-defined]
    return Account(**values | {"roles": frozenset(map(Role, values["roles"]))})


def _one(connection: Connection, where: str, **values: object) -> Account | None:
    row = connection.execute(text(f"SELECT {_ACCOUNT} FROM staff s WHERE {where}"), values).first()
    return _account(row) if row else None


def add(connection: Connection, *, name: str, roles: Iterable[Role], now: datetime, subject: str = "") -> int:
    """Make an account and return its id.

    Args:
        connection: in a transaction.
        name: unique, also among removed accounts: a name in the audit stays one person's.
        roles: any of `tidings.role.STAFF`.
        now: the moment.
        subject: issuer and subject of the single sign-on, for who came by that.

    Raises:
        Problem: the name is taken.
    """
    made = connection.scalar(
        text("""INSERT INTO staff (name, roles, subject, created_at) VALUES (:name, :roles, nullif(:subject, ''), :now)
                ON CONFLICT (name) DO NOTHING RETURNING id"""),
        {"name": name, "roles": sorted(roles), "subject": subject, "now": now},
    )
    if made is None:
        raise Problem(
            f"There is already an account named {name!r}.", todo="Choose another name; `tidings staff list`."
        )
    return int(made)


def listed(connection: Connection) -> list[Account]:
    """Return all accounts by name, removed ones too."""
    return [
        _account(row) for row in connection.execute(text(f"SELECT {_ACCOUNT} FROM staff s ORDER BY name"))
    ]


def count(connection: Connection) -> int:
    """Return how many accounts there are that are not removed and can be logged in to."""
    return int(
        connection.scalar(
            text(
                "SELECT count(*) FROM staff WHERE removed_at IS NULL AND (password_hash <> '' OR subject IS NOT NULL)"
            )
        )
        or 0
    )


def find(connection: Connection, name: str) -> Account | None:
    """Return the account of a name, removed or not."""
    return _one(connection, "s.name = :name", name=name)


def of_subject(connection: Connection, subject: str) -> Account | None:
    """Return the account of somebody who came by single sign-on."""
    return _one(connection, "s.subject = :subject", subject=subject)


def change_roles(connection: Connection, account: int, roles: Iterable[Role]) -> None:
    """Give an account other roles; they hold from the next request on."""
    connection.execute(
        text("UPDATE staff SET roles = :roles WHERE id = :account"),
        {"roles": sorted(roles), "account": account},
    )


def change_language(connection: Connection, account: int, language: str) -> None:
    """Show somebody the pages in another language; '' = the browser's."""
    connection.execute(
        text("UPDATE staff SET language = :language WHERE id = :account"),
        {"language": language, "account": account},
    )


def remove(connection: Connection, account: int, *, now: datetime) -> None:
    """Close an account: its sessions end at once, its name stays taken."""
    connection.execute(
        text("""UPDATE staff SET removed_at = coalesce(removed_at, :now), password_hash = '', invitation = NULL,
                invited_until = NULL WHERE id = :account"""),
        {"account": account, "now": now},
    )
    end_sessions(connection, account)


def invite(connection: Connection, account: int, *, until: datetime) -> str:
    """Return the secret of a link by which a password is set, once; an earlier one is void."""
    secret = secrets.token_urlsafe(32)
    connection.execute(
        text("UPDATE staff SET invitation = :digest, invited_until = :until WHERE id = :account"),
        {"digest": digest(secret), "until": until, "account": account},
    )
    return secret


def invited(connection: Connection, secret: str, *, now: datetime, lock: bool = False) -> Account | None:
    """Return who was invited with a secret that still holds; `lock` it to use it up."""
    where = "s.invitation = :digest AND s.invited_until > :now AND s.removed_at IS NULL"
    return _one(connection, where + (" FOR UPDATE" if lock else ""), digest=digest(secret), now=now)


def password_of(connection: Connection, name: str) -> tuple[Account, str] | None:
    """Return the account in force of a name with its password's hash."""
    row = connection.execute(
        text(f"SELECT {_ACCOUNT}, s.password_hash FROM staff s WHERE name = :name AND removed_at IS NULL"),
        {"name": name},
    ).first()
    if row is None:
        return None
    values = dict(row._mapping)
    hashed = values.pop("password_hash")
    return Account(**values | {"roles": frozenset(map(Role, values["roles"]))}), hashed


def set_password(connection: Connection, account: int, password_hash: str) -> None:
    """Set a password: the invitation is used up, and every session of the account ends."""
    connection.execute(
        text("""UPDATE staff SET password_hash = :password_hash, invitation = NULL, invited_until = NULL
                WHERE id = :account"""),
        {"password_hash": password_hash, "account": account},
    )
    end_sessions(connection, account)


def begin_session(connection: Connection, account: int, *, now: datetime, life: timedelta) -> str:
    """Begin a session and return the secret of its cookie; sessions older than `life` go."""
    secret = secrets.token_urlsafe(32)
    connection.execute(text("DELETE FROM staff_sessions WHERE created_at < :before"), {"before": now - life})
    connection.execute(
        text(
            "INSERT INTO staff_sessions (id, staff_id, created_at, seen_at) VALUES (:id, :account, :now, :now)"
        ),
        {"id": digest(secret), "account": account, "now": now},
    )
    return secret


_SESSION = text(f"""
    SELECT {_ACCOUNT}, v.seen_at FROM staff_sessions v JOIN staff s ON s.id = v.staff_id
    WHERE v.id = :id AND s.removed_at IS NULL AND v.seen_at > :idle AND v.created_at > :life
""")


def session(
    connection: Connection, secret: str, *, now: datetime, idle: timedelta, life: timedelta
) -> tuple[Account, datetime] | None:
    """Return whose session a cookie's secret opens, and when it was seen last; None when it has ended."""
    row = connection.execute(_SESSION, {"id": digest(secret), "idle": now - idle, "life": now - life}).first()
    if row is None:
        return None
    values = dict(row._mapping)
    seen_at = values.pop("seen_at")
    return Account(**values | {"roles": frozenset(map(Role, values["roles"]))}), seen_at


def see_session(connection: Connection, secret: str, *, now: datetime) -> None:
    """Note that a session is in use."""
    connection.execute(
        text("UPDATE staff_sessions SET seen_at = greatest(seen_at, :now) WHERE id = :id"),
        {"id": digest(secret), "now": now},
    )


def end_session(connection: Connection, secret: str) -> None:
    """End one session."""
    connection.execute(text("DELETE FROM staff_sessions WHERE id = :id"), {"id": digest(secret)})


def end_sessions(connection: Connection, account: int) -> None:
    """End every session of an account."""
    connection.execute(text("DELETE FROM staff_sessions WHERE staff_id = :account"), {"account": account})


def try_login(connection: Connection, key: str, *, now: datetime, window: timedelta) -> int:
    """Count one try under a key; return how many there were within the window, this one included."""
    return int(
        connection.execute(
            text("""
                INSERT INTO login_tries AS t (key, tries, since) VALUES (:key, 1, :now)
                ON CONFLICT (key) DO UPDATE SET
                    tries = CASE WHEN t.since <= :before THEN 1 ELSE least(t.tries + 1, 1000000) END,
                    since = CASE WHEN t.since <= :before THEN :now ELSE t.since END
                RETURNING tries
            """),
            {"key": digest(key), "now": now, "before": now - window},
        ).scalar_one()
    )


def forget_tries(connection: Connection, key: str) -> None:
    """Begin to count anew, after a login."""
    connection.execute(text("DELETE FROM login_tries WHERE key = :key"), {"key": digest(key)})


def sweep(connection: Connection, *, before: datetime) -> None:
    """Forget tries that began and sign-ons that were used before a moment."""
    connection.execute(text("DELETE FROM login_tries WHERE since < :before"), {"before": before})
    connection.execute(text("DELETE FROM sign_ons WHERE used_at < :before"), {"before": before})


def use_sign_on(connection: Connection, state: str, *, now: datetime) -> bool:
    """Use up the state of a single sign-on; False when it was used before."""
    return (
        connection.execute(
            text("INSERT INTO sign_ons (state, used_at) VALUES (:state, :now) ON CONFLICT DO NOTHING"),
            {"state": digest(state), "now": now},
        ).rowcount
        == 1
    )
