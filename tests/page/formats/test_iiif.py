"""IIIF manifests of both versions, with pictures on disk as downloads leave them."""

import json
from pathlib import Path
from typing import Any

import pytest

from tenarai.errors import DataError
from tenarai.page.formats import iiif, read_layout
from tenarai.page.layout import Box


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
