"""SES bulk as its reference describes it: it fills a call's template for each destination, by moto's own renderer."""

import json
from base64 import b64decode

from moto.ses.template import parse_template

from tests.peers.services import SesPeer


class SesBulkPeer(SesPeer):
    """https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendBulkEmail.html; raw e-mails too."""

    statuses = ()
    """What the first destinations of each call get instead of SUCCESS."""
    missing = 0
    """Results that an answer lacks."""

    def answer(self, fault, reference):
        number = int(reference.partition("-")[2]) - 1
        path, _, body = self.requests[number]
        if not path.endswith("outbound-bulk-emails") or fault in self.errors:
            return super().answer(fault, reference)
        results = []
        for place, _entry in enumerate(json.loads(body)["BulkEmailEntries"]):
            status = self.statuses[place] if place < len(self.statuses) else "SUCCESS"
            ok = {"Status": status, "MessageId": f"{reference}.{place}"}
            results.append(ok if status == "SUCCESS" else {"Status": status, "Error": self.text})
            if status == "SUCCESS":
                self.references.append(f"{reference}.{place}")
        whole = results[: len(results) - self.missing]
        return 200, {}, json.dumps({"BulkEmailEntryResults": whole}).encode()

    def calls(self):
        """The bulk requests as dictionaries."""
        return [json.loads(body) for path, _, body in self.requests if path.endswith("outbound-bulk-emails")]

    def raws(self):
        """The e-mails that went as they are."""
        given = (
            json.loads(body)["Content"] for path, _, body in self.requests if path.endswith("outbound-emails")
        )
        return [b64decode(content["Raw"]["Data"]) for content in given]

    def composed(self):
        """What SES would send, by recipient: subject, text, html, headers, tags, pictures."""
        found = {}
        for call in self.calls():
            given = call["DefaultContent"]["Template"]
            content = given["TemplateContent"]
            for entry in call["BulkEmailEntries"]:
                data = json.loads(
                    entry["ReplacementEmailContent"]["ReplacementTemplate"]["ReplacementTemplateData"]
                )
                [to] = entry["Destination"]["ToAddresses"]
                found[to] = {
                    **{name.lower(): parse_template(content[name], data) for name in content},
                    "from": call["FromEmailAddress"],
                    "reply_to": call.get("ReplyToAddresses", []),
                    "headers": {one["Name"]: one["Value"] for one in entry["ReplacementHeaders"]},
                    "tags": {one["Name"]: one["Value"] for one in entry["ReplacementTags"]},
                    "pictures": {
                        one["ContentId"]: b64decode(one["RawContent"]) for one in given.get("Attachments", [])
                    },
                }
        return found
