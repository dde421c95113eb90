"""What comes back is taken in: compared with what we sent, kept, folded, and only then struck off where it came from.

Anybody can mail us a bounce. A mail's news about a delivery counts when it quotes the ids of a mail of ours together,
which only its recipient and the servers on its way have seen; what it says of the *address* counts only when it
names the one that we used.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import structlog
from sqlalchemy import Connection

from channels.contract import Source
from channels.email.news import FORGED
from store.replies import Sent, by_attempt, by_reference, newest_to
from templates.headers import wire_address
from tidings.channel import Channel
from tidings.keywords import Keyword, keyword, keyword_of_mail
from tidings.outcome import ErrorClass
from tidings.problem import Problem
from tidings.receipt import Receipt, ReceiptKind
from tidings.reference import quoted_reference
from work.installation import Installation
from work.receive import SENDER_ONLY, receive
from work.reply import keep_replies

log = structlog.get_logger()

MAILBOX = "mailbox"
"""The provider of receipts that came by mail, which anybody can write."""
UNMATCHED = "unmatched"
_MEANT: Mapping[Keyword | None, ReceiptKind] = {
    Keyword.STOP: ReceiptKind.STOPPED,
    Keyword.START: ReceiptKind.STARTED,
}
_WORDS = ("event_id", "attempt", "provider_reference", "reference", "message", "address", "code", "text")
"""What of a receipt a stranger may have written."""
_ANSWERS = {ReceiptKind.REPLIED, ReceiptKind.STOPPED, ReceiptKind.STARTED, ReceiptKind.AUTO_REPLIED}


@dataclass(frozen=True, kw_only=True)
class Gathered:
    """What was taken in, by source and kind, and which sources failed with what."""

    counts: Mapping[str, Counter[str]] = field(default_factory=dict)
    failed: Mapping[str, str] = field(default_factory=dict)


def gather(installation: Installation, sources: Mapping[str, Source], *, now: datetime) -> Gathered:
    """Empty every source bag by bag: fold, commit, strike off. A source that fails does not keep the others waiting."""
    counts: dict[str, Counter[str]] = {}
    failed: dict[str, str] = {}
    for name, source in sources.items():
        counts[name] = Counter()
        try:
            for tally in emptied(installation, source, now=now):
                counts[name] += tally
        except Exception as error:
            log.warning("a source failed; it is tried again", source=name, error=type(error).__name__)
            failed[name] = type(error).__name__
    return Gathered(counts=counts, failed=failed)


def emptied(installation: Installation, source: Source, *, now: datetime) -> Iterator[Counter[str]]:
    """Empty one source; yields a tally after each bag, when it is committed and struck off."""
    for bag in source.bags(now=now):
        tally = take(installation, bag.receipts, now=now)
        bag.done()
        yield tally


def take(installation: Installation, receipts: Sequence[Receipt], *, now: datetime) -> Counter[str]:
    """Take in what an adapter translated; when this returns it is committed, and what comes again changes nothing.

    Returns:
        How many receipts of each kind were folded, and how many were `known` before, `waiting`, or `unmatched`.
    """
    if not receipts:
        return Counter()
    brands = installation.organisation.brands
    names = sorted({name for brand in brands for name in (brand.name, brand.legal_name)})
    receipts = [_meant(_storable(receipt), names) for receipt in receipts]
    with installation.engine.begin() as connection:
        believed, sent = _believed(connection, receipts)
        keep_replies(connection, installation.organisation, believed, sent)
    known = [receipt for receipt in believed if not _about_nobody(receipt, sent)]
    tally = receive(installation, known, now=now)
    tally[UNMATCHED] += len(receipts) - len(known)
    return +tally


def _storable(receipt: Receipt) -> Receipt:
    """Return a receipt without what no database takes: NUL, and half an emoji, as a telephone cuts a long SMS."""
    told = {name: getattr(receipt, name) for name in _WORDS}
    kept = {
        name: value.replace("\0", "").encode("utf-8", "replace").decode()
        for name, value in told.items()
        if value
    }
    changed = {name: value for name, value in kept.items() if value != told[name]}
    return replace(receipt, **changed) if changed else receipt


def _meant(receipt: Receipt, names: Sequence[str]) -> Receipt:
    """Return an answer for what it means: "STOP NORDLYS" is a stop, which adapters, that know no brand, cannot tell."""
    if receipt.kind is not ReceiptKind.REPLIED or receipt.code == FORGED:
        return receipt
    read = keyword_of_mail if receipt.channel is Channel.EMAIL else keyword
    return replace(receipt, kind=_MEANT.get(read(receipt.text, names=names), ReceiptKind.REPLIED))


def _about_nobody(receipt: Receipt, sent: Mapping[str, Sent]) -> bool:
    """Tell whether an answer by mail is from nobody whom we wrote to; it goes to the service desk, and nowhere else."""
    return (
        receipt.provider == MAILBOX
        and receipt.kind in {ReceiptKind.REPLIED, ReceiptKind.AUTO_REPLIED}
        and receipt.event_id not in sent
    )


def _believed(connection: Connection, receipts: Sequence[Receipt]) -> tuple[list[Receipt], dict[str, Sent]]:
    """Return what is believed, and the deliveries that answers belong to by event."""
    references = by_reference(connection, [r.reference for r in receipts if r.reference])
    attempts = by_attempt(connection, [r.attempt for r in receipts if r.attempt and r.provider == MAILBOX])
    believed: list[Receipt] = []
    sent: dict[str, Sent] = {}
    for receipt in receipts:
        if receipt.kind in _ANSWERS:
            found = quoted = _quoted(connection, receipt, references)
            if found is None and receipt.address:
                found = newest_to(connection, receipt.channel, receipt.address)
            if found:
                sent[receipt.event_id] = found
            believed.append(_about(receipt, found, quoted=quoted is not None))
        elif receipt.provider != MAILBOX:
            believed.append(receipt)
        elif proven := _proven(receipt, references, attempts):
            believed.append(proven)
    return believed, sent


def _about(receipt: Receipt, sent: Sent | None, *, quoted: bool) -> Receipt:
    """Return an answer with the delivery it is about; a STOP closes the address that we wrote to, not another one."""
    stops = receipt.kind is ReceiptKind.STOPPED
    if stops and receipt.provider == MAILBOX and not quoted:
        receipt = replace(receipt, code=SENDER_ONLY)
    if sent is None:
        return replace(receipt, reference=None)
    stops = stops and receipt.channel == sent.channel
    return replace(receipt, reference=sent.reference, address=sent.address if stops else receipt.address)


def _quoted(connection: Connection, receipt: Receipt, references: Mapping[str, Sent]) -> Sent | None:
    """Return the delivery that an answer quotes, or names in its text."""
    quoted = references.get(receipt.reference or "")
    if quoted and receipt.message in {None, quoted.message}:
        return quoted
    named = quoted_reference(receipt.text) if receipt.text else None
    return by_reference(connection, [named]).get(named) if named else None


def _proven(receipt: Receipt, references: Mapping[str, Sent], attempts: Mapping[str, Sent]) -> Receipt | None:
    """Return the news of a mail that proves itself, without what it says of an address that is not the one we used."""
    sent = attempts.get(receipt.attempt or "")
    if sent is None and receipt.reference:
        sent = references.get(receipt.reference)
        if sent is not None and receipt.message not in {None, sent.message}:
            sent = None
    if sent is None or sent.channel != Channel.EMAIL:
        return None
    address = receipt.address or ""
    same = _on_the_wire(address) == _on_the_wire(sent.address)
    if receipt.message is None and receipt.attempt is None and not same:
        return None  # a return path alone is seen by more eyes
    told = replace(receipt, reference=sent.reference, address=sent.address, attempt=None)
    if same or not address or receipt.error is not ErrorClass.ADDRESS:
        return told
    return replace(told, error=ErrorClass.TRANSIENT, code="elsewhere")


def _on_the_wire(address: str) -> str:
    """Return an address as servers write it, to be compared."""
    try:
        return wire_address(address).lower()
    except Problem:
        return address.lower()
