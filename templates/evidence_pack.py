"""One PDF that proves something: a cover with tables, the pages of the document itself, and files attached."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from templates.edition import layouts
from templates.paper import Page, to_pdf


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """A table of (name, value)."""

    title: str
    rows: Sequence[tuple[str, str]]


def bind(
    *,
    title: str,
    made: str,
    sections: Sequence[Section],
    document: bytes | None,
    files: Mapping[str, bytes],
    identity: str,
) -> bytes:
    """Return cover and document as one PDF with the files attached; the same arguments give the same bytes.

    Args:
        title: of the cover.
        made: below it: by whom and when.
        sections: of the cover.
        document: its pages follow the cover.
        files: attached, by name.
        identity: what the cover's id is made from.
    """
    import pikepdf

    html = layouts().get_template("evidence.html.j2").render(title=title, made=made, sections=sections)
    cover = to_pdf(
        Page(html=html, css="", layout="evidence.css", tagged=True), identity=identity, where="evidence pack"
    )
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(cover)) as pack:
        if document is not None:
            with pikepdf.open(io.BytesIO(document)) as pages:
                pack.pages.extend(pages.pages)
        for name, content in files.items():
            pack.attachments[name] = pikepdf.AttachedFileSpec(
                pack,
                content,
                description=name,
                filename=name,
                mime_type=_mime(name),
                creation_date="",
                mod_date="",
            )
        pack.save(out, deterministic_id=True)
    return out.getvalue()


def _mime(name: str) -> str:
    kinds = {"pdf": "application/pdf", "xml": "text/xml", "json": "application/json", "eml": "message/rfc822"}
    return kinds.get(name.rpartition(".")[2], "text/plain")
