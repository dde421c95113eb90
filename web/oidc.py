"""Single sign-on by OpenID Connect: the code flow with PKCE (OpenID Connect Core 3.1, RFC 7636, RFC 9207).

What a login must remember until it comes back is in a signed cookie of the browser that began it, so beginning one
changes nothing here; its state counts once.
"""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from store import staff as accounts
from tidings.role import Role
from tidings.settings import OidcSettings
from tidings.signing import sign, verify
from web.login import entered, refused
from web.site import Site, site_of
from web.staff import local, see_other
from work.accounts import Refusal, signed_on

if TYPE_CHECKING:
    from joserfc.jwk import KeySet

ALGORITHMS = (
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "EdDSA",
    "Ed25519",
)
"""Of ID tokens: keys that the issuer publishes; never `none`, and no secret that others share."""
_KIND = "sign-on"
_PATIENCE = timedelta(minutes=10)
"""How long somebody may take at the issuer's page."""
_LEEWAY = 60
"""Seconds by which clocks may differ."""

log = structlog.get_logger("oidc")


class Failed(Exception):  # noqa: N818 -- an answer, not a fault
    """The sign-on cannot be believed; the reason is for the log, without anything personal."""


@dataclass(frozen=True, kw_only=True)
class Begun:
    """A login that has gone to the issuer and not come back."""

    state: str
    nonce: str
    verifier: str
    """PKCE: whoever steals the code lacks it."""
    next: str
    at: float


def routes() -> list[Route]:
    """Return the two routes of the single sign-on."""
    return [
        Route("/login/oidc", begin, methods=["GET"]),
        Route("/login/oidc/back", back, methods=["GET"]),
    ]


def begin(request: Request) -> Response:
    """Send the browser to the issuer."""
    site = site_of(request)
    settings = site.installation.settings.oidc
    if not settings.issuer:
        return refused(request, "failed", status=404)
    begun = Begun(
        state=secrets.token_urlsafe(32),
        nonce=secrets.token_urlsafe(32),
        verifier=secrets.token_urlsafe(48),
        next=local(request.query_params.get("next", "/")),
        at=site.clock().timestamp(),
    )
    try:
        with _client(site) as client:
            place, _ = client.create_authorization_url(
                _metadata(client, settings)["authorization_endpoint"],
                state=begun.state,
                code_verifier=begun.verifier,
                nonce=begun.nonce,
            )
    except Failed as error:
        return _failed(request, error)
    answer = see_other(place)
    value = sign(site.installation.key, _KIND, json.dumps(asdict(begun)).encode())
    answer.set_cookie(_cookie(site), value, max_age=int(_PATIENCE.total_seconds()), **_cookie_options(site))
    return answer


def back(request: Request) -> Response:
    """Take what the issuer sent the browser back with; each state counts once, in the browser that began it."""
    site = site_of(request)
    settings, now = site.installation.settings.oidc, site.clock()
    try:
        begun = _begun(request, site, now)
        with _client(site) as client:
            metadata = _metadata(client, settings)
            claims = _claims(request, client, metadata, begun, settings, now)
    except Failed as error:
        return _failed(request, error)
    session = signed_on(
        site.installation.engine,
        subject=f"{settings.issuer} {claims['sub']}",
        name=str(claims.get(settings.name_claim) or claims["sub"]),
        issuer=urlsplit(settings.issuer).hostname or "",
        roles=_roles(claims, settings),
        settings=site.installation.settings.login,
        now=now,
    )
    if isinstance(session, Refusal):
        return _without_cookie(refused(request, session, status=403), site)
    return _without_cookie(entered(request, site, session, begun.next), site)


def _begun(request: Request, site: Site, now: datetime) -> Begun:
    query = request.query_params
    body = verify(site.installation.key, _KIND, request.cookies.get(_cookie(site), ""))
    if body is None:
        raise Failed("no cookie of ours")
    begun = Begun(**json.loads(body))
    if not hmac.compare_digest(begun.state.encode(), query.get("state", "").encode()):
        raise Failed("another state")
    if not 0 <= now.timestamp() - begun.at <= _PATIENCE.total_seconds():
        raise Failed("too late")
    if query.get("iss", site.installation.settings.oidc.issuer) != site.installation.settings.oidc.issuer:
        raise Failed("another issuer answered")
    with site.installation.engine.begin() as connection:
        if not accounts.use_sign_on(connection, begun.state, now=now):
            raise Failed("a state that was used")
    if not query.get("code"):
        raise Failed("no code")
    return begun


def _client(site: Site) -> Any:
    """Return a session to the issuer, which is no part of a page that nobody logs in by."""
    from authlib.integrations.requests_client import OAuth2Session

    settings = site.installation.settings.oidc
    secret = settings.client_secret.get_secret_value()
    if settings.client_secret_file is not None:
        secret = settings.client_secret_file.read_text(encoding="utf-8").strip()
    return OAuth2Session(
        client_id=settings.client_id,
        client_secret=secret or None,
        token_endpoint_auth_method="client_secret_basic" if secret else "none",
        scope=settings.scope,
        redirect_uri=f"{site.installation.settings.public_url.rstrip('/')}/login/oidc/back",
        code_challenge_method="S256",
        default_timeout=settings.timeout.total_seconds(),
    )


def _metadata(client: Any, settings: OidcSettings) -> Mapping[str, Any]:
    """Return what the issuer says of itself (OpenID Connect Discovery 4)."""
    found = _get(client, f"{settings.issuer.rstrip('/')}/.well-known/openid-configuration", settings)
    if found.get("issuer") != settings.issuer:
        raise Failed("the description is another issuer's")
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
        _check_safe(str(found.get(name, "")))
    return found


def _get(client: Any, url: str, settings: OidcSettings, **more: Any) -> Mapping[str, Any]:
    _check_safe(url)
    try:
        answer = client.get(
            url,
            timeout=settings.timeout.total_seconds(),
            allow_redirects=False,
            **({"withhold_token": True} | more),
        )
        answer.raise_for_status()
        found = answer.json()
    except (OSError, ValueError, RecursionError) as error:  # what requests raises is one of the first two
        raise Failed(f"{urlsplit(url).path} could not be read: {type(error).__name__}") from error
    if not isinstance(found, dict):
        raise Failed(f"{urlsplit(url).path} is no object")
    return found


def _check_safe(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "localhost", "::1"):
        raise Failed("an address that is not https")


def _claims(
    request: Request,
    client: Any,
    metadata: Mapping[str, Any],
    begun: Begun,
    settings: OidcSettings,
    now: datetime,
) -> Mapping[str, Any]:
    from authlib.common.errors import AuthlibBaseError
    from authlib.oidc.core import CodeIDToken
    from joserfc import jwt
    from joserfc.errors import JoseError

    try:
        token = client.fetch_token(
            metadata["token_endpoint"],
            code=request.query_params["code"],
            code_verifier=begun.verifier,
            timeout=settings.timeout.total_seconds(),
            allow_redirects=False,
        )
        published = _get(client, str(metadata["jwks_uri"]), settings)["keys"]
        signed = jwt.decode(str(token.get("id_token", "")), _understood(published), algorithms=ALGORITHMS)
        claims = CodeIDToken(
            signed.claims,
            signed.header,
            options={
                "iss": {"essential": True, "value": settings.issuer},
                "aud": {"essential": True, "value": settings.client_id},
                "sub": {"essential": True},
                "nonce": {"essential": True, "value": begun.nonce},
            },
            params={
                "nonce": begun.nonce,
                "client_id": settings.client_id,
                "access_token": token.get("access_token"),
            },
        )
        claims.validate(now=int(now.timestamp()), leeway=_LEEWAY)
    except (
        AuthlibBaseError,
        JoseError,
        OSError,
        ValueError,
        KeyError,
        TypeError,
        RecursionError,
        OverflowError,
    ) as error:
        raise Failed(f"the ID token cannot be believed: {type(error).__name__}") from error
    return {**claims, **_more(client, metadata, claims, settings)}


def _understood(published: Sequence[Any]) -> KeySet:
    """Return the keys that can be used; of a kind that is not known are some before they sign (RFC 7517 5)."""
    from joserfc.errors import JoseError
    from joserfc.jwk import KeySet

    keys = []
    for one in published:
        with suppress(JoseError, ValueError, KeyError, TypeError, AttributeError):
            keys += KeySet.import_key_set({"keys": [one]}).keys
    return KeySet(keys)


def _more(
    client: Any, metadata: Mapping[str, Any], claims: Mapping[str, Any], settings: OidcSettings
) -> Mapping[str, Any]:
    """Return claims that only the issuer's userinfo has; of the same person (OpenID Connect Core 5.3.2)."""
    url = metadata.get("userinfo_endpoint")
    if not url or (settings.role_claim in claims and settings.name_claim in claims):
        return {}
    found = _get(client, str(url), settings, withhold_token=False)
    if found.get("sub") != claims["sub"]:
        raise Failed("the userinfo is somebody else's")
    return {
        name: found[name]
        for name in (settings.role_claim, settings.name_claim)
        if name in found and name not in claims
    }


def _roles(claims: Mapping[str, Any], settings: OidcSettings) -> set[Role]:
    said = claims.get(settings.role_claim, [])
    values = said.split() if isinstance(said, str) else said if isinstance(said, list) else []
    return {role for value in values for role in settings.roles.get(str(value), ())}


def _failed(request: Request, error: Failed) -> Response:
    log.warning("a single sign-on was refused", why=str(error))
    return _without_cookie(refused(request, "failed", status=403), site_of(request))


def _cookie(site: Site) -> str:
    secure = site.installation.settings.public_url.startswith("https:")
    return "__Host-tidings-sign-on" if secure else "tidings-sign-on"


def _cookie_options(site: Site) -> dict[str, Any]:
    secure = site.installation.settings.public_url.startswith("https:")
    return {"path": "/", "secure": secure, "httponly": True, "samesite": "lax"}


def _without_cookie(response: Response, site: Site) -> Response:
    response.delete_cookie(_cookie(site), **_cookie_options(site))
    return response
