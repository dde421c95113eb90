"""Names and places in other scripts are printed with the fonts that we ship, and never with whatever a machine has."""

import io
from dataclasses import replace

import pikepdf
import pytest

from templates.fonts import FACES, FONTS, WORLD
from templates.foreign_letter import judge
from templates.preview import SAMPLE_BRAND, sample_subject
from templates.render import render
from tidings.channel import Channel
from tidings.message import Letter
from tidings.problem import Problem

NAMES = [
    pytest.param("CN", "王小明", "北京市朝阳区建国路1号", "CJK", id="Chinese"),
    pytest.param("TW", "陳怡君", "臺北市信義區市府路1號", "CJK", id="Chinese in traditional letters"),
    pytest.param("JP", "佐藤さくら", "東京都千代田区千代田1-1", "CJK", id="Japanese"),
    pytest.param("KR", "김민준", "세종대로 110", "CJK", id="Korean"),
    pytest.param("SA", "محمد عبد الله", "شارع الملك فهد 12", "Arabic", id="Arabic, from the right"),
    pytest.param("IL", "דוד כהן", "הרצל 5", "Hebrew", id="Hebrew, from the right"),
    pytest.param("IN", "राजेश कुमार", "गांधी मार्ग 7", "Devanagari", id="Hindi"),
    pytest.param("TH", "สมชาย ใจดี", "1 ถนนสุขุมวิท", "Thai", id="Thai"),
    pytest.param("AM", "Արամ Խաչատրյան", "Աբովյան 3", "Armenian", id="Armenian"),
    pytest.param("GE", "ნინო ბერიძე", "რუსთაველის 10", "Georgian", id="Georgian"),
    pytest.param("GR", "Γιώργος Παπαδόπουλος", "Ερμού 5", "", id="Greek, which our own font has"),
]


def letter(offer, country, name, street):
    sample = sample_subject(offer, SAMPLE_BRAND, "en")
    data = {**sample.data, "customer": {"first_name": name, "last_name": "", "company": ""}}
    postal = {"name": name, "street": [street], "city": "X", "postal_code": "10000", "country": country}
    made = render(offer, Channel.LETTER, replace(sample, data=data, postal=postal))
    assert isinstance(made, Letter)
    return made


def fonts_in(pdf):
    """Return the names of the fonts in a PDF, without the marks of their subsets."""
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        names = [str(font.BaseFont) for font in opened.pages[0].Resources.Font.values()]
    return {name.partition("+")[2].lower() for name in names}


@pytest.mark.parametrize(("country", "name", "street", "script"), NAMES)
def test_a_name_is_printed_in_its_own_script(offer, country, name, street, script):
    made = letter(offer, country, name, street)
    found = judge(made.pdf, country)
    used = fonts_in(made.pdf)

    assert [one for one in found.findings if one.verdict == "block"] == []
    letters = sorted(letter for line in found.address for letter in line if not letter.isspace())
    assert set(name.replace(" ", "")) <= set(letters)
    assert all(font.startswith("paper") for font in used)
    others = [face.family.removeprefix("Paper ").lower() for face in WORLD]
    assert {one for one in others if any(one in font for font in used)} == (
        {script.lower()} if script else set()
    )


def test_a_script_that_no_font_of_ours_has_takes_another_channel(offer):
    with pytest.raises(Problem, match="fonts have no"):
        letter(offer, "ET", "ኃይለ ገብረሥላሴ", "Bole 1")


def test_every_font_is_there_with_its_licence():
    known = (FONTS / "LICENSE-OFL.txt").read_text(encoding="utf-8")
    for face in (*FACES, *WORLD):
        assert (FONTS / face.file).exists()
    assert {path.name for path in FONTS.glob("*.*tf")} == {face.file for face in (*FACES, *WORLD)}
    assert "NotoSansCJK-Regular.otf" in known
    assert "SIL OPEN FONT LICENSE" in known
