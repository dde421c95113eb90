"""Who may call what: API keys with a role, and signed links that need none."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends
from fastapi.security import APIKeyHeader, HTTPBearer
from starlette.requests import Request

from store import keys
from store.keys import Key
from tidings.role import Role
from web.clients import key_of
from web.problems import Refused
from web.site import site_of

_BILLING = frozenset({Role.BILLING, Role.SYSTEM})
_MARKETING = frozenset({Role.MARKETING, Role.SYSTEM})
_CARE = frozenset({Role.SUPPORT, Role.BILLING, Role.SYSTEM})
_DEVICES = frozenset({Role.SUPPORT, Role.SYSTEM})
_PRESENT = frozenset({Role.COUNTER, Role.SUPPORT, Role.SYSTEM})
_RUNS = frozenset({Role.MARKETING, Role.BILLING, Role.SYSTEM})
_TEMPLATES = frozenset({Role.MARKETING, Role.BILLING, Role.MANAGER, Role.SYSTEM})
_ADMIN = frozenset({Role.ADMIN, Role.SYSTEM})
_SYSTEM = frozenset({Role.SYSTEM})
_ALL = frozenset({Role.MARKETING, Role.BILLING, Role.SUPPORT, Role.SYSTEM})

ROLES: dict[tuple[str, str], frozenset[Role]] = {
    ("POST", "/v1/invoice-runs"): _BILLING,
    ("POST", "/v1/invoice-status"): _BILLING,
    ("POST", "/v1/campaigns"): _MARKETING,
    ("POST", "/v1/campaigns/rehearsals"): _MARKETING,
    ("GET", "/v1/campaigns/rehearsals"): _MARKETING,
    ("GET", "/v1/campaigns/rehearsals/{id}"): _MARKETING,
    ("GET", "/v1/runs/{id}/comparison"): _MARKETING,
    ("GET", "/v1/runs/{id}"): _ALL,
    ("GET", "/v1/customers/{ref}/timeline"): _CARE,
    ("GET", "/v1/customers/{ref}/behaviour"): _CARE,
    ("GET", "/v1/customers/{ref}/decisions"): _CARE,
    ("GET", "/v1/base-rates"): _TEMPLATES,
    ("PUT", "/v1/customers/{ref}/devices/{id}"): _DEVICES,
    ("POST", "/v1/touchpoints"): _ALL,
    ("GET", "/v1/customers"): _SYSTEM,
    ("POST", "/v1/customers"): _DEVICES,
    ("GET", "/v1/customers/{ref}"): _CARE,
    ("PUT", "/v1/customers/{ref}"): _DEVICES,
    ("GET", "/v1/customers/{ref}/addresses"): _CARE,
    ("POST", "/v1/customers/{ref}/addresses"): _DEVICES,
    ("DELETE", "/v1/customers/{ref}/addresses/{id}"): _DEVICES,
    ("GET", "/v1/customers/{ref}/preferences"): _PRESENT,
    ("PUT", "/v1/customers/{ref}/preferences"): _PRESENT,
    ("GET", "/v1/customers/{ref}/statements"): _PRESENT,
    ("POST", "/v1/customers/{ref}/statements"): _PRESENT,
    ("GET", "/v1/customers/{ref}/consents"): _PRESENT,
    ("GET", "/v1/customers/{ref}/consents/receipt"): _PRESENT,
    ("POST", "/v1/customers/{ref}/consents"): _PRESENT,
    ("GET", "/v1/customers/{ref}/offers"): _PRESENT,
    ("POST", "/v1/customers/{ref}/offers/{offer}/redemption"): _PRESENT,
    ("GET", "/v1/customers/{ref}/messages"): _CARE,
    ("POST", "/v1/customers/{ref}/exports"): _DEVICES,
    ("GET", "/v1/exports/{id}"): _DEVICES,
    ("POST", "/v1/customers/{ref}/erasure"): _DEVICES,
    ("GET", "/v1/erasures/{id}"): _DEVICES,
    ("GET", "/v1/messages/{id}"): _CARE,
    ("POST", "/v1/messages/{id}/resend"): _CARE,
    ("GET", "/v1/messages/{id}/decision"): _CARE,
    ("POST", "/v1/decisions"): _CARE,
    ("GET", "/v1/runs"): _ALL,
    ("POST", "/v1/runs/{id}/{action}"): _RUNS,
    ("GET", "/v1/campaigns"): _MARKETING,
    ("GET", "/v1/campaigns/{name}/{edition}"): _MARKETING,
    ("GET", "/v1/invoice-runs"): _BILLING,
    ("GET", "/v1/invoice-evidence"): _BILLING,
    ("GET", "/v1/invoice-runs/{id}"): _BILLING,
    ("GET", "/v1/segments"): _MARKETING,
    ("GET", "/v1/segments/{name}"): _MARKETING,
    ("PUT", "/v1/segments/{name}"): _MARKETING,
    ("POST", "/v1/segments/count"): _MARKETING,
    ("POST", "/v1/letters/check"): _TEMPLATES,
    ("GET", "/v1/templates"): _TEMPLATES,
    ("GET", "/v1/templates/{purpose}/{name}"): _TEMPLATES,
    ("POST", "/v1/templates/{purpose}/{name}/preview"): _TEMPLATES,
    ("GET", "/v1/suppressions"): _DEVICES,
    ("POST", "/v1/suppressions"): _DEVICES,
    ("POST", "/v1/suppressions/{id}/lift"): _DEVICES,
    ("GET", "/v1/webhooks"): _ADMIN,
    ("POST", "/v1/webhooks"): _ADMIN,
    ("DELETE", "/v1/webhooks/{name}"): _ADMIN,
    ("POST", "/v1/webhooks/{name}/rotate"): _ADMIN,
    ("POST", "/v1/webhooks/{name}/replay"): _ADMIN,
    ("GET", "/v1/events"): _SYSTEM,
}
"""Roles of every route that needs a key. `system` is the organisation's own software and may do everything."""

OPEN = frozenset(
    {
        ("GET", "/healthz"),
        ("GET", "/readyz"),
        ("GET", "/metrics"),
        ("GET", "/docs"),
        ("GET", "/openapi.json"),
        ("GET", "/static/{name}"),
        ("GET", "/login"),
        ("POST", "/login"),
        ("GET", "/login/oidc"),
        ("GET", "/login/oidc/back"),
        ("GET", "/welcome/{secret}"),
        ("POST", "/welcome/{secret}"),
        ("GET", "/l/{token}"),
        ("GET", "/d/{token}"),
        ("POST", "/d/{token}"),
        ("GET", "/d/{token}/{name}.pdf"),
        ("GET", "/d/{token}/{name}.xml"),
        ("GET", "/p"),
        ("POST", "/p"),
        ("GET", "/p/{token}"),
        ("POST", "/p/{token}"),
        ("GET", "/p/{token}/history"),
        ("GET", "/p/{token}/addresses"),
        ("POST", "/p/{token}/addresses"),
        ("GET", "/p/{token}/receipt"),
        ("GET", "/p/{token}/which"),
        ("POST", "/p/{token}/which"),
        ("POST", "/p/{token}/devices"),
        ("GET", "/p/{token}/data"),
        ("POST", "/p/{token}/data"),
        ("GET", "/c/{token}"),
        ("POST", "/c/{token}"),
        ("GET", "/sw.js"),
        ("GET", "/u/{token}"),
        ("POST", "/u/{token}"),
        ("GET", "/hooks/{name}"),
        ("POST", "/hooks/{name}"),
        ("GET", "/hooks/{name}/{rest:path}"),
        ("POST", "/hooks/{name}/{rest:path}"),
    }
)
"""Routes without a key: they tell nothing, or what signs the link or the call is the key."""

_CALLER = "tidings.caller"
"""Where a request's scope has its key."""
_bearer = HTTPBearer(auto_error=False, description="`Authorization: Bearer tdg_...`")
_header = APIKeyHeader(name="X-API-Key", auto_error=False, description="The same key in a header of its own.")


def caller(
    request: Request,
    bearer: Annotated[object, Depends(_bearer)] = None,
    header: Annotated[object, Depends(_header)] = None,
) -> Key:
    """Return the key of a request, when its role may call this route.

    Raises:
        Refused: 401 without a key in force, 403 with one of another role.
    """
    del bearer, header  # they only describe the keys in the API's description
    secret = key_of(request)
    if not secret:
        raise Refused(
            401,
            "This needs an API key: `Authorization: Bearer KEY` or `X-API-Key: KEY`.",
            headers={"WWW-Authenticate": "Bearer"},
        )
    if isinstance(known := request.scope.get(_CALLER), Key):
        return known  # before the body was read
    site = site_of(request)
    with site.reading.connect() as connection:
        key = keys.find(connection, secret, now=site.clock())
    if key is None:
        raise Refused(
            401,
            "This API key is unknown, revoked or expired.",
            headers={"WWW-Authenticate": 'Bearer error="invalid_token"'},
        )
    method, path = "GET" if request.method == "HEAD" else request.method, request.scope["route"].path
    allowed = ROLES.get((method, path), frozenset())
    if key.role not in allowed:
        raise Refused(
            403,
            f"The key {key.name!r} has the role {key.role}; this needs {' or '.join(sorted(allowed))}.",
        )
    if key.scopes and (needed := scope_of(method, path)) not in key.scopes:
        raise Refused(
            403,
            f"The key {key.name!r} has the scopes {', '.join(key.scopes)}; this needs {needed}.",
            headers={"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{needed}"'},
        )
    request.scope[_CALLER] = key
    return key


def scope_of(method: str, path: str) -> str:
    """Return the scope that a key with scopes needs for a route: what it is about, and whether it only reads.

    >>> scope_of("POST", "/v1/touchpoints"), scope_of("GET", "/v1/customers/{ref}/timeline")
    ('touchpoints:write', 'timeline:read')
    """
    parts = [part for part in path.split("/")[2:] if not part.startswith("{")]
    subject = parts[1] if parts[0] == "customers" and len(parts) > 1 else parts[0]
    return f"{subject}:{'read' if method in ('GET', 'HEAD') else 'write'}"


def scopes() -> list[str]:
    """Return every scope that a key can have, in order."""
    return sorted({scope_of(method, path) for method, path in ROLES})


Caller = Annotated[Key, Depends(caller)]
