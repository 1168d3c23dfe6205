"""What is where on a page: Page > Region > Line > Character, in pixels with origin top left, and its plain JSON form.

All of it is frozen and hashable. A confidence is 0 to 1, or None when nobody knows it; unknown is never 0.
"""

import difflib
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any, Literal, Self

from tenarai.errors import DataError

Direction = Literal["horizontal", "vertical"]
Point = tuple[float, float]

FORMAT = "tenarai-page"
VERSION = 1
_PAGE = "the page"  # as errors call it
# The note of a page whose file does not say how large it is: it reaches as far as what is on it.
UNSIZED = ("size", "unknown")
_NUMBERED = re.compile(r"(.*)#([1-9][0-9]{0,6})", re.DOTALL)


def picture_of(source: str) -> tuple[str, int]:
    """The picture that the source of a page names, and which of its pages it is, from 1: `two.tif#2` is the second of
    two.tif, `#2` that of a picture without a name. Only digits at the end count, so that `[x]#2.png` is all name."""
    numbered = _NUMBERED.fullmatch(source)
    return (numbered[1], int(numbered[2])) if numbered else (source, 1)


def _number(value: Any, what: str) -> float:
    """A plain, finite float; numpy's numbers become Python's, which JSON and repr need."""
    try:
        number = math.nan if isinstance(value, str | bytes | bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise DataError(f"{what} is {value!r}, it must be a finite number.")
    return number


def _confidence(value: Any, what: str) -> float | None:
    number = None if value is None else _number(value, what)
    if number is not None and not 0.0 <= number <= 1.0:
        raise DataError(f"{what} is {number:g}, it must lie in 0 to 1, or be None when it is not known.")
    return number


def _text(value: Any, what: str) -> str:
    if not isinstance(value, str):
        raise DataError(f"{what} is {value!r}, it must be text.")
    return value


def _direction(value: Any) -> Direction:
    if value not in ("horizontal", "vertical"):
        raise DataError(f"A direction is horizontal or vertical, not {value!r}.")
    return "vertical" if value == "vertical" else "horizontal"


def _pair(value: Any, what: str, of: str) -> tuple[Any, Any]:
    try:
        first, second = value
    except (TypeError, ValueError):
        raise DataError(f"{what} is {_shown(value)}, it must be {of}.") from None
    return first, second


def _shown(value: Any) -> str:
    """A value as an error quotes it: its beginning, as it may be a whole file."""
    shown = repr(value)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."


def _all(kind: type, values: Iterable[Any], what: str) -> tuple[Any, ...]:
    found = tuple(values)
    if not all(isinstance(value, kind) for value in found):
        raise DataError(f"{what} are {kind.__name__} objects, not {[type(value).__name__ for value in found]}.")
    return found


@dataclass(frozen=True, slots=True)
class Box:
    """An upright rectangle in pixels; `right` and `bottom` lie just outside. Raises DataError when inside out."""

    left: float
    top: float
    right: float
    bottom: float

    def __post_init__(self) -> None:
        for side in ("left", "top", "right", "bottom"):
            object.__setattr__(self, side, _number(getattr(self, side), f"The {side} of a box"))
        if self.left > self.right or self.top > self.bottom:
            raise DataError(f"{self} is inside out: left <= right and top <= bottom.")

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top

    @property
    def area(self) -> float:
        """In square pixels."""
        return self.width * self.height

    @property
    def center(self) -> Point:
        """(x, y)."""
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    def union(self, other: "Box") -> "Box":
        """The smallest box around both."""
        return Box(
            min(self.left, other.left),
            min(self.top, other.top),
            max(self.right, other.right),
            max(self.bottom, other.bottom),
        )

    def intersection_area(self, other: "Box") -> float:
        """The area that both cover, in square pixels; 0.0 when they are apart or only touch."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.bottom, other.bottom) - max(self.top, other.top)
        return max(0.0, width) * max(0.0, height)

    def iou(self, other: "Box") -> float:
        """Intersection over union, 0.0 to 1.0; 0.0 between boxes without area."""
        shared = self.intersection_area(other)
        return shared / (self.area + other.area - shared) if shared else 0.0

    def shifted(self, right: float, down: float) -> "Box":
        """Moved by so many pixels."""
        return Box(self.left + right, self.top + down, self.right + right, self.bottom + down)

    def scaled(self, across: float, down: float | None = None) -> "Box":
        """On the picture scaled by `across` and `down` (the same if None), from the origin."""
        down = across if down is None else down
        return Box(self.left * across, self.top * down, self.right * across, self.bottom * down)


@dataclass(frozen=True, slots=True)
class Character:
    """One character and the other readings considered, as (text, confidence), best first."""

    text: str
    box: Box
    confidence: float | None = None
    alternatives: tuple[tuple[str, float], ...] = ()

    def __post_init__(self) -> None:
        _text(self.text, "The text of a character")
        _all(Box, [self.box], "Boxes of characters")
        what = "The confidence of a character"
        object.__setattr__(self, "confidence", _confidence(self.confidence, what))
        others = []
        for alternative in self.alternatives:
            text, confidence = _pair(alternative, "An alternative", "a text and its confidence")
            # An alternative that nobody has weighed is no alternative: here None is an error.
            others.append((_text(text, "An alternative"), _confidence(_number(confidence, what), what)))
        object.__setattr__(self, "alternatives", tuple(others))


@dataclass(frozen=True, slots=True)
class Line:
    """One line of writing, or a column when vertical. `polygon` is its outline (x, y); `source` says who found it."""

    box: Box
    direction: Direction
    text: str = ""
    confidence: float | None = None
    characters: tuple[Character, ...] = ()
    polygon: tuple[Point, ...] = ()
    source: str = ""

    def __post_init__(self) -> None:
        _all(Box, [self.box], "Boxes of lines")
        _direction(self.direction)
        _text(self.text, "The text of a line")
        _text(self.source, "The source of a line")
        object.__setattr__(self, "confidence", _confidence(self.confidence, "The confidence of a line"))
        object.__setattr__(self, "characters", _all(Character, self.characters, "The characters of a line"))
        what = "A point of a polygon"
        pairs = [_pair(point, what, "two numbers, x and y") for point in self.polygon]
        object.__setattr__(self, "polygon", tuple((_number(x, what), _number(y, what)) for x, y in pairs))


@dataclass(frozen=True, slots=True)
class Region:
    """Lines that belong together, in reading order. `kind` is "text" or what a page format calls it."""

    box: Box
    lines: tuple[Line, ...] = ()
    direction: Direction = "horizontal"
    kind: str = "text"

    def __post_init__(self) -> None:
        _all(Box, [self.box], "Boxes of regions")
        _direction(self.direction)
        _text(self.kind, "The kind of a region")
        object.__setattr__(self, "lines", _all(Line, self.lines, "The lines of a region"))

    @property
    def text(self) -> str:
        return "\n".join(line.text for line in self.lines)


@dataclass(frozen=True, slots=True)
class Page:
    """A picture `width` x `height` pixels and what is on it, regions in reading order.

    `notes` are (name, value) of what was done to the picture before reading: turn and skew in radians, polarity.
    """

    width: int
    height: int
    regions: tuple[Region, ...] = ()
    source: str = ""
    notes: tuple[tuple[str, str | float], ...] = ()

    def __post_init__(self) -> None:
        for side in ("width", "height"):
            pixels = _number(getattr(self, side), f"The {side} of a page")
            if pixels < 0 or pixels != int(pixels):
                raise DataError(f"The {side} of a page is {pixels:g}, it must be a whole number of pixels.")
            object.__setattr__(self, side, int(pixels))
        object.__setattr__(self, "regions", _all(Region, self.regions, "The regions of a page"))
        _text(self.source, "The source of a page")
        notes = tuple(
            (_text(name, "The name of a note"), value if isinstance(value, str) else _number(value, f"The note {name}"))
            for name, value in self.notes
        )
        if len({name for name, _ in notes}) < len(notes):
            raise DataError(f"The notes of a page have a name twice: {[name for name, _ in notes]}.")
        object.__setattr__(self, "notes", notes)

    @property
    def lines(self) -> tuple[Line, ...]:
        """All lines in reading order."""
        return tuple(line for region in self.regions for line in region.lines)

    @property
    def text(self) -> str:
        """One row of text for every line, also across regions: a region is a place on the page, not a paragraph."""
        return "\n".join(line.text for line in self.lines)

    @property
    def confidence(self) -> float | None:
        """The mean of the lines that know theirs, weighted by their length; None when none does."""
        known = [(max(1, len(line.text)), line.confidence) for line in self.lines if line.confidence is not None]
        if not known:
            return None
        return sum(weight * confidence for weight, confidence in known) / sum(weight for weight, _ in known)

    def note(self, name: str) -> str | float | None:
        """The value of a note, None when there is no such note."""
        return dict(self.notes).get(name)

    def to_dict(self) -> dict[str, Any]:
        """The plain JSON form, which `from_dict` turns back into an equal page."""
        return {
            "format": FORMAT,
            "version": VERSION,
            "width": self.width,
            "height": self.height,
            "source": self.source,
            "notes": dict(self.notes),
            "regions": [_region_to_dict(region) for region in self.regions],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """The page of a plain form; what has a default may be left out. Raises DataError if newer or damaged."""
        if not isinstance(data, Mapping) or data.get("format") != FORMAT:
            raise DataError(f'This is not a page of tenarai: expected an object with "format": "{FORMAT}".')
        version = data.get("version")
        if not isinstance(version, int) or isinstance(version, bool) or version < 1:
            raise DataError(f"The page has version {version!r}, it must be a whole number from 1.")
        if version > VERSION:
            raise DataError(f"The page has version {version}, this tenarai knows up to {VERSION}: upgrade tenarai.")
        plain = {key: value for key, value in data.items() if key not in ("format", "version")}
        said = _fields(plain, cls, _PAGE)
        try:
            said["regions"] = _each(said, "regions", _PAGE, _region_from_dict, "region")
            said["notes"] = tuple(dict(said.get("notes", {})).items())
            return cls(**said)
        except (TypeError, ValueError, KeyError, AttributeError) as error:
            # Whatever else is misshapen ends here, whatever level it is on.
            raise DataError(f"The page is damaged ({error}): write it again.") from error


def _box_to_list(box: Box) -> list[float]:
    return [box.left, box.top, box.right, box.bottom]


def _region_to_dict(region: Region) -> dict[str, Any]:
    return {
        "box": _box_to_list(region.box),
        "direction": region.direction,
        "kind": region.kind,
        "lines": [_line_to_dict(line) for line in region.lines],
    }


def _line_to_dict(line: Line) -> dict[str, Any]:
    return {
        "box": _box_to_list(line.box),
        "direction": line.direction,
        "text": line.text,
        "confidence": line.confidence,
        "source": line.source,
        "polygon": [list(point) for point in line.polygon],
        "characters": [
            {
                "text": character.text,
                "box": _box_to_list(character.box),
                "confidence": character.confidence,
                "alternatives": [list(alternative) for alternative in character.alternatives],
            }
            for character in line.characters
        ],
    }


def _region_from_dict(data: Any, what: str) -> Region:
    said = _fields(data, Region, what)
    return Region(**{**said, "box": _box(said, what), "lines": _each(said, "lines", what, _line_from_dict, "line")})


def _line_from_dict(data: Any, what: str) -> Line:
    said = _fields(data, Line, what)
    characters = _each(said, "characters", what, _character_from_dict, "character")
    return Line(**{**said, "box": _box(said, what), "characters": characters})


def _character_from_dict(data: Any, what: str) -> Character:
    said = _fields(data, Character, what)
    return Character(**{**said, "box": _box(said, what)})


def _fields(data: Any, kind: type, what: str) -> dict[str, Any]:
    """What a plain form says. Raises DataError for a field that is missing, or that there is not."""
    if not isinstance(data, Mapping):
        raise DataError(f"An object was expected for {what}, not {_shown(data)}.")
    known = {field.name: field.default is MISSING for field in fields(kind)}
    for name in data:
        if name not in known:
            near = difflib.get_close_matches(str(name), known, 1, 0.0)
            raise DataError(f"The field {_shown(name)} of {what} is not known: did you mean {near[0]}?")
    missing = [name for name, required in known.items() if required and name not in data]
    if missing:
        raise DataError(f"There is no {missing[0]} in {what}, which must have one: write it again.")
    return dict(data)


def _each(
    said: Mapping[str, Any], name: str, what: str, from_dict: Callable[[Any, str], Any], part: str
) -> tuple[Any, ...]:
    """The parts of a page, region or line, each called by its place: "line 3 of region 1"."""
    values = said.get(name, ())
    if not isinstance(values, list | tuple):
        raise DataError(f"The {name} of {what} are {_shown(values)}, they must be a list.")
    whole = "" if what == _PAGE else f" of {what}"
    return tuple(from_dict(value, f"{part} {number}{whole}") for number, value in enumerate(values, 1))


def _box(said: Mapping[str, Any], what: str) -> Box:
    try:
        left, top, right, bottom = said["box"]
    except (TypeError, ValueError):
        wrong = _shown(said["box"])
        raise DataError(f"The box of {what} is {wrong}, it must be four numbers: left, top, right, bottom.") from None
    return Box(left, top, right, bottom)
