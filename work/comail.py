"""Co-mailing: a customer's letter of marketing goes in the envelope of a required one, where that saves postage.

Both are due at the same time (so they leave by the same cut-off), of one brand, to one address, and handed over in one
call. Each stays a message of its own: asked about once more when it is claimed, with its own attempt, key, content,
receipts and timeline. Only paper, envelope and postage are shared, so whatever keeps one of the two from leaving leaves
the other one as it is. Nothing is paired before the claim: until then each can be recalled by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from itertools import groupby

from sqlalchemy import Connection

from channels.contract import Provider, SharesEnvelopes
from channels.letter.manifest import weight_of
from preferences.policy import Policy
from store.claims import Claimed, Due
from store.comail import Inside, lock_companions, put_inside, saved_by
from templates.envelope import in_one_envelope, pages_together
from tidings.channel import Channel
from tidings.message import Envelope, Letter, Parcel
from tidings.organisation import Costs, Organisation, Postage
from tidings.purpose import Purpose, PurposeClass
from work.installation import Installation
from work.outcome import Built

Places = Mapping[str, tuple[int, list[str]]]
"""Of each message that may leave now its address, and the other channels."""


def carriers(policy: Policy, brand: str, channel: str, choice: Sequence[Provider]) -> tuple[str, ...]:
    """Return the purposes in whose envelopes a brand's marketing may go; none where it goes by itself."""
    able = channel == Channel.LETTER and all(isinstance(one, SharesEnvelopes) for one in choice)
    if not able or not policy.shares_envelopes(brand):
        return ()
    return tuple(
        one.value
        for one in Purpose
        if one.purpose_class is PurposeClass.REQUIRED and one not in policy.no_inserts
    )


def companions(
    connection: Connection,
    tops: Sequence[str],
    chosen: Places,
    admitted: Callable[[str, Sequence[Due]], Places],
    *,
    mode: str,
    now: datetime,
) -> tuple[dict[str, tuple[int, list[str]]], dict[str, str]]:
    """Claim what is due beside required letters and may leave now, to the same address.

    Args:
        connection: whose transaction claims `tops`.
        tops: the required letters.
        chosen: where they go.
        admitted: asks what a customer says of some messages of a run, see `work.claim.Claimer`.
        mode: of the runs.
        now: when.

    Returns:
        Places of those that go along, and for each the message on top.
    """
    found = sorted(lock_companions(connection, tops, mode=mode, now=now), key=lambda one: one.run)
    places: dict[str, tuple[int, list[str]]] = {}
    top_of: dict[str, str] = {}
    for run, some in groupby(found, key=lambda one: one.run):
        asked = {one.due.message: one for one in some}
        for message, place in admitted(run, [one.due for one in asked.values()]).items():
            top = asked[message].top
            if place[0] == chosen[top][0]:
                places[message], top_of[message] = place, top
    return places, top_of


@dataclass(frozen=True, kw_only=True)
class Shared:
    """Parcels with their envelopes, and what changes for those inside."""

    parcels: list[Parcel]
    built: Mapping[str, Built]


def share(
    installation: Installation,
    part: Sequence[Parcel],
    claimed: Mapping[str, Claimed],
    built: Mapping[str, Built],
    top_of: Mapping[str, str],
    *,
    now: datetime,
) -> Shared:
    """Put letters that are handed over in one call together, and note it before any of them leaves.

    Args:
        installation: whose they are.
        part: parcels of one call.
        claimed: by attempt.
        built: by attempt.
        top_of: of messages that may go inside, the message on top.
        now: when.
    """
    parcels = {one.message: one for one in part}
    groups: dict[str, list[Parcel]] = {}
    for message, top in top_of.items():
        if message in parcels and top in parcels:
            groups.setdefault(top, []).append(parcels[message])
    notes: list[Inside] = []
    for top, others in sorted(groups.items()):
        made = _together(installation.organisation, parcels[top], sorted(others, key=lambda one: one.message))
        if made is not None:
            parcels[top] = replace(parcels[top], envelope=made)
            saved = stamp(made.letter, installation.organisation)
            first = claimed[parcels[top].attempt].delivery
            notes += [
                Inside(delivery=claimed[one].delivery, top=first, sheets=made.letter.sheets, saved=saved)
                for one in made.inside
            ]
    known = _noted(installation, [claimed[one.attempt] for one in part], notes, now=now)
    cheaper = {
        one.attempt: replace(built[one.attempt], cost=built[one.attempt].cost - known[delivery])
        for one in part
        if (delivery := claimed[one.attempt].delivery) in known
    }
    return Shared(parcels=[parcels[one.message] for one in part], built=cheaper)


def _noted(
    installation: Installation, claimed: Sequence[Claimed], inside: Sequence[Inside], *, now: datetime
) -> Mapping[str, Decimal]:
    """Write who goes inside; return what that saves of each, also where it went before and that is in doubt."""
    within = {one.delivery: one.saved for one in inside}
    again = [one for one in claimed if one.number > 1 and one.delivery not in within]
    if not inside and not again:
        return {}
    with installation.engine.begin() as connection:
        put_inside(connection, inside, [one.delivery for one in again if one.doubt is None], now=now)
        return saved_by(connection, [one.delivery for one in again]) | within


def _together(organisation: Organisation, top: Parcel, others: Sequence[Parcel]) -> Envelope | None:
    """Return the envelope of a letter with as many others as stay under the postage step; None where none does."""
    inside = [top]
    for one in others:
        if _fits(organisation.costs, [_letter(each) for each in (*inside, one)]):
            inside.append(one)
    if len(inside) == 1:
        return None
    brand = organisation.brand(top.brand)
    letter = in_one_envelope([(one.message, _letter(one)) for one in inside], brand)
    if letter is None:
        return None
    return Envelope(letter=letter, inside=tuple(one.attempt for one in inside[1:]))


def _letter(parcel: Parcel) -> Letter:
    assert isinstance(parcel.content, Letter)
    return parcel.content


def _fits(costs: Costs, letters: Sequence[Letter]) -> bool:
    """Tell whether letters together cost the postage of the first one alone."""
    top = letters[0]
    sheets = (pages_together([one.pages for one in letters]) + 1) // 2
    return postage_of(costs, top).holds(weight_of(top, sheets), sheets)


def postage_of(costs: Costs, letter: Letter) -> Postage:
    """Return the prices of a letter's class; those of the first class for one that the price list does not have."""
    return costs.postage.get(letter.postage) or next(iter(costs.postage.values()))


def stamp(letter: Letter, organisation: Organisation) -> Decimal:
    """Return what the post takes for a letter, without its paper."""
    postage = postage_of(organisation.costs, letter)
    return postage.domestic if letter.country == organisation.country else postage.abroad
