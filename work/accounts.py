"""Accounts of staff: making them, inviting, passwords, logging in. Every change is in the audit."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import chain, count

from sqlalchemy import Connection, Engine

from store import staff
from store.audit import note
from store.staff import Account
from tidings.problem import Problem
from tidings.role import STAFF, Role
from tidings.settings import LoginSettings
from work.password import Flaw, fits, flaw, hashed

ALONE = "owner"
"""The account that `tidings up` makes where there is none: a person alone, who may everything."""
TRIES, TRIES_OF_CLIENT, WINDOW = 10, 50, timedelta(minutes=15)
"""Logins that are tried for a name, and from one client (maybe a whole office), before they must rest."""
_NAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,62}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Invited:
    """An account whose password is set by a link, once."""

    name: str
    roles: tuple[Role, ...]
    secret: str
    until: datetime


class Refusal(StrEnum):
    """Why somebody is not logged in; a key of `t.login.refused`."""

    WRONG = "wrong"
    TOO_OFTEN = "too_often"
    NO_ROLE = "no_role"


def named(text: str) -> str:
    """Return an account's name as it is kept: small letters.

    Raises:
        Problem: it has other signs than letters of English, digits and `._@+-`, or more than 63.
    """
    name = text.strip().lower()
    if not _NAME.fullmatch(name):
        raise Problem(
            f"{text!r} cannot be an account's name.",
            todo="Use letters a to z, digits and . _ @ + -, at most 63, and begin with a letter or digit.",
        )
    return name


def add(
    connection: Connection,
    name: str,
    roles: Iterable[Role],
    *,
    by: str,
    settings: LoginSettings,
    now: datetime,
) -> Invited:
    """Make an account and the link by which its password is set.

    Raises:
        Problem: the name is taken or no name, or a role is missing or none of a person's.
    """
    name, wanted = named(name), checked_roles(roles)
    staff.add(connection, name=name, roles=wanted, now=now)
    note(
        connection, actor=by, action="add_account", subject=f"staff:{name}", detail={"roles": sorted(wanted)}
    )
    return invite(connection, name, by=by, settings=settings, now=now)


def checked_roles(roles: Iterable[Role]) -> frozenset[Role]:
    """Return a person's roles.

    Raises:
        Problem: there is none, or `system`, which is for keys.
    """
    wanted = frozenset(roles)
    if not wanted or not wanted <= STAFF:
        raise Problem(
            "A person needs at least one role, and never `system`.",
            todo=f"Choose of {', '.join(sorted(STAFF))}.",
        )
    return wanted


def found(connection: Connection, name: str) -> Account:
    """Return the account in force of a name.

    Raises:
        Problem: there is none.
    """
    account = staff.find(connection, named(name))
    if account is None or account.removed_at:
        raise Problem(f"There is no account named {name!r}.", todo="`tidings staff list` shows them.")
    return account


def invite(connection: Connection, name: str, *, by: str, settings: LoginSettings, now: datetime) -> Invited:
    """Make a new link by which somebody sets a password; the old password holds until then.

    Raises:
        Problem: there is no such account.
    """
    account = found(connection, name)
    until = now + settings.invitation
    secret = staff.invite(connection, account.id, until=until)
    note(connection, actor=by, action="invite", subject=f"staff:{account.name}")
    return Invited(name=account.name, roles=tuple(sorted(account.roles)), secret=secret, until=until)


def change_roles(connection: Connection, name: str, roles: Iterable[Role], *, by: str) -> None:
    """Give an account other roles.

    Raises:
        Problem: no such account, or roles that no person has; or nobody would be left who makes accounts.
    """
    account, wanted = found(connection, name), checked_roles(roles)
    if Role.ADMIN not in wanted:
        _somebody_else_is_admin(connection, account)
    staff.change_roles(connection, account.id, wanted)
    note(
        connection,
        actor=by,
        action="change_roles",
        subject=f"staff:{account.name}",
        detail={"before": sorted(account.roles), "roles": sorted(wanted)},
    )


def remove(connection: Connection, name: str, *, by: str, now: datetime) -> None:
    """Close an account at once; its name stays taken, for the audit names it.

    Raises:
        Problem: no such account, or nobody would be left who makes accounts.
    """
    account = found(connection, name)
    _somebody_else_is_admin(connection, account)
    staff.remove(connection, account.id, now=now)
    note(connection, actor=by, action="remove_account", subject=f"staff:{account.name}")


def _somebody_else_is_admin(connection: Connection, account: Account) -> None:
    if Role.ADMIN not in account.roles:
        return
    others = (
        one
        for one in staff.listed(connection)
        if one.id != account.id and one.removed_at is None and Role.ADMIN in one.roles
    )
    if not any(others):
        raise Problem(
            f"{account.name!r} is the only account with the role admin.",
            todo="Give somebody else that role first.",
        )


def alone(engine: Engine, *, settings: LoginSettings, now: datetime) -> Invited | None:
    """Return a link for the first login, where nobody can log in yet; None where somebody can."""
    with engine.begin() as connection:
        if staff.count(connection) or not settings.password:
            return None
        if staff.find(connection, ALONE) is None:
            return add(connection, ALONE, STAFF, by="system", settings=settings, now=now)
        return invite(connection, ALONE, by="system", settings=settings, now=now)


def log_in(
    engine: Engine,
    name: str,
    password: str,
    *,
    client: str,
    browser: str = "",
    settings: LoginSettings,
    now: datetime,
) -> str | Refusal:
    """Return the secret of a new session, or why there is none. A name that nobody has takes as long as any.

    Args:
        engine: of the store.
        name: as it was typed.
        password: as it was typed.
        client: where it came from, to count by.
        browser: the one it came from, where that name was logged in by it before: its tries are counted apart, so
            that nobody is locked out by those whom others make in their name. '': any other.
        settings: how long sessions live.
        now: the moment.
    """
    name = name.strip().lower()[:64]
    own = f"browser:{browser}:{name}" if browser else _key(name)
    limits = {own: TRIES} if browser else {f"client:{client}": TRIES_OF_CLIENT, own: TRIES}
    account = _proven(engine, name, password, limits, now)
    if isinstance(account, Refusal):
        return account
    with engine.begin() as connection:
        staff.forget_tries(connection, own)
        return begin_session(connection, account, by="password", settings=settings, now=now)


def _proven(
    engine: Engine, name: str, password: str, limits: Mapping[str, int], now: datetime
) -> Account | Refusal:
    """Return the account whose password this is. A name that nobody has takes as long as any."""
    if _too_often(engine, name, limits, now):
        return Refusal.TOO_OFTEN
    with engine.connect() as connection:
        known = staff.password_of(connection, name)
    if not fits(password, known[1] if known else "") or known is None:
        return Refusal.WRONG
    return known[0]


def begin_session(
    connection: Connection, account: Account, *, by: str, settings: LoginSettings, now: datetime
) -> str:
    """Return the secret of a new session of somebody who has shown who they are."""
    note(
        connection,
        actor=f"staff:{account.name}",
        action="log_in",
        subject=f"staff:{account.name}",
        detail={"by": by},
    )
    staff.sweep(connection, before=now - max(WINDOW, settings.invitation))
    return staff.begin_session(connection, account.id, now=now, life=settings.life)


def _too_often(engine: Engine, name: str, limits: Mapping[str, int], now: datetime) -> bool:
    """Count a try before the password is looked at, so that tries at the same moment count, too."""
    with engine.begin() as connection:
        for key, most in limits.items():
            tries = staff.try_login(connection, key, now=now, window=WINDOW)
            if tries == most + 1 and most == TRIES and staff.find(connection, name):
                note(connection, actor="system", action="refuse_logins", subject=f"staff:{name}")
            if tries > most:
                return True
    return False


def _key(name: str) -> str:
    return f"name:{name}"


def accept(
    engine: Engine, secret: str, password: str, *, settings: LoginSettings, now: datetime
) -> str | Flaw | None:
    """Set the password of somebody who was invited and log them in: the secret of a session.

    Returns a `Flaw` of the password, or None for an invitation that is unknown, used or over.
    """
    with engine.begin() as connection:
        account = staff.invited(connection, secret, now=now, lock=True)
        if account is None:
            return None
        if problem := flaw(password, name=account.name):
            return problem
        staff.set_password(connection, account.id, hashed(password))
        staff.forget_tries(connection, _key(account.name))
        note(
            connection,
            actor=f"staff:{account.name}",
            action="set_password",
            subject=f"staff:{account.name}",
        )
        return begin_session(connection, account, by="invitation", settings=settings, now=now)


def change_password(
    engine: Engine, name: str, old: str, new: str, *, settings: LoginSettings, now: datetime
) -> str | Flaw | Refusal:
    """Set another password for somebody who knows the old one: all sessions end, the secret of a new one comes back."""
    own = f"change:{name}"
    account = _proven(engine, name, old, {own: TRIES}, now)
    if isinstance(account, Refusal):
        return account
    if problem := flaw(new, name=name):
        return problem
    kept = hashed(new)
    with engine.begin() as connection:
        staff.set_password(connection, account.id, kept)
        staff.forget_tries(connection, own)
        note(connection, actor=f"staff:{name}", action="set_password", subject=f"staff:{name}")
        return begin_session(connection, account, by="password", settings=settings, now=now)


def signed_on(
    engine: Engine,
    *,
    subject: str,
    name: str,
    issuer: str,
    roles: Iterable[Role],
    settings: LoginSettings,
    now: datetime,
) -> str | Refusal:
    """Return the secret of a session for whom the single sign-on vouches for; the first time makes the account.

    Args:
        engine: of the store.
        subject: the issuer's own word for them, which never changes.
        name: what they are called there; the account is never one that has a password here, even of the same name.
        issuer: host name, added to a name that is taken.
        roles: what the issuer says they are now; nothing: they lose what they had.
        settings: how long sessions live.
        now: the moment.
    """
    wanted = frozenset(roles) & STAFF
    with engine.begin() as connection:
        account = staff.of_subject(connection, subject)
        if account is None and wanted:
            account = _newcomer(connection, subject, name, issuer, wanted, now)
        if account is None or account.removed_at or not wanted:
            if account:
                staff.end_sessions(connection, account.id)
            return Refusal.NO_ROLE
        if wanted != account.roles:
            staff.change_roles(connection, account.id, wanted)
            detail = {"before": sorted(account.roles), "roles": sorted(wanted), "by": "single sign-on"}
            note(
                connection,
                actor="system",
                action="change_roles",
                subject=f"staff:{account.name}",
                detail=detail,
            )
        return begin_session(connection, account, by="single sign-on", settings=settings, now=now)


def _newcomer(
    connection: Connection, subject: str, name: str, issuer: str, roles: frozenset[Role], now: datetime
) -> Account | None:
    plain = re.sub(r"[^a-z0-9._@+-]", "-", name.strip().lower())[:40].lstrip("._@+-") or "staff"
    names = chain((plain, f"{plain}@{issuer}"[:63]), (f"{plain}-{number}" for number in count(2)))
    chosen = next(one for one in names if staff.find(connection, one) is None)
    staff.add(connection, name=chosen, roles=roles, now=now, subject=subject)
    note(
        connection,
        actor="system",
        action="add_account",
        subject=f"staff:{chosen}",
        detail={"roles": sorted(roles), "by": "single sign-on"},
    )
    return staff.find(connection, chosen)
