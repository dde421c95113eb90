"""Twilio as its reference describes it: https://www.twilio.com/docs/messaging/api/message-resource."""

import json
from datetime import UTC, datetime
from email.utils import format_datetime
from types import MappingProxyType
from urllib.parse import parse_qs, urlsplit

from tests.peers.fault import Fault
from tests.peers.http import HttpPeer

PAGE = 2


class TwilioPeer(HttpPeer):
    """Takes messages, and lists what it took, newest first, a few on each page."""

    errors = MappingProxyType(
        {
            Fault.THROTTLE: (429, 20429),
            Fault.FAILED: (500, 20500),
            Fault.UNAVAILABLE: (503, 20503),
            Fault.BAD_ADDRESS: (400, 21211),
            Fault.BAD_CREDENTIALS: (401, 20003),
        }
    )
    code = None
    """Another error code, with status 400."""
    now = datetime(2026, 3, 3, 12, tzinfo=UTC)

    def __init__(self):
        super().__init__()
        self.listed = []
        """What the list shows besides what was taken."""
        self.asks = []
        """Paths of the GETs."""
        self.hides = False
        """The list lags behind."""

    def take(self, path, headers, body):
        if "?" not in path:
            return super().take(path, headers, body)
        self.asks.append(path)
        return path

    def answer(self, fault, reference):
        if "?" in reference and fault not in self.errors:
            return self.list(reference)
        if self.code is None and fault not in self.errors:
            return 201, {}, json.dumps({"sid": reference, "status": "queued", "error_code": None}).encode()
        status, code = (400, self.code) if self.code else self.errors[fault]
        error = {"code": code, "message": self.text, "more_info": "", "status": status}
        return status, {}, json.dumps(error).encode()

    def forms(self):
        """The requests as dictionaries."""
        return [
            {k: v[0] for k, v in parse_qs(body.decode(), keep_blank_values=True).items()}
            for _, _, body in self.requests
        ]

    def contents(self):
        return [form["Body"] if "Body" in form else form["ContentVariables"] for form in self.forms()]

    def message(self, number, form, *, at=None):
        """A message as the list shows it: neither the callback nor anything else of ours."""
        return {
            "sid": f"ref-{number:04}",
            "to": form["To"],
            "from": form.get("From"),
            "body": form.get("Body", "as the approved template says it"),
            "direction": "outbound-api",
            "status": "queued",
            "date_created": format_datetime(at or self.now),
            "date_sent": None,
        }

    def list(self, path):
        query = {name: values[0] for name, values in parse_qs(urlsplit(path).query).items()}
        taken = [] if self.hides else [self.message(n, form) for n, form in enumerate(self.forms(), 1)]
        found = [m for m in [*reversed(taken), *self.listed] if m["to"] == query["To"]]
        start = int(query.get("Page", 0)) * PAGE
        following = f"{urlsplit(path).path}?To={query['To'].replace('+', '%2B')}&Page={start // PAGE + 1}"
        page = {
            "messages": found[start : start + PAGE],
            "next_page_uri": following if len(found) > start + PAGE else None,
            "uri": path,
        }
        return 200, {}, json.dumps(page).encode()
