"""A PDF of constant objects with pages and structure of its own for each document, tagged for screen readers."""

import hashlib
import zlib
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate
from typing import Any, NamedTuple

from templates.paper import compress

_LEVEL = 6
Path = tuple[tuple[str, int, str], ...]
"""From the document down: role, key of the element, scope of a heading cell."""
_SCOPES = {"col": b"Column", "row": b"Row", "": b"Column"}


class Spot:
    """Where a piece of content stands in the structure."""

    __slots__ = ("heads", "is_cell", "mark", "outer", "path")

    def __init__(self, outer: Path, path: Path) -> None:
        """`outer` are the elements that it shares with all instances of its band, `path` are those below them."""
        self.outer = outer
        self.path = path
        role = path[-1][0]
        self.is_cell = role in {"TH", "TD"}
        """Whether it is there even when it is empty."""
        self.mark = b"/%s <</MCID" % role.encode()
        """What begins it as a piece of content, but for its number."""
        self.heads = [_head(role, scope) for role, _, scope in (*outer, *path)]
        """How each element begins."""


def _head(role: str, scope: str) -> bytes:
    scoped = b" /A <</O /Table /Scope /%s>>" % _SCOPES[scope] if role == "TH" else b""
    return b"<</Type /StructElem /S /%s%s" % (role.encode(), scoped)


class Leaf(NamedTuple):
    """A piece of content in reading order: its number on its page, and where it stands in the structure."""

    page: int
    mark: int | None
    """None: a cell with nothing in it."""
    spot: Spot
    instance: int
    """Of its band."""
    alt: str = ""
    box: tuple[float, float, float, float] | None = None
    """Of a figure, in points."""


class _Element:
    __slots__ = ("head", "kids", "more", "number", "parent")

    def __init__(self, number: int, head: bytes, parent: int) -> None:
        self.number = number
        self.head = head
        self.parent = parent
        self.kids: list[bytes] = []
        self.more = b""


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
        elements, owners = _structure(leaves, first + 3, first + len(bodies), count, page_at)
        lists = b" ".join([b"%d [%s]" % (number, b" ".join(owned)) for number, owned in enumerate(owners)])
        bodies[1] = b"<</Type /StructTreeRoot /K %d 0 R /ParentTree %d 0 R /ParentTreeNextKey %d>>" % (
            first + 3,
            first + 2,
            count,
        )
        bodies[2] = b"<</Nums [%s]>>" % lists
        written = [
            b"%s /P %d 0 R%s /K [%s]>>" % (one.head, one.parent, one.more, b" ".join(one.kids))
            for one in elements
        ]
        bodies[3] = written[0]
        return self._file([*bodies, *written[1:]], identity)

    def _file(self, bodies: Sequence[bytes], identity: str) -> bytes:
        first = self._first
        objects = [b"%d 0 obj\n%s\nendobj\n" % (number, body) for number, body in enumerate(bodies, first)]
        *starts, at = accumulate(map(len, objects), initial=len(self._prefix))
        rows = b"".join([b"%010d 00000 n \n" % start for start in starts])
        own = hashlib.blake2b(identity.encode(), digest_size=16).hexdigest().encode()
        size = first + len(bodies)
        trailer = b"trailer\n<</Size %d /Root %s /ID [<%s> <%s>]>>\nstartxref\n%d\n%%%%EOF\n"
        return b"".join(
            [
                self._prefix,
                *objects,
                b"xref\n0 %d\n" % size,
                self._rows,
                rows,
                trailer % (size, self._root, self._id, own, at),
            ]
        )


def _stream(content: bytes) -> bytes:
    packed = zlib.compress(content, _LEVEL)
    while packed[-1:] == b"\r":  # readers would take it for a part of the line's end behind it
        content += b" "
        packed = zlib.compress(content, _LEVEL)
    return b"<</Filter /FlateDecode /Length %d>>\nstream\n%s\nendstream" % (len(packed), packed)


def _structure(
    leaves: Sequence[Leaf], root: int, number: int, pages: int, page_at: int
) -> tuple[list[_Element], list[list[bytes]]]:
    """Return the elements, the document first, and of each page the element that owns each mark.

    Args:
        leaves: in reading order.
        root: number of the document's element.
        number: of the next free object.
        pages: how many.
        page_at: number of the first page's object, which every other one is.
    """
    elements = [_Element(root, _head("Document", ""), root - 2)]
    owners: list[list[bytes]] = [[] for _ in range(pages)]
    shown = [b" /Pg %d 0 R" % (page_at + 2 * page) for page in range(pages)]
    stack = elements[:]
    before = None
    instance = -1
    for page, mark, spot, its_instance, alt, box in leaves:
        same = _shared(before, spot) if its_instance == instance else _shared_outer(before, spot)
        before, instance = spot, its_instance
        del stack[same + 1 :]
        above = stack[-1]
        for head in spot.heads[same:]:
            one = _Element(number, head, above.number)
            above.kids.append(b"%d 0 R" % number)
            elements.append(one)
            stack.append(one)
            above = one
            number += 1
        if mark is not None:
            above.more = shown[page]
            above.kids.append(b"%d" % mark)
            owners[page].append(b"%d 0 R" % above.number)
        if box:
            layout = b" /Alt %s /A <</O /Layout /Placement /Block /BBox [%.2f %.2f %.2f %.2f]>>"
            above.more += layout % (_string(alt), *box)
    return elements, owners


@lru_cache(maxsize=4096)
def _shared_outer(one: Spot | None, other: Spot) -> int:
    """Return how many elements two pieces share that stand in different instances of their bands."""
    return _same(one.outer, other.outer) if one else 0


@lru_cache(maxsize=4096)
def _shared(one: Spot | None, other: Spot) -> int:
    """Return how many elements two pieces share."""
    return _same(one.outer + one.path, other.outer + other.path) if one else 0


def _same(one: Path, other: Path) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (step, there) in pairs if step != there), min(len(one), len(other)))


def _string(text: str) -> bytes:
    return b"<feff%s>" % text.encode("utf-16-be").hex().encode()
