"""hOCR: round trips, what Tesseract and others write, and hostile files."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from layout_strategies import XML_TEXT, pages

from tenarai.errors import DataError
from tenarai.page.formats import hocr
from tenarai.page.layout import UNSIZED, Box, Character, Line, Page, Region

TESSERACT = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="en" lang="en"><head><title></title>
<meta name='ocr-system' content='tesseract 5.3.0' /></head><body>
<div class='ocr_page' id='page_1' title='image "C:\\scans\\a; b.png"; bbox 0 0 640 480; ppageno 0; scan_res 300 300'>
 <div class='ocr_carea' id='block_1_1' title="bbox 36 92 618 361">
  <p class='ocr_par' id='par_1_1' lang='jpn' title="bbox 36 92 618 361">
   <span class='ocr_line' id='line_1_1' title="bbox 36 92 580 122; baseline 0 -6; x_size 30">
    <span class='ocrx_word' id='word_1_1' title='bbox 36 92 96 116; x_wconf 90'>手習</span>
    <span class='ocrx_word' id='word_1_2' title='bbox 109 92 200 116; x_wconf 60'>い<em>の</em></span>
    <span class='ocrx_word' id='word_1_3' title='bbox 210 92 250 116; x_wconf 60'>dear</span>
    <span class='ocrx_word' id='word_1_4' title='bbox 260 92 300 116; x_wconf 60'>Anna&#39;s</span>
   </span>
   <span class='ocr_caption' id='line_1_2' title="bbox 40 130 60 400; textangle 90">
    <span class='ocrx_word' title='bbox 40 130 60 400; x_wconf 95'><span class='ocrx_cinfo'
      title='x_bboxes 40 130 60 150; x_conf 98.5'>縦</span><span class='ocrx_cinfo'
      title='x_bboxes 40 160 60 180; x_conf 12'>書</span></span>
   </span>
   <span class='ocr_line' title="bbox nowhere"><span class='ocrx_word' title=''>lost</span></span>
  </p>
 </div>
</div></body></html>"""


def collapsed(text: str) -> str:
    for space in "\t\n":
        text = text.replace(space, " ")
    return " ".join(filter(None, text.split(" ")))


def quoted(text: str) -> str:
    return text.replace('"', "'") if "'" in text else text


def held(page: Page) -> Page:
    """A page as hOCR can hold it."""
    regions = []
    for region in page.regions:
        lines = []
        for line in region.lines:
            spelt = "".join(c.text for c in line.characters) == line.text.replace(" ", "")
            plain = not any(c.text in "\t\n" for c in line.characters)
            lines.append(
                replace(line, text=collapsed(line.text), characters=line.characters if spelt and plain else ())
            )
        regions.append(replace(region, lines=tuple(lines), kind=quoted(region.kind)))
    return replace(page, regions=tuple(regions), source=quoted(page.source))


def rounded(page: Page) -> Page:
    """Confidences to a hundredth of a percent, as they are written."""

    def share(value: float | None) -> float | None:
        return None if value is None else round(value, 4)

    regions = [
        replace(
            region,
            lines=tuple(
                replace(
                    line,
                    confidence=share(line.confidence),
                    characters=tuple(replace(c, confidence=share(c.confidence)) for c in line.characters),
                )
                for line in region.lines
            ),
        )
        for region in page.regions
    ]
    return replace(page, regions=tuple(regions))


@settings(max_examples=80, deadline=None)
@given(pages(step=1, text=XML_TEXT))
def test_round_trip(page: Page) -> None:
    (found,) = hocr.read(hocr.write(page), "a.hocr")
    assert rounded(found) == rounded(held(page))


@settings(max_examples=25, deadline=None)
@given(pages(step=1, text=XML_TEXT))
def test_it_is_html_too(page: Page) -> None:
    """Read as plain HTML, where <span/> would not end the element, it says the same."""
    as_html = b"<!-- & -->" + hocr.write(page).split(b"?>", 1)[1].replace(b"</body>", b"&nbsp;</body>")
    (found,) = hocr.read(as_html, "a.html")
    assert [line.text for line in found.lines] == [line.text for line in held(page).lines]
    assert [line.box for line in found.lines] == [line.box for line in page.lines]


def test_tesseract() -> None:
    (page,) = hocr.read(TESSERACT.encode(), "a.hocr")
    assert (page.width, page.height, page.source) == (640, 480, "C:\\scans\\a; b.png")
    row, column = page.lines
    assert row.text == "手習いの dear Anna's"  # no space between Japanese words, which a new line parts in the file
    assert row.confidence == pytest.approx((0.9 * 2 + 0.6 * (2 + 4 + 6)) / 14)
    assert [c.text for c in row.characters] == ["手習", "いの", "dear", "Anna's"]
    assert row.characters[0].box == Box(36, 92, 96, 116)
    assert column.direction == "vertical" and column.text == "縦書" and column.box == Box(40, 130, 60, 400)
    assert column.characters == (
        Character("縦", Box(40, 130, 60, 150), 0.985),
        Character("書", Box(40, 160, 60, 180), 0.12),
    )
    assert page.regions[0].box == Box(36, 92, 618, 361) and len(page.regions) == 1
    assert page.note("lines left out") == 1


def test_words_apart_in_our_own_files_stay_apart() -> None:
    line = Line(Box(0, 0, 90, 30), "horizontal", "手 習\u3000い", None, tuple(
        Character(c, Box(30 * i, 0, 30 * i + 30, 30)) for i, c in enumerate("手習\u3000い")
    ))  # fmt: skip
    page = Page(90, 30, (Region(line.box, (line,)),), "a.png")
    assert hocr.read(hocr.write(page), "a.hocr") == [page]


def test_no_space_comes_between_characters() -> None:
    line = Line(Box(0, 0, 30, 60), "vertical", "手習", None, tuple(
        Character(c, Box(0, 30 * i, 30, 30 * i + 30)) for i, c in enumerate("手習")
    ))  # fmt: skip
    data = hocr.write(Page(90, 90, (Region(line.box, (line,), "vertical"),), "a.png")).decode()
    assert ">手</span><span" in data and 'lang="ja"' in data and "textangle 270" in data and "vertical-rl" in data


def test_lines_without_areas_and_pages() -> None:
    data = b"""<html><body><div class="ocr_page" title="bbox 0 0 9 9"><span class="ocr_line" title="bbox 1 2 3 4">a
    </span></div><div class=ocr_page><span class="ocr_line x" title="bbox 5 6 70 8;x_wconf 50">b &amp; c</span></div>"""
    first, second = hocr.read(data, "a.html")
    assert first.text == "a" and first.regions[0].box == Box(1, 2, 3, 4)
    assert first.notes == () and second.notes == (UNSIZED,)
    assert second.text == "b & c" and (second.width, second.height) == (70, 8) and second.lines[0].confidence == 0.5


def document(head: str, before: str = "") -> str:
    return f"""{before}<html><head>{head}</head><body><div class="ocr_page" title="image a.png; bbox 0 0 99 50">
    <span class="ocr_line" title="bbox 1 2 90 40">手習い①é</span><br></div></body></html>"""


@pytest.mark.parametrize(
    ("head", "encoding"),
    [
        ("<meta charset=shift_jis>", "cp932"),
        ("<meta charset='Windows-31J'/>", "cp932"),
        ("<meta http-equiv='Content-Type' content='text/html; charset=x-sjis'>", "cp932"),
        ("<META HTTP-EQUIV=Content-Type CONTENT='text/html;charset=EUC-JP'>", "euc_jp"),
        ("<meta name=a><meta charset=iso-2022-jp>", "iso2022_jp"),
        ("<meta charset='iso-8859-1'>", "cp1252"),
        ("<meta charset=gb18030>", "gb18030"),
        ("<meta charset=utf-16>", "utf-8"),  # cannot be: it could be read
        ("<meta charset=UTF8>", "utf-8-sig"),
        ("", "utf-8"),
    ],
)
@pytest.mark.parametrize("ending", ["", "/"])
def test_the_declared_encoding_is_honoured(head: str, encoding: str, ending: str) -> None:
    """As HTML, and as XML that has no declaration of its own."""
    text = document(head).replace("<br>", f"<br{ending}>")
    held = "".join(c for c in "手習い①é" if c.encode(encoding, "ignore").decode(encoding))
    (page,) = hocr.read(text.encode(encoding, "ignore"), "a.html")
    assert page.text == held and held and page.source == "a.png"


@pytest.mark.parametrize("entity", ["", "&nbsp;"])
def test_the_encoding_of_an_xml_declaration_is_honoured(entity: str) -> None:
    text = document("<meta charset='utf-8'/>", '<?xml version="1.0" encoding="Shift_JIS"?>').replace("é", entity)
    (page,) = hocr.read(text.replace("<br>", "<br/>").replace("①", "").encode("shift_jis"), "a.html")
    assert page.text.strip("\xa0") == "手習い"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (document("").encode("cp932", "ignore"), "no utf-8"),
        (document("<meta charset=shift_jis>").encode("cp932", "ignore") + b"\x81", "no cp932"),
        (document("", '<?xml version="1.0" encoding="UTF-8"?>').encode("cp932", "ignore"), "no utf-8"),
        (document("<meta charset=klingon>").encode(), "'klingon', which is not known"),
        (document("<meta charset=idna>").encode(), "'idna', which is not known"),
    ],
)
def test_bytes_that_are_no_text_are_refused(data: bytes, said: str) -> None:
    with pytest.raises(DataError, match=f"a.html .*{said}.*: save it as UTF-8"):
        hocr.read(data, "a.html")


@pytest.mark.parametrize(
    "data",
    [b"<html/>", b"<", b"<html><body>ocr_page</body></html>", b"<a class='ocr_page'" + b"<a>" * 5000, b"\x00",
     b"<html class='ocr_line'>"],
)  # fmt: skip
def test_other_files_are_refused(data: bytes) -> None:
    try:
        assert all(isinstance(page, Page) for page in hocr.read(data, "a.hocr")) and b"ocr_page'" in data
    except DataError as error:
        assert "a.hocr" in str(error)


def test_entities_are_not_expanded() -> None:
    bomb = """<!DOCTYPE html [<!ENTITY a "ha"><!ENTITY b SYSTEM "file:///etc/passwd">]><html><body>
    <div class="ocr_page" title="bbox 0 0 9 9"><span class="ocr_line" title="bbox 0 0 9 9">&a;&b;</span></div>
    </body></html>"""
    for page in hocr.read(bomb.encode(), "a.hocr"):
        assert "root:" not in page.text and page.text != "ha"


def test_control_characters_are_refused() -> None:
    line = Line(Box(0, 0, 9, 9), "horizontal", "a\0b")
    with pytest.raises(DataError, match="HTML cannot hold"):
        hocr.write(Page(9, 9, (Region(line.box, (line,)),)))
