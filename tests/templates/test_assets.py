"""Images that somebody put into a template: what would run, fetch or never end is refused before anything draws it."""

import io

import pytest
from PIL import Image

from templates.assets import check_asset
from templates.catalog import LIBRARY, all_templates, find
from tidings.problem import Problem


def svg(inside, head=""):
    return f'{head}<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">{inside}</svg>'.encode()


def laughs(levels, each):
    """Return a drawing whose parts use each other: each ** levels of them."""
    parts = ["<g id='l0'><rect/></g>"]
    parts += [f"<g id='l{n}'>" + f"<use href='#l{n - 1}'/>" * each + "</g>" for n in range(1, levels + 1)]
    return svg("".join(parts) + f"<use href='#l{levels}'/>")


def picture(size, kind="PNG"):
    kept = io.BytesIO()
    Image.new("1", size).save(kept, format=kind)
    return kept.getvalue()


HOSTILE = [
    pytest.param("a.svg", svg("<script>alert(1)</script>"), "<script>", id="a script"),
    pytest.param("a.svg", svg("<rect onload='x()'/>"), "onload", id="an event"),
    pytest.param("a.svg", svg("<image href='file:///etc/passwd'/>"), "<image>", id="a file inside"),
    pytest.param("a.svg", svg("<use href='http://evil.example/a.svg#x'/>"), "evil.example", id="a part from elsewhere"),
    pytest.param("a.svg", svg("<use xlink:href='file:///etc/passwd#x'/>"), "passwd", id="a part from a file"),
    pytest.param("a.svg", svg("<rect fill='url(http://evil.example/a)'/>"), "fetches", id="a colour from elsewhere"),
    pytest.param("a.svg", svg("<style>@import 'http://evil.example/a'</style>"), "fetches", id="a style that fetches"),
    pytest.param("a.svg", svg("<foreignObject><p/></foreignObject>"), "foreignObject", id="a foreign object"),
    pytest.param("a.svg", svg("&x;", "<!DOCTYPE svg [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>"), "entities",
                 id="an entity"),
    pytest.param("a.svg", laughs(12, 10), "parts", id="a billion parts"),
    pytest.param("a.svg", svg("<g id='a'><use href='#a'/></g>"), "parts", id="a part of itself"),
    pytest.param("a.svg", svg("<g>" * 2_000 + "</g>" * 2_000), "", id="two thousand groups in each other"),
    pytest.param("a.svg", b"no drawing", "no XML", id="something else"),
    pytest.param("a.svg", b"<html/>", "no SVG", id="another document"),
    pytest.param("a.png", picture((20_000, 20_000)), "pixels", id="a picture of 400 million pixels"),
    pytest.param("a.png", b"no picture", "no picture", id="no picture"),
    pytest.param("a.png", picture((10, 10), "GIF"), "GIF", id="another kind"),
    pytest.param("a.jpg", b"x" * 5_000_001, "bytes", id="a large file"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "content", "word"), HOSTILE)
def test_a_hostile_image_is_refused_with_a_reason(name, content, word):
    with pytest.raises(Problem, match="the asset") as found:
        check_asset(name, content, "the asset")
    assert word in str(found.value)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param("a.svg", laughs(3, 10), id="a drawing that repeats a part"),
        pytest.param("a.png", picture((4_000, 3_000)), id="a photograph"),
        pytest.param("notes.txt", b"<script>", id="a file that is never drawn"),
    ],
)
def test_a_plain_image_is_taken(name, content):
    check_asset(name, content, "the asset")


def test_the_shipped_images_are_taken():
    images = [image for template in all_templates() for image in template.assets.glob("*")]

    for image in images:  # here and not when a template is read: they come with the program
        check_asset(f"assets/{image.name}", image.read_bytes(), str(image))
    assert images


def test_a_template_with_a_hostile_image_is_not_loaded(tmp_path):
    folder = tmp_path / "offer" / "own"
    (folder / "assets").mkdir(parents=True)
    for file in (LIBRARY / "offer" / "autumn").glob("*.*"):
        (folder / file.name).write_bytes(file.read_bytes())
    (folder / "assets" / "lanterns.svg").write_bytes(laughs(12, 10))
    with pytest.raises(Problem, match=r"lanterns\.svg"):
        find("offer/own", extra=tmp_path)
