"""Our own style and scripts, under names that change with their content: a browser keeps them for ever."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_FOLDER = Path(__file__).parent / "static"
_KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".woff2": "font/woff2"}
_KEPT = "public, max-age=31536000, immutable"
"""A year (RFC 9111, RFC 8246): another content has another name."""


@dataclass(frozen=True, kw_only=True)
class _Asset:
    kind: str
    plain: bytes
    packed: bytes


def asset(name: str) -> str:
    """Return the path of a file of `static/`: `/static/console-1f2e3d4c.css` for `console.css`.

    Raises:
        KeyError: there is no such file.
    """
    return f"/static/{_names()[name]}"


def routes() -> list[Route]:
    """Return the route of all files."""
    return [Route("/static/{name}", _serve)]


def _serve(request: Request) -> Response:
    found = _assets().get(request.path_params["name"])
    if found is None:
        raise HTTPException(404)
    headers = {"Cache-Control": _KEPT, "Vary": "Accept-Encoding", "Content-Type": found.kind}
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(found.packed, headers={**headers, "Content-Encoding": "gzip"})
    return Response(found.plain, headers=headers)


@cache
def _names() -> Mapping[str, str]:
    names = {}
    for path in _FOLDER.iterdir():
        if path.suffix in _KINDS:
            digest = hashlib.sha256(path.read_bytes()).hexdigest()[:8]
            names[path.name] = f"{path.stem}-{digest}{path.suffix}"
    return MappingProxyType(names)


@cache
def _assets() -> Mapping[str, _Asset]:
    found = {}
    for name, public in _names().items():
        plain = (_FOLDER / name).read_bytes()
        kind = _KINDS[Path(name).suffix]
        charset = "; charset=utf-8" if kind.startswith("text/") else ""
        found[public] = _Asset(kind=kind + charset, plain=plain, packed=gzip.compress(plain, mtime=0))
    return MappingProxyType(found)
