"""COCO from tenarai and back, from VIA with all its losses, and sets whose categories are characters."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from layout_strategies import pages

from tenarai.errors import DataError
from tenarai.page.formats import coco
from tenarai.page.layout import UNSIZED, Box, Page


def annotation(**values: Any) -> dict[str, Any]:
    return {"id": 1, "image_id": 1, "category_id": 1, "bbox": [10, 20, 200, 30], "area": 6000, "iscrowd": 0, **values}


def file(*annotations: Any, categories: Any = ((1, "line"),), **image: Any) -> dict[str, Any]:
    return {
        "info": {},
        "images": [{"id": 1, "width": 1200, "height": 800, "file_name": "p1.jpg", **image}],
        "categories": [{"supercategory": "type", "id": number, "name": name} for number, name in categories],
        "annotations": list(annotations),
    }


def read(value: Any) -> list[Page]:
    return coco.read(json.dumps(value).encode(), "c.json")


@given(st.lists(pages(), max_size=2))
@settings(deadline=None, max_examples=25)
def test_a_written_file_comes_back_equal(written: list[Page]) -> None:
    assert coco.read(coco.write(written), "c.json") == written


def test_what_is_written_is_coco() -> None:
    (page,) = read(file(annotation(text="手", segmentation=[[0, 0, 10, 0, 0, 10]])))
    value = json.loads(coco.write([page]))
    assert {"info", "images", "annotations", "categories"} <= set(value)
    region, line = value["annotations"]
    assert [c["name"] for c in value["categories"]] == ["line", "character", "region"]
    assert line["category_id"] == 1 and region["category_id"] == 3 and line["image_id"] == value["images"][0]["id"]
    assert line["bbox"] == [0, 0, 10, 10] and line["area"] == 50 and line["iscrowd"] == 0
    assert line["segmentation"] == [[0, 0, 10, 0, 0, 10]] and line["text"] == "手"


def test_a_box_without_text() -> None:
    (page,) = read(file(annotation()))
    assert (page.width, page.height, page.source) == (1200, 800, "p1.jpg")
    assert page.lines[0].box == Box(10, 20, 210, 50) and page.lines[0].text == ""


@pytest.mark.parametrize(
    "values", [{"text": "手"}, {"transcription": "手"}, {"caption": "手"}, {"attributes": {"text": "手"}}]
)
def test_text_is_found_where_others_keep_it(values: Any) -> None:
    assert read(file(annotation(**values)))[0].text == "手"


def test_a_shape_that_via_wrote_twice_is_one() -> None:
    # Two dropdowns: one object, written twice, with the id and category of the last.
    twice = annotation(id=7, category_id=2, segmentation=[[0, 0, 9, 0, 9, 9, 0, 9]])
    (page,) = read(file(twice, twice, categories=((1, "line"), (2, "line"))))
    assert len(page.lines) == 1
    # Ids that begin anew with every image are no sign of that.
    (page,) = read(file(annotation(id=1), annotation(id=1, bbox=[0, 0, 5, 5])))
    assert len(page.lines) == 2


def test_option_ids_that_two_attributes_share() -> None:
    (page,) = read(
        file(
            annotation(text="あ"), annotation(bbox=[0, 0, 300, 90], text="あい"), categories=((1, "good"), (1, "line"))
        )
    )
    assert [line.text for line in page.lines] == ["あ", "あい"]


def test_images_without_a_size_reach_as_far_as_their_shapes() -> None:
    (page,) = read(file(annotation(), width=0, height=None))
    assert (page.width, page.height) == (210, 50) and page.notes == (UNSIZED,)
    assert read(file(annotation()))[0].notes == ()


def test_ids_may_be_text() -> None:
    value = file(annotation(image_id="1", category_id="1", text="手"))
    assert read(value)[0].text == "手"


@pytest.mark.parametrize(
    ("name", "text"), [("あ", "あ"), ("U+3042", "あ"), ("A", "A"), ("U+110000", ""), ("U+D800", "")]
)
def test_categories_may_be_characters(name: str, text: str) -> None:
    (page,) = read(file(annotation(), categories=((1, name),)))
    assert page.text == text and len(page.lines[0].characters) == bool(text)


def test_masks_points_and_crowds_fall_back_on_the_box() -> None:
    mask = {"size": [800, 1200], "counts": "abc"}
    (page,) = read(file(annotation(segmentation=mask, iscrowd=1), annotation(id=2, segmentation=[[1, 2]])))
    assert [line.box for line in page.lines] == [Box(10, 20, 210, 50)] * 2
    (page,) = read(
        file(annotation(bbox=[5, 5, 0, 0], keypoints=[5, 5, 2]), annotation(bbox=None), annotation(bbox=[1]))
    )
    assert page.lines == () and page.note("shapes left out") == 3.0


def test_of_several_polygons_the_largest_counts() -> None:
    parts = [[0, 0, 2, 0, 0, 2], [10, 10, 90, 10, 10, 60]]
    (page,) = read(file(annotation(segmentation=parts)))
    assert page.lines[0].box == Box(10, 10, 90, 60)


def test_annotations_of_no_image_are_passed_over() -> None:
    assert read(file(annotation(image_id=9)))[0].lines == ()


@pytest.mark.parametrize(
    "data",
    [
        b"", b"{", b"[]", b"{}", b'{"images": [], "annotations": {}}', b'{"images": [{}], "annotations": []}',
        b'{"images": [{"id": 1}], "annotations": []}', b'{"images": [], "annotations": [5]}',
        b'{"images": [], "annotations": [{}]}', b'{"images": [], "annotations": [], "categories": [1]}',
    ],
)  # fmt: skip
def test_what_is_no_coco_is_refused(data: bytes) -> None:
    with pytest.raises(DataError, match=r"c\.json"):
        coco.read(data, "c.json")
