"""A folder as a peer: what a person or a print house finds in it."""

import io
import json

import pikepdf


class FolderPeer:
    """Reads the outbox or the spool back."""

    def __init__(self, path):
        self.path = path

    @property
    def references(self):
        """Paths of files in the outbox, names of batches."""
        files = [str(path.relative_to(self.path)) for path in self.path.rglob("*.*") if path.is_file()]
        return files + [path.parent.name for path in self.manifests()]

    def manifests(self):
        return sorted(self.path.rglob("manifest.json"))

    def pieces(self):
        """(manifest, piece, text of its pages) of every letter."""
        import pypdfium2

        found = []
        for path in self.manifests():
            manifest = json.loads(path.read_bytes())
            document = pypdfium2.PdfDocument(path.parent / "letters.pdf")
            for piece in manifest["pieces"]:
                first, last = piece["pages"]
                pages = [document[n - 1].get_textpage().get_text_bounded() for n in range(first, last + 1)]
                found.append((manifest, piece, pages))
            document.close()
        return found


def letter_pdf(text, pages=1):
    """Return a PDF with `text` on its first page, and a number on every one."""
    document = pikepdf.new()
    font = document.make_indirect(
        pikepdf.Dictionary(
            Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica
        )
    )
    for number in range(pages):
        page = document.add_blank_page(page_size=(595, 842))
        said = f"{text} page {number + 1}".encode("latin-1", "replace").hex()
        page.obj.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=font))
        page.obj.Contents = document.make_stream(f"BT /F1 12 Tf 60 700 Td <{said}> Tj ET".encode())
    target = io.BytesIO()
    document.save(target, deterministic_id=True)
    return target.getvalue()
