"""IIIF Presentation manifests, versions 2 and 3, whose pictures lie on disk: read, and written as version 3. Nothing is
ever fetched.

A canvas becomes a page in the manifest's order. Its picture is looked for beside the manifest under the names that
downloads give it: the last part of its address, the identifier of an image service, the label of the canvas.
Transcriptions that stand in the manifest itself, with a place (`#xywh=`), become lines. A canvas has its own
coordinates; where the picture states another size, places are scaled to it.

What is written has addresses under `BASE`: a manifest needs some, and where it will be published only its owner knows.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from tenarai.errors import DataError
from tenarai.page.formats.document import json_of
from tenarai.page.formats.flat import Shape, page_of, whole_size
from tenarai.page.formats.shape import corners, number_of
from tenarai.page.layout import Box, Line, Page, picture_of

BASE = "https://example.org/iiif"
CONTEXT = "http://iiif.io/api/presentation/3/context.json"
MEDIA = {".jpg": "jpeg", ".tif": "tiff"}  # where the media type is not the suffix

PICTURES = (".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp", ".jp2", ".avif", ".gif", ".bmp")
# {identifier}/{region}/{size}/{rotation}/{quality}.{format} of the Image API
_SERVICE = re.compile(
    r"/([^/]+)/(?:full|square|pct:[\d.,]+|[\d,]+)/[^/]+/!?[\d.]+/(?:default|native|color|gray|bitonal)(\.\w+)$"
)
_PLACE = re.compile(r"#xywh=(?:pixel:)?([\d.]+),([\d.]+),([\d.]+),([\d.]+)$")
_TEXTS = ("supplementing", "transcribing", "commenting", "sc:painting")


def recognises(data: Any) -> bool:
    """Whether a JSON value is a manifest."""
    if not isinstance(data, Mapping):
        return False
    return data.get("@type") == "sc:Manifest" or (
        data.get("type") == "Manifest" and isinstance(data.get("items"), list)
    )


def read(data: bytes, name: str, folder: Path | None = None) -> list[Page]:
    """The pages of a manifest, see `pages_of`."""
    return pages_of(json_of(data, name), name, folder)


def pages_of(value: Any, name: str, folder: Path | None = None) -> list[Page]:
    """One page for each canvas; `page.source` is the name of its picture in `folder`, or, where none is there, the
    likeliest name. Places that are damaged are counted in the note "shapes left out". Raises DataError if the value is
    no manifest, or damaged."""
    if not recognises(value):
        raise DataError(f"{name} is no IIIF manifest: expected the type Manifest with its canvases.")
    try:
        if value.get("type") == "Manifest":
            canvases = [canvas for canvas in value["items"] if canvas.get("type") == "Canvas"]
        else:
            canvases = [canvas for sequence in value.get("sequences") or [] for canvas in sequence["canvases"]]
        return [_page(canvas, folder) for canvas in canvases]
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise DataError(f"{name} is a damaged IIIF manifest ({type(error).__name__}: {error}).") from None


def _page(canvas: Mapping[str, Any], folder: Path | None) -> Page:
    picture = _picture(canvas)
    own = whole_size((canvas.get("width"), canvas.get("height")))
    size = whole_size((picture.get("width"), picture.get("height"))) or own
    across, down = (size[0] / own[0], size[1] / own[1]) if size and own else (1.0, 1.0)
    shapes = [_shape(text, target, across, down) for text, target in _transcriptions(canvas)]
    names = list(dict.fromkeys(_names(str(picture.get("id") or picture.get("@id") or ""), _label(canvas.get("label")))))
    there = next((name for name in names if folder is not None and _is_there(folder / picture_of(name)[0])), None)
    return page_of(shapes, size, there or next(iter(names), ""))


def _is_there(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name that no file can have
        return False


def _picture(canvas: Mapping[str, Any]) -> Mapping[str, Any]:
    """What is painted on a canvas: the first image, or the first of a choice of them."""
    if canvas.get("images"):
        body = canvas["images"][0]["resource"]
        body = body.get("default", body) if body.get("@type") == "oa:Choice" else body
    else:
        bodies = [a["body"] for page in canvas.get("items") or [] for a in page.get("items") or []]
        body = bodies[0] if bodies else {}
        body = body[0] if isinstance(body, list) else body
        body = body["items"][0] if body.get("type") == "Choice" else body
    if not isinstance(body, Mapping):
        raise TypeError("a picture that is no object")
    return body


def _label(label: Any) -> str:
    """Text, or the first text of a language map."""
    while isinstance(label, Mapping | list) and label:
        label = next(iter(label.values())) if isinstance(label, Mapping) else label[0]
    return label if isinstance(label, str) else ""


def _names(address: str, label: str) -> Iterator[str]:
    path = urlsplit(address).path
    service = _SERVICE.search(path)
    last = unquote(service[1] if service else path.rsplit("/", 1)[-1])
    for found in (last, label):
        # An identifier may hold a whole path, and a stranger's name must not lead out of the folder.
        name = _last(found).strip()
        if name.strip(".") and "\0" not in name:
            if Path(picture_of(name)[0]).suffix.lower() in (*PICTURES, ".pdf"):
                yield name
            yield from (name + suffix for suffix in ([service[2], *PICTURES] if service else PICTURES))


def _last(path: str) -> str:
    return re.split(r"[/\\]", path)[-1]


def _transcriptions(canvas: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Text and target of the annotations that stand in the manifest."""
    lists = [*(canvas.get("annotations") or []), *(canvas.get("otherContent") or [])]
    for annotation in [a for one in lists for a in one.get("items") or one.get("resources") or []]:
        body = annotation.get("body") or annotation.get("resource") or {}
        body = body[0] if isinstance(body, list) else body
        target = annotation.get("target") or annotation.get("on") or ""
        said = body.get("value") or body.get("chars") if isinstance(body, Mapping) else None
        purposes = annotation.get("motivation") or _TEXTS
        if isinstance(said, str) and not {*_TEXTS}.isdisjoint([purposes] if isinstance(purposes, str) else purposes):
            yield said, target if isinstance(target, str) else str(target.get("id") or target.get("@id") or "")


def _shape(text: str, target: str, across: float, down: float) -> Shape:
    try:
        left, top, width, height = (number_of(side, "A side") for side in _sides(target))
    except (DataError, ValueError):
        return Shape((), {"text": text})
    box = Box(left, top, left + width, top + height).scaled(across, down)
    return Shape(corners(box), {"type": "line", "text": text}, upright=True)


def _sides(target: str) -> tuple[str, ...]:
    place = _PLACE.search(target)
    return tuple(place.groups()) if place else ()


def write(pages: Sequence[Page]) -> bytes:
    """A manifest (Presentation 3.0) of the pages as UTF-8 JSON: a canvas for each, with its picture under the name of
    `source`, and the boxes and texts of its lines in order. Raises DataError for a page without a size."""
    items = [_canvas(page, f"{BASE}/canvas/{number}") for number, page in enumerate(pages, 1)]
    label = pages[0].source if len(pages) == 1 and pages[0].source else "tenarai"
    manifest = {"@context": CONTEXT, "id": f"{BASE}/manifest.json", "type": "Manifest", "label": _said(label)}
    return json.dumps(manifest | {"items": items}, ensure_ascii=False, indent=1).encode()


def _said(text: str) -> dict[str, list[str]]:
    """Text in no language in particular."""
    return {"none": [text]}


def _canvas(page: Page, address: str) -> dict[str, Any]:
    if not (page.width and page.height):
        raise DataError(f"The page {page.source or 'without a name'} has no size, which a canvas needs.")
    size = {"width": page.width, "height": page.height}
    name = _last(page.source)
    suffix = Path(picture_of(name)[0]).suffix.lower()
    picture: dict[str, Any] = {"id": f"{BASE}/{quote(name)}", "type": "Image", **size}
    if suffix in PICTURES:
        picture["format"] = f"image/{MEDIA.get(suffix, suffix[1:])}"
    painted = {"motivation": "painting", "body": picture, "target": address}
    texts = [_text(line, address) for line in page.lines if line.text]
    lists = {"items": [painted], "annotations": texts}
    written = {
        key: [{"id": f"{address}/{key}", "type": "AnnotationPage", "items": _numbered(made, f"{address}/{key}")}]
        for key, made in lists.items()
        if made
    }
    return {"id": address, "type": "Canvas", "label": _said(name or address.rsplit("/", 1)[-1]), **size, **written}


def _numbered(annotations: Sequence[dict[str, Any]], address: str) -> list[dict[str, Any]]:
    return [{"id": f"{address}/{n}", "type": "Annotation", **one} for n, one in enumerate(annotations, 1)]


def _text(line: Line, address: str) -> dict[str, Any]:
    box = line.box
    left, top, right, bottom = (max(0, round(side)) for side in (box.left, box.top, box.right, box.bottom))
    return {
        "motivation": "supplementing",
        "body": {"type": "TextualBody", "value": line.text, "format": "text/plain"},
        "target": f"{address}#xywh={left},{top},{right - left},{bottom - top}",
    }
