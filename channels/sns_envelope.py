"""What SNS posts to a webhook, and whether it is from SNS: https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html.

Nothing in a call is believed before its signature, and the certificate that the signature is checked with is fetched
from Amazon's own hosts only, whatever the call names.
"""

import base64
import binascii
import json
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

import httpx2
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from channels.bounded import bounded
from channels.calls import PLAIN
from channels.contract import Forged
from tidings.problem import Problem
from tidings.settings import AwsEventsSettings

LARGEST = 400_000
"""Bytes: SNS carries 256 KB, more with escapes."""
AHEAD = timedelta(minutes=5)
"""How far the clocks may differ."""
MOST_CERTIFICATES = 16
"""That are kept, and that are asked for within a minute: anybody can name one after another that does not exist."""
MINUTE = timedelta(minutes=1)
_NOTIFICATION = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
_CONFIRMATION = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
SIGNED: Mapping[str, tuple[str, ...]] = {
    "Notification": _NOTIFICATION,
    "SubscriptionConfirmation": _CONFIRMATION,
    "UnsubscribeConfirmation": _CONFIRMATION,
}
"""The fields that are signed, in their order, by type; a missing Subject is left out."""
_HOST = re.compile(r"sns\.([a-z0-9-]{1,40})\.amazonaws\.com(?:\.cn)?")
_CERTIFICATE = re.compile(r"/[A-Za-z0-9._-]{1,100}\.pem")


@dataclass(frozen=True, kw_only=True, slots=True)
class Envelope:
    """A message of a topic that we believe."""

    kind: str
    """A key of SIGNED."""
    message_id: str
    """The same when SNS sends it again."""
    topic: str
    message: str
    at: datetime
    subscribe_url: str = ""
    """Of a confirmation."""


class Envelopes:
    """Opens envelopes: who signed, for which topic, when. Certificates are fetched once and kept."""

    def __init__(self, settings: AwsEventsSettings) -> None:
        """Take the topics that are believed.

        Raises:
            Problem: a topic that is none.
        """
        self.topics = topics(settings)
        self._settings = settings
        self._certificates: dict[str, x509.Certificate] = {}
        self._asked: list[datetime] = []
        self._lock = threading.Lock()

    def open(self, body: bytes, *, now: datetime) -> Envelope | Forged:
        """Check and read a call.

        Raises:
            ConnectionError: the certificate cannot be fetched now; SNS shall send the call again.
        """
        fields = _fields(body)
        if fields is None:
            return Forged(code="syntax")
        envelope = read(fields)
        if envelope is None:
            return Forged(code="syntax")
        if envelope.topic not in self.topics:
            return Forged(code="topic")
        if not -AHEAD <= now - envelope.at <= self._settings.max_age:
            return Forged(code="age")
        digest = self._digest(fields.get("SignatureVersion", ""))
        if digest is None:
            return Forged(code="signature_version")
        certificate = self._certificate(fields.get("SigningCertURL", ""), envelope.topic, now=now)
        if certificate is None:
            return Forged(code="certificate")
        return envelope if _signed(fields, envelope.kind, certificate, digest) else Forged(code="signature")

    def confirm(self, envelope: Envelope) -> bool:
        """Confirm a subscription: ask SNS for the address that it named; return whether it said yes.

        Raises:
            ConnectionError: SNS cannot be asked now.
        """
        query = parse_qs(urlsplit(envelope.subscribe_url).query)
        asked = (query.get("Action"), query.get("TopicArn"))
        if asked != (["ConfirmSubscription"], [envelope.topic]):
            return False
        if not self._is_amazon(envelope.subscribe_url, envelope.topic):
            return False
        return self._get(envelope.subscribe_url).status_code == HTTPStatus.OK

    def _digest(self, version: str) -> hashes.HashAlgorithm | None:
        if version == "2":
            return hashes.SHA256()
        return hashes.SHA1() if version == "1" and self._settings.sha1 else None  # noqa: S303 -- only when asked for

    def _certificate(self, url: str, topic: str, *, now: datetime) -> x509.Certificate | None:
        """Return a certificate that is valid now, None when it cannot be Amazon's."""
        if not self._is_amazon(url, topic) or not _CERTIFICATE.fullmatch(urlsplit(url).path):
            return None
        found = self._certificates.get(
            url
        )  # without the lock: what is known does not wait for what somebody else names
        if found is None:
            found = self._learned(url, now)
        if found is None:
            return None
        return found if found.not_valid_before_utc <= now <= found.not_valid_after_utc else None

    def _learned(self, url: str, now: datetime) -> x509.Certificate | None:
        """Fetch a certificate and keep it.

        Raises:
            ConnectionError: there were too many within a minute; whoever asks for them forges.
        """
        with self._lock:
            if url in self._certificates:
                return self._certificates[url]
            self._asked = [at for at in self._asked if timedelta() <= now - at < MINUTE]
            if len(self._asked) >= MOST_CERTIFICATES:
                raise ConnectionError("too many certificates were asked for")
            self._asked.append(now)
            found = self._fetched(url)
            if found is not None:
                if len(self._certificates) >= MOST_CERTIFICATES:
                    self._certificates.clear()
                self._certificates[url] = found
        return found

    def _fetched(self, url: str) -> x509.Certificate | None:
        answer = self._get(url)
        if answer.status_code != HTTPStatus.OK:
            return None
        try:
            return x509.load_pem_x509_certificate(answer.content)
        except ValueError:
            return None

    def _is_amazon(self, url: str, topic: str) -> bool:
        """Tell whether an address is one of SNS itself, in the region of the topic, and nothing else."""
        if self._settings.endpoint:
            return url.startswith(f"{self._settings.endpoint.rstrip('/')}/")
        if not url.isascii() or not url.isprintable() or any(sign in url for sign in "\\ @"):
            return False
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            return False
        host = _HOST.fullmatch(parts.netloc.removesuffix(":443"))
        region = topic.split(":")[3]
        return parts.scheme == "https" and port in {None, 443} and host is not None and host[1] == region

    def _get(self, url: str) -> httpx2.Response:
        try:
            with httpx2.Client(
                timeout=self._settings.timeout.total_seconds(),
                follow_redirects=False,
                headers=PLAIN,
                event_hooks={"response": [bounded]},
            ) as client:
                answer = client.get(url)
        except httpx2.HTTPError as error:
            raise ConnectionError(f"SNS cannot be reached: {type(error).__name__}") from error
        if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise ConnectionError(f"SNS answered {answer.status_code}")
        return answer


def topics(settings: AwsEventsSettings) -> frozenset[str]:
    """Return the topics that are believed.

    Raises:
        Problem: one that is none.
    """
    found = frozenset(part.strip() for part in settings.topics.split(",") if part.strip())
    for topic in found:
        if not re.fullmatch(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_.-]+", topic):
            todo = "Write ARNs like arn:aws:sns:eu-west-1:123456789012:tidings, with commas between them."
            raise Problem(f"TIDINGS_AWS_EVENTS__TOPICS: {topic!r} is no topic.", todo=todo)
    return found


def read(fields: Mapping[str, str]) -> Envelope | None:
    """Read an envelope's fields as they are, signed or not; None when it is none."""
    kind = fields.get("Type", "")
    needed = [name for name in SIGNED.get(kind, ()) if name != "Subject"]
    if not needed or any(name not in fields for name in needed):
        return None
    if any("\n" in fields.get(name, "") for name in SIGNED[kind] if name != "Message"):
        return None  # what is signed are lines: elsewhere they could be cut into other fields
    at = instant(fields["Timestamp"])
    if at is None:
        return None
    return Envelope(
        kind=kind,
        message_id=fields["MessageId"][:100],
        topic=fields["TopicArn"],
        message=fields["Message"],
        at=at,
        subscribe_url=fields.get("SubscribeURL", ""),
    )


def instant(text: object) -> datetime | None:
    """Return an instant as Amazon writes it (ISO 8601, UTC), None when it is none."""
    try:
        found = datetime.fromisoformat(str(text))
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def string_to_sign(fields: Mapping[str, str], kind: str) -> bytes:
    """Return what SNS signs: each name and its value on lines of their own."""
    return "".join(f"{name}\n{fields[name]}\n" for name in SIGNED[kind] if name in fields).encode()


def _signed(
    fields: Mapping[str, str], kind: str, certificate: x509.Certificate, digest: hashes.HashAlgorithm
) -> bool:
    key = certificate.public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        return False
    try:
        signature = base64.b64decode(fields.get("Signature", ""), validate=True)
        key.verify(signature, string_to_sign(fields, kind), padding.PKCS1v15(), digest)
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def _fields(body: bytes) -> dict[str, str] | None:
    """Return the fields of a JSON object whose values are all text, None when it is another thing."""
    try:
        given = json.loads(body) if len(body) <= LARGEST else None
    except (ValueError, RecursionError):
        return None
    if not isinstance(given, dict):
        return None
    texts = {name: value for name, value in given.items() if isinstance(value, str)}
    try:
        "".join(texts.values()).encode()
    except UnicodeEncodeError:
        return None
    return texts if len(texts) == len(given) else None
