"""Writes many letters into one PDF as they come: what is the same in several is written once, and memory stays flat.

Letters that were filled into one form (`tidings.message.Letter.constant`) differ in their last objects alone, which are
copied as they are. Any other PDF is read, and each of its objects is written unless the same one was before.
"""

import hashlib
import io
import re
import zlib
from array import array
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    import pikepdf

_CATALOG, _PAGES = 1, 2
_KEPT = ("/MediaBox", "/CropBox", "/TrimBox", "/BleedBox", "/Rotate", "/UserUnit", "/Group", "/Resources")
"""Of a page; what is for screens alone (annotations, structure) stays behind."""
_LATE = re.compile(rb"(\d+) 0 obj\n<<[^<>]*/Length (\d+)>>\nstream\n")
_END = b"\nendstream\nendobj\n"
_MOST_FORMS = 16
_TOGETHER = 200
"""Objects that are compressed together."""
_TOGETHER_AT = 1 << 48
"""Set in the place of an object that stands in such a stream: its number and the place in it are the rest."""
_LEVEL = 6
_BLANK = b"<</Type /Page /Parent %d 0 R /MediaBox [%s] /Resources <<>>>>"
_XMP = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/">
<pdfaid:part>2</pdfaid:part><pdfaid:conformance>{level}</pdfaid:conformance></rdf:Description>
</rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>"""
_LEVELS = {b"U": "U", b"A": "U", b"B": "B"}
_CLAIM = re.compile(rb"pdfaid:conformance(?:>|=[\"'])([UAB])")


class NoLetterError(ValueError):
    """Bytes that are no PDF with pages."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Form:
    """What letters of one template share, and how their own objects go into it."""

    prefix: bytes
    late: tuple[int, ...]
    """Numbers of the objects that come last in a letter: the second half of each page's content."""
    pages: tuple[bytes, ...]
    """Of each page: its dictionary up to the number of that content."""
    boxes: tuple[bytes, ...]


@dataclass(kw_only=True)
class _Source:
    """A PDF whose objects are being copied."""

    numbers: dict[tuple[int, int], int] = field(default_factory=dict)
    open: set[tuple[int, int]] = field(default_factory=set)


class Binder:
    """One PDF in the making. The same letters in the same order give the same bytes."""

    def __init__(self, out: BinaryIO) -> None:
        """Begin; `out` is only ever written to."""
        self._out = out
        self._at = 0
        self._places = array("Q", [0, 0, 0])
        self._waiting: list[tuple[int, bytes]] = []
        self._kids = array("L")
        self._known: dict[bytes, int] = {}
        self._forms: list[_Form] = []
        self._hash = hashlib.blake2b(digest_size=16)
        self._level = "U"
        self._intent = b""
        self._write(b"%PDF-1.7\n%\xf0\x9f\x96\xa4\n")

    def add(self, letter: bytes, constant: int = 0) -> tuple[int, int]:
        """Put a letter behind the others, on the front of a sheet; return its first and last page, from 1.

        A letter with an odd number of pages gets a blank back, which belongs to it.

        Args:
            letter: a PDF.
            constant: how many of its first bytes it shares with others; 0 where that is not known.

        Raises:
            NoLetterError: not a PDF, or one without pages; nothing was added.
        """
        first = len(self._kids) + 1
        form = self._form(letter, constant) if constant else None
        if form is None or not self._add_filled(letter, form):
            self._add_any(letter)
        return first, len(self._kids)

    def close(self) -> None:
        """Write what a PDF ends with."""
        refs = b" ".join(b"%d 0 R" % number for number in self._kids)
        self._put(_PAGES, b"<</Type /Pages /Count %d /Kids [%s]>>" % (len(self._kids), refs))
        claim = b""
        if self._level and self._intent:
            xmp = _XMP.format(level=self._level).encode()
            head = b"<</Type /Metadata /Subtype /XML /Length %d>>\nstream\n" % len(xmp)
            number = self._new(head + xmp + b"\nendstream")
            claim = b" /Metadata %d 0 R /OutputIntents %s" % (number, self._intent)
        self._put(_CATALOG, b"<</Type /Catalog /Pages %d 0 R%s>>" % (_PAGES, claim))
        self._flush()
        self._end()

    def _end(self) -> None:
        """Write where each object is (ISO 32000-1, 7.5.8): kind, place, place in that."""
        start, number = self._at, self._reserve()
        self._places[number] = start
        rows = b"".join(_row(place) for place in self._places)
        packed = zlib.compress(rows, _LEVEL)
        own = self._hash.hexdigest().encode()
        dictionary = (
            b"<</Type /XRef /Size %d /W [1 5 2] /Root %d 0 R /ID [<%s> <%s>] /Filter /FlateDecode /Length %d>>"
            % (len(self._places), _CATALOG, own, own, len(packed))
        )
        self._write(b"%d 0 obj\n%s\nendobj\n" % (number, _stream(dictionary, packed)))
        self._write(b"startxref\n%d\n%%%%EOF\n" % start)

    def _write(self, content: bytes) -> None:
        self._out.write(content)
        self._hash.update(content)
        self._at += len(content)

    def _reserve(self) -> int:
        self._places.append(0)
        return len(self._places) - 1

    def _put(self, number: int, body: bytes) -> None:
        """Write an object; those that are no streams wait for others, to be compressed together."""
        if body.endswith(b"endstream"):
            self._places[number] = self._at
            self._write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
            return
        self._waiting.append((number, body))
        if len(self._waiting) == _TOGETHER:
            self._flush()

    def _flush(self) -> None:
        """Write the objects that wait as one stream (ISO 32000-1, 7.5.7)."""
        stream = self._reserve()
        heads, at = [], 0
        for index, (number, body) in enumerate(self._waiting):
            self._places[number] = _TOGETHER_AT | stream << 16 | index
            heads.append(b"%d %d " % (number, at))
            at += len(body) + 1
        head = b"".join(heads)
        packed = zlib.compress(head + b"\n".join(body for _, body in self._waiting), _LEVEL)
        dictionary = b"<</Type /ObjStm /N %d /First %d /Filter /FlateDecode /Length %d>>" % (
            len(self._waiting),
            len(head),
            len(packed),
        )
        self._waiting = []
        self._put(stream, _stream(dictionary, packed))

    def _new(self, body: bytes) -> int:
        number = self._reserve()
        self._put(number, body)
        return number

    def _page(self, body: bytes) -> None:
        self._kids.append(self._new(body))

    def _back(self, box: bytes, pages: int) -> None:
        if pages % 2:
            self._page(_BLANK % (_PAGES, box))

    def _form(self, letter: bytes, constant: int) -> _Form | None:
        for form in self._forms:
            if len(form.prefix) == constant and letter.startswith(form.prefix):
                return form
        read = self._read_form(letter, constant)
        if read is not None:
            self._forms = [read, *self._forms[: _MOST_FORMS - 1]]
        return read

    def _read_form(self, letter: bytes, constant: int) -> _Form | None:
        """Write what a form's letters share; None where the letter is not made like that."""
        import pikepdf

        late = tuple(int(number) for number, _ in _late(letter, constant))
        with _opened(letter) as document:
            contents = [page.obj.get("/Contents") for page in document.pages]
            made = [
                content for content in contents if isinstance(content, pikepdf.Array) and len(content) > 1
            ]
            if not late or tuple(content[-1].objgen[0] for content in made) != late:
                return None
            self._heed(document)
            source = _Source()
            pages = []
            for page, content in zip(document.pages, made, strict=True):
                static = b" ".join(self._refer(part, source) for part in list(content)[:-1])
                pages.append(self._head(page, source) + b"/Contents [" + static + b" ")
            boxes = tuple(_box(page) for page in document.pages)
        return _Form(prefix=letter[:constant], late=late, pages=tuple(pages), boxes=boxes)

    def _add_filled(self, letter: bytes, form: _Form) -> bool:
        found = _late(letter, len(form.prefix))
        if tuple(int(number) for number, _ in found) != form.late:
            return False
        for (_, body), head in zip(found, form.pages, strict=True):
            number = self._new(body)
            self._page(head + b"%d 0 R]>>" % number)
        self._back(form.boxes[-1], len(found))
        return True

    def _add_any(self, letter: bytes) -> None:
        with _opened(letter) as document:
            self._heed(document)
            source = _Source()
            for page in document.pages:
                body = self._head(page, source)
                if "/Contents" in page.obj:
                    body += b"/Contents " + self._dump(page.obj["/Contents"], source)
                self._page(body + b">>")
            self._back(_box(document.pages[-1]), len(document.pages))

    def _heed(self, document: "pikepdf.Pdf") -> None:
        """Claim no more than every letter does: what archives ask for, and which colours are meant."""
        root = document.Root
        xmp = root.Metadata.read_bytes() if "/Metadata" in root else b""
        claimed = _CLAIM.search(xmp)
        level = _LEVELS.get(claimed[1], "") if claimed else ""
        self._level = min(self._level, level, key=("", "B", "U").index)
        if not self._intent and "/OutputIntents" in root:
            self._intent = self._dump(root.OutputIntents, _Source())

    def _head(self, page: "pikepdf.Page", source: _Source) -> bytes:
        """Return a page's dictionary without its content, not yet closed."""
        found = {key: page.obj[key] for key in _KEPT if key in page.obj}
        found.setdefault("/MediaBox", page.mediabox)
        if "/Resources" not in found:
            found["/Resources"] = page.resources
        parts = [key.encode() + b" " + self._dump(value, source) for key, value in found.items()]
        return b"<</Type /Page /Parent %d 0 R " % _PAGES + b" ".join(parts) + b" "

    def _refer(self, item: Any, source: _Source) -> bytes:
        """Return the reference to a copied object, which is written unless the same one was before."""
        key = item.objgen
        number = source.numbers.get(key)
        if number is None and key in source.open:  # it refers to itself
            number = source.numbers[key] = self._reserve()
        if number is None:
            source.open.add(key)
            body = self._body(item, source)
            digest = hashlib.blake2b(body, digest_size=16).digest()
            number = source.numbers.get(key) or self._known.get(digest)
            if number is None:
                number = self._known[digest] = self._new(body)
            elif key in source.numbers:
                self._put(number, body)
            source.numbers[key] = number
        return b"%d 0 R" % number

    def _body(self, item: Any, source: _Source) -> bytes:
        import pikepdf

        if not isinstance(item, pikepdf.Stream):
            return self._dump_direct(item, source)
        raw = item.read_raw_bytes()
        parts = self._entries(item, source, without={"/Length"})
        return _stream(b"<<%s/Length %d>>" % (parts, len(raw)), raw)

    def _dump(self, item: Any, source: _Source) -> bytes:
        import pikepdf

        if isinstance(item, pikepdf.Object) and item.is_indirect:
            return self._refer(item, source)
        return self._dump_direct(item, source)

    def _dump_direct(self, item: Any, source: _Source) -> bytes:
        import pikepdf

        if isinstance(item, pikepdf.Dictionary):
            return b"<<" + self._entries(item, source, without=frozenset()) + b">>"
        if isinstance(item, pikepdf.Array):
            return b"[" + b" ".join(self._dump(one, source) for one in item) + b"]"
        return bytes(item.unparse()) if isinstance(item, pikepdf.Object) else _scalar(item)

    def _entries(self, item: Any, source: _Source, *, without: "set[str] | frozenset[str]") -> bytes:
        import pikepdf

        names = sorted(set(map(str, item.keys())) - without - {"/Parent", "/StructParent"})
        return b"".join(
            bytes(pikepdf.Name(key).unparse()) + b" " + self._dump(item[key], source) + b" " for key in names
        )


def _row(place: int) -> bytes:
    if place & _TOGETHER_AT:
        return b"\2" + (place >> 16 & 0xFFFFFFFF).to_bytes(5) + (place & 0xFFFF).to_bytes(2)
    return b"\1" + place.to_bytes(5) + b"\0\0" if place else b"\0\0\0\0\0\0\xff\xff"


def _late(letter: bytes, constant: int) -> list[tuple[bytes, bytes]]:
    """Return number and body of each object behind the constant bytes."""
    found = []
    at = constant
    while (match := _LATE.match(letter, at)) is not None:
        end = match.end() + int(match[2])
        if letter[end : end + len(_END)] != _END:
            return []
        found.append((match[1], letter[match.start() + len(match[1]) + 7 : end + 10]))
        at = end + len(_END)
    return found if letter.startswith(b"xref\n", at) else []


def _opened(letter: bytes) -> "pikepdf.Pdf":
    import pikepdf

    try:
        document = pikepdf.open(io.BytesIO(letter))
    except pikepdf.PdfError as error:
        raise NoLetterError(str(error)) from error
    if not len(document.pages):
        raise NoLetterError("no pages")
    return document


def _stream(dictionary: bytes, raw: bytes) -> bytes:
    """Return a stream; behind a CR, the line's end is CR LF, or readers would take CR and LF for it."""
    return dictionary + b"\nstream\n" + raw + (b"\r\n" if raw.endswith(b"\r") else b"\n") + b"endstream"


def _box(page: "pikepdf.Page") -> bytes:
    return b" ".join(b"%g" % float(edge) for edge in page.mediabox)


def _scalar(item: Any) -> bytes:
    """Return what pikepdf gives as Python's own: numbers, booleans, null."""
    if item is None:
        return b"null"
    if isinstance(item, bool):
        return b"true" if item else b"false"
    return str(item).encode()
