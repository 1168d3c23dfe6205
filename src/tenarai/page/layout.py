"""What is where on a page: Page > Region > Line > Character, in pixels with origin top left, and its plain JSON form.

All of it is frozen and hashable. A confidence is 0 to 1, or None when nobody knows it; unknown is never 0.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self

from tenarai.errors import DataError

Direction = Literal["horizontal", "vertical"]
Point = tuple[float, float]

FORMAT = "tenarai-page"
VERSION = 1


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
        for text, confidence in self.alternatives:
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
        points = tuple((_number(x, what), _number(y, what)) for x, y in self.polygon)
        object.__setattr__(self, "polygon", points)


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
        fields = {key: value for key, value in data.items() if key not in ("format", "version")}
        try:
            fields["regions"] = tuple(_region_from_dict(region) for region in fields.get("regions", ()))
            fields["notes"] = tuple(dict(fields.get("notes", {})).items())
            return cls(**fields)
        except (TypeError, ValueError, KeyError, AttributeError) as error:
            # A missing, unknown or misshapen field ends here, whatever level it is on.
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


def _region_from_dict(data: Mapping[str, Any]) -> Region:
    lines = tuple(_line_from_dict(line) for line in data.get("lines", ()))
    return Region(**{**data, "box": Box(*data["box"]), "lines": lines})


def _line_from_dict(data: Mapping[str, Any]) -> Line:
    characters = tuple(
        Character(**{**character, "box": Box(*character["box"])}) for character in data.get("characters", ())
    )
    return Line(**{**data, "box": Box(*data["box"]), "characters": characters})
