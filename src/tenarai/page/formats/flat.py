"""Pages from flat lists of shapes, as VIA and COCO keep them: which is a region, a line, a character of which line.

Both formats carry attributes of the annotator's own making. tenarai writes and reads `text`, `type` (region, line,
character), `direction`, `confidence`, `region` and `line` (which one the shape belongs to); files that others made may
have only a text, under one of many names, and belong together by place.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tenarai.errors import DataError
from tenarai.page.formats.shape import box_around, likely_direction, outline, shape_of, share_of
from tenarai.page.layout import UNSIZED, Box, Character, Direction, Line, Page, Point, Region

TEXTS = ("text", "transcription", "transcript", "label", "content", "value", "caption", "word", "line", "char",
         "character", "unicode", "name")  # fmt: skip
LINES = ("line", "textline", "text_line", "text line", "column", "行", "列")
WORDS = ("word", "textword", "単語")
CHARACTERS = ("character", "char", "glyph", "kanji", "kana", "文字")
REGIONS = ("region", "block", "paragraph", "textregion", "text_region", "text region", "textblock")
KNOWN = {"type", "direction", "confidence", "region", "line", "kind", "source"}


@dataclass(frozen=True, slots=True)
class Shape:
    """One shape of a flat list: `points` are its outline, that of a box when `upright`; `values` its attributes."""

    points: tuple[Point, ...]
    values: Mapping[str, str]
    upright: bool = False


def text_in(values: Mapping[str, str], prefer: str | None = None) -> str:
    """The text among the attributes: the one named `prefer`, or the first known name that has one, or the only one."""
    lower = {key.lower(): value for key, value in values.items()}
    if prefer is not None and prefer in values:
        return values[prefer]
    if "text" in lower:
        return lower["text"]
    # "line" and its like are names of text only where they do not hold the structure.
    names = [name for name in TEXTS if name in lower and ("type" not in lower or name not in KNOWN)]
    named = next((lower[name] for name in names if lower[name]), None)
    if named is not None:
        return named
    others = [value for key, value in lower.items() if key not in KNOWN]
    return others[0] if len(others) == 1 else ""


def page_of(shapes: Sequence[Shape], size: tuple[int, int] | None, source: str, prefer: str | None = None) -> Page:
    """The page of a flat list. Without `size` it reaches as far as its shapes, and has the note UNSIZED. Shapes that
    have no place are counted in the note "shapes left out"."""
    placed, lost = [], 0
    for shape in shapes:
        try:
            placed.append((shape, box_around(shape.points)))
        except DataError:
            lost += 1
    width, height = size or (0, 0)
    if size is None and placed:
        width = max(0, math.ceil(max(box.right for _, box in placed)))
        height = max(0, math.ceil(max(box.bottom for _, box in placed)))
    notes: list[tuple[str, str | float]] = [("shapes left out", float(lost))] if lost else []
    notes += [UNSIZED] if size is None else []
    return Page(width, height, _regions(placed, prefer), source, tuple(notes))


def _regions(placed: list[tuple[Shape, Box]], prefer: str | None) -> tuple[Region, ...]:
    regions: dict[str, Region] = {}
    lines: list[tuple[Line, str, str]] = []
    small: list[tuple[Character, str]] = []
    words: list[tuple[Character, Mapping[str, str]]] = []
    for number, (shape, box) in enumerate(placed):
        values = shape.values
        text, kind = text_in(values, prefer), values.get("type", "").strip().lower()
        if kind in REGIONS:
            key = values.get("region") or f"#{number}"
            regions[key] = Region(box, (), _direction(values, box, ""), values.get("kind") or "text")
        elif kind in WORDS:
            words.append((Character(text, box, share_of(values.get("confidence"))), values))
        elif kind in CHARACTERS:
            small.append((Character(text, box, share_of(values.get("confidence"))), values.get("line", "")))
        else:
            polygon = () if shape.upright else outline(shape.points)
            direction = _direction(values, box, text)
            source = values.get("source", "")
            line = Line(box, direction, text, share_of(values.get("confidence")), (), polygon, source)
            lines.append((line, values.get("region", ""), values.get("line") or f"#{number}"))
    if not lines:  # words are what there is to read
        for word, values in words:
            line = Line(word.box, _direction(values, word.box, word.text), word.text, word.confidence)
            lines.append((line, values.get("region", ""), f"word {len(lines)}"))
    elif not small:  # words are parts of lines
        small = [(word, values.get("line", "")) for word, values in words]
    found = _with_characters(lines, small)
    return tuple(_gathered(regions, found))


def _direction(values: Mapping[str, str], box: Box, text: str) -> Direction:
    said = values.get("direction", "").strip().lower()
    if said in ("vertical", "ttb", "top-to-bottom"):
        return "vertical"
    return "horizontal" if said else likely_direction(box, text)


def _with_characters(lines: list[tuple[Line, str, str]], small: list[tuple[Character, str]]) -> list[tuple[Line, str]]:
    """The lines with their characters, by number or else by place; without any line each character is one itself."""
    if not lines:
        return [(Line(c.box, "horizontal", c.text, c.confidence, (c,)), "") for c, _ in small]
    owned: list[list[Character]] = [[] for _ in lines]
    places = {key: place for place, (_, _, key) in enumerate(lines)}
    for character, key in small:
        place = places.get(key)
        if place is None:
            x, y = character.box.center
            inside = [i for i, (line, _, _) in enumerate(lines) if _holds(line.box, x, y)]
            place = min(inside, key=lambda i: lines[i][0].box.area) if inside else None
        if place is not None:
            owned[place].append(character)
        else:
            lines = [*lines, (Line(character.box, "horizontal", character.text, None, (character,)), "", "")]
            owned.append([])
    return [
        (replace(line, characters=tuple(own)) if own else line, region)
        for (line, region, _), own in zip(lines, owned, strict=True)
    ]


def _holds(box: Box, x: float, y: float) -> bool:
    return box.left <= x <= box.right and box.top <= y <= box.bottom


def _gathered(regions: dict[str, Region], lines: list[tuple[Line, str]]) -> Iterator[Region]:
    """The lines in their regions, by number, or else the smallest region that holds their middle, or else one more."""
    owned: dict[str, list[Line]] = {key: [] for key in regions}
    for line, named in lines:
        key = named
        if key not in regions:
            inside = [k for k, region in regions.items() if _holds(region.box, *line.box.center)]
            key = min(inside, key=lambda k: regions[k].box.area) if inside and not named else named
        owned.setdefault(key, []).append(line)
    for key, own in owned.items():
        if key in regions:
            yield replace(regions[key], lines=tuple(own))
        elif own:
            box = own[0].box
            for line in own[1:]:
                box = box.union(line.box)
            yield Region(box, tuple(own), own[0].direction)


def shapes_of(page: Page) -> Iterator[Shape]:
    """Everything on a page as a flat list, from which `page_of` makes an equal page but for alternatives and notes."""
    count = 0
    for number, region in enumerate(page.regions, 1):
        place = {"region": str(number)}
        values = {"type": "region", "direction": region.direction, "kind": region.kind, **place}
        yield Shape(shape_of(Line(region.box, "horizontal")), values, upright=True)
        for line in region.lines:
            count += 1
            own = {**place, "line": str(count)}
            values = {"type": "line", "text": line.text, "direction": line.direction, **own}
            values |= _stated(confidence=line.confidence, source=line.source or None)
            yield Shape(shape_of(line), values, upright=not line.polygon)
            for character in line.characters:
                values = {
                    "type": "character",
                    "text": character.text,
                    **own,
                    **_stated(confidence=character.confidence),
                }
                yield Shape(shape_of(Line(character.box, "horizontal")), values, upright=True)


def _stated(**values: float | str | None) -> dict[str, str]:
    return {key: value if isinstance(value, str) else repr(value) for key, value in values.items() if value is not None}


def plain_values(values: Any) -> dict[str, str]:
    """Attributes as text: numbers written out, ticked boxes `{"id": true}` joined, anything else left out."""
    found: dict[str, str] = {}
    for key, value in values.items() if isinstance(values, Mapping) else ():
        if isinstance(value, str):
            found[str(key)] = value
        elif isinstance(value, int | float) and not isinstance(value, bool):
            found[str(key)] = f"{value}"
        elif isinstance(value, Mapping):
            found[str(key)] = ", ".join(str(name) for name, ticked in value.items() if ticked is True)
    return found


def whole_size(values: Iterable[Any]) -> tuple[int, int] | None:
    """Width and height where both are whole numbers over 0."""
    try:
        width, height = (int(value) for value in values)
    except (TypeError, ValueError, OverflowError):
        return None
    return (width, height) if 0 < width < 10**7 and 0 < height < 10**7 else None
