"""IIIF manifests of both versions, with pictures on disk as downloads leave them."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from layout_strategies import pages

from tenarai.errors import DataError
from tenarai.page.formats import iiif, read_layout
from tenarai.page.layout import Box, Line, Page, Region


def third(address: str, label: str = "f. 1r", **more: Any) -> dict[str, Any]:
    body = {"id": address, "type": "Image", "width": 2000, "height": 3000}
    annotation = {"type": "Annotation", "motivation": "painting", "body": body, "target": "c1"}
    canvas = {"id": "c1", "type": "Canvas", "label": {"en": [label]}, "width": 1000, "height": 1500}
    canvas["items"] = [{"type": "AnnotationPage", "items": [annotation]}]
    return {"@context": "http://iiif.io/api/presentation/3/context.json", "type": "Manifest", "items": [canvas | more]}


def second(address: str, **more: Any) -> dict[str, Any]:
    images = [{"@type": "oa:Annotation", "resource": {"@id": address, "@type": "dctypes:Image"}}]
    canvas = {"@id": "c1", "@type": "sc:Canvas", "label": "p. 1", "width": 800, "height": 600, "images": images}
    return {"@type": "sc:Manifest", "sequences": [{"canvases": [canvas | more]}]}


@pytest.mark.parametrize(
    ("address", "there"),
    [
        ("https://example.org/scans/a%20b.png", "a b.png"),
        ("https://example.org/iiif/ms%2F0001.jp2/full/full/0/default.jpg", "0001.jp2"),
        ("https://example.org/iiif/ms%2F0001.jp2/full/full/0/default.jpg", "0001.jp2.jpg"),
        ("https://example.org/iiif/0007/0,0,9,9/!800,800/90/native.png?x=1", "0007.png"),
        ("https://example.org/iiif/0007/full/max/0/default.jpg", "f. 1r.tif"),
        ("https://example.org/image.php", "f. 1r.jpg"),
    ],
)
def test_pictures_are_found_by_what_downloads_call_them(tmp_path: Path, address: str, there: str) -> None:
    (tmp_path / "manifest.json").write_text(json.dumps(third(address)))
    (tmp_path / there).touch()
    (page,) = read_layout(tmp_path / "manifest.json")
    assert page.source == there and (page.width, page.height) == (2000, 3000) and page.lines == ()


@pytest.mark.parametrize("source", ["two.pdf#2", "two.tif#2"])
@pytest.mark.parametrize("there", [True, False])
def test_a_page_of_a_file_keeps_its_number(tmp_path: Path, source: str, there: bool) -> None:
    if there:
        (tmp_path / source[:-2]).touch()
    data = iiif.write([Page(120, 80, (), source)])
    assert [page.source for page in iiif.read(data, "m.json", tmp_path)] == [source]
    body = json.loads(data)["items"][0]["items"][0]["items"][0]["body"]
    assert body.get("format") == ("image/tiff" if source == "two.tif#2" else None)


def test_second_version(tmp_path: Path) -> None:
    (tmp_path / "b.jpg").touch()
    notes = {
        "otherContent": [
            {"resources": [
                {"motivation": "sc:painting", "resource": {"@type": "cnt:ContentAsText", "chars": "手習い"},
                 "on": "c1#xywh=10,20,300,40"},
                {"motivation": "oa:linking", "resource": {"chars": "no text"}, "on": "c1#xywh=0,0,9,9"},
            ]},
            {"@id": "https://example.org/list"},
        ]
    }  # fmt: skip
    (page,) = iiif.pages_of(second("https://example.org/b.jpg", **notes), "m.json", tmp_path)
    assert page.source == "b.jpg" and (page.width, page.height) == (800, 600)
    assert [(line.text, line.box) for line in page.lines] == [("手習い", Box(10, 20, 310, 60))]


def test_places_are_scaled_from_canvas_to_picture() -> None:
    said = [{"items": [
        {"motivation": ["supplementing"], "body": {"type": "TextualBody", "value": "縦"},
         "target": "c1#xywh=10,20,5,40"},
        {"motivation": "supplementing", "body": {"type": "TextualBody", "value": "where"}, "target": {"id": "c1"}},
    ]}]  # fmt: skip
    (page,) = iiif.pages_of(third("https://example.org/b.jpg", annotations=said), "m.json")
    assert [(line.text, line.box) for line in page.lines] == [("縦", Box(20, 40, 30, 120))]
    assert page.note("shapes left out") == 1


@pytest.mark.parametrize("name", ["..%2F..%2Fetc%2Fpasswd", "%2e%2e", "..\\..\\secret.png", "a%00.png"])
def test_names_do_not_lead_out_of_the_folder(tmp_path: Path, name: str) -> None:
    (page,) = iiif.pages_of(third(f"https://example.org/iiif/{name}/full/max/0/default.jpg"), "m.json", tmp_path)
    assert not any(bad in page.source for bad in ("/", "\\", "..", "\0"))


@pytest.mark.parametrize(
    "items",
    [[1], [{"type": "Canvas", "items": [1]}], [{"type": "Canvas", "images": [{}]}], [{"type": "Canvas", "items": 1}]],
)
def test_damaged_manifests_are_refused(items: list[Any]) -> None:
    with pytest.raises(DataError, match="damaged IIIF"):
        iiif.pages_of({"type": "Manifest", "items": items}, "m.json")


def test_other_json_is_refused() -> None:
    with pytest.raises(DataError, match="no IIIF manifest"):
        iiif.read(b'{"type": "Collection"}', "m.json")


@given(st.lists(pages(step=1), min_size=1, max_size=3))
@settings(deadline=None, max_examples=40)
def test_texts_places_and_pictures_of_what_is_written_come_back(written: list[Page]) -> None:
    written = [replace(page, source=f"p{n} 1#2.png") for n, page in enumerate(written) if page.width and page.height]
    if not written:
        return
    back = iiif.read(iiif.write(written), "m.json")
    assert [(page.width, page.height, page.source) for page in back] == [
        (page.width, page.height, page.source) for page in written
    ]
    for page, found in zip(written, back, strict=True):
        assert sorted(line.text for line in found.lines) == sorted(line.text for line in page.lines if line.text)


def test_what_is_written_is_a_manifest_of_presentation_3() -> None:
    line = Line(Box(1.4, 2, 90.6, 40), "horizontal", "手習い")
    page = Page(120, 80, (Region(Box(0, 0, 100, 50), (line, replace(line, text=""))),), "scans/f. 1r.jpg")
    manifest = json.loads(iiif.write([page]))
    (canvas,) = manifest["items"]
    (painting,) = canvas["items"][0]["items"]
    (text,) = canvas["annotations"][0]["items"]
    assert manifest["@context"].endswith("/presentation/3/context.json") and manifest["type"] == "Manifest"
    assert (canvas["width"], canvas["height"], canvas["label"]) == (120, 80, {"none": ["f. 1r.jpg"]})
    assert painting["motivation"] == "painting" and painting["target"] == canvas["id"]
    assert painting["body"]["id"].endswith("/f.%201r.jpg") and painting["body"]["format"] == "image/jpeg"
    assert text["body"]["value"] == "手習い" and text["target"] == canvas["id"] + "#xywh=1,2,90,38"
    addresses = [manifest["id"], canvas["id"], painting["id"], text["id"], canvas["items"][0]["id"]]
    assert len(set(addresses)) == 5 and all(address.startswith("https://") for address in addresses)


def test_a_page_without_a_size_is_no_canvas() -> None:
    with pytest.raises(DataError, match="no size"):
        iiif.write([Page(0, 0, (), "a.png")])
