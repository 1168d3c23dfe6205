"""Pascal VOC annotations (Everingham et al. 2010), as labelImg and many data sets write them: read.

One file describes one picture. An object's name says what it is (line, character, region, or a word for its kind), or
is the text itself; a child `text` or `transcription` of the object holds the text where both are given. Coordinates are
taken as they stand, though VOC itself counts pixels from 1: the programs that write text boxes count from 0.
"""

from lxml import etree

from tenarai.errors import DataError
from tenarai.page.formats.document import Element, child, children, local, xml_of
from tenarai.page.formats.flat import CHARACTERS, LINES, REGIONS, TEXTS, WORDS, Shape, page_of, whole_size
from tenarai.page.formats.shape import box_around, corners, number_of
from tenarai.page.layout import Page, Point

_STRUCTURE = {*LINES, *WORDS, *CHARACTERS, *REGIONS}
_SAID = ("direction", "confidence", "region", "line", "kind", "source")


def recognises(root: Element) -> bool:
    """Whether an XML document is an annotation of VOC."""
    return local(root) == "annotation" and (child(root, "object") is not None or child(root, "size") is not None)


def read(data: bytes, name: str) -> list[Page]:
    """The page of an annotation, see `pages_of`."""
    return pages_of(xml_of(data, name), name)


def pages_of(root: Element, name: str) -> list[Page]:
    """The page of a parsed annotation. Objects without a place are counted in the note "shapes left out". Raises
    DataError if it is none."""
    if not recognises(root):
        raise DataError(f"{name} is no annotation of VOC: expected the root annotation with size and object.")
    size = child(root, "size")
    sides = None if size is None else whole_size((_below(size, "width"), _below(size, "height")))
    shapes = [_shape(element) for element in children(root, "object")]
    return [page_of(shapes, sides, _below(root, "filename") or _below(root, "path"))]


def _below(element: Element, name: str) -> str:
    found = child(element, name)
    return "" if found is None else (found.text or "").strip()


def _shape(element: Element) -> Shape:
    named = _below(element, "name")
    values = {key: _below(element, key) for key in (*TEXTS, *_SAID) if key != "name" and _below(element, key)}
    for attribute in element.iter(etree.Element):  # CVAT keeps what annotators add in name and value
        if local(attribute) == "attribute" and _below(attribute, "name"):
            values.setdefault(_below(attribute, "name").lower(), _below(attribute, "value"))
    if named.lower() in _STRUCTURE:
        values["type"] = named.lower()
    elif named and not any(key in values for key in TEXTS):
        values["text"] = named
        if len(named) == 1:
            values["type"] = "character"
    polygon = child(element, "polygon")
    try:
        if polygon is not None:
            return Shape(_points(polygon), values)
        return Shape(_box(child(element, "bndbox")), values, upright=True)
    except DataError:
        return Shape((), values)


def _box(element: Element | None) -> tuple[Point, ...]:
    sides = ("xmin", "ymin", "xmax", "ymax")
    left, top, right, bottom = (
        number_of(None if element is None else _below(element, side), f"The {side} of an object") for side in sides
    )
    return corners(box_around([(left, top), (right, bottom)]))  # some programs swap the corners


def _points(polygon: Element) -> tuple[Point, ...]:
    """`<x1/><y1/><x2/>...`, or `<pt><x/><y/></pt>...`."""
    pairs = children(polygon, "pt", "point")
    if pairs:
        return tuple((number_of(_below(p, "x"), "An x"), number_of(_below(p, "y"), "A y")) for p in pairs)
    points: list[Point] = []
    for number in range(1, len(polygon)):
        x, y = _below(polygon, f"x{number}"), _below(polygon, f"y{number}")
        if not x:
            break
        points.append((number_of(x, "An x"), number_of(y, "A y")))
    if len(points) < 3:
        raise DataError("A polygon has at least three points.")
    return tuple(points)
