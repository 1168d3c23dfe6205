"""ALTO of every version, in pixels and in units of length, as digitisers write it, and ours back again."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from layout_strategies import XML_TEXT, pages
from lxml import etree

from tenarai.errors import DataError
from tenarai.page.formats import alto
from tenarai.page.layout import UNSIZED, Box, Line, Page, Region

SPACES = ("http://www.loc.gov/standards/alto/ns-v2#", "http://www.loc.gov/standards/alto/ns-v3#",
          "http://www.loc.gov/standards/alto/ns-v4#", "http://schema.ccs-gmbh.com/ALTO", "")  # fmt: skip
PLACE = 'HPOS="10" VPOS="20" WIDTH="200" HEIGHT="30"'


def document(blocks: str, unit: str = "pixel", space: str = SPACES[2], more: str = "") -> bytes:
    return (
        f'<?xml version="1.0"?><alto xmlns="{space}"><Description><MeasurementUnit>{unit}</MeasurementUnit>'
        f"<sourceImageInformation><fileName>p1.jpg</fileName></sourceImageInformation></Description>{more}"
        f'<Layout><Page ID="P1" WIDTH="1200" HEIGHT="800"><PrintSpace>{blocks}</PrintSpace></Page></Layout></alto>'
    ).encode()


def block(*lines: str, values: str = 'ID="b1"') -> str:
    return f'<TextBlock {values} HPOS="0" VPOS="0" WIDTH="300" HEIGHT="90">{"".join(lines)}</TextBlock>'


def line(*inner: str, values: str = PLACE) -> str:
    return f"<TextLine {values}>{''.join(inner)}</TextLine>"


def string(text: str, values: str = "") -> str:
    return f'<String CONTENT="{text}" {values}/>'


def only(blocks: str, unit: str = "pixel", dpi: float | None = None, more: str = "") -> Page:
    (page,) = alto.read(document(blocks, unit, more=more), "a.xml", dpi)
    return page


@pytest.mark.parametrize("space", SPACES)
def test_every_namespace(space: str) -> None:
    data = document(block(line(string("one"), "<SP/>", string("two"))), space=space)
    (page,) = alto.read(data, "a.xml")
    assert (page.source, page.width, page.height) == ("p1.jpg", 1200, 800)
    assert page.regions[0].box == Box(0, 0, 300, 90)
    assert page.lines[0].text == "one two" and page.lines[0].box == Box(10, 20, 210, 50)


def test_without_a_size_the_page_reaches_as_far_as_its_blocks() -> None:
    data = document(block(line(string("one"))))
    (page,) = alto.read(data.replace(b'ID="P1" WIDTH="1200" HEIGHT="800"', b'ID="P1"'), "a.xml")
    assert (page.width, page.height) == (300, 90) and page.notes == (UNSIZED,)
    assert alto.read(data, "a.xml")[0].notes == ()


# Units


@pytest.mark.parametrize(("unit", "dpi", "scale"), [("mm10", 254, 1.0), ("mm10", 508, 2.0), ("inch1200", 300, 0.25)])
def test_units_of_length_become_pixels(unit: str, dpi: float, scale: float) -> None:
    polygon = line('<Shape><Polygon POINTS="0,0 80,4 80,40"/></Shape>', string("b"))
    page = only(block(line(string("a")), polygon), unit, dpi)
    assert (page.width, page.height) == (1200 * scale, 800 * scale)
    assert page.lines[0].box == Box(10, 20, 210, 50).scaled(scale)
    assert page.lines[1].polygon == ((0, 0), (80 * scale, 4 * scale), (80 * scale, 40 * scale))


@pytest.mark.parametrize("unit", ["mm10", "inch1200"])
def test_units_of_length_without_a_resolution_are_refused(unit: str) -> None:
    with pytest.raises(DataError, match=f"measures in {unit}.*dpi"):
        only(block(line(string("a"))), unit)


def test_unknown_units_are_refused_and_pixels_need_no_resolution() -> None:
    with pytest.raises(DataError, match="furlong"):
        only("", "furlong", 300)
    assert only(block(line(string("a"))), "pixel", 300).lines[0].box == Box(10, 20, 210, 50)
    data = document(block(line(string("a")))).replace(b"<MeasurementUnit>pixel</MeasurementUnit>", b"")
    assert alto.read(data, "a.xml")[0].lines[0].box == Box(10, 20, 210, 50)


# Text


def test_hyphens_and_the_halves_of_words() -> None:
    first = line(
        string("a"), "<SP/>", string("won", 'SUBS_TYPE="HypPart1" SUBS_CONTENT="wonderful"'), '<HYP CONTENT="-"/>'
    )
    second = line(string("derful", 'SUBS_TYPE="HypPart2" SUBS_CONTENT="wonderful"'))
    assert only(block(first, second)).text == "a won-\nderful"


def test_strings_without_spaces_between() -> None:
    page = only(
        block(line(string("one"), string("two")), line(string("手習"), string("い")), line(string("手"), string("a")))
    )
    assert page.text == "one two\n手習い\n手a"
    assert only(block(line(string("a"), "<SP/>", string("b"), string("c")))).text == "a bc"


def test_confidence_is_the_mean_of_the_words() -> None:
    stated, half = (
        line(string("abc", 'WC="0.5"'), "<SP/>", string("d", 'WC="0.9"')),
        line(string("a", 'WC="1"'), string("b")),
    )
    first, second = only(block(stated, half)).lines
    assert first.confidence == pytest.approx((3 * 0.5 + 0.9) / 4) and second.confidence is None


def test_words_and_glyphs_are_characters() -> None:
    words = line(string("one", PLACE), "<SP/>", string("two", 'HPOS="9" VPOS="9" WIDTH="9" HEIGHT="9" WC="0.5"'))
    (found,) = only(block(words)).lines
    assert [c.text for c in found.characters] == ["one", "two"] and found.characters[1].confidence == 0.5
    glyphs = (
        f'<Glyph CONTENT="手" {PLACE} GC="0.5"><Variant CONTENT="毛" VC="0.25"/></Glyph><Glyph CONTENT="習" {PLACE}/>'
    )
    (found,) = only(block(line(f'<String CONTENT="手習">{glyphs}</String>'))).lines
    assert [c.text for c in found.characters] == ["手", "習"] and found.characters[0].alternatives == (("毛", 0.25),)
    # One String that is the whole line says nothing of characters.
    assert only(block(line(string("whole line", PLACE)))).lines[0].characters == ()


# Place, order, direction


@pytest.mark.parametrize("points", ["10,20 100,10 210,50", "10 20 100 10 210 50", "10,20,100,10,210,50"])
def test_polygons_in_every_spelling(points: str) -> None:
    (found,) = only(block(line(f'<Shape><Polygon POINTS="{points}"/></Shape>', string("a")))).lines
    assert found.polygon == ((10, 20), (100, 10), (210, 50)) and found.box == Box(10, 10, 210, 50)


def test_lines_take_the_place_of_their_words_or_are_counted() -> None:
    place = 'HPOS="10" VPOS="10" WIDTH="5" HEIGHT="5"'
    page = only(block(line(string("a", place), values=""), line(string("lost"), values=""), line("<SP/>", values="")))
    assert page.lines == (Line(Box(10, 10, 15, 15), "horizontal", "a"),) and page.note("lines left out") == 2.0


def test_the_reading_order_of_version_4_3() -> None:
    order = '<ReadingOrder><OrderedGroup><ElementRef REF="b2"/><ElementRef REF="b1l1"/></OrderedGroup></ReadingOrder>'
    second = block(line(string("2")), values='ID="b2"')
    blocks = f"{block(line(string('1')))}<ComposedBlock>{second}</ComposedBlock>"
    assert only(blocks, more=order).text == "2\n1"
    assert only(blocks).text == "1\n2"


@pytest.mark.parametrize(
    ("on_block", "on_line", "direction"),
    [("", "", "horizontal"), ("", "ttb", "vertical"), ("ttb", "", "vertical"), ("ttb", "ltr", "horizontal")],
)
def test_direction(on_block: str, on_line: str, direction: str) -> None:
    values = [f'BASEDIRECTION="{said}"' if said else "" for said in (on_block, on_line)]
    page = only(block(line(string("ab"), values=f"{PLACE} {values[1]}"), values=values[0]))
    assert page.lines[0].direction == direction


def test_a_tall_line_that_says_nothing_is_a_column() -> None:
    tall = line(string("縦書き"), values='HPOS="10" VPOS="20" WIDTH="30" HEIGHT="300"')
    assert only(block(tall)).lines[0].direction == "vertical"


def test_pictures_and_tags_are_kinds() -> None:
    more = '<Tags><LayoutTag ID="t1" LABEL="marginalia"/></Tags>'
    page = only(block(values='TAGREFS="t1"') + f"<Illustration {PLACE}/>", more=more)
    assert [found.kind for found in page.regions] == ["marginalia", "image"]


# What is refused


@pytest.mark.parametrize("data", [b"", b"<", b"<PcGts/>", b"not xml", document(block())[:-20]])
def test_what_is_no_alto_is_refused(data: bytes) -> None:
    with pytest.raises(DataError):
        alto.read(data, "a.xml")


def test_entities_are_refused() -> None:
    data = document(block(line(string("&x;")))).replace(b"?><alto", b'?><!DOCTYPE alto [<!ENTITY x "y">]><alto')
    with pytest.raises(DataError, match="entities"):
        alto.read(data, "a.xml")


# Writing


@given(pages(text=XML_TEXT, others=True))
@settings(deadline=None, max_examples=40)
def test_a_written_page_comes_back(page: Page) -> None:
    (back,) = alto.read(alto.write(page), "a.xml")
    assert (back.width, back.height, back.source) == (page.width, page.height, page.source)
    assert [(r.box, r.kind, r.direction) for r in back.regions] == [(r.box, r.kind, r.direction) for r in page.regions]
    for found, written in zip(back.lines, page.lines, strict=True):
        assert (found.box, found.polygon, found.direction) == (written.box, written.polygon, written.direction)
        assert found.text == written.text
        assert found.confidence == pytest.approx(written.confidence)
        spelt = "".join(c.text for c in written.characters) == written.text.replace(" ", "")
        # Of other readings the schema takes those of three characters at most.
        kept = tuple(
            replace(c, alternatives=tuple(other for other in c.alternatives if len(other[0]) <= alto.LONGEST))
            for c in written.characters
        )
        assert found.characters == (kept if spelt else ())


def test_what_is_written_is_alto() -> None:
    written = Page(100, 50, (Region(Box(0, 0, 90, 40), (Line(Box(1, 2, 9, 4), "vertical", "手 習"),)),), "a.png")
    root = etree.fromstring(alto.write(written))
    assert root.tag == f"{{{alto.NAMESPACE}}}alto"
    line = next(root.iter(f"{{{alto.NAMESPACE}}}TextLine"))
    assert line.attrib == {
        "ID": "b1l1", "HPOS": "1", "VPOS": "2", "WIDTH": "8", "HEIGHT": "2", "BASEDIRECTION": "ttb",
    }  # fmt: skip
    assert [etree.QName(e).localname for e in line] == ["String", "SP", "String"]


def test_text_that_xml_cannot_hold_is_refused() -> None:
    with pytest.raises(DataError, match="XML cannot hold"):
        alto.write(Page(9, 9, (Region(Box(0, 0, 1, 1), (Line(Box(0, 0, 1, 1), "horizontal", "\x00"),)),)))
