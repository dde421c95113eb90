"""Numbers, money, days and instants as the language of a page writes them: filters of the templates.

They read the page's `language` themselves: `{{ count | number }}`, `{{ cost | amount("EUR") }}`,
`{{ run.created_at | instant }}`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Protocol

from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from preferences.explain import source_name
from tidings.behalf import spokesperson
from tidings.problem import Problem
from web.told import told


def locale(language: str) -> str:
    """Return how a language writes numbers and dates; English for many countries writes the day first."""
    return "en_GB" if language == "en" else language


@pass_context
def number(context: Context, value: float | Decimal, figures: int = 0) -> str:
    """Return `48,210`; with `figures` so many that count, of a number that may be very small: `0.0012`."""
    from babel.numbers import format_decimal

    if figures:
        return str(
            format_decimal(float(f"{value:.{figures}g}"), locale=_of(context), decimal_quantization=False)
        )
    return str(format_decimal(value, locale=_of(context)))


@pass_context
def counted(context: Context, count: int, forms: str, **values: object) -> str:
    """Return a number with its noun: `1 page`, `2 pages`, `5 stron`.

    Args:
        context: of the page.
        count: 0 or more.
        forms: of the page's language, divided by `|`: for one, for a few where it has such a form, for all others
            (`{n} strona|{n} strony|{n} stron`); fewer where they are the same.
        values: what else stands in them.
    """
    return plural(str(context.get("language", "en")), count, forms).format(n=number(context, count), **values)


def plural(language: str, count: int, forms: str) -> str:
    """Return the one of some forms, as in `counted`, that a language has for a number."""
    from babel import Locale

    one, *others = forms.split("|")
    kind = Locale.parse(locale(language)).plural_form(count)
    return one if kind == "one" or not others else others[0 if kind == "few" else -1]


@pass_context
def amount(context: Context, value: Decimal, currency: str) -> str:
    """Return `€3,784.81`; what would be nothing after rounding has its first digit, `€0.0004`."""
    from babel.numbers import format_currency, get_currency_precision

    value = Decimal(value)
    if value and not round(value, get_currency_precision(currency)):
        exact = Decimal(f"{value:.1g}")
        return str(format_currency(exact, currency, locale=_of(context), decimal_quantization=False))
    return str(format_currency(value, currency, locale=_of(context)))


@pass_context
def share(context: Context, part: float, whole: float = 1.0, digits: int = 1) -> str:
    """Return a part of a whole in percent, `96.2%`; an en dash when there is no whole."""
    from babel.numbers import format_percent

    if not whole:
        return "\N{EN DASH}"
    ratio = round(Decimal(part) / Decimal(whole), digits + 2)
    return str(format_percent(ratio, locale=_of(context), decimal_quantization=False))


@pass_context
def on(context: Context, value: date | str) -> Markup | str:
    """Return a day in its element: `21 Nov 2026`; a text that does not begin with a day as it is."""
    from babel.dates import format_date

    try:
        day = date.fromisoformat(value[:10]) if isinstance(value, str) else value
    except ValueError:
        return str(value)
    shown = format_date(day, format="medium", locale=_of(context))
    return Markup('<time datetime="{}">{}</time>').format(day.isoformat(), shown)


@pass_context
def weekday(context: Context, value: date) -> Markup:
    """Return a day of these weeks in its element: `Sunday, 22 Nov`."""
    from babel.dates import format_skeleton

    shown = format_skeleton("MMMEd", value, locale=_of(context))
    return Markup('<time datetime="{}">{}</time>').format(value.isoformat(), shown)


@pass_context
def instant(context: Context, value: datetime) -> Markup:
    """Return a moment in its element, in UTC: `21 Nov 2026, 14:05 UTC`; the browser shows its own time instead."""
    from babel.dates import format_date, format_time

    moment, where = value.astimezone(UTC), _of(context)
    shown = (
        f"{format_date(moment, format='medium', locale=where)}, {format_time(moment, 'HH:mm', locale=where)}"
    )
    return Markup('<time datetime="{}" data-instant>{} UTC</time>').format(
        moment.strftime("%Y-%m-%dT%H:%M:%SZ"), shown
    )


@pass_context
def called(context: Context, code: str, table: str) -> str:
    """Return what a code is called, or the code itself when it has no name: `run.state | word("run")`.

    Tables: channel, purpose, kind, mode, run, message, delivery, reason, role.
    """
    words = context["t"]["console"][table]
    return str(words.get(str(code)) or str(code).replace("_", " "))


@pass_context
def lasting(context: Context, value: timedelta) -> str:
    """Return a duration in its one largest unit: `12 minutes`."""
    from babel.dates import format_timedelta

    return str(format_timedelta(value, locale=_of(context), threshold=1.2))


def _of(context: Context) -> str:
    return locale(str(context.get("language", "en")))


@pass_context
def tongue(context: Context, code: str) -> str:
    """Return the name of a language, `nb` as `Norwegian Bokmål`; a code that nobody knows as it is."""
    from babel.core import Locale, UnknownLocaleError

    try:
        return Locale.parse(code).get_display_name(_of(context)) or code
    except (ValueError, UnknownLocaleError):
        return code


@pass_context
def said(context: Context, problem: Problem | str) -> str:
    """Return what is wrong in the page's language."""
    return told(problem, str(context.get("language", "en")))


@pass_context
def in_words(context: Context, code: str) -> str:
    """Return what a source or a problem of an address is called: `import:crm` as `imported list, crm`."""
    return source_name(code, str(context.get("language", "en"))).replace("_", " ")


@pass_context
def said_by(context: Context, source: str, actor: str) -> str:
    """Return where a wish came from and who wrote it down, where that is not the same: `form, the customer`."""
    who = actor.removeprefix("staff:").removeprefix("key:")
    if who == source.rpartition(":")[2]:
        return in_words(context, source)
    customer = context["t"]["customers"]["asked_by"]["self"]
    return f"{in_words(context, source)}, {customer if who == 'customer' else who}"


@pass_context
def speaking(context: Context, on_behalf: str) -> str:
    """Return who spoke for a customer, `relative, mandate M-17` as `a relative with a mandate: M-17`."""
    _, _, mandate = on_behalf.partition(", mandate ")
    who = in_words(context, spokesperson(on_behalf))
    return f"{who}: {mandate}" if mandate else who


class _Titled(Protocol):
    kind: str
    title: str


@pass_context
def titled(context: Context, entry: _Titled) -> str:
    """Return what a run or a holiday is called: a person's words as they are, the program's in the page's language."""
    return entry.title if entry.kind == "campaign" else said(context, entry.title)


FILTERS: Mapping[str, Callable[..., Any]] = {
    "number": number,
    "amount": amount,
    "counted": counted,
    "share": share,
    "on": on,
    "weekday": weekday,
    "instant": instant,
    "word": called,
    "decimal": Decimal,
    "tongue": tongue,
    "lasting": lasting,
    "told": said,
    "titled": titled,
    "in_words": in_words,
    "said_by": said_by,
    "speaking": speaking,
}
