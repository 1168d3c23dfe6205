"""VOC annotations as labelImg, CVAT and others write them."""

import pytest

from tenarai.errors import DataError
from tenarai.page.formats import voc
from tenarai.page.layout import Box

LABELIMG = """<annotation><folder>scans</folder><filename>a.png</filename><path>C:\\scans\\a.png</path>
<size><width>640</width><height>480</height><depth>1</depth></size><segmented>0</segmented>
<object><name>line</name><transcription>手習い</transcription><bndbox><xmin>10</xmin><ymin>20</ymin><xmax>300</xmax>
  <ymax>60</ymax></bndbox></object>
<object><name>あ</name><bndbox><xmin>50.5</xmin><ymin>58</ymin><xmax>20</xmax><ymax>22</ymax></bndbox></object>
<object><name>dear Anna</name><bndbox><xmin>10</xmin><ymin>100</ymin><xmax>30</xmax><ymax>400</ymax></bndbox>
  <attributes><attribute><name>direction</name><value>vertical</value></attribute></attributes></object>
<object><name>line</name><bndbox><xmin>x</xmin></bndbox></object><object><name>line</name></object>
<object><name>line</name><text>poly</text><polygon><x1>1</x1><y1>2</y1><x2>90</x2><y2>2</y2><x3>50</x3><y3>30</y3></polygon>
</object></annotation>"""


def test_an_annotation() -> None:
    (page,) = voc.read(LABELIMG.encode(), "a.xml")
    assert (page.width, page.height, page.source) == (640, 480, "a.png")
    first, second, third = page.lines
    assert first.text == "手習い" and first.box == Box(10, 20, 300, 60)
    assert first.characters[0].text == "あ" and first.characters[0].box == Box(20, 22, 50.5, 58)
    assert second.text == "dear Anna" and second.direction == "vertical"
    assert third.polygon == ((1, 2), (90, 2), (50, 30))
    assert page.note("shapes left out") == 2


def test_without_size() -> None:
    (page,) = voc.read(LABELIMG.replace("size>", "other>").encode(), "a.xml")
    assert (page.width, page.height) == (300, 400) and page.note("size") == "unknown"


def test_other_xml_is_refused() -> None:
    for data in (b"<annotation/>", b"<html/>"):
        with pytest.raises(DataError, match=r"a\.xml"):
            voc.read(data, "a.xml")
