"""PDFs that others made: what a print house would send back is named, with its page."""

import io
import json
import zlib

import pikepdf
import pytest
from weasyprint import HTML

from cli.main import main
from templates.catalog import all_templates
from templates.foreign_letter import CHECKS, judge, judged
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
        if change == "font":
            opened.pages[0].obj.Resources.Font = pikepdf.Dictionary(
                F1=pikepdf.Dictionary(
                    Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica
                )
            )
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


WRONG = [
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


def test_a_coloured_page_is_counted():
    assert judge(page("<div style='background:#c00;height:20mm'>red</div>"), "SE").colour_pages == (1,)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"%PDF-1.7\n%%EOF", id="a head and an end"),
        pytest.param(page()[:900], id="half of a file"),
        pytest.param(b"\x00" * 5000, id="zeros"),
    ],
)
def test_what_is_no_pdf_is_said_in_one_sentence(content, tmp_path):
    path = tmp_path / "x.pdf"
    path.write_bytes(content)
    with pytest.raises(Problem, match=r"x\.pdf"):
        judged(path, "SE")


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
