"""What providers tell later, as badly as they do: behind, early, late, twice, and some of it forged."""

import threading
import time
from datetime import UTC, datetime
from email.utils import format_datetime

LAG = 0.4
"""Seconds that Twilio's list and SES's events are behind."""
TOKEN = "crash"
"""Twilio's auth token, which signs its callbacks."""


class Phone:
    """Twilio's list of what it took, and its status callbacks."""

    def __init__(self, chance):
        self._chance = chance
        self._lock = threading.Lock()
        self._messages = []
        self.hooks = 0
        """Where our pages listen; 0: they do not."""

    def taken(self, sid, form):
        with self._lock:
            self._messages.append((time.time(), sid, form))

    def listed(self, query):
        """Answer as https://www.twilio.com/docs/messaging/api/message-resource#read-multiple-message-resources."""
        seen = time.time() - LAG
        with self._lock:
            found = [
                one for one in self._messages if one[0] < seen and query.get("To") in {None, one[2]["To"]}
            ]
        return {
            "messages": [self._shown(*one) for one in found],
            "page": 0, "page_size": 50, "next_page_uri": None, "previous_page_uri": None,
            "first_page_uri": "", "uri": "", "start": 0, "end": len(found),
        }  # fmt: skip

    def _shown(self, at, sid, form):
        stamp = format_datetime(datetime.fromtimestamp(at, UTC))
        return {
            "sid": sid, "to": form["To"], "from": form.get("From"), "body": form["Body"], "status": "sent",
            "date_created": stamp, "date_sent": stamp, "date_updated": stamp, "direction": "outbound-api",
            "error_code": None, "error_message": None, "num_segments": "1", "num_media": "0", "price": None,
            "price_unit": "USD", "account_sid": "AC1", "messaging_service_sid": None, "api_version": "2010-04-01",
            "uri": f"/2010-04-01/Accounts/AC1/Messages/{sid}.json", "subresource_uris": {},
        }  # fmt: skip


class Events:
    """SES's events, as a queue gives them out (SQS, JSON protocol)."""

    def __init__(self, chance):
        self._chance = chance

    def taken(self, reference, to, tags):
        pass

    def asked(self, action, order):
        return {"Messages": []} if action == "ReceiveMessage" else {}
