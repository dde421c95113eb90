"""SNS as a topic's subscriber sees it: it signs with its own key, and serves the certificate and confirmations."""

import base64
import datetime
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

TOPIC = "arn:aws:sns:eu-west-1:123456789012:tidings"
BEGIN = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
ORDER = {
    "Notification": ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"],
    "SubscriptionConfirmation": [
        "Message",
        "MessageId",
        "SubscribeURL",
        "Timestamp",
        "Token",
        "TopicArn",
        "Type",
    ],
}
ORDER["UnsubscribeConfirmation"] = ORDER["SubscriptionConfirmation"]


def certificate(key, *, days=365):
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).serial_number(1)
    made = made.not_valid_before(BEGIN).not_valid_after(BEGIN + datetime.timedelta(days=days))
    return (
        made.public_key(key.public_key()).sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    )


def signed(fields, *, key=KEY, version="2"):
    """Sign as the developer guide tells: the named fields in byte order, a name and a value a line."""
    lines = [line for name in ORDER[fields["Type"]] if name in fields for line in (name, fields[name])]
    digest = hashes.SHA256() if version == "2" else hashes.SHA1()
    signature = key.sign("".join(f"{line}\n" for line in lines).encode(), padding.PKCS1v15(), digest)
    return fields | {"SignatureVersion": version, "Signature": base64.b64encode(signature).decode()}


class TopicPeer:
    """What a topic posts, and the host that its certificates and confirmations lie on."""

    def __init__(self):
        self.asked = []
        self.pages = {"/cert.pem": (200, certificate(KEY))}
        topic = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                topic.asked.append(self.path)
                status, body = topic.pages.get(self.path.partition("?")[0], (404, b""))
                self.send_response(status)
                if 300 <= status < 400:
                    self.send_header("Location", f"{topic.url}/cert.pem")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def close(self):
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()

    def fields(self, event, at, **changes):
        """Return the fields of a notification, unsigned."""
        return {
            "Type": "Notification",
            "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
            "TopicArn": TOPIC,
            "Subject": "Amazon SES Email Event Notification",
            "Message": event if isinstance(event, str) else json.dumps(event),
            "Timestamp": at.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "SigningCertURL": f"{self.url}/cert.pem",
            "UnsubscribeURL": f"{self.url}/?Action=Unsubscribe",
        } | changes

    def notification(self, event, at, *, key=KEY, version="2", **changes):
        """Return a signed notification as it is posted."""
        return json.dumps(signed(self.fields(event, at, **changes), key=key, version=version)).encode()

    def confirmation(self, at, *, kind="SubscriptionConfirmation", **changes):
        """Return a signed confirmation as it is posted."""
        fields = self.fields("You have chosen to subscribe", at) | {
            "Type": kind,
            "Token": "2336412f37",
            "SubscribeURL": f"{self.url}/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=2336412f37",
        }
        del fields["Subject"]
        return json.dumps(signed(fields | changes)).encode()
