"""The PDF that people read with the XML that machines read inside: PDF/A-3b, PDF/UA-1, Factur-X 1.0 (ZUGFeRD 2)."""

import hashlib
import io
import zlib
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from tidings.invoice import Invoice

if TYPE_CHECKING:
    import pikepdf

FILE_NAME = "factur-x.xml"
_PRODUCER = "Tidings"
_FACTURX = "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#"
_SAID = (
    f"<fx:DocumentType>INVOICE</fx:DocumentType><fx:DocumentFileName>{FILE_NAME}</fx:DocumentFileName>"
    "<fx:Version>1.0</fx:Version><fx:ConformanceLevel>EN 16931</fx:ConformanceLevel>"
)
_PROPERTIES = (
    ("DocumentFileName", "The name of the embedded XML document"),
    ("DocumentType", "The type of the hybrid document in capital letters"),
    ("Version", "The actual version of the standard applying to the embedded XML document"),
    ("ConformanceLevel", "The conformance level of the embedded XML document"),
)


def embed(pdf: bytes, xml: bytes | None, invoice: Invoice, *, title: str, language: str) -> bytes:
    """Return a typeset invoice with its XML inside; the same arguments give the same bytes.

    Args:
        pdf: tagged, with embedded fonts and no transparency that a PDF/A forbids, from either engine.
        xml: Cross Industry Invoice of profile EN 16931; None: a document without one.
        invoice: whose day of issue the files carry.
        title: the document's.
        language: BCP 47.
    """
    import pikepdf
    from pikepdf import Array, Dictionary, Name

    with pikepdf.open(io.BytesIO(pdf)) as document:
        if xml is not None:
            _attach(document, xml, invoice)
        document.Root.OutputIntents = Array([_intent(document)])
        document.Root.Lang = pikepdf.String(language)
        document.Root.MarkInfo = Dictionary(Marked=True)
        document.Root.ViewerPreferences = Dictionary(DisplayDocTitle=True)
        del document.docinfo
        packet = _packet(title, language, hybrid=xml is not None)
        document.Root.Metadata = document.make_stream(packet, Type=Name.Metadata, Subtype=Name.XML)
        return _saved(document)


def _saved(document: "pikepdf.Pdf") -> bytes:
    """Return the bytes of a document none of whose streams ends with a carriage return.

    Compressed data ends with a checksum, one in 256 times with that byte. With the line feed before `endstream` it
    reads as one line end of two characters, and validators count a byte less than /Length says (ISO 19005-3, 6.1.7.1).
    Such a stream is written in hexadecimal digits.
    """
    import pikepdf
    from pikepdf import Array, Name, ObjectStreamMode, StreamDecodeLevel

    for one in document.objects:
        if isinstance(one, pikepdf.Stream) and (raw := one.read_raw_bytes()).endswith(b"\r"):
            filters = one.get(Name.Filter, Array([]))
            known = list(filters) if isinstance(filters, Array) else [filters]
            one.write(raw.hex().encode() + b">", filter=Array([Name.ASCIIHexDecode, *known]))
    for mode in (ObjectStreamMode.generate, ObjectStreamMode.disable):
        out = io.BytesIO()
        document.save(
            out,
            deterministic_id=True,
            min_version="1.7",
            object_stream_mode=mode,
            compress_streams=False,
            stream_decode_level=StreamDecodeLevel.none,
        )
        if b"\r\nendstream" not in out.getvalue():
            break
    return out.getvalue()


def _attach(document: "pikepdf.Pdf", xml: bytes, invoice: Invoice) -> None:
    import pikepdf
    from pikepdf import Array, Dictionary, Name

    day = pikepdf.String(f"D:{invoice.issued_on:%Y%m%d}000000Z")
    stream = document.make_stream(
        zlib.compress(xml),
        Type=Name.EmbeddedFile,
        Filter=Name.FlateDecode,
        Subtype=Name("/text/xml"),
        Params=Dictionary(
            Size=len(xml),
            CreationDate=day,
            ModDate=day,
            CheckSum=pikepdf.String(hashlib.md5(xml, usedforsecurity=False).digest()),
        ),
    )
    specification = document.make_indirect(
        Dictionary(
            Type=Name.Filespec,
            F=pikepdf.String(FILE_NAME),
            UF=pikepdf.String(FILE_NAME),
            Desc=pikepdf.String("Factur-X invoice"),
            AFRelationship=Name.Alternative,
            EF=Dictionary(F=stream, UF=stream),
        )
    )
    names = Dictionary(Names=Array([pikepdf.String(FILE_NAME), specification]))
    document.Root.Names = Dictionary(EmbeddedFiles=document.make_indirect(names))
    document.Root.AF = Array([specification])


def _intent(document: "pikepdf.Pdf") -> Any:
    import pikepdf
    from pikepdf import Dictionary, Name

    profile = document.make_stream(_profile(), N=3, Alternate=Name.DeviceRGB, Filter=Name.FlateDecode)
    return document.make_indirect(
        Dictionary(
            Type=Name.OutputIntent,
            S=Name.GTS_PDFA1,
            OutputConditionIdentifier=pikepdf.String("sRGB"),
            RegistryName=pikepdf.String("http://www.color.org"),
            DestOutputProfile=profile,
        )
    )


@lru_cache(maxsize=1)
def _profile() -> bytes:
    """Return, compressed, the sRGB profile that comes with WeasyPrint (ICC, free to use)."""
    found = find_spec("weasyprint")
    assert found is not None
    assert found.origin is not None
    return zlib.compress((Path(found.origin).parent / "pdf" / "sRGB2014.icc").read_bytes())


def _packet(title: str, language: str, *, hybrid: bool) -> bytes:
    described = "".join(
        f"<rdf:li rdf:parseType='Resource'><pdfaProperty:name>{name}</pdfaProperty:name>"
        "<pdfaProperty:valueType>Text</pdfaProperty:valueType><pdfaProperty:category>external</pdfaProperty:category>"
        f"<pdfaProperty:description>{text}</pdfaProperty:description></rdf:li>"
        for name, text in _PROPERTIES
    )
    said = _SAID if hybrid else ""
    return f"""<?xpacket begin="\N{ZERO WIDTH NO-BREAK SPACE}" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/" xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:pdf="http://ns.adobe.com/pdf/1.3/" xmlns:fx="{_FACTURX}">
<pdfaid:part>3</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance><pdfuaid:part>1</pdfuaid:part>
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{escape(title)}</rdf:li></rdf:Alt></dc:title>
<dc:language><rdf:Bag><rdf:li>{escape(language)}</rdf:li></rdf:Bag></dc:language>
<pdf:Producer>{_PRODUCER}</pdf:Producer>
{said}
</rdf:Description>
<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/" xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">
<pdfaExtension:schemas><rdf:Bag>
<rdf:li rdf:parseType="Resource"><pdfaSchema:schema>Factur-X PDFA Extension Schema</pdfaSchema:schema><pdfaSchema:namespaceURI>{_FACTURX}</pdfaSchema:namespaceURI><pdfaSchema:prefix>fx</pdfaSchema:prefix><pdfaSchema:property><rdf:Seq>{described}</rdf:Seq></pdfaSchema:property></rdf:li>
<rdf:li rdf:parseType="Resource"><pdfaSchema:schema>PDF/UA identification schema</pdfaSchema:schema><pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI><pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix><pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource"><pdfaProperty:name>part</pdfaProperty:name><pdfaProperty:valueType>Integer</pdfaProperty:valueType><pdfaProperty:category>internal</pdfaProperty:category><pdfaProperty:description>Indicates which part of ISO 14289 is followed</pdfaProperty:description></rdf:li></rdf:Seq></pdfaSchema:property></rdf:li>
</rdf:Bag></pdfaExtension:schemas>
</rdf:Description>
</rdf:RDF></x:xmpmeta>
<?xpacket end="r"?>""".encode()  # noqa: E501 -- of an XMP packet


def read_xml(pdf: bytes) -> bytes | None:
    """Return the invoice inside of a PDF; None where there is none, or no readable PDF."""
    import pikepdf

    try:
        with pikepdf.open(io.BytesIO(pdf)) as document:
            names = sorted(name for name in document.attachments if name.lower().endswith(".xml"))
            return document.attachments[names[0]].get_file().read_bytes() if names else None
    except pikepdf.PdfError:
        return None
