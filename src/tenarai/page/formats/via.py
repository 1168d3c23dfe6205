"""VIA, the VGG Image Annotator (Dutta and Zisserman 2019): projects and exports of versions 1 to 3.

Read: VIA 2 project, JSON export and CSV export, those of VIA 1, and VIA 3 projects. Written: VIA 2 project JSON, which
keeps text, boxes, polygons, direction, confidence and what belongs to what; alternatives and notes are left out.
VIA 2 does not store how large a picture is. tenarai writes it into the file attributes `width` and `height`; without
those a page reaches as far as its shapes.
"""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from io import StringIO
from typing import Any

from tenarai.errors import DataError
from tenarai.page.formats.document import json_of, text_of
from tenarai.page.formats.flat import Shape, page_of, plain_values, shapes_of, whole_size
from tenarai.page.formats.shape import number_of, round_polygon
from tenarai.page.layout import Page, Point

CSV_HEADER = (
    "filename", "file_size", "file_attributes", "region_count", "region_id", "region_shape_attributes",
    "region_attributes",
)  # fmt: skip
_IMAGE = 2  # the file type of pictures in VIA 3
_TEXT = 1  # the attribute type of text in VIA 3
_OPTIONS = (2, 3, 4, 5)  # and those whose values are names of options: checkbox, radio, select, image
_ATTRIBUTES = ("text", "type", "direction", "confidence", "region", "line", "kind", "source")


def recognises(data: Any) -> bool:
    """Whether a JSON value is a project or an export of VIA."""
    if not isinstance(data, dict):
        return False
    if "_via_img_metadata" in data or {"project", "metadata", "view", "file"} <= data.keys():
        return True
    return bool(data) and all(isinstance(v, dict) and "filename" in v and "regions" in v for v in data.values())


def recognises_csv(data: bytes) -> bool:
    """Whether a file begins as VIA's CSV export does."""
    return data.lstrip(b"\xef\xbb\xbf# ").startswith(",".join(CSV_HEADER).encode())


def read(data: bytes, name: str) -> list[Page]:
    """The pages of a project or export in its order, one for each picture. Raises DataError if it is none."""
    if recognises_csv(data):
        return _csv_pages(text_of(data, name), name)
    return pages_of(json_of(data, name), name)


def pages_of(value: Any, name: str) -> list[Page]:
    """The pages of a parsed project or JSON export, see `read`."""
    if not recognises(value):
        raise DataError(f"{name} is no project or export of VIA: expected its pictures with filename and regions.")
    try:
        if "project" in value and "view" in value:
            return list(_pages_of_3(value))
        return list(_pages_of_2(value))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise DataError(
            f"{name} is a damaged project of VIA ({type(error).__name__}: {error}): save it again."
        ) from None


def _pages_of_2(value: Mapping[str, Any]) -> Iterator[Page]:
    entries = value.get("_via_img_metadata", value)
    listed = value.get("_via_image_id_list") if "_via_img_metadata" in value else None
    order = [key for key in listed if key in entries] if isinstance(listed, list) else []
    order = list(dict.fromkeys([*order, *entries]))
    defined = value.get("_via_attributes")
    attributes = defined.get("region") if isinstance(defined, Mapping) else None
    attributes = attributes if isinstance(attributes, Mapping) else {}
    texts = [key for key, d in attributes.items() if isinstance(d, Mapping) and d.get("type") == "text"]
    for key in order:
        entry = entries[key]
        # VIA itself drops entries that lack any of these.
        if not isinstance(entry, Mapping) or "filename" not in entry or "regions" not in entry:
            continue
        regions = entry["regions"]
        if isinstance(regions, Mapping):  # VIA 1
            regions = list(regions.values())
        shapes = [_shape(r["shape_attributes"], _chosen(r.get("region_attributes"), attributes)) for r in regions]
        about = plain_values(entry.get("file_attributes"))
        yield _page(shapes, str(entry["filename"]), about, texts[0] if len(texts) == 1 else None)


def _chosen(values: Any, attributes: Mapping[str, Any]) -> dict[str, str]:
    """The attributes of a shape as text, with the words of options in place of their ids."""
    found = plain_values(values)
    for key, said in found.items():
        defined = attributes.get(key)
        options = defined.get("options") if isinstance(defined, Mapping) else None
        if isinstance(options, Mapping):
            found[key] = ", ".join(str(options.get(part) or part) for part in said.split(", "))
    return found


def _page(shapes: list[Shape], filename: str, about: Mapping[str, str], prefer: str | None) -> Page:
    return page_of(shapes, whole_size((about.get("width"), about.get("height"))), filename, prefer)


def _shape(found: Mapping[str, Any], values: dict[str, str]) -> Shape:
    """A shape of VIA 1 or 2; one that is damaged has no points."""

    def numbers(*keys: str) -> list[float]:
        return [number_of(found.get(key), f"The {key} of a shape") for key in keys]

    try:
        match found.get("name"):
            case "rect":
                return Shape(_rectangle(*numbers("x", "y", "width", "height")), values, upright=True)
            case "circle":
                x, y, r = numbers("cx", "cy", "r")
                return Shape(round_polygon(x, y, r, r), values)
            case "ellipse":
                turn = number_of(found.get("theta") or 0.0, "The theta of a shape")
                x, y, rx, ry = numbers("cx", "cy", "rx", "ry")
                return Shape(round_polygon(x, y, rx, ry, turn), values)
            case "polygon" | "polyline":
                xs, ys = found.get("all_points_x"), found.get("all_points_y")
                if isinstance(xs, list) and isinstance(ys, list) and len(xs) == len(ys):
                    pairs = zip(xs, ys, strict=True)
                    return Shape(tuple((number_of(x, "x"), number_of(y, "y")) for x, y in pairs), values)
    except DataError:
        pass
    return Shape((), values)


def _rectangle(x: float, y: float, width: float, height: float) -> tuple[Point, ...]:
    return (x, y), (x + width, y), (x + width, y + height), (x, y + height)


def _pages_of_3(value: Mapping[str, Any]) -> Iterator[Page]:
    attributes = value.get("attribute") or {}
    texts = [
        str(a.get("aname")) for a in attributes.values() if a.get("type") == _TEXT and "XY1" in str(a.get("anchor_id"))
    ]
    prefer = texts[0] if len(texts) == 1 else None
    shapes: dict[str, list[Shape]] = {}
    about: dict[str, dict[str, str]] = {}
    for record in value["metadata"].values():
        view, place = str(record["vid"]), record.get("xy") or []
        values = {}
        for key, said in plain_values(record.get("av")).items():
            attribute = attributes.get(key) or {}
            options = attribute.get("options") or {}
            said = str(options.get(said, said)) if attribute.get("type") in _OPTIONS else said
            values[str(attribute.get("aname", key))] = said
        if place:
            shapes.setdefault(view, []).append(_shape_of_3(place, values))
        else:
            about.setdefault(view, {}).update(values)
    listed = [str(view) for view in value["project"].get("vid_list") or value["view"]]
    for view in listed:
        for number in (value["view"].get(view) or {}).get("fid_list", [])[:1]:
            file = value["file"][str(number)]
            if file.get("type", _IMAGE) == _IMAGE:
                yield _page(shapes.get(view, []), str(file.get("fname") or file["src"]), about.get(view, {}), prefer)


def _shape_of_3(place: Any, values: dict[str, str]) -> Shape:
    """xy of VIA 3: the number of the kind of shape, then its numbers; a point or a damaged one has no outline."""
    try:
        kind, *numbers = [number_of(number, "A number of a shape") for number in place]
    except (DataError, TypeError, ValueError):
        return Shape((), values)
    match int(kind), len(numbers):
        case 2, 4:
            return Shape(_rectangle(*numbers), values, upright=True)
        case 8, 8:  # an extreme rectangle: four points on its sides
            xs, ys = numbers[::2], numbers[1::2]
            left, top = min(xs), min(ys)
            return Shape(_rectangle(left, top, max(xs) - left, max(ys) - top), values, upright=True)
        case 3, 3:
            x, y, r = numbers
            return Shape(round_polygon(x, y, r, r), values)
        case 4, 4:
            x, y, rx, ry = numbers
            return Shape(round_polygon(x, y, rx, ry), values)
        case 5 | 6 | 7, count if count >= 4 and count % 2 == 0:
            return Shape(tuple(zip(numbers[::2], numbers[1::2], strict=True)), values)
    return Shape((), values)


def _csv_pages(text: str, name: str) -> list[Page]:
    """The pages of a CSV export. Its file names are not quoted, so a comma in one makes a row longer."""
    shapes: dict[str, list[Shape]] = {}
    about: dict[str, dict[str, str]] = {}
    try:
        for row in list(csv.reader(StringIO(text, newline=""), strict=True))[1:]:
            if not row:
                continue
            if len(row) < len(CSV_HEADER):
                raise ValueError(f"the row {','.join(row)[:40]!r} is too short")
            filename = ",".join(row[: len(row) - 6])
            described, place, values = (json.loads(row[column]) for column in (-5, -2, -1))
            about[filename] = plain_values(described)
            own = shapes.setdefault(filename, [])
            if place:
                own.append(_shape(place, plain_values(values)))
    except (csv.Error, ValueError, RecursionError, AttributeError) as error:
        raise DataError(f"{name} is a damaged CSV export of VIA ({error}): export it again.") from None
    return [_page(own, filename, about[filename], None) for filename, own in shapes.items()]


def write(pages: Iterable[Page]) -> bytes:
    """A VIA 2 project of the pages, each named by its `source`, as UTF-8 JSON. Raises DataError for two of one name."""
    entries: dict[str, Any] = {}
    for page in pages:
        key = f"{page.source}-1"  # the name and the file's size, which is -1 when it is not known
        if key in entries:
            raise DataError(f"Two pages are named {page.source!r}: VIA tells pictures apart by their names.")
        about = {"width": str(page.width), "height": str(page.height)}
        regions = [{"shape_attributes": _written(s), "region_attributes": dict(s.values)} for s in shapes_of(page)]
        entries[key] = {"filename": page.source, "size": -1, "regions": regions, "file_attributes": about}
    kinds = {kind: kind for kind in ("line", "character", "region")}
    defined: dict[str, Any] = {a: {"type": "text", "description": "", "default_value": ""} for a in _ATTRIBUTES}
    defined["type"] = {"type": "dropdown", "description": "", "options": kinds, "default_options": {}}
    project = {
        "_via_settings": {
            "ui": {}, "core": {"buffer_size": 18, "filepath": {}, "default_filepath": ""},
            "project": {"name": "tenarai"},
        },
        "_via_img_metadata": entries,
        "_via_attributes": {"region": defined, "file": dict.fromkeys(("width", "height"), defined["text"])},
        "_via_data_format_version": "2.0.10",
        "_via_image_id_list": list(entries),
    }  # fmt: skip
    return json.dumps(project, ensure_ascii=False).encode()


def _written(shape: Shape) -> dict[str, Any]:
    if not shape.upright:
        return {
            "name": "polygon",
            "all_points_x": [x for x, _ in shape.points],
            "all_points_y": [y for _, y in shape.points],
        }
    (left, top), _, (right, bottom), _ = shape.points
    return {"name": "rect", "x": left, "y": top, "width": right - left, "height": bottom - top}
