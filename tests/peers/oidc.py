"""A loopback issuer of OpenID Connect: discovery, keys, tokens and userinfo, as strict as the specification asks."""

import json
from base64 import b64decode
from urllib.parse import parse_qs, urlsplit

from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from tests.peers.http import HttpPeer

CLIENT, SECRET = "tidings", "s3cret-of-the-client"


class Issuer(HttpPeer):
    """Says of whoever asks that they are `person`; `spoil` changes the ID token's claims, `key` signs it."""

    def __init__(self):
        self.key = ECKey.generate_key("P-256", {"kid": "one", "use": "sig"})
        self.published = self.key
        self.algorithm = "ES256"
        self.person = {"sub": "4711", "preferred_username": "Ingrid Moen", "groups": ["billing-team"]}
        self.spoil = {}
        self.metadata = {}
        self.userinfo = {}
        self.now = 0
        self.codes = {}
        super().__init__()

    def login(self, location):
        """Do what a person does at the issuer's page; return the query that their browser comes back with."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}
        assert location.startswith(f"{self.url}/authorize?")
        assert (asked["response_type"], asked["client_id"], asked["code_challenge_method"]) == (
            "code",
            CLIENT,
            "S256",
        )
        code = f"code-{len(self.codes)}"
        self.codes[code] = asked
        return {"code": code, "state": asked["state"], "iss": self.url}

    def answer(self, fault, reference):
        path, headers, body = self.requests[-1]
        match path:
            case "/.well-known/openid-configuration":
                return self._json(self._described())
            case "/jwks":
                return self._json(KeySet([self.published]).as_dict(private=False))
            case "/token":
                return self._token(
                    headers, {name: values[0] for name, values in parse_qs(body.decode()).items()}
                )
            case "/userinfo":
                allowed = headers.get("Authorization") == "Bearer access"
                return self._json(self.userinfo) if allowed else (401, {}, b"")
        return 404, {}, b""

    def _described(self):
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/jwks",
            "userinfo_endpoint": f"{self.url}/userinfo",
        } | self.metadata

    def _token(self, headers, fields):
        asked = self.codes.pop(fields.get("code"), None)
        known = b64decode(headers["Authorization"].removeprefix("Basic ")).decode() == f"{CLIENT}:{SECRET}"
        proven = asked and create_s256_code_challenge(fields["code_verifier"]) == asked["code_challenge"]
        if not (known and proven and fields["redirect_uri"] == asked["redirect_uri"]):
            return 400, {}, b'{"error": "invalid_grant"}'
        claims = {
            "iss": self.url,
            "aud": CLIENT,
            "iat": self.now,
            "exp": self.now + 300,
            "nonce": asked["nonce"],
            **self.person,
            **self.spoil,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        signed = jwt.encode({"alg": self.algorithm, "kid": "one"}, claims, self.key, [self.algorithm])
        return self._json(
            {"access_token": "access", "token_type": "Bearer", "expires_in": 300, "id_token": signed}
        )

    def _json(self, value):
        return 200, {}, json.dumps(value).encode()
