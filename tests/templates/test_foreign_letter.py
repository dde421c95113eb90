"""PDFs that others made: what a print house would send back is named, with its page."""

import io
import json
import zlib
from typing import Any

import pikepdf
import pytest
from weasyprint import HTML

from cli.main import main
from templates.catalog import all_templates
from templates.foreign_letter import judge
from templates.foreign_process import judged
from templates.judgement import CHECKS
from templates.postal_lines import WINDOWS
from templates.preview import SAMPLE_BRAND, sample_subject
from templates.render import documents_of, render
from tidings.channel import Channel
from tidings.message import Letter
from tidings.problem import Problem

ADDRESS = "Ada Lovelace<br>Storgatan 7<br>753 31 Uppsala"


def page(body: str = "", *, address: str = ADDRESS, style: str = "", size: str = "A4") -> bytes:
    """Return a letter to Sweden, whose window is at the right, 44 mm from the top."""
    html = (
        f"<style>@page {{ size: {size}; margin: 20mm }} body {{ font: 11pt DejaVu Sans, sans-serif }}"
        f" .to {{ position: absolute; left: 95mm; top: 26mm; line-height: 4.6mm; font-size: 10pt }} {style}</style>"
        f"<div class=to>{address}</div><p style='margin-top: 80mm'>Dear Ada, here is your letter.</p>{body}"
    )
    written: bytes = HTML(string=html).write_pdf()
    return written


def changed(pdf: bytes, change: str) -> bytes:
    """Return a PDF with something in it that no paper holds."""
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        root = opened.Root
        if change == "program":
            root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)")
        if change == "attachment":
            opened.attachments["a.txt"] = pikepdf.AttachedFileSpec(opened, b"x")
        if change == "pages":
            for _ in range(60):
                opened.pages.append(opened.pages[0])
        if change in {"font", "named font"}:
            opened.pages[0].obj.Resources.Font.F77 = pikepdf.Dictionary(
                Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica
            )
        if change == "font":
            opened.pages[0].contents_add(b"\nBT /F77 12 Tf 200 300 Td (Helvetica) Tj ET")
        if change == "spot":
            opened.pages[0].obj.Resources.ColorSpace = pikepdf.Dictionary(
                C1=pikepdf.Array(
                    [
                        pikepdf.Name.Separation,
                        pikepdf.Name("/HKS43"),
                        pikepdf.Name.DeviceRGB,
                        pikepdf.Dictionary(),
                    ]
                )
            )
        kept = io.BytesIO()
        opened.save(kept)
    return kept.getvalue()


HOME = pikepdf.Matrix()


def framed(
    box: tuple[float, ...],
    *,
    matrix: pikepdf.Matrix = HOME,
    rotate: int = 0,
    unit: float = 1,
    crop: tuple[float, ...] = (),
) -> bytes:
    """Return the letter on another page: its box, its rotation, its unit; `matrix` puts the content there."""
    with pikepdf.open(io.BytesIO(page())) as opened:
        one = opened.pages[0]
        one.contents_add(b"q " + matrix.encode() + b" cm\n", prepend=True)
        one.contents_add(b"\nQ")
        one.MediaBox, one.Rotate, one.UserUnit = pikepdf.Array(box), rotate, unit
        if crop:
            one.CropBox = pikepdf.Array(crop)
        kept = io.BytesIO()
        opened.save(kept)
    return kept.getvalue()


def drawn(content: bytes, **resources: Any) -> bytes:
    """Return the letter with something drawn last; `/H` is a font for it, `resources` what else it needs."""
    helvetica = pikepdf.Dictionary(
        Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica
    )
    with pikepdf.open(io.BytesIO(page())) as opened:
        one = opened.pages[0]
        one.obj.Resources.Font.H = helvetica
        for kind, held in resources.items():
            one.obj.Resources[f"/{kind}"] = pikepdf.Dictionary(
                {f"/{name}": made(opened) for name, made in held.items()}
            )
        # the page's own content leaves its y axis upside down
        one.contents_add(b"q\n", prepend=True)
        one.contents_add(b"\nQ q " + content + b" Q")
        kept = io.BytesIO()
        opened.save(kept)
    return kept.getvalue()


def picture(opened: pikepdf.Pdf) -> pikepdf.Object:
    """Return a picture full of detail, 64 x 64."""
    one = opened.make_stream(bytes((x * y * 37 + 91 * x) % 256 for x in range(64) for y in range(64)))
    one.Type, one.Subtype = pikepdf.Name.XObject, pikepdf.Name.Image
    one.Width, one.Height, one.BitsPerComponent, one.ColorSpace = 64, 64, 8, pikepdf.Name.DeviceGray
    return one


def spot(opened: pikepdf.Pdf) -> pikepdf.Array:
    """Return a spot colour below a palette."""
    tint = pikepdf.Dictionary(
        FunctionType=2,
        Domain=pikepdf.Array([0, 1]),
        C0=pikepdf.Array([0, 0, 0, 0]),
        C1=pikepdf.Array([0, 1, 1, 0]),
        N=1,
    )
    named = pikepdf.Array(
        [
            pikepdf.Name.Separation,
            pikepdf.Name("/HKS 43"),
            pikepdf.Name.DeviceCMYK,
            opened.make_indirect(tint),
        ]
    )
    return pikepdf.Array([pikepdf.Name.Indexed, named, 1, pikepdf.String(b"\0\xff")])


def form_with_spot(opened: pikepdf.Pdf) -> pikepdf.Object:
    form = opened.make_stream(b"/C cs 1 sc 0 0 80 80 re f")
    form.Type, form.Subtype, form.BBox = (
        pikepdf.Name.XObject,
        pikepdf.Name.Form,
        pikepdf.Array([0, 0, 80, 80]),
    )
    form.Resources = pikepdf.Dictionary(ColorSpace=pikepdf.Dictionary(C=spot(opened)))
    return form


def with_program(where: str) -> bytes:
    """Return the letter with a program that waits for the reader."""
    program = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)")
    with pikepdf.open(io.BytesIO(page())) as opened:
        if where == "page":
            opened.pages[0].AA = pikepdf.Dictionary(O=program)
        if where == "link":
            link = pikepdf.Dictionary(
                Type=pikepdf.Name.Annot,
                Subtype=pikepdf.Name.Link,
                Rect=pikepdf.Array([90, 90, 99, 99]),
                Border=pikepdf.Array([0, 0, 0]),
                A=program,
            )
            opened.pages[0].Annots = pikepdf.Array([link])
        if where == "next":
            opened.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.Named, N="/NextPage", Next=program)
        kept = io.BytesIO()
        opened.save(kept)
    return kept.getvalue()


def encrypted(**how: Any) -> bytes:
    with pikepdf.open(io.BytesIO(page())) as opened:
        kept = io.BytesIO()
        opened.save(kept, encryption=pikepdf.Encryption(**how))
    return kept.getvalue()


WIDE, HIGH = 595.28, 841.89
AS_GOOD = [
    pytest.param(changed(page(), "named font"), id="a font that is named and never used"),
    pytest.param(framed((100, 200, 100 + WIDE, 200 + HIGH), matrix=HOME.translated(100, 200)),
                 id="a page that begins elsewhere"),
    pytest.param(framed((0, 0, WIDE + 17, HIGH + 17), matrix=HOME.translated(8.5, 8.5),
                        crop=(8.5, 8.5, WIDE + 8.5, HIGH + 8.5)), id="a page that is cut out of a larger one"),
    pytest.param(framed((0, 0, HIGH, WIDE), matrix=pikepdf.Matrix(0, 1, -1, 0, HIGH, 0), rotate=90),
                 id="a page on its side that is turned upright"),
    pytest.param(framed((0, 0, WIDE / 2, HIGH / 2), matrix=HOME.scaled(0.5, 0.5), unit=2),
                 id="a page with units of two points"),
]  # fmt: skip


@pytest.mark.parametrize("pdf", AS_GOOD)
def test_how_a_page_is_framed_says_nothing_of_what_is_on_it(pdf):
    found = judge(pdf, "SE")
    assert [one for one in found.findings if one.verdict != "pass"] == []
    assert found.address == ("Ada Lovelace", "Storgatan 7", "753 31 Uppsala")


def test_an_address_on_its_head_is_not_read():
    found = judge(framed((0, 0, WIDE, HIGH), rotate=180), "SE")
    assert not found.is_printable
    assert "address" in [one.check for one in found.findings if one.verdict == "block"]


def test_what_a_program_read_in_a_scan_is_its_text():
    scan = b"200 0 0 40 60 300 cm /I Do Q q BT 3 Tr /H 30 Tf 70 305 Td (secret) Tj ET"
    told = [(one.check, one.verdict) for one in judge(drawn(scan, XObject={"I": picture}), "SE").findings]
    assert ("hidden_text", "warn") in told
    assert ("hidden_text", "block") not in told


def test_what_is_locked_is_said_to_be_locked(tmp_path):
    (tmp_path / "x.pdf").write_bytes(encrypted(user="secret", owner="secret"))
    with pytest.raises(Problem, match="password"):
        judged(tmp_path / "x.pdf", "SE")


WRONG = [
    pytest.param(framed((0, 0, WIDE, HIGH), unit=2), "page_size", "block", 1,
                 id="a page that is twice as large as its box"),
    pytest.param(page(address="Ada Lovelace<br>" + ADDRESS, style=".to { top: 21mm !important }"), "window", "block", 1,
                 id="an address whose first line is above the window"),
    pytest.param(page(style=".to { color: #fff }"), "address", "block", 1, id="an address that nobody sees"),
    pytest.param(drawn(b"BT /H 30 Tf 70 305 Td (secret) Tj ET 200 0 0 40 60 300 cm /I Do",
                       XObject={"I": picture}),
                 "hidden_text", "block", 1, id="words behind a picture full of detail"),
    pytest.param(drawn(b"BT 3 Tr /H 30 Tf 70 305 Td (secret) Tj ET"), "hidden_text", "block", 1,
                 id="words that are drawn with nothing"),
    pytest.param(drawn(b"/C cs 1 sc 60 300 50 50 re f", ColorSpace={"C": spot}), "colours", "warn", 1,
                 id="a spot colour in a palette"),
    pytest.param(drawn(b"1 0 0 1 60 300 cm /X Do", XObject={"X": form_with_spot}), "colours", "warn", 1,
                 id="a spot colour in a form"),
    pytest.param(with_program("page"), "active", "block", 1, id="a program of a page"),
    pytest.param(with_program("link"), "active", "block", 1, id="a program behind a link"),
    pytest.param(with_program("next"), "active", "block", 0, id="a program that follows something harmless"),
    pytest.param(encrypted(owner="x", allow=pikepdf.Permissions(print_lowres=False, print_highres=False)),
                 "file", "block", 0, id="a file whose owner forbids printing"),
    pytest.param(encrypted(owner="x"), "file", "warn", 0, id="a file that is encrypted for nobody"),
    pytest.param(page(size="letter"), "page_size", "block", 1, id="the other side of the ocean's paper"),
    pytest.param(page(size="A4 landscape"), "page_size", "block", 1, id="a page on its side"),
    pytest.param(
        page("<div style='position:fixed;left:-20mm;top:0;width:9mm;height:9mm;background:#000'></div>"),
        "printable_area", "block", 1, id="ink at the edge"),
    pytest.param(page(address=""), "address", "block", 1, id="no address in the window"),
    pytest.param(page(address="<br>".join(f"line {n}" for n in range(12))), "window", "block", 1,
                 id="more lines than the window shows"),
    pytest.param(page(address=ADDRESS + " " + "x" * 60), "window", "block", 1, id="a line that the window cuts"),
    pytest.param(page(style=".to { font-size: 5pt !important }"), "address", "block", 1, id="an address in tiny print"),
    pytest.param(page("<p style='color:#fff'>secret words</p>"), "hidden_text", "block", 1, id="white on white"),
    pytest.param(page("<p style='font-size:2pt'>small words</p>"), "hidden_text", "block", 1, id="tiny text"),
    pytest.param(
        page("<p>covered words</p><div style='background:#fff;height:30pt;margin-top:-26pt;position:relative'></div>"),
        "hidden_text", "block", 1, id="text under a patch"),
    pytest.param(page("<p style='page-break-before:always;color:#fefefe'>on page two</p>"), "hidden_text", "block", 2,
                 id="hidden on the second page"),
    pytest.param(changed(page(), "program"), "active", "block", 0, id="a program"),
    pytest.param(changed(page(), "attachment"), "active", "warn", 0, id="an attachment"),
    pytest.param(changed(page(), "pages"), "pages", "block", 0, id="more sheets than an envelope takes"),
    pytest.param(changed(page(), "font"), "fonts", "block", 1, id="a font that is not in the file"),
    pytest.param(changed(page(), "spot"), "colours", "warn", 1, id="a spot colour"),
]  # fmt: skip


def test_a_letter_that_is_in_order_passes_every_check():
    found = judge(page(), "SE")
    assert found.is_printable
    assert [(one.check, one.verdict) for one in found.findings] == [(check, "pass") for check in CHECKS]
    assert found.address == ("Ada Lovelace", "Storgatan 7", "753 31 Uppsala")
    assert (found.window, found.pages, found.sheets, found.colour_pages) == ("c5-h2", 1, 1, ())


@pytest.mark.parametrize(("pdf", "check", "verdict", "number"), WRONG)
def test_what_is_wrong_is_named_with_its_page(pdf, check, verdict, number):
    found = judge(pdf, "SE")
    assert (check, verdict, number) in [(one.check, one.verdict, one.page) for one in found.findings]
    assert found.is_printable is (verdict == "warn")


@pytest.mark.parametrize("country", ["DE", "GB", "SE", "NO", "US"])
@pytest.mark.parametrize("template", [one.name for one in all_templates() if Channel.LETTER in one.channels])
def test_our_own_letters_may_be_printed_everywhere(template, country):
    (chosen,) = [one for one in all_templates() if one.name == template]
    subject = sample_subject(chosen, SAMPLE_BRAND, "en", country=country)
    letter = render(chosen, Channel.LETTER, subject, documents=documents_of(chosen, subject))
    assert isinstance(letter, Letter)
    found = judge(letter.pdf, country)
    carried = {"the file carries attachments, which nobody prints"}  # an invoice has its data with it
    assert [one for one in found.findings if one.verdict != "pass" and one.detail not in carried] == []
    assert " ".join(letter.address) in " ".join(found.address)


@pytest.mark.parametrize("kind", sorted(name for name in WINDOWS if name != "us-10"))
def test_our_letters_fit_every_window_that_a_brand_may_choose(kind, offer):
    brand = SAMPLE_BRAND.model_copy(update={"windows": {"DE": kind}})
    letter = render(offer, Channel.LETTER, sample_subject(offer, brand, "en", country="DE"))
    assert isinstance(letter, Letter)
    found = judge(letter.pdf, "DE", kind)
    assert [one for one in found.findings if one.verdict != "pass"] == []
    assert (letter.window, found.window) == (kind, kind)
    assert " ".join(letter.address) in " ".join(found.address)


def test_three_red_letters_are_a_coloured_page():
    assert judge(page("<p style='color:#f00'>red</p>"), "SE").colour_pages == (1,)


def test_a_coloured_page_is_counted():
    assert judge(page("<div style='background:#c00;height:20mm'>red</div>"), "SE").colour_pages == (1,)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"%PDF-1.7\n%%EOF", id="a head and an end"),
        pytest.param(page()[:900], id="half of a file"),
        pytest.param(b"\x00" * 5000, id="zeros"),
        pytest.param(bytes(range(256)) * 40_000, id="ten million bytes of something else"),
    ],
)
def test_what_is_no_pdf_is_said_in_one_sentence(content, tmp_path):
    path = tmp_path / "x.pdf"
    path.write_bytes(content)
    with pytest.raises(Problem, match=r"x\.pdf") as told:
        judged(path, "SE")
    assert "stream" not in told.value.what
    assert "no PDF" in told.value.what or content.startswith(b"%PDF-")


def test_a_file_that_would_never_end_is_given_up(tmp_path):
    """A picture of 60,000 x 60,000 on a page: drawn nowhere, and said so."""
    with pikepdf.new() as opened:
        opened.add_blank_page(page_size=(595, 842))
        picture = pikepdf.Stream(opened, b"")
        picture.write(zlib.compress(b"\0" * 40_000_000), filter=pikepdf.Name.FlateDecode)
        picture.Type, picture.Subtype = pikepdf.Name.XObject, pikepdf.Name.Image
        picture.Width, picture.Height = 60_000, 60_000
        picture.ColorSpace, picture.BitsPerComponent = pikepdf.Name.DeviceRGB, 8
        opened.pages[0].obj.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(I=picture))
        opened.pages[0].obj.Contents = pikepdf.Stream(opened, b"595 0 0 842 0 0 cm /I Do\n" * 50)
        opened.save(tmp_path / "bomb.pdf")
    found = judged(tmp_path / "bomb.pdf", "SE")
    assert found["printable"] is False


def test_the_command_prints_one_json_value_and_exits_with_3(tmp_path, capsys):
    path = tmp_path / "letter.pdf"
    path.write_bytes(page(address=""))
    with pytest.raises(SystemExit) as ended:
        main(["letters", "check", str(path), "--country", "SE", "--json"])
    found = json.loads(capsys.readouterr().out)
    assert ended.value.code == 3
    assert {
        "file",
        "country",
        "window",
        "pages",
        "sheets",
        "colour_pages",
        "address",
        "findings",
        "printable",
    } == set(found)
    assert {"check", "verdict", "page", "detail"} == set(found["findings"][0])


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(["nowhere.pdf", "--country", "SE"], id="a file that is not there"),
        pytest.param([__file__, "--country", "SE"], id="a file of another kind"),
        pytest.param(["nowhere.pdf", "--country", "ZZ"], id="a country that is none"),
    ],
)
def test_what_cannot_be_used_exits_with_2(words, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["letters", "check", *words])
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith("tidings: ")
