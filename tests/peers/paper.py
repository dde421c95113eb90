"""A bucket and print APIs, as their references describe them."""

import json
import threading
from datetime import UTC, datetime
from email import message_from_bytes
from types import MappingProxyType
from urllib.parse import parse_qs

from tests.peers.fault import Fault
from tests.peers.http import HttpPeer

TAKEN = frozenset({Fault.NONE, Fault.DROP, Fault.RESET, Fault.SILENT, Fault.SLOW})


class TwoStepPeer(HttpPeer):
    """Faults happen at the request that counts; what leads up to it works, and is not in `requests`."""

    def __init__(self):
        self._here = threading.local()
        self.before = []
        """(path, headers, body) of the requests that lead up to it."""
        super().__init__()

    def counts(self, path, headers):
        raise NotImplementedError

    @property
    def fault(self):
        return self._fault if getattr(self._here, "counts", True) else Fault.NONE

    @fault.setter
    def fault(self, fault):
        self._fault = fault

    def take(self, path, headers, body):
        self._here.path, self._here.counts = path, self.counts(path, headers)
        self._here.headers, self._here.body = headers, body
        if self._here.counts:
            return super().take(path, headers, body)
        self.before.append((path, headers, body))
        return ""

    def answer(self, fault, reference):
        here = self._here
        return self.reply(fault if here.counts else Fault.NONE, here.path, here.headers, here.body)


class S3Peer(TwoStepPeer):
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html, one bucket."""

    content_type = "application/xml"
    errors = MappingProxyType(
        {
            Fault.THROTTLE: (503, "SlowDown"),
            Fault.FAILED: (500, "InternalError"),
            Fault.UNAVAILABLE: (503, "ServiceUnavailable"),
            Fault.BAD_ADDRESS: (404, "NoSuchBucket"),
            Fault.BAD_CREDENTIALS: (403, "SignatureDoesNotMatch"),
        }
    )

    def __init__(self):
        self.objects = {}
        self.at = "manifest.json"
        """The file whose request a fault happens to."""
        super().__init__()

    def counts(self, path, headers):
        return path.endswith(self.at) and "If-None-Match" in headers

    def take(self, path, headers, body):
        super().take(path, headers, body)
        if self.fault in TAKEN and headers.get("If-None-Match") == "*":
            with self._lock:
                self._here.there = path in self.objects
                self.objects.setdefault(path, body)
        return ""

    @property
    def references(self):
        return [path.split("/")[-2] for path in self.objects]

    @references.setter
    def references(self, _):
        pass

    def reply(self, fault, path, headers, body):
        if "If-None-Match" not in headers:
            return self.read(path)
        status, code = self.errors.get(fault, (200, ""))
        if not code and self._here.there:
            status, code = 412, "PreconditionFailed"
        error = f"<Error><Code>{code}</Code><Message>{self.text}</Message></Error>" if code else ""
        return status, {"ETag": '"x"'}, error.encode()

    def read(self, path):
        """A list of all objects, or one of them."""
        if "list-type" not in path:
            return 200, {}, self.objects[path]
        keys = (at.removeprefix("/paper/") for at in self.objects)
        now = datetime.now(UTC).isoformat()
        found = "".join(
            f"<Contents><Key>{key}</Key><LastModified>{now}</LastModified></Contents>" for key in keys
        )
        return 200, {}, f"<ListBucketResult>{found}</ListBucketResult>".encode()

    def manifests(self):
        return [json.loads(body) for path, body in self.objects.items() if path.endswith("manifest.json")]


class PrintApiPeer(TwoStepPeer):
    """Letters by their idempotency key: the same key again is the same letter."""

    def __init__(self):
        self.letters = {}
        """(id, headers, body) by key."""
        self.providers = []
        """Those that were made for it, to be closed with it."""
        super().__init__()

    def take(self, path, headers, body):
        super().take(path, headers, body)
        if self._here.counts and self.fault in TAKEN:
            with self._lock:
                made = (f"ltr_{len(self.letters) + 1:04}", headers, body)
                self._here.letter = self.letters.setdefault(headers["Idempotency-Key"], made)[0]
                self.references.append(self._here.letter)
        return ""


class LobPeer(PrintApiPeer):
    """https://docs.lob.com, letters."""

    errors = MappingProxyType(
        {
            Fault.THROTTLE: (429, "rate_limit_exceeded"),
            Fault.FAILED: (500, "internal_server_error"),
            Fault.UNAVAILABLE: (503, "service_unavailable"),
            Fault.BAD_ADDRESS: (422, "failed_deliverability_strictness"),
            Fault.BAD_CREDENTIALS: (401, "unauthorized"),
        }
    )
    refusal = None
    """Another status and code."""

    def counts(self, path, headers):
        return path == "/v1/letters"

    def reply(self, fault, path, headers, body):
        if fault in self.errors or self.refusal:
            status, code = self.refusal or self.errors[fault]
            error = {"error": {"message": self.text, "status_code": status, "code": code}}
            return status, {}, json.dumps(error).encode()
        return 200, {}, json.dumps({"id": self._here.letter, "object": "letter"}).encode()

    def forms(self):
        """The fields of each letter; files as bytes."""
        found = []
        for _, headers, body in self.letters.values():
            whole = b"Content-Type: " + headers["Content-Type"].encode() + b"\r\n\r\n" + body
            parts = message_from_bytes(whole).get_payload()
            found.append(
                {
                    part.get_param("name", header="content-disposition"): part.get_payload(decode=True)
                    for part in parts
                }
            )
        return found


class PingenPeer(PrintApiPeer):
    """https://api.pingen.com/documentation: token, upload, letter."""

    errors = MappingProxyType(
        {
            Fault.THROTTLE: (429, "too_many_requests"),
            Fault.FAILED: (500, "server_error"),
            Fault.UNAVAILABLE: (503, "maintenance"),
            Fault.BAD_ADDRESS: (422, "address_invalid"),
            Fault.BAD_CREDENTIALS: (403, "access_denied"),
        }
    )
    refusal = None
    tokens = 0
    token_status = 200
    upload_status = 200

    def counts(self, path, headers):
        return path.endswith("/letters")

    def reply(self, fault, path, headers, body):
        if path == "/auth/access-tokens":
            self.tokens += 1
            assert parse_qs(body.decode())["grant_type"] == ["client_credentials"]
            token = {"token_type": "Bearer", "expires_in": 43200, "access_token": f"t{self.tokens}"}
            return self.token_status, {}, json.dumps(token).encode()
        if path == "/file-upload":
            number = len(self.before)
            attributes = {"url": f"{self.url}/upload/{number}", "url_signature": f"signed-{number}"}
            return 200, {}, json.dumps({"data": {"attributes": attributes}}).encode()
        if path.startswith("/upload/"):
            assert "Authorization" not in headers
            return self.upload_status, {}, b""
        if fault in self.errors or self.refusal:
            status, code = self.refusal or self.errors[fault]
            error = {"errors": [{"code": code, "title": self.text, "detail": self.text}]}
            return status, {}, json.dumps(error).encode()
        return 201, {}, json.dumps({"data": {"id": self._here.letter, "type": "letters"}}).encode()

    def created(self):
        """The attributes of each letter."""
        return [json.loads(body)["data"]["attributes"] for _, _, body in self.letters.values()]

    def pdf_of(self, attributes):
        """What was uploaded for a letter."""
        path = attributes["file_url"].removeprefix(self.url)
        [body] = [body for at, _, body in self.before if at == path]
        return body
