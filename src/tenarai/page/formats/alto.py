"""ALTO (Library of Congress), versions 2 to 4: read and written.

Elements are found by name whatever their namespace. Written is version 4.3, which can say that a line runs down. Kept
are blocks, lines, glyphs (or words, where there are no glyphs), text, confidence, direction, reading order; styles,
baselines and word alternatives are not. A tenth of a millimetre (mm10) and 1/1200 inch (inch1200) become pixels by the
resolution of the scan, which ALTO does not store.
"""

import unicodedata
from collections.abc import Iterator
from typing import Any

from lxml import etree

from tenarai.errors import DataError
from tenarai.page.formats.document import Element, child, children, descendants, local, put, xml_bytes, xml_of
from tenarai.page.formats.shape import box_around, corners, likely_direction, number_of, outline, points_text, share_of
from tenarai.page.layout import UNSIZED, Box, Character, Direction, Line, Page, Point, Region

NAMESPACE = "http://www.loc.gov/standards/alto/ns-v4#"
_NAMES: Any = {None: NAMESPACE}
LONGEST = 3  # characters of what a glyph could be instead, by the schema
_UNITS = {"mm10": 254.0, "inch1200": 1200.0}  # units in an inch
_PLAIN = {"Illustration": "image", "GraphicalElement": "graphic"}


def recognises(root: Element) -> bool:
    """Whether an XML document is ALTO."""
    return local(root) == "alto"


def read(data: bytes, name: str, dpi: float | None = None) -> list[Page]:
    """The pages of an ALTO document; `dpi` is the resolution of the scan, needed where it is not measured in pixels.

    Lines without a place are counted in the note "lines left out". Raises DataError for another document, and for units
    of length without `dpi`.
    """
    return pages_of(xml_of(data, name), name, dpi)


def pages_of(root: Element, name: str, dpi: float | None = None) -> list[Page]:
    """The pages of a parsed document, see `read`."""
    if not recognises(root):
        raise DataError(f"{name} is not ALTO: its root is {local(root)}, not alto.")
    about = next(descendants(root, "Description"), None)
    unit = _below(about, "MeasurementUnit") or "pixel"
    if unit in _UNITS and not dpi:
        raise DataError(f"{name} measures in {unit}, not in pixels: give the resolution of the scan as dpi.")
    if unit not in _UNITS and unit != "pixel":
        raise DataError(f"{name} measures in {unit[:20]!r}: ALTO knows pixel, mm10 and inch1200.")
    scale = dpi / _UNITS[unit] if dpi and unit in _UNITS else 1.0
    kinds = {e.get("ID", ""): e.get("LABEL", "") for e in descendants(root, "LayoutTag", "StructureTag", "OtherTag")}
    order = [e.get("REF", "") for group in descendants(root, "ReadingOrder") for e in descendants(group, "ElementRef")]
    layout = child(root, "Layout")
    pages = [] if layout is None else children(layout, "Page")
    return [_page(page, _below(about, "fileName"), scale, kinds, order) for page in pages]


def _below(element: Element | None, name: str) -> str:
    found = None if element is None else next(descendants(element, name), None)
    return "" if found is None else (found.text or "").strip()


def _page(element: Element, source: str, scale: float, kinds: dict[str, str], order: list[str]) -> Page:
    regions: dict[str, Region] = {}
    lost = 0
    for number, block in enumerate(descendants(element, "TextBlock", *_PLAIN)):
        outer = _said(block)
        lines = []
        for line in children(block, "TextLine"):
            try:
                lines.append(_line(line, scale, _said(line) or outer))
            except DataError:
                lost += 1
        try:
            regions[block.get("ID") or f"#{number}"] = _region(block, lines, scale, outer, kinds)
        except DataError:
            lost += 1
    keys = dict.fromkeys([*(key for key in order if key in regions), *regions])
    notes: list[tuple[str, str | float]] = [("lines left out", float(lost))] if lost else []
    try:
        width, height = (number_of(element.get(name), "A size") * scale for name in ("WIDTH", "HEIGHT"))
    except DataError:
        notes.append(UNSIZED)
        boxes = [region.box for region in regions.values()]
        width, height = (max((getattr(box, side) for box in boxes), default=0.0) for side in ("right", "bottom"))
    ordered = tuple(regions[key] for key in keys)
    return Page(max(0, round(width)), max(0, round(height)), ordered, source, tuple(notes))


def _said(element: Element) -> Direction | None:
    said = element.get("BASEDIRECTION")
    if said is None:
        return None
    return "vertical" if said in ("ttb", "btt") else "horizontal"


def _region(
    block: Element, lines: list[Line], scale: float, direction: Direction | None, kinds: dict[str, str]
) -> Region:
    try:
        box = box_around(_points(block, scale))
    except DataError:
        if not lines:
            raise
        box = lines[0].box
        for line in lines[1:]:
            box = box.union(line.box)
    named = next((kinds[tag] for tag in block.get("TAGREFS", "").split() if kinds.get(tag)), "text")
    direction = direction or (lines[0].direction if lines else "horizontal")
    return Region(box, tuple(lines), direction, _PLAIN.get(local(block), named))


def _points(element: Element, scale: float) -> tuple[Point, ...]:
    """The outline in pixels: the polygon of the Shape, else the corners of the box. Raises DataError without either."""
    shape = child(element, "Shape")
    polygon = None if shape is None else child(shape, "Polygon")
    if polygon is not None:
        return tuple((x * scale, y * scale) for x, y in points_text(polygon.get("POINTS", ""), "A Polygon"))
    left, top, width, height = (
        number_of(element.get(name), f"The {name} of a {local(element)}") * scale
        for name in ("HPOS", "VPOS", "WIDTH", "HEIGHT")
    )
    return corners(Box(left, top, left + width, top + height))


def _line(element: Element, scale: float, direction: Direction | None) -> Line:
    strings = children(element, "String")
    try:
        points = _points(element, scale)
    except DataError:
        points = tuple(point for string in strings for point in _points(string, scale))
        points = corners(box_around(points))
    box, text = box_around(points), _text(element)
    direction = direction or likely_direction(box, text)
    characters = tuple(_characters(strings, scale))
    return Line(box, direction, text, _confidence(strings), characters, outline(points))


def _text(line: Element) -> str:
    """What stands on the line: a hyphen at its end belongs to it, the other half of the word does not."""
    spaced = child(line, "SP") is not None
    text = ""
    for element in line:
        match local(element):
            case "String":
                content = element.get("CONTENT", "")
                # Many programs leave SP out; characters of full width have no space between them.
                if text and content and not spaced and not (_full(text[-1]) or _full(content[0])):
                    text += " "
                text += content
            case "SP":
                text += " "
            case "HYP":
                text += element.get("CONTENT", "")
    return text


def _full(character: str) -> bool:
    return unicodedata.east_asian_width(character) in "WF"


def _confidence(strings: list[Element]) -> float | None:
    """The mean of the words' confidences, by their lengths; None unless all state one."""
    shares = [(max(1, len(e.get("CONTENT", ""))), share_of(e.get("WC"))) for e in strings]
    known = [(length, share) for length, share in shares if share is not None]
    if not known or len(known) < len(shares):
        return None
    return min(1.0, sum(length * share for length, share in known) / sum(length for length, _ in known))


def _characters(strings: list[Element], scale: float) -> Iterator[Character]:
    glyphs = [glyph for string in strings for glyph in children(string, "Glyph")]
    # One String without glyphs is the line itself.
    for element in glyphs or (strings if len(strings) > 1 else []):
        try:
            box = box_around(_points(element, scale))
        except DataError:
            continue
        share = share_of(element.get("GC" if glyphs else "WC"))
        others = [(v.get("CONTENT", ""), share_of(v.get("VC"))) for v in children(element, "Variant")] if glyphs else []
        known = tuple((text, other) for text, other in others if other is not None)
        yield Character(element.get("CONTENT", ""), box, share, known)


def write(page: Page) -> bytes:
    """An ALTO document of version 4.3 in pixels.

    Words are what spaces part. Characters become glyphs where they spell the line's text, and are left out elsewhere.
    Raises DataError for text with control characters, which XML cannot hold.
    """
    root = etree.Element(f"{{{NAMESPACE}}}alto", nsmap=_NAMES)
    about = put(root, "Description")
    put(about, "MeasurementUnit").text = "pixel"
    kinds = {kind: f"kind{i}" for i, kind in enumerate(dict.fromkeys(r.kind for r in page.regions)) if kind != "text"}
    try:
        put(put(about, "sourceImageInformation"), "fileName").text = page.source
        if kinds:
            tags = put(root, "Tags")
            for kind, name in kinds.items():
                put(tags, "LayoutTag", ID=name, LABEL=kind)
        size = {"WIDTH": str(page.width), "HEIGHT": str(page.height)}
        element = put(put(root, "Layout"), "Page", ID="page", PHYSICAL_IMG_NR="1", **size)
        space = put(element, "PrintSpace", HPOS="0", VPOS="0", **size)
        for number, region in enumerate(page.regions, 1):
            tag = {"TAGREFS": kinds[region.kind]} if region.kind in kinds else {}
            values = {"ID": f"b{number}", **_place(region.box), **_direction(region.direction), **tag}
            block = put(space, "TextBlock", **values)
            for count, line in enumerate(region.lines, 1):
                _put_line(block, line, f"b{number}l{count}")
    except ValueError:
        raise DataError("The page has text with characters that XML cannot hold: take them out.") from None
    return xml_bytes(root)


def _place(box: Box) -> dict[str, str]:
    sides = {"HPOS": box.left, "VPOS": box.top, "WIDTH": box.width, "HEIGHT": box.height}
    return {name: f"{side:.10g}" for name, side in sides.items()}


def _direction(direction: Direction) -> dict[str, str]:
    return {"BASEDIRECTION": "ttb" if direction == "vertical" else "ltr"}


def _put_line(block: Element, line: Line, name: str) -> None:
    element = put(block, "TextLine", ID=name, **_place(line.box), **_direction(line.direction))
    if line.polygon:
        points = " ".join(f"{x:.10g},{y:.10g}" for x, y in line.polygon)
        put(put(element, "Shape"), "Polygon", POINTS=points)
    share = {} if line.confidence is None else {"WC": repr(line.confidence)}
    words = line.text.split(" ")
    glyphs = _shared_out(words, line.characters)
    for number, word in enumerate(words):
        if number:
            put(element, "SP")
        # A space follows a string, by the schema: two of them, or one at an end of the line, have an empty one.
        string = put(element, "String", CONTENT=word, **share)
        for character in glyphs[number]:
            _put_glyph(string, character)


def _put_glyph(string: Element, character: Character) -> None:
    share = {} if character.confidence is None else {"GC": repr(character.confidence)}
    glyph = put(string, "Glyph", CONTENT=character.text, **_place(character.box), **share)
    for text, confidence in character.alternatives:
        if len(text) <= LONGEST:
            put(glyph, "Variant", CONTENT=text, VC=repr(confidence))


def _shared_out(words: list[str], characters: tuple[Character, ...]) -> list[list[Character]]:
    """The characters that spell each word; none at all where they do not spell the words exactly."""
    waiting = [character for character in characters if character.text.strip(" ")]
    shared: list[list[Character]] = []
    for word in words:
        own: list[Character] = []
        spelt = ""
        while len(spelt) < len(word) and waiting:
            own.append(waiting.pop(0))
            spelt += own[-1].text
        if characters and spelt != word:
            return [[] for _ in words]
        shared.append(own)
    return shared if not waiting else [[] for _ in words]
