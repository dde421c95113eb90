"""Is this installation usable? Every setting with its value and origin, and what is wrong."""

from __future__ import annotations

import difflib
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic_settings import SettingsError

from tidings.organisation import read_organisation
from tidings.problem import Problem
from tidings.settings import Mode, Settings, unparsed
from work.organisation_file import unusable

PREFIX = "TIDINGS_"
NEEDS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "email": {"ses": ("ses.region",)},
    "sms": {
        "twilio": ("twilio.account_sid", "twilio.auth_token", "twilio.messaging_service_sid"),
        "aws": ("aws_sms.region",),
    },
    "whatsapp": {"twilio": ("twilio.account_sid", "twilio.auth_token")},
    "push": {
        "sns": ("sns.region",),
        "fcm": ("fcm.credentials",),
        "webpush": ("webpush.key", "webpush.subject"),
    },
    "letter": {
        "spool": ("spool.folder",),
        "s3": ("s3.bucket", "s3.region"),
        "sftp": ("sftp.host", "sftp.username"),
        "lob": ("lob.key", "lob.sender"),
        "pingen": ("pingen.client_id", "pingen.client_secret", "pingen.organisation"),
    },
}
"""What a provider needs besides its name; a server on localhost is a fine default for SMTP."""
LIBRARIES = {"libpangoft2-1.0.so.0": "libpangoft2-1.0-0", "libharfbuzz-subset.so.0": "libharfbuzz-subset0"}
"""Shared library that a letter needs, to the Debian package that brings it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """One setting as it is in force; `problem` is '' when it is fine."""

    name: str
    value: str
    source: str
    """`environment`, `.env` or `default`."""
    problem: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """What `tidings check` says. Usable when `problems` is empty."""

    settings: tuple[Shown, ...]
    problems: tuple[str, ...]


def check(environment: Mapping[str, str], env_file: Path, *, reach: Callable[[Settings], None]) -> Report:
    """Judge the settings, the organisation and the machine.

    Args:
        environment: usually `os.environ`; Settings itself reads the process's own.
        env_file: the `.env` in force; it may be missing.
        reach: opens the store and closes it again; raises Problem when it cannot.
    """
    from dotenv import dotenv_values

    filed = {name.upper(): value or "" for name, value in dotenv_values(env_file).items()}
    given = {name.upper(): value for name, value in environment.items()}
    settings, wrong = _read()
    shown = tuple(_shown(given, filed, wrong, settings))
    problems = [f"{row.name}: {row.problem}" for row in shown if row.problem]
    problems += _unknown({row.name for row in shown}, given | filed)
    problems += [f"{name}: {text}" for name, text in wrong.items() if name not in {row.name for row in shown}]
    if settings is not None:
        problems += [*_providers(settings), *_coming(settings), *_mode(settings), *_home(settings)]
        problems += _raised(lambda: reach(settings))
    problems += _libraries()
    return Report(settings=shown, problems=tuple(problems))


def setting_name(*path: str) -> str:
    """Return the environment's name of a setting.

    >>> setting_name("smtp", "host")
    'TIDINGS_SMTP__HOST'
    """
    return PREFIX + "__".join(path).upper()


def leaves(model: type[BaseModel] = Settings, *above: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield the path and the field of every setting, those of providers included."""
    for name, field in model.model_fields.items():
        if isinstance(field.default, BaseModel):
            yield from leaves(type(field.default), *above, name)
        else:
            yield (*above, name), field


def _read() -> tuple[Settings | None, dict[str, str]]:
    try:
        return Settings(), {}
    except ValidationError as error:
        return None, {
            setting_name(*(part for part in fault["loc"] if isinstance(part, str))): f"{fault['msg']}."
            for fault in error.errors()
        }
    except SettingsError as error:
        return None, {PREFIX.rstrip("_"): unparsed(error)}


def _shown(
    given: Mapping[str, str], filed: Mapping[str, str], wrong: Mapping[str, str], settings: Settings | None
) -> Iterator[Shown]:
    for path, field in leaves():
        name = setting_name(*path)
        default = field.get_default(call_default_factory=True)
        if settings is not None and path == ("public_url",):  # follows the port
            default = settings.public_url
        source, value = "default", str(_plain(default))
        for place, values in ((".env", filed), ("environment", given)):
            if name in values:
                source, value = place, values[name]
            elif setting_name(path[0]) in values:
                source, value = place, f"as {setting_name(path[0])} says"
        secret = SecretStr in (field.annotation, *getattr(field.annotation, "__args__", ()))
        yield Shown(
            name=name,
            value=_masked(value) if secret else value,
            source=source,
            problem=wrong.get(name, ""),
        )


def _plain(default: object) -> object:
    if isinstance(default, SecretStr):
        return default.get_secret_value()
    if isinstance(default, tuple):
        return ",".join(map(str, default))
    return "" if default is None else default


def _masked(value: str) -> str:
    """Return a secret so that nobody can use it: a URL without its password, else stars."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        return make_url(value).render_as_string(hide_password=True)
    except (ArgumentError, ValueError):
        return "***" if value else ""


def _unknown(known: set[str], values: Mapping[str, str]) -> Iterator[str]:
    parents = {setting_name(path[0]) for path, _ in leaves()}
    for name in sorted(values):
        if name.startswith(PREFIX) and name not in known | parents:
            near = difflib.get_close_matches(name, known, n=1)
            yield f"{name}: there is no such setting." + (f" Did you mean {near[0]}?" if near else "")


def _providers(settings: Settings) -> Iterator[str]:
    """Yield what the named providers lack; where nothing is missing, what each says when it is made."""
    missing = tuple(_missing(settings))
    if missing:
        yield from missing
        return
    from channels.registry import problems

    yield from (str(problem) for problem in problems(settings))


def _missing(settings: Settings) -> Iterator[str]:
    for channel, providers in NEEDS.items():
        for provider in getattr(settings, channel):
            for need in providers.get(provider, ()):
                group, _, key = need.partition(".")
                value = getattr(getattr(settings, group), key)
                if not (value.get_secret_value() if isinstance(value, SecretStr) else value):
                    yield f"{setting_name(group, key)}: {setting_name(channel)}={provider} needs it."


def _coming(settings: Settings) -> Iterator[str]:
    """Yield what is wrong with where receipts, bounces and replies come in; nothing is fetched."""
    from channels.receivers import hooks, sources

    def tried() -> None:
        for one in sources(settings, home=settings.root).values():
            one.close()

    yield from _raised(lambda: hooks(settings))
    yield from _raised(tried)


def _mode(settings: Settings) -> Iterator[str]:
    named = [channel for channel in NEEDS if getattr(settings, channel)]
    if settings.mode is not Mode.OUTBOX and not named:
        names = ", ".join(map(setting_name, NEEDS))
        yield f"TIDINGS_MODE: mode {settings.mode} sends nothing, because no provider is named in {names}."
    if settings.mode is Mode.TEST and not settings.allow:
        yield "TIDINGS_ALLOW: mode test reaches nobody while the list of allowed addresses is empty."
    if settings.mode is Mode.LIVE and settings.public_is_near:
        where = settings.public_url
        yield f"TIDINGS_PUBLIC_URL: customers cannot open links to {where}; name the address of your page."
        if "twilio" in (*settings.sms, *settings.whatsapp):
            yield f"TIDINGS_PUBLIC_URL: Twilio cannot call {where} and is not asked to: nothing is heard of an SMS."


def _home(settings: Settings) -> Iterator[str]:
    nearest = next(folder for folder in (settings.root, *settings.root.parents) if folder.exists())
    if not os.access(nearest, os.W_OK | os.X_OK):
        yield f"TIDINGS_HOME: nothing can be written to {nearest}; choose another folder."
    yield from _raised(lambda: read_organisation(settings.root / "organisation.toml"))
    yield from _desks(settings)
    yield from _brands(settings)
    key = settings.root / "signing.key"
    if key.exists() and stat.S_IMODE(key.stat().st_mode) & 0o077:
        yield f"{key}: others can read the signing key; run `chmod 600 {key}`."


def _desks(settings: Settings) -> Iterator[str]:
    """Yield the brands whose replies would be forwarded into the mailbox that they were taken out of."""
    path = settings.root / "organisation.toml"
    if not (settings.mailbox.maildir or settings.mailbox.host) or not path.exists():
        return
    with suppress(Problem):  # said already
        for brand in read_organisation(path).brands:
            read = {brand.senders.email.lower(), brand.senders.reply_to.lower()}
            if brand.service_email.lower() in read - {""}:
                yield (
                    f"{path}: service_email of brand {brand.id!r} is the mailbox that TIDINGS_MAILBOX empties; "
                    "name one that people read."
                )


def _brands(settings: Settings) -> Iterator[str]:
    path = settings.root / "organisation.toml"
    with suppress(Problem):  # said already
        yield from (f"{path}: {said}" for said in unusable(read_organisation(path)))


def _libraries() -> Iterator[str]:
    import ctypes

    for library, package in LIBRARIES.items():
        try:
            ctypes.CDLL(library)
        except OSError:
            yield f"{library} is missing: letters cannot be made (well). Run `apt-get install {package}`."


def _raised(action: Callable[[], object]) -> Iterator[str]:
    try:
        action()
    except Problem as problem:
        yield str(problem)
