"""FCM, Google's token service and a browser's push service, as their references describe them."""

import json
import time
from base64 import urlsafe_b64encode
from types import MappingProxyType

import http_ece
import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from py_vapid import Vapid02

from tests.peers.fault import Fault
from tests.peers.http import HttpPeer


def coded(raw):
    return urlsafe_b64encode(raw).decode().rstrip("=")


def pem(key):
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


class TokenPeer(HttpPeer):
    """https://developers.google.com/identity/protocols/oauth2/service-account; it checks the assertion."""

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    status = 200
    lasts = 3600

    def account(self):
        return {
            "type": "service_account",
            "project_id": "nordlys",
            "client_email": "sender@nordlys.example",
            "private_key": pem(self.key),
            "token_uri": f"{self.url}/token",
        }

    def answer(self, fault, reference):
        if self.status != 200:
            return self.status, {}, json.dumps({"error": "invalid_grant"}).encode()
        form = dict(part.split("=", 1) for part in self.requests[-1][2].decode().split("&"))
        claims = jwt.decode(
            form["assertion"], self.key.public_key(), algorithms=["RS256"], audience=f"{self.url}/token"
        )
        assert claims["iss"] == "sender@nordlys.example"
        assert claims["scope"].endswith("/auth/firebase.messaging")
        assert claims["exp"] <= time.time() + 3600
        answer = {"access_token": f"token-{reference}", "expires_in": self.lasts, "token_type": "Bearer"}
        return 200, {}, json.dumps(answer).encode()


class FcmPeer(HttpPeer):
    """https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages/send."""

    errors = MappingProxyType(
        {
            Fault.THROTTLE: (429, "QUOTA_EXCEEDED"),
            Fault.FAILED: (500, "INTERNAL"),
            Fault.UNAVAILABLE: (503, "UNAVAILABLE"),
            Fault.BAD_ADDRESS: (404, "UNREGISTERED"),
            Fault.BAD_CREDENTIALS: (401, "THIRD_PARTY_AUTH_ERROR"),
        }
    )
    headers = MappingProxyType({})
    details = ()

    def answer(self, fault, reference):
        if fault not in self.errors:
            return 200, {}, json.dumps({"name": reference}).encode()
        status, code = self.errors[fault]
        kind = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
        details = [{"@type": kind, "errorCode": code}] if code else []
        error = {"code": status, "message": self.text, "details": [*details, *self.details]}
        return status, self.headers, json.dumps({"error": error}).encode()

    def bodies(self):
        return [json.loads(body)["message"] for _, _, body in self.requests]


class WebpushPeer(HttpPeer):
    """RFC 8030; it holds the browser's keys as well, and decrypts what it takes."""

    statuses = MappingProxyType(
        {
            Fault.THROTTLE: 429,
            Fault.FAILED: 500,
            Fault.UNAVAILABLE: 503,
            Fault.BAD_ADDRESS: 410,
            Fault.BAD_CREDENTIALS: 403,
        }
    )
    headers = MappingProxyType({})
    browser = ec.generate_private_key(ec.SECP256R1())
    secret = b"0123456789abcdef"

    def subscription(self, number=1, **changes):
        point = self.browser.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
        keys = {"p256dh": coded(point), "auth": coded(self.secret)}
        given = {"endpoint": f"{self.url}/wpush/ada.lovelace{number}", "keys": keys, "expirationTime": None}
        return json.dumps(given | changes)

    def answer(self, fault, reference):
        if fault not in self.statuses:
            return 201, {"Location": f"{self.url}/m/{reference}", **self.headers}, b""
        return self.statuses[fault], dict(self.headers), self.text.encode()

    def contents(self):
        return [
            http_ece.decrypt(body, private_key=self.browser, auth_secret=self.secret, version="aes128gcm")
            for _, _, body in self.requests
        ]

    def signed(self):
        """Return whether every request was signed by VAPID for this service."""
        return [Vapid02.verify(headers["authorization"]) for _, headers, _ in self.requests]
