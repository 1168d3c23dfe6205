"""COCO's object annotations (Lin et al. 2014), read and written, with the text that COCO has no place for.

Written annotations carry `text`, `direction`, `confidence` and what they belong to beside COCO's own fields; other
programs skip those, and tenarai reads them back. Read are also the exports of VIA, which lose every transcription and
write some annotations twice, and sets whose category is the character itself (`"name": "あ"` or `"U+3042"`).
"""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from tenarai.errors import DataError
from tenarai.page.formats.document import json_of
from tenarai.page.formats.flat import (
    CHARACTERS,
    LINES,
    REGIONS,
    WORDS,
    Shape,
    page_of,
    plain_values,
    shapes_of,
    text_in,
    whole_size,
)  # fmt: skip
from tenarai.page.formats.shape import box_around, corners, number_of
from tenarai.page.layout import Box, Page, Point

KINDS = ("line", "character", "region")
_STRUCTURE = {*LINES, *CHARACTERS, *REGIONS, *WORDS}
_OWN = ("text", "transcription", "transcript", "caption", "direction", "confidence", "region", "line", "kind", "source")
_CODE = re.compile(r"U\+([0-9A-Fa-f]{4,6})")


def recognises(data: Any) -> bool:
    """Whether a JSON value is a COCO file."""
    return isinstance(data, dict) and isinstance(data.get("images"), list) and isinstance(data.get("annotations"), list)


def read(data: bytes, name: str) -> list[Page]:
    """One page for each image, in the file's order. Raises DataError if it is no COCO file."""
    return pages_of(json_of(data, name), name)


def pages_of(value: Any, name: str) -> list[Page]:
    """The pages of a parsed file, see `read`."""
    if not recognises(value):
        raise DataError(f"{name} is no COCO file: expected the lists images and annotations.")
    try:
        names: dict[str, str] = {}
        for category in value.get("categories") or []:
            key, said = str(category["id"]), str(category.get("name", ""))
            # VIA numbers the options of every attribute from 1: of two names, the one that says what a shape is.
            if key not in names or (said.lower() in _STRUCTURE and names[key].lower() not in _STRUCTURE):
                names[key] = said
        shapes: dict[str, list[Shape]] = {str(image["id"]): [] for image in value["images"]}
        seen: set[str] = set()
        for annotation in value["annotations"]:
            # VIA writes a shape with two option attributes twice, as one and the same object.
            same = json.dumps(annotation, sort_keys=True)
            if same not in seen and (own := shapes.get(str(annotation["image_id"]))) is not None:
                own.append(_shape(annotation, names.get(str(annotation.get("category_id")), "")))
            seen.add(same)
        return [
            page_of(
                shapes[str(image["id"])], whole_size((image.get("width"), image.get("height"))), str(image["file_name"])
            )
            for image in value["images"]
        ]
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise DataError(f"{name} is a damaged COCO file ({type(error).__name__}: {error}).") from None


def _shape(annotation: Mapping[str, Any], category: str) -> Shape:
    values = plain_values({key: annotation[key] for key in _OWN if key in annotation})
    # CVAT and others keep what annotators add in a map of its own.
    values = {**plain_values(annotation.get("attributes")), **values}
    kind = category.strip().lower()
    if kind in _STRUCTURE:
        values["type"] = kind
    elif (said := _character(category)) and not text_in(values):
        values |= {"type": "character", "text": said}
    values.setdefault("text", text_in(values))
    try:
        points = _polygon(annotation.get("segmentation"))
        if points:
            upright = len(points) == 4 and points == corners(box_around(points))
            return Shape(points, values, upright)
        left, top, width, height = (number_of(side, "A bbox") for side in annotation.get("bbox") or ())
        if width > 0 and height > 0:
            return Shape(corners(Box(left, top, left + width, top + height)), values, upright=True)
    except (DataError, TypeError, ValueError):
        pass
    return Shape((), values)


def _character(category: str) -> str:
    """The character that a category stands for, "" when it does not look like one."""
    code = _CODE.fullmatch(category.strip())
    if code and int(code[1], 16) < 0x110000 and not 0xD800 <= int(code[1], 16) < 0xE000:
        return chr(int(code[1], 16))
    return category if len(category) == 1 else ""


def _polygon(segmentation: Any) -> tuple[Point, ...]:
    """The largest polygon of a segmentation; none of a run-length mask."""
    if not isinstance(segmentation, list) or not all(isinstance(part, list) for part in segmentation):
        return ()
    polygons: list[tuple[Point, ...]] = []
    for part in segmentation:
        numbers = [number_of(number, "A segmentation") for number in part]
        polygons.append(tuple(zip(numbers[::2], numbers[1::2], strict=False)))
    return max((p for p in polygons if len(p) > 2), key=lambda p: box_around(p).area, default=())


def write(pages: Iterable[Page]) -> bytes:
    """The pages as one COCO file in UTF-8, each image named by its page's `source`."""
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for number, page in enumerate(pages, 1):
        images.append({"id": number, "width": page.width, "height": page.height, "file_name": page.source})
        for shape in shapes_of(page):
            values = dict(shape.values)
            box = box_around(shape.points)
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": number,
                    "category_id": KINDS.index(values.pop("type")) + 1,
                    "segmentation": [[side for point in shape.points for side in point]],
                    "area": _area(shape.points),
                    "bbox": [box.left, box.top, box.width, box.height],
                    "iscrowd": 0,
                    **values,
                }
            )
    categories = [{"supercategory": "text", "id": number, "name": kind} for number, kind in enumerate(KINDS, 1)]
    value = {"info": {"description": "tenarai"}, "licenses": [], "images": images, "annotations": annotations}
    return json.dumps({**value, "categories": categories}, ensure_ascii=False).encode()


def _area(points: tuple[Point, ...]) -> float:
    """By the shoelace formula, in square pixels."""
    turned = (*points[1:], points[0])
    return abs(sum(x * v - u * y for (x, y), (u, v) in zip(points, turned, strict=True))) / 2
