"""PAGE XML of every version, as Transkribus, eScriptorium and OCR-D write it, and ours back again."""

from datetime import datetime

import pytest
from hypothesis import given, settings
from layout_strategies import XML_TEXT, pages
from lxml import etree

from tenarai.errors import DataError
from tenarai.page.formats import pagexml
from tenarai.page.layout import Box, Line, Page, Region

VERSIONS = ("2010-03-19", "2013-07-15", "2019-07-15")
COORDS = '<Coords points="10,20 210,20 210,50 10,50"/>'


def document(body: str, version: str = "2019-07-15", page: str = "") -> bytes:
    namespace = f"http://schema.primaresearch.org/PAGE/gts/pagecontent/{version}"
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><PcGts xmlns="{namespace}"><Metadata><Creator>x</Creator></Metadata>'
        f'<Page imageFilename="p1.jpg" imageWidth="1200" imageHeight="800" {page}>{body}</Page></PcGts>'
    ).encode()


def region(name: str, *lines: str, values: str = "") -> str:
    return f'<TextRegion id="{name}" {values}><Coords points="0,0 300,0 300,90 0,90"/>{"".join(lines)}</TextRegion>'


def line(text: str, values: str = "", coords: str = COORDS) -> str:
    return f"<TextLine {values}>{coords}<TextEquiv><Unicode>{text}</Unicode></TextEquiv></TextLine>"


def only(body: str, version: str = "2019-07-15", page: str = "") -> Page:
    (found,) = pagexml.read(document(body, version, page), "p.xml")
    return found


@pytest.mark.parametrize("version", VERSIONS)
def test_every_namespace(version: str) -> None:
    page = only(region("r1", line("手習い")), version)
    assert (page.source, page.width, page.height) == ("p1.jpg", 1200, 800)
    assert page.regions[0].box == Box(0, 0, 300, 90) and page.regions[0].kind == "text"
    assert page.lines == (Line(Box(10, 20, 210, 50), "horizontal", "手習い"),)


def test_a_prefix_is_no_difference() -> None:
    data = document(region("r1", line("手"))).decode()
    for name in ("PcGts", "Metadata", "Creator", "Page", "TextRegion", "TextLine", "Coords", "TextEquiv", "Unicode"):
        data = data.replace(f"<{name}", f"<pc:{name}").replace(f"</{name}", f"</pc:{name}")
    (page,) = pagexml.read(data.replace("xmlns=", "xmlns:pc=").encode(), "p.xml")
    assert page.text == "手"


def test_points_of_2010_are_elements() -> None:
    points = "".join(f'<Point x="{x}" y="{y}"/>' for x, y in ((10, 20), (210, 25), (210, 50), (10, 50)))
    (found,) = only(region("r1", line("手", coords=f"<Coords>{points}</Coords>")), "2010-03-19").lines
    assert found.polygon == ((10, 20), (210, 25), (210, 50), (10, 50)) and found.box == Box(10, 20, 210, 50)


def test_a_polygon_is_kept_and_a_rectangle_is_a_box() -> None:
    odd = '<Coords points="10,20 100,10 210,20 210,50 10,50"/>'
    straight, bent = only(region("r1", line("a"), line("b", coords=odd))).lines
    assert straight.polygon == () and len(bent.polygon) == 5 and bent.box == Box(10, 10, 210, 50)


# Order


def test_the_reading_order_decides() -> None:
    order = (
        '<ReadingOrder><OrderedGroup id="g"><RegionRefIndexed index="1" regionRef="r1"/>'
        '<UnorderedGroupIndexed id="h" index="0"><RegionRef regionRef="r3"/><RegionRef regionRef="gone"/>'
        "</UnorderedGroupIndexed></OrderedGroup></ReadingOrder>"
    )
    body = "".join(region(f"r{n}", line(str(n))) for n in (1, 2, 3))
    assert only(order + body).text == "3\n1\n2"
    assert only(body).text == "1\n2\n3"


def test_the_order_of_lines_that_transkribus_notes() -> None:
    lines = [line(text, f'custom="readingOrder {{index:{n};}}"') for text, n in (("b", 1), ("c", 10), ("a", 0))]
    assert only(region("r1", *lines)).text == "a\nb\nc"
    # Where a line lacks it the file's order holds.
    assert only(region("r1", *lines, line("d"))).text == "b\nc\na\nd"


# Direction


@pytest.mark.parametrize(
    ("on_page", "on_region", "on_line", "direction"),
    [
        ("", "", 'readingDirection="top-to-bottom"', "vertical"),
        ("", 'readingDirection="top-to-bottom"', "", "vertical"),
        ('readingDirection="top-to-bottom"', "", "", "vertical"),
        ('readingDirection="top-to-bottom"', "", 'readingDirection="left-to-right"', "horizontal"),
        ("", "", 'readingDirection="right-to-left"', "horizontal"),
        ("", 'custom="structure {type:vertical;}"', "", "vertical"),
        ("", "", "", "horizontal"),
    ],
)
def test_direction(on_page: str, on_region: str, on_line: str, direction: str) -> None:
    page = only(region("r1", line("ab", on_line), values=on_region), page=on_page)
    assert page.lines[0].direction == direction


def test_a_tall_line_that_says_nothing_is_a_column() -> None:
    tall = '<Coords points="10,20 40,20 40,400 10,400"/>'
    assert only(region("r1", line("縦書き", coords=tall))).lines[0].direction == "vertical"
    level = 'readingDirection="left-to-right"'
    assert only(region("r1", line("縦書き", level, tall))).lines[0].direction == "horizontal"


# Text


def test_the_first_text_by_index() -> None:
    texts = (
        '<TextEquiv index="1" conf="0.2"><Unicode>second</Unicode></TextEquiv>'
        '<TextEquiv index="0" conf="0.75"><PlainText>x</PlainText><Unicode>first</Unicode></TextEquiv>'
    )
    (found,) = only(region("r1", f"<TextLine>{COORDS}{texts}</TextLine>")).lines
    assert found.text == "first" and found.confidence == 0.75


def test_words_give_the_text_of_a_line_that_has_none() -> None:
    words = "".join(
        f'<Word><Coords points="{x},20 {x + 50},20 {x + 50},50"/><TextEquiv conf="0.5"><Unicode>{text}</Unicode>'
        "</TextEquiv></Word>"
        for x, text in ((10, "one"), (80, "two"))
    )
    (found,) = only(region("r1", f"<TextLine>{COORDS}{words}</TextLine>")).lines
    assert found.text == "one two" and [c.text for c in found.characters] == ["one", "two"]
    assert found.characters[1].box == Box(80, 20, 130, 50)


def test_lines_without_text_or_place() -> None:
    empty = f"<TextLine>{COORDS}</TextLine>"
    placeless = '<TextLine><Baseline points="0,5 9,5"/><TextEquiv><Unicode>x</Unicode></TextEquiv></TextLine>'
    page = only(region("r1", empty, placeless, line("y", coords='<Coords points=""/>')))
    assert [found.text for found in page.lines] == [""] and page.note("lines left out") == 2.0


def test_kinds_of_regions() -> None:
    coords = '<Coords points="0,0 9,0 9,9"/>'
    nested = region("t1", line("cell"))
    page = only(
        region("r1", values='type="marginalia"')
        + region("r2", values='custom="structure {type:My\\u0020kind;}"')
        + region("r3", values='production="printed"')
        + f'<ImageRegion id="i">{coords}</ImageRegion><TableRegion id="t">{coords}{nested}</TableRegion>'
    )
    assert [found.kind for found in page.regions] == ["marginalia", "My kind", "print", "image", "table", "text"]
    assert page.text == "cell"


def test_print_is_said_as_the_standard_says_it() -> None:
    printed = Region(Box(0, 0, 90, 20), (Line(Box(0, 0, 90, 20), "horizontal", "Form 7"),), "horizontal", "print")
    data = pagexml.write(Page(100, 50, (printed,)))
    assert b'production="printed"' in data
    (back,) = pagexml.read(data, "p.xml")
    assert back.regions[0].kind == "print"


# What is refused


@pytest.mark.parametrize(
    "data",
    [
        b"", b"<", b"<alto/>", b"not xml", document(region("r1")).replace(b"</PcGts>", b""),
        document("").replace(b'imageWidth="1200"', b""), document("").replace(b'"800"', b'"tall"'),
        document("").replace(b'"800"', b'"-8"'), document("").replace(b'"800"', b'"' + b"9" * 400 + b'"'),
        document(region("r1", line("a", f'custom="readingOrder {{index:{"9" * 5000};}}"'))),
    ],
)  # fmt: skip
def test_what_is_no_page_is_refused(data: bytes) -> None:
    with pytest.raises(DataError):
        pagexml.read(data, "p.xml")


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))


@pytest.mark.parametrize(
    "declared",
    ['<!ENTITY x SYSTEM "file:///etc/hostname">', '<!ENTITY x "expanded">', f'<!ENTITY l0 "ha">{LAUGHS}',
     '<!ENTITY % p SYSTEM "http://127.0.0.1:9/x.dtd"> %p;'],
)  # fmt: skip
@pytest.mark.parametrize("used", ["&x;", "&l11;", ""])
def test_entities_are_refused(declared: str, used: str) -> None:
    data = document(region("r1", line(used))).replace(b"?><PcGts", f"?><!DOCTYPE PcGts [{declared}]><PcGts".encode())
    with pytest.raises(DataError, match=r"p\.xml"):
        pagexml.read(data, "p.xml")


def test_entities_in_attributes_are_refused() -> None:
    data = document("").replace(b"?><PcGts", f'?><!DOCTYPE PcGts [<!ENTITY l0 "ha">{LAUGHS}]><PcGts'.encode())
    with pytest.raises(DataError, match=r"p\.xml"):
        pagexml.read(data.replace(b'"p1.jpg"', b'"&l11;"'), "p.xml")


def test_a_doctype_of_its_own_is_not_fetched() -> None:
    data = document(region("r1", line("手"))).replace(b"?><PcGts", b'?><!DOCTYPE PcGts SYSTEM "no-such.dtd"><PcGts')
    assert pagexml.read(data, "p.xml")[0].text == "手"


def test_deep_nesting_is_refused() -> None:
    with pytest.raises(DataError, match=r"p\.xml"):
        pagexml.read(document("<TableRegion>" * 5000 + "</TableRegion>" * 5000), "p.xml")


# Writing


@given(pages(step=1, text=XML_TEXT, others=True))
@settings(deadline=None, max_examples=40)
def test_a_written_page_comes_back_equal(page: Page) -> None:
    (back,) = pagexml.read(pagexml.write(page), "p.xml")
    assert back == page


def test_what_is_written_is_page() -> None:
    written = Page(
        100, 50, (Region(Box(0, 0, 90, 40), (Line(Box(1.4, -2, 9.6, 4), "vertical", "手"),), "vertical"),), "a.png"
    )
    root = etree.fromstring(pagexml.write(written, datetime(2020, 1, 2, 3, 4, 5)))
    name = {"p": pagexml.NAMESPACE}
    assert root.tag == f"{{{pagexml.NAMESPACE}}}PcGts"
    assert root.findtext("p:Metadata/p:Created", namespaces=name) == "2020-01-02T03:04:05"
    line = root.find("p:Page/p:TextRegion/p:TextLine", name)
    assert line is not None and line.get("readingDirection") == "top-to-bottom"
    # Whole numbers from 0, as the schema wants.
    assert line.find("p:Coords", name).get("points") == "1,0 10,0 10,4 1,4"
    reference = root.find("p:Page/p:ReadingOrder/p:OrderedGroup/p:RegionRefIndexed", name)
    assert reference.get("regionRef") == root.find("p:Page/p:TextRegion", name).get("id")


@pytest.mark.parametrize("text", ["a\x00", "\x1b", "\ud800", "\ufffe"])
def test_text_that_xml_cannot_hold_is_refused(text: str) -> None:
    with pytest.raises(DataError, match="XML cannot hold"):
        pagexml.write(Page(9, 9, (Region(Box(0, 0, 1, 1), (Line(Box(0, 0, 1, 1), "horizontal", text),)),)))
