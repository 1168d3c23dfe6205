"""PAGE XML (Pletschacher and Antonacopoulos 2010), versions 2010 to 2019: read and written.

Elements are found by name whatever their namespace. Written is version 2019-07-15, its points whole pixels as the
schema wants. Kept are regions, lines, glyphs (or words, where there are no glyphs), text, confidence, direction and the
reading order; baselines, styles and alternatives of whole lines are not.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from lxml import etree

from tenarai.errors import DataError
from tenarai.page.formats.document import Element, child, children, descendants, local, put, xml_bytes, xml_of
from tenarai.page.formats.shape import box_around, corners, likely_direction, outline, points_text, shape_of, share_of
from tenarai.page.layout import Character, Direction, Line, Page, Point, Region
from tenarai.page.printed import PRINTED

NAMESPACE = "http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15"
_NAMES: Any = {None: NAMESPACE}
_PLAIN = {  # regions without text, by what tenarai calls them
    "image": "ImageRegion", "line drawing": "LineDrawingRegion", "graphic": "GraphicRegion", "chart": "ChartRegion",
    "separator": "SeparatorRegion", "noise": "NoiseRegion", "unknown": "UnknownRegion",
}  # fmt: skip
_KINDS = {element: kind for kind, element in _PLAIN.items()} | {
    "TableRegion": "table", "MathsRegion": "maths", "ChemRegion": "chem", "MusicRegion": "music",
    "AdvertRegion": "advert", "MapRegion": "map", "CustomRegion": "custom",
}  # fmt: skip
_TYPES = {
    "paragraph", "heading", "caption", "header", "footer", "page-number", "drop-capital", "credit", "floating",
    "signature-mark", "catch-word", "marginalia", "footnote", "footnote-continued", "endnote", "TOC-entry",
    "list-label", "other",
}  # fmt: skip
_STRUCTURE = re.compile(r"structure\s*\{[^}]*?type\s*:\s*([^;}]*)")
_ORDER = re.compile(r"readingOrder\s*\{[^}]*?index\s*:\s*(\d+)")


def recognises(root: Element) -> bool:
    """Whether an XML document is PAGE."""
    return local(root) == "PcGts"


def read(data: bytes, name: str) -> list[Page]:
    """The pages of a PAGE document, which is one. Raises DataError if it is none; lines without a place are counted in
    the note "lines left out"."""
    return pages_of(xml_of(data, name), name)


def pages_of(root: Element, name: str) -> list[Page]:
    """The pages of a parsed document, see `read`."""
    if not recognises(root):
        raise DataError(f"{name} is not PAGE XML: its root is {local(root)}, not PcGts.")
    try:
        return [_page(element, name) for element in children(root, "Page")]
    except ValueError as error:  # an index of thousands of digits
        raise DataError(f"{name} is a damaged PAGE document ({error}): write it again.") from None


def _page(element: Element, name: str) -> Page:
    try:
        width, height = int(element.get("imageWidth", "")), int(element.get("imageHeight", ""))
    except ValueError:
        raise DataError(f"{name} has a Page without imageWidth and imageHeight in whole pixels.") from None
    vertical = _said(element)
    found: dict[str, Region] = {}
    lost = 0
    for number, region in enumerate(descendants(element, "TextRegion", *_KINDS)):
        lines, without = _lines(region, vertical)
        lost += without
        key = region.get("id") or f"#{number}"
        try:
            found[key] = _region(region, lines, vertical)
        except DataError:
            lost += 1
    order = [key for key in dict.fromkeys(_reading_order(element)) if key in found]
    regions = [found[key] for key in dict.fromkeys([*order, *found])]
    notes = (("lines left out", float(lost)),) if lost else ()
    return Page(width, height, tuple(regions), element.get("imageFilename", ""), notes)


def _said(element: Element) -> Direction | None:
    """The direction that an element states, in the attribute of the standard or in `custom`."""
    said = element.get("readingDirection", "")
    if not said and "vertical" in re.split(r"[^a-z]+", element.get("custom", "").lower()):
        return "vertical"
    if said in ("top-to-bottom", "bottom-to-top"):
        return "vertical"
    return "horizontal" if said else None


def _region(element: Element, lines: tuple[Line, ...], outer: Direction | None) -> Region:
    coords = child(element, "Coords")
    if coords is None and lines:
        box = lines[0].box
        for line in lines[1:]:
            box = box.union(line.box)
    else:
        box = box_around(_points(coords))
    custom = _STRUCTURE.search(element.get("custom", ""))
    kind = _KINDS.get(local(element)) or element.get("type") or (_unescaped(custom[1]) if custom else "")
    kind = kind or (PRINTED if element.get("production") in ("printed", "typewritten") else "text")
    direction = _said(element) or outer or (lines[0].direction if lines else "horizontal")
    return Region(box, lines, direction, kind)


def _points(coords: Element | None) -> tuple[Point, ...]:
    if coords is None:
        return ()
    if coords.get("points") is not None:
        return points_text(coords.get("points", ""), "Coords")
    return points_text(" ".join(f"{p.get('x')},{p.get('y')}" for p in children(coords, "Point")), "Coords")  # 2010


def _lines(region: Element, outer: Direction | None) -> tuple[tuple[Line, ...], int]:
    """The lines right in a region, and how many have no place."""
    elements = children(region, "TextLine")
    places = [_ORDER.search(element.get("custom", "")) for element in elements]
    if all(places):
        indices = {id(e): int(place[1]) for e, place in zip(elements, places, strict=True) if place}
        elements.sort(key=lambda e: indices[id(e)])
    lines, lost = [], 0
    for element in elements:
        try:
            lines.append(_line(element, _said(element) or _said(region) or outer))
        except DataError:
            lost += 1
    return tuple(lines), lost


def _line(element: Element, direction: Direction | None) -> Line:
    points = _points(child(element, "Coords"))
    box = box_around(points)
    text, confidence, _ = _text(element)
    words = children(element, "Word")
    if not text:
        text = " ".join(filter(None, (_text(word)[0] for word in words)))
    direction = direction or likely_direction(box, text)
    characters = tuple(_characters(element, words))
    return Line(box, direction, text, confidence, characters, outline(points))


def _characters(line: Element, words: list[Element]) -> Iterator[Character]:
    for element in list(descendants(line, "Glyph")) or words:
        text, confidence, others = _text(element)
        try:
            yield Character(text, box_around(_points(child(element, "Coords"))), confidence, others)
        except DataError:
            continue  # a glyph without a place tells no more than the line's text does


def _text(element: Element) -> tuple[str, float | None, tuple[tuple[str, float], ...]]:
    """The text of the first TextEquiv by index, its confidence, and the further ones that state theirs."""
    found = []
    for number, equivalent in enumerate(children(element, "TextEquiv")):
        unicode = child(equivalent, "Unicode")
        index = equivalent.get("index", "")
        place = int(index) if index.isdecimal() else number
        found.append((place, "" if unicode is None else unicode.text or "", share_of(equivalent.get("conf"))))
    found.sort(key=lambda item: item[0])
    if not found:
        return "", None, ()
    return found[0][1], found[0][2], tuple((text, conf) for _, text, conf in found[1:] if conf is not None)


def _reading_order(page: Element) -> Iterator[str]:
    """The ids of regions in order: groups within groups, by index where there is one, else as they stand."""
    order = child(page, "ReadingOrder")
    waiting = [] if order is None else [order]
    while waiting:
        element = waiting.pop()
        if element.get("regionRef") is not None:
            yield element.get("regionRef", "")
        inner = [e for e in element if local(e).endswith(("Group", "GroupIndexed", "RegionRef", "RegionRefIndexed"))]
        if all(e.get("index", "").isdecimal() for e in inner):
            inner.sort(key=lambda e: int(e.get("index", "0")))
        waiting.extend(reversed(inner))


def write(page: Page, created: datetime | None = None) -> bytes:
    """A PAGE document of version 2019-07-15; `created` is now unless given.

    Raises DataError for text with control characters, which XML cannot hold.
    """
    when = (created or datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%S")
    root = etree.Element(f"{{{NAMESPACE}}}PcGts", nsmap=_NAMES)
    about = put(root, "Metadata")
    for name, text in (("Creator", "tenarai"), ("Created", when), ("LastChange", when)):
        put(about, name).text = text
    size = {"imageWidth": str(page.width), "imageHeight": str(page.height)}
    try:
        element = put(root, "Page", imageFilename=page.source, **size)
        if page.regions:
            group = put(put(element, "ReadingOrder"), "OrderedGroup", id="order")
            for number, _ in enumerate(page.regions):
                put(group, "RegionRefIndexed", index=str(number), regionRef=f"r{number + 1}")
        for number, region in enumerate(page.regions, 1):
            _put_region(element, region, f"r{number}")
    except ValueError:
        raise DataError("The page has text with characters that XML cannot hold: take them out.") from None
    return xml_bytes(root)


def _put_region(parent: Element, region: Region, name: str) -> None:
    plain = _PLAIN.get(region.kind) if not region.lines else None
    values = {"id": name}
    if region.kind in _TYPES:
        values["type"] = region.kind
    elif region.kind == PRINTED and plain is None:
        values["production"] = "printed"
    elif region.kind != "text" and plain is None:
        values["custom"] = f"structure {{type:{_escaped(region.kind)};}}"
    if plain is None:
        values |= _direction(region.direction)
        values |= {"textLineOrder": "right-to-left" if region.direction == "vertical" else "top-to-bottom"}
    element = put(parent, plain or "TextRegion", **values)
    _put_coords(element, corners(region.box))
    for number, line in enumerate(region.lines, 1):
        _put_line(element, line, f"{name}l{number}")


def _put_line(parent: Element, line: Line, name: str) -> None:
    element = put(parent, "TextLine", id=name, **_direction(line.direction))
    _put_coords(element, shape_of(line))
    if line.characters:
        # A glyph stands in a word by the schema; tenarai knows no words, so the line is one.
        word = put(element, "Word", id=f"{name}w")
        _put_coords(word, shape_of(line))
        for number, character in enumerate(line.characters, 1):
            glyph = put(word, "Glyph", id=f"{name}g{number}")
            _put_coords(glyph, corners(character.box))
            _put_text(glyph, character.text, character.confidence, 0)
            for index, (text, confidence) in enumerate(character.alternatives, 1):
                _put_text(glyph, text, confidence, index)
        _put_text(word, line.text, line.confidence)
    _put_text(element, line.text, line.confidence)


def _direction(direction: Direction) -> dict[str, str]:
    return {"readingDirection": "top-to-bottom" if direction == "vertical" else "left-to-right"}


def _put_coords(parent: Element, points: tuple[Point, ...]) -> None:
    whole = [(max(0, round(x)), max(0, round(y))) for x, y in points]
    put(parent, "Coords", points=" ".join(f"{x},{y}" for x, y in whole))


def _put_text(parent: Element, text: str, confidence: float | None, index: int | None = None) -> None:
    values = {} if index is None else {"index": str(index)}
    if confidence is not None:
        values["conf"] = repr(confidence)
    put(put(parent, "TextEquiv", **values), "Unicode").text = text


def _escaped(text: str) -> str:
    """Text for `custom`, as Transkribus writes it: what has a meaning there as \\uXXXX."""
    return "".join(c if c.isalnum() or c in "-_" else "".join(f"\\u{u:04x}" for u in _utf16(c)) for c in text)


def _utf16(character: str) -> list[int]:
    data = character.encode("utf-16-be")
    return [int.from_bytes(data[i : i + 2]) for i in range(0, len(data), 2)]


def _unescaped(text: str) -> str:
    units = re.sub(r"\\u([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16)), text)
    return units.encode("utf-16-be", "surrogatepass").decode("utf-16-be", "replace")
