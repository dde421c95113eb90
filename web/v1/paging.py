"""Lists a page at a time: a signed cursor says after which row the next page begins, whatever came in between."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Depends, Query
from pydantic import BaseModel, Field
from starlette.requests import Request

from tidings.signing import sign, verify
from web.problems import Refused
from web.site import site_of

MOST = 200
T = TypeVar("T")


class Page(BaseModel, Generic[T]):
    """A part of a list."""

    items: list[T]
    next_cursor: str | None = Field(
        default=None, description="Give it as `cursor` to get what follows; null: this was the end."
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Paging:
    """Which part of a list is asked for."""

    limit: int
    after: tuple[Any, ...] | None
    """The key of the last row of the page before; None at the beginning."""
    key: bytes
    path: str

    @property
    def most(self) -> int:
        """How many rows to read: one more than is shown says whether there is a next page."""
        return self.limit + 1

    def page(
        self, rows: Sequence[Any], key: Callable[[Any], Sequence[Any]], shape: Callable[[Any], T]
    ) -> Page[T]:
        """Return at most `limit` of the rows, and the cursor of what follows.

        Args:
            rows: `most` of them at most, after `after`.
            key: of a row: what the list is ordered by; text and whole numbers.
            shape: makes an item of a row.
        """
        shown = rows[: self.limit]
        following = None
        if len(rows) > self.limit:
            body = json.dumps([self.path, *key(shown[-1])], separators=(",", ":"))
            following = sign(self.key, "cursor", body.encode())
        return Page(items=[shape(row) for row in shown], next_cursor=following)


def paging(
    request: Request,
    cursor: Annotated[str, Query(max_length=1000, description="`next_cursor` of the page before.")] = "",
    limit: Annotated[int, Query(ge=1, le=MOST, description="Items of a page at most.")] = 50,
) -> Paging:
    """Return which part of a list a request asks for.

    Raises:
        Refused: 400 for a cursor that is not ours, or of another list.
    """
    key, path = site_of(request).installation.key, request.scope["path"]
    after = None
    if cursor:
        body = verify(key, "cursor", cursor) if cursor.isascii() else None
        named, *after_key = json.loads(body) if body else [None]
        if named != path:
            raise Refused(
                400, "cursor: it is not of this list; begin without one.", field="cursor", value=cursor[:200]
            )
        after = tuple(after_key)
    return Paging(limit=limit, after=after, key=key, path=path)


Part = Annotated[Paging, Depends(paging)]
