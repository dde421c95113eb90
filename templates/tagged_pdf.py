"""A PDF of constant objects with pages and structure of its own for each document, tagged for screen readers."""

import hashlib
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from templates.paper import compress

_LEVEL = 6
Path = tuple[tuple[str, Any, str], ...]


@dataclass(kw_only=True, slots=True)
class Leaf:
    """A piece of content in reading order: where it stands in the structure, and its number on its page."""

    page: int
    mark: int | None
    """None: a cell with nothing in it."""
    path: Path
    """From the document down: role, what tells elements of one role apart, scope of a heading cell."""
    alt: str = ""
    box: tuple[float, float, float, float] | None = None
    """Of a figure, in points."""


@dataclass(kw_only=True, slots=True)
class _Element:
    number: int
    role: str
    parent: int
    scope: str
    page: int | None = None
    kids: list[bytes] = field(default_factory=list)
    more: bytes = b""


class TaggedPdf:
    """Constant objects, and what each document adds."""

    def __init__(self, pdf: Any, *, resources: bytes, width: float, height: float) -> None:
        """Take WeasyPrint's PDF without its pages; `resources` refers to those of every page."""
        compress(pdf)
        self._first = len(pdf.objects)
        pages, structure = b"%d 0 R" % self._first, b"%d 0 R" % (self._first + 1)
        pdf.catalog.update({"Pages": pages, "StructTreeRoot": structure, "MarkInfo": b"<</Marked true>>"})
        pdf.pages.free = "f"
        parts = [b"%PDF-1.7\n%\xf0\x9f\x96\xa4\n"]
        at = len(parts[0])
        rows = []
        for one in pdf.objects:
            if one.free == "f":
                rows.append(b"0000000000 65535 f \n")
                continue
            rows.append(b"%010d 00000 n \n" % at)
            parts.append(one.indirect + b"\n")
            at += len(parts[-1])
        self._prefix = b"".join(parts)
        self._rows = b"".join(rows)
        self._root = pdf.catalog.reference
        self._page = b"<</Type /Page /Parent %s /MediaBox [0 0 %.6g %.6g] /Resources %s /Tabs /S" % (
            pages,
            width,
            height,
            resources,
        )
        self._id = hashlib.blake2b(self._prefix, digest_size=16).hexdigest().encode()

    def document(self, contents: Sequence[bytes], leaves: Sequence[Leaf], identity: str) -> bytes:
        """Return the whole file; the same arguments give the same bytes."""
        first, count = self._first, len(contents)
        page_at = first + 4
        bodies: list[bytes] = [b""] * (4 + 2 * count)
        refs = b" ".join(b"%d 0 R" % (page_at + 2 * number) for number in range(count))
        bodies[0] = b"<</Type /Pages /Count %d /Kids [%s]>>" % (count, refs)
        for number, content in enumerate(contents):
            bodies[4 + 2 * number] = self._page + b" /StructParents %d /Contents %d 0 R>>" % (
                number,
                page_at + 2 * number + 1,
            )
            bodies[5 + 2 * number] = _stream(content)
        elements, owners = _structure(leaves, first + 3, first + len(bodies), count)
        lists = b" ".join(
            b"%d [%s]" % (number, b" ".join(b"%d 0 R" % owner for owner in owned))
            for number, owned in enumerate(owners)
        )
        bodies[1] = b"<</Type /StructTreeRoot /K %d 0 R /ParentTree %d 0 R /ParentTreeNextKey %d>>" % (
            first + 3,
            first + 2,
            count,
        )
        bodies[2] = b"<</Nums [%s]>>" % lists
        bodies[3] = _written(elements[0], page_at, first + 1)
        bodies += [_written(one, page_at, one.parent) for one in elements[1:]]
        return self._file(bodies, identity)

    def _file(self, bodies: Sequence[bytes], identity: str) -> bytes:
        at = len(self._prefix)
        objects, rows = [self._prefix], [self._rows]
        for number, body in enumerate(bodies, start=self._first):
            one = b"%d 0 obj\n%s\nendobj\n" % (number, body)
            objects.append(one)
            rows.append(b"%010d 00000 n \n" % at)
            at += len(one)
        own = hashlib.blake2b(identity.encode(), digest_size=16).hexdigest().encode()
        size = self._first + len(bodies)
        objects.append(b"xref\n0 %d\n" % size)
        objects += rows
        trailer = b"trailer\n<</Size %d /Root %s /ID [<%s> <%s>]>>\nstartxref\n%d\n%%%%EOF\n"
        objects.append(trailer % (size, self._root, self._id, own, at))
        return b"".join(objects)


def _stream(content: bytes) -> bytes:
    packed = zlib.compress(content, _LEVEL)
    while packed[-1:] == b"\r":  # readers would take it for a part of the line's end behind it
        content += b" "
        packed = zlib.compress(content, _LEVEL)
    return b"<</Filter /FlateDecode /Length %d>>\nstream\n%s\nendstream" % (len(packed), packed)


def _structure(
    leaves: Sequence[Leaf], root: int, number: int, pages: int
) -> tuple[list[_Element], list[list[int]]]:
    """Return the elements, the document first, and of each page the element that owns each mark."""
    elements = [_Element(number=root, role="Document", parent=0, scope="")]
    owners: list[list[int]] = [[] for _ in range(pages)]
    stack: list[tuple[tuple[str, Any, str], _Element]] = []
    for leaf in leaves:
        same = 0
        while same < len(stack) and same < len(leaf.path) and stack[same][0] == leaf.path[same]:
            same += 1
        del stack[same:]
        for step in leaf.path[same:]:
            above = stack[-1][1] if stack else elements[0]
            one = _Element(number=number, role=step[0], parent=above.number, scope=step[2])
            above.kids.append(b"%d 0 R" % number)
            elements.append(one)
            stack.append((step, one))
            number += 1
        last = stack[-1][1]
        if leaf.mark is not None:
            last.page = leaf.page
            last.kids.append(b"%d" % leaf.mark)
            owners[leaf.page].append(last.number)
        if leaf.box:
            last.more = b" /Alt %s /A <</O /Layout /Placement /Block /BBox [%.2f %.2f %.2f %.2f]>>" % (
                _string(leaf.alt),
                *leaf.box,
            )
    return elements, owners


def _written(one: _Element, page_at: int, parent: int) -> bytes:
    page = b" /Pg %d 0 R" % (page_at + 2 * one.page) if one.page is not None else b""
    scope = b" /A <</O /Table /Scope /%s>>" % _SCOPES[one.scope] if one.role == "TH" else b""
    return b"<</Type /StructElem /S /%s /P %d 0 R%s%s%s /K [%s]>>" % (
        one.role.encode(),
        parent,
        page,
        scope,
        one.more,
        b" ".join(one.kids),
    )


_SCOPES = {"col": b"Column", "row": b"Row", "": b"Column"}


def _string(text: str) -> bytes:
    return b"<feff%s>" % text.encode("utf-16-be").hex().encode()
