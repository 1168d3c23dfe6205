"""VIA's projects and exports of all versions, with the traps that its users know, and our own projects back again."""

import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from layout_strategies import pages

from tenarai.errors import DataError
from tenarai.page.formats import via
from tenarai.page.layout import UNSIZED, Box, Page

RECT = {"name": "rect", "x": 10, "y": 20, "width": 200, "height": 30}
HEADER = "filename,file_size,file_attributes,region_count,region_id,region_shape_attributes,region_attributes"


def project(*regions: Any, attributes: Any = None, **about: str) -> dict[str, Any]:
    """A project as VIA 2.0.10 saves it."""
    return {
        "_via_settings": {"ui": {}, "core": {}, "project": {"name": "p"}},
        "_via_img_metadata": {
            "p1.jpg12345": {"filename": "p1.jpg", "size": 12345, "regions": list(regions), "file_attributes": about}
        },
        "_via_attributes": {"region": attributes or {}, "file": {}},
        "_via_data_format_version": "2.0.10",
        "_via_image_id_list": ["p1.jpg12345"],
    }


def region(shape: Any, **values: Any) -> dict[str, Any]:
    return {"shape_attributes": shape, "region_attributes": values}


def read(value: Any) -> list[Page]:
    return via.read(json.dumps(value).encode(), "p.json")


def only(value: Any) -> Page:
    (page,) = read(value)
    return page


# VIA 2


def test_a_project() -> None:
    page = only(project(region(RECT, text="手習い", type="line"), width="1200", height="800"))
    assert (page.source, page.width, page.height) == ("p1.jpg", 1200, 800)
    (line,) = page.lines
    assert line.box == Box(10, 20, 210, 50) and line.text == "手習い" and line.direction == "horizontal"
    assert line.polygon == () and line.confidence is None


def test_without_a_size_the_page_reaches_as_far_as_its_shapes() -> None:
    page = only(project(region(RECT, text="a"), region({**RECT, "x": 100.5}, text="b")))
    assert (page.width, page.height) == (301, 50) and page.notes == (UNSIZED,)
    assert (only(project()).width, only(project()).height) == (0, 0)


@pytest.mark.parametrize(
    ("shape", "box", "corners"),
    [
        (RECT, Box(10, 20, 210, 50), 0),
        ({"name": "circle", "cx": 50, "cy": 60, "r": 10}, Box(40, 50, 60, 70), 36),
        ({"name": "ellipse", "cx": 50, "cy": 60, "rx": 20, "ry": 10}, Box(30, 50, 70, 70), 36),
        ({"name": "ellipse", "cx": 50, "cy": 60, "rx": 20, "ry": 10, "theta": math.pi / 2}, Box(40, 40, 60, 80), 36),
        ({"name": "polygon", "all_points_x": [0, 50, 40], "all_points_y": [5, 0, 30]}, Box(0, 0, 50, 30), 3),
        ({"name": "polyline", "all_points_x": [0, 50, 40], "all_points_y": [5, 0, 30]}, Box(0, 0, 50, 30), 3),
        # A rectangle that an import turned into a polygon.
        ({"name": "polygon", "all_points_x": [0, 9, 9, 0], "all_points_y": [0, 0, 5, 5]}, Box(0, 0, 9, 5), 0),
    ],
)
def test_shapes(shape: Any, box: Box, corners: int) -> None:
    (line,) = only(project(region(shape, text="ab"))).lines
    sides = (line.box.left, line.box.top, line.box.right, line.box.bottom)
    assert sides == pytest.approx((box.left, box.top, box.right, box.bottom), abs=0.2)
    assert len(line.polygon) == corners


@pytest.mark.parametrize(
    "shape",
    [
        {"name": "point", "cx": 5, "cy": 6},
        {"name": "rect", "x": None, "y": 0, "width": 1, "height": 1},
        {"name": "rect", "x": 1, "y": 0, "width": 1},
        {"name": "rect", "x": 1e300, "y": 0, "width": 1, "height": 1},
        {"name": "polygon", "all_points_x": [1, 2], "all_points_y": [1]},
        {"name": "polygon", "all_points_x": [], "all_points_y": []},
        {"name": "star"},
        {},
    ],
)
def test_shapes_without_a_place_are_counted(shape: Any) -> None:
    page = only(project(region(shape, text="lost"), region(RECT, text="kept")))
    assert page.text == "kept" and page.note("shapes left out") == 1.0


@pytest.mark.parametrize(
    "values",
    [{"text": "あ"}, {"Text": "あ"}, {"transcription": "あ"}, {"label": "あ"}, {"my words": "あ"},
     {"name": "", "word": "あ"}, {"text": "あ", "name": "not this"}],
)  # fmt: skip
def test_text_is_found_under_many_names(values: Any) -> None:
    assert only(project(region(RECT, **values))).text == "あ"


def test_the_only_text_attribute_of_the_project_is_the_text() -> None:
    attributes = {"Lesung": {"type": "text"}, "name": {"type": "radio", "options": {"1": "Anna"}}}
    assert only(project(region(RECT, Lesung="手", name="1"), attributes=attributes)).text == "手"


def test_options_are_named_by_their_ids() -> None:
    kinds = {"type": {"type": "dropdown", "options": {"1": "line", "2": "character"}}}
    page = only(project(region(RECT, text="ab", type="1"), region(RECT, text="a", type="2"), attributes=kinds))
    assert page.text == "ab" and [c.text for c in page.lines[0].characters] == ["a"]


def test_ticked_boxes() -> None:
    page = only(project(region(RECT, text={"one": True, "two": True, "three": False})))
    assert page.text == "one, two"


def test_characters_belong_to_the_line_that_holds_them() -> None:
    def box(x: int, y: int, text: str, kind: str, size: tuple[int, int]) -> Any:
        return region({"name": "rect", "x": x, "y": y, "width": size[0], "height": size[1]}, text=text, type=kind)

    glyph = (30, 30)
    page = only(
        project(
            box(0, 0, "あい", "line", (100, 40)), box(50, 5, "い", "char", glyph),
            box(0, 50, "うえ", "line", (100, 40)), box(5, 5, "あ", "char", glyph),
            box(5, 55, "うえ", "word", (60, 30)), box(500, 500, "孤", "char", glyph),
        )
    )  # fmt: skip
    assert [[c.text for c in line.characters] for line in page.lines] == [["い", "あ"], [], ["孤"]]
    words = only(project(box(0, 0, "one", "word", (50, 20)), box(60, 0, "two", "word", (50, 20))))
    assert [line.text for line in words.lines] == ["one", "two"]


def test_a_tall_line_is_a_column_unless_it_says_otherwise() -> None:
    tall = {"name": "rect", "x": 0, "y": 0, "width": 30, "height": 300}
    directions = [
        only(project(region(tall, **values))).lines[0].direction
        for values in ({"text": "縦書き"}, {"text": "縦書き", "direction": "horizontal"}, {"text": "I"})
    ]
    assert directions == ["vertical", "horizontal", "horizontal"]
    assert only(project(region(RECT, text="ab", direction="vertical"))).lines[0].direction == "vertical"


def test_the_list_of_images_gives_the_order() -> None:
    value = project(region(RECT, text="first"))
    for name in ("b.png", "c.png"):
        value["_via_img_metadata"][f"{name}-1"] = {"filename": name, "size": -1, "regions": [], "file_attributes": {}}
    value["_via_image_id_list"] = ["c.png-1", "gone.png-1", "p1.jpg12345"]
    assert [page.source for page in read(value)] == ["c.png", "p1.jpg", "b.png"]


def test_entries_that_via_drops_are_dropped() -> None:
    value = project(region(RECT, text="a"))
    value["_via_img_metadata"] |= {"x": {"filename": "x"}, "y": {"regions": []}, "z": 5}
    assert [page.source for page in read(value)] == ["p1.jpg"]


def test_the_json_export_is_the_metadata_alone() -> None:
    value = project(region(RECT, text="a"))
    assert read(value["_via_img_metadata"]) == read(value)


def test_regions_of_via_1_are_a_map() -> None:
    value = project()["_via_img_metadata"]
    value["p1.jpg12345"]["regions"] = {"0": region(RECT, text="a"), "1": region(RECT, text="b")}
    assert only(value).text == "a\nb"


# CSV


def row(filename: str, *fields: Any) -> str:
    quoted = ['"' + (f if isinstance(f, str) else json.dumps(f)).replace('"', '""') + '"' for f in fields]
    return ",".join([filename, "-1", quoted[0], "1", "0", *quoted[1:]])


@pytest.mark.parametrize("mark", ["", "#", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_csv_export(mark: str, end: str) -> None:
    said = 'a "b", c\nd'
    rows = [row("p1.jpg", {}, RECT, {"text": said}), row("p1.jpg", {}, RECT, {"text": "手"}), row("q.jpg", {}, {}, {})]
    data = end.join([mark + HEADER, *rows, ""]).encode()
    first, second = via.read(data, "p.csv")
    assert [line.text for line in first.lines] == [said, "手"] and first.source == "p1.jpg"
    assert second.source == "q.jpg" and second.lines == ()


def test_a_comma_in_a_file_name_of_the_csv() -> None:
    data = "\n".join([HEADER, row("a, b,c.jpg", {"width": "5", "height": "6"}, RECT, {"text": "x"})]).encode()
    (page,) = via.read(data, "p.csv")
    assert page.source == "a, b,c.jpg" and page.text == "x" and (page.width, page.height) == (5, 6)


@pytest.mark.parametrize(
    "line", ['p.jpg,5,"{}",1', 'p.jpg,5,"{}",1,0,"{","{}"', 'p.jpg,5,"{}",1,0,"{}","[', 'a,1,1,1,1,[],"5"x']
)
def test_damaged_csv_is_refused(line: str) -> None:
    with pytest.raises(DataError, match=r"p\.csv"):
        via.read(f"{HEADER}\n{line}\n".encode(), "p.csv")


# VIA 3


def via_3() -> dict[str, Any]:
    return {
        "project": {"pid": "x", "pname": "p", "data_format_version": "3.1.1", "vid_list": ["2", "1", "3"]},
        "config": {},
        "attribute": {
            "1": {"aname": "reading", "anchor_id": "FILE1_Z0_XY1", "type": 1, "options": {}},
            "2": {"aname": "type", "anchor_id": "FILE1_Z0_XY1", "type": 4, "options": {"0": "line", "1": "character"}},
        },
        "file": {
            "1": {"fid": "1", "fname": "a.jpg", "type": 2, "loc": 1, "src": ""},
            "2": {"fid": "2", "fname": "b.jpg", "type": 2, "loc": 3, "src": "file:///home/x/b.jpg"},
            "3": {"fid": "3", "fname": "film.mp4", "type": 4, "loc": 1, "src": ""},
        },
        "view": {"1": {"fid_list": [1]}, "2": {"fid_list": ["2"]}, "3": {"fid_list": ["3"]}},
        "metadata": {
            "1_a": {"vid": "1", "flg": 0, "z": [], "xy": [2, 10, 20, 200, 30], "av": {"1": "手習い", "2": "0"}},
            "1_b": {"vid": "1", "flg": 0, "z": [], "xy": [2, 10, 20, 30, 30], "av": {"1": "手", "2": "1"}},
            "1_c": {"vid": "1", "flg": 0, "z": [], "xy": [], "av": {"1": "of the whole picture"}},
            "2_a": {"vid": "2", "flg": 0, "z": [], "xy": [7, 0, 0, 50, 5, 40, 30], "av": {"1": "polygon", "2": "0"}},
            "2_b": {"vid": "2", "flg": 0, "z": [], "xy": [1, 5, 5], "av": {}},
        },
    }  # fmt: skip


def test_a_project_of_via_3() -> None:
    second, first = read(via_3())
    assert (first.source, second.source) == ("a.jpg", "b.jpg")
    (line,) = first.lines
    assert line.text == "手習い" and line.box == Box(10, 20, 210, 50) and line.characters[0].text == "手"
    assert second.lines[0].polygon == ((0, 0), (50, 5), (40, 30)) and second.note("shapes left out") == 1.0


@pytest.mark.parametrize(
    ("place", "box"),
    [
        ([3, 50, 60, 10], Box(40, 50, 60, 70)), ([4, 50, 60, 20, 10], Box(30, 50, 70, 70)),
        ([6, 0, 1, 2, 3, 4, 0], Box(0, 0, 4, 3)), ([5, 0, 1, 9, 3], Box(0, 1, 9, 3)),
        ([8, 0, 5, 5, 0, 9, 5, 5, 7], Box(0, 0, 9, 7)),
    ],
)  # fmt: skip
def test_shapes_of_via_3(place: Any, box: Box) -> None:
    value = via_3()
    value["metadata"] = {"1_a": {"vid": "1", "xy": place, "av": {"1": "ab"}}}
    (line,) = read(value)[1].lines
    assert (line.box.left, line.box.bottom) == pytest.approx((box.left, box.bottom), abs=0.2)


# What is refused


@pytest.mark.parametrize(
    "data",
    [
        b"", b"{", b"[]", b"{}", b"5", b"null", b'{"a": 1}', b"\xff\xfe{", b"[" * 100_000, b'{"_via_img_metadata": 5}',
        b'{"_via_img_metadata": {"a": {"filename": "a", "regions": [5]}}}',
        b'{"_via_img_metadata": {"a": {"filename": "a", "regions": [{"shape_attributes": "x"}]}}}',
        b'{"_via_img_metadata": {"a": {"filename": "a", "regions": [{}]}}}',
        b'{"a": {"filename": "a\\ud800", "regions": []}}',
        b'{"project": {}, "metadata": {"1": {}}, "view": {}, "file": {}}',
        b'{"project": {"vid_list": [1]}, "metadata": {}, "view": {"1": {"fid_list": [1]}}, "file": {}}',
    ],
)  # fmt: skip
def test_what_is_no_project_is_refused(data: bytes) -> None:
    with pytest.raises(DataError, match=r"p\.json"):
        via.read(data, "p.json")


# Writing


@given(st.lists(pages(), max_size=2, unique_by=lambda page: page.source))
@settings(deadline=None, max_examples=25)
def test_a_written_project_comes_back_equal(written: list[Page]) -> None:
    assert via.read(via.write(written), "p.json") == written


def test_a_written_project_has_what_via_needs_to_open_it() -> None:
    page = only(project(region(RECT, text="手", type="line")))
    value = json.loads(via.write([page]))
    assert list(value) == [
        "_via_settings", "_via_img_metadata", "_via_attributes", "_via_data_format_version", "_via_image_id_list"
    ]  # fmt: skip
    (key,) = value["_via_image_id_list"]
    entry = value["_via_img_metadata"][key]
    assert key == "p1.jpg-1" == f"{entry['filename']}{entry['size']}"
    assert set(entry) == {"filename", "size", "regions", "file_attributes"}
    shapes = [(r["shape_attributes"], r["region_attributes"]["type"]) for r in entry["regions"]]
    assert shapes == [(RECT, "region"), (RECT, "line")]
    used = {name for r in entry["regions"] for name in r["region_attributes"]}
    assert used <= set(value["_via_attributes"]["region"])


def test_two_pictures_of_one_name_are_refused() -> None:
    with pytest.raises(DataError, match="tells pictures apart"):
        via.write([Page(1, 1, source="a"), Page(2, 2, source="a")])
