"""Which format a file has is told by what is in it, not by its name."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tenarai.errors import DataError
from tenarai.page.formats import WRITERS, alto, coco, iiif, pagexml, read_layout, tsv, via, write_layout
from tenarai.page.layout import Box, Line, Page, Region

PAGE = Page(120, 80, (Region(Box(0, 0, 90, 40), (Line(Box(1, 2, 90, 40), "horizontal", "手習い"),)),), "a.png")
CSV = (
    "filename,file_size,file_attributes,region_count,region_id,region_shape_attributes,region_attributes\n"
    'a.png,-1,"{""width"":""120"",""height"":""80""}",1,0,'
    '"{""name"":""rect"",""x"":1,""y"":2,""width"":89,""height"":38}","{""text"":""手習い""}"\n'
)
FILES = {
    "via": via.write([PAGE]),
    "via export": json.dumps(json.loads(via.write([PAGE]))["_via_img_metadata"]).encode(),
    "via csv": CSV.encode(),
    "coco": coco.write([PAGE]),
    "iiif": iiif.write([PAGE]),
    "page": pagexml.write(PAGE),
    "alto": alto.write(PAGE),
    "tenarai": json.dumps(PAGE.to_dict()).encode(),
}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_every_format_is_known_by_its_content(tmp_path: Path, name: str, mark: bytes) -> None:
    path = tmp_path / "layout"
    path.write_bytes(mark + FILES[name])
    (page,) = read_layout(path)
    assert page.text == "手習い" and page.source == "a.png" and (page.width, page.height) == (120, 80)
    assert page.lines[0].box == Box(1, 2, 90, 40)


def test_xml_in_utf_16(tmp_path: Path) -> None:
    path = tmp_path / "a.xml"
    path.write_bytes(pagexml.write(PAGE).decode().replace("UTF-8", "UTF-16").encode("utf-16"))
    assert read_layout(path)[0].text == "手習い"


def test_text_in_utf_16_is_called_so(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_bytes(tsv.write(PAGE).decode().encode("utf-16"))
    with pytest.raises(DataError, match=r"a\.tsv is text in UTF-16: save it as UTF-8"):
        read_layout(path)


@pytest.mark.parametrize(("name", "data"), [("a.tsv", tsv.write(PAGE)), ("a.csv", CSV.encode()), ("a.txt", b"a\n")])
def test_bytes_that_are_no_text_are_refused(tmp_path: Path, name: str, data: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(data + "手習い".encode("cp932"))
    with pytest.raises(DataError, match=f"{name} is not UTF-8 text"):
        read_layout(path)


@pytest.mark.parametrize("form", sorted({*WRITERS} - {"pagexml", "alto", "markdown"}))
def test_two_pages_in_one_file_come_back(tmp_path: Path, form: str) -> None:
    pages = [replace(PAGE, source="two.tif"), replace(PAGE, source="two.tif#2")]
    path = tmp_path / ("two.txt" if form == "text" else "two")
    path.write_bytes(write_layout(pages, form))
    found = read_layout(path)
    assert [page.text for page in found] == ["手習い", "手習い"]
    if form != "text":  # which says neither whose it is nor where
        assert [page.source for page in found] == ["two.tif", "two.tif#2"]
        assert [page.lines[0].box for page in found] == [Box(1, 2, 90, 40)] * 2
        assert [(page.width, page.height) for page in found] == [(120, 80)] * 2


def test_rows_of_json_that_are_no_pages_are_named(tmp_path: Path) -> None:
    path, good = tmp_path / "set.json", json.dumps(PAGE.to_dict()) + "\n"
    for rows, said in (
        (good + '{"format": "tenarai-page", "version": 1, "width": 3}', r"set\.json, page 2: There is no height"),
        (good + '{"images": []}', "2 JSON values, of which not all are pages"),
        (good + "[1]\n", "not all are pages"),
        (good + "and so on", r"set\.json is not valid JSON"),
        (coco.write([PAGE]).decode() * 2, "2 JSON values"),
    ):
        path.write_text(rows, "utf-8")
        with pytest.raises(DataError, match=said):
            read_layout(path)
    path.write_text("\ufeff" + good + "\r\n\n" + json.dumps(PAGE.to_dict(), indent=1), "utf-8")
    assert read_layout(path) == [PAGE, PAGE]


def test_the_resolution_reaches_alto(tmp_path: Path) -> None:
    path = tmp_path / "a.xml"
    path.write_bytes(alto.write(PAGE).replace(b">pixel<", b">mm10<"))
    assert read_layout(path, dpi=508)[0].width == 240
    with pytest.raises(DataError, match="dpi"):
        read_layout(path)


@pytest.mark.parametrize(
    "data",
    [b"", b"\x89PNG\r\n", b"{}", b"{", b"[]", b"[1]", b"<html/>", b"<", b"file,text\na,b\n",
     b'{"format": "tenarai-page"}', b'{"format": "other"}', b"\xff\xfe\x00", b"[" * 100_000, b'{"a":' * 100_000],
)  # fmt: skip
def test_other_files_are_refused_by_name(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "layout.json"
    path.write_bytes(data)
    with pytest.raises(DataError):
        read_layout(path)


def test_missing_files_and_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no\.xml"):
        read_layout(tmp_path / "no.xml")
    with pytest.raises(DataError, match="cannot be read"):
        read_layout(tmp_path)
