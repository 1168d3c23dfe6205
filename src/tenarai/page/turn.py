"""Pages that lie on their side or stand on their head: found by which way up they are read surest."""

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np

from tenarai.image.clean import Gray
from tenarai.page.layout import Line
from tenarai.page.place import mostly

Turn = Literal[0, 90, 180, 270]  # degrees to the right

SAMPLE = 6  # lines that are read, the largest ones
DOUBTFUL = 0.65  # mean confidence of a page below which it may lie wrong
LATIN = "\u0250"  # where the letters of western European languages end
CLEARLY = 0.15  # by so much a page is read surer the other way up


def turned_right(gray: Gray, turn: Turn) -> Gray:
    """The picture turned by so many degrees to the right."""
    return np.ascontiguousarray(np.rot90(gray, -turn // 90)) if turn else gray


def sureness(lines: Sequence[Line]) -> float | None:
    """Mean confidence of lines, each counting by its characters; None where there are none."""
    known = [(line.confidence, len(line.characters)) for line in lines if line.confidence is not None]
    if not sum(weight for _, weight in known):
        return None
    return float(np.average([value for value, _ in known], weights=[weight for _, weight in known]))


def likely_turn(picture: Gray, read: Callable[[Gray], Sequence[Line]]) -> Turn:
    """How far a page must be turned to the right to stand upright: 0 unless it is clearly read surer another way.
    `read` gives some of the lines of a page with their text and confidence.

    Lines that lie on one side are read as columns, and columns on the other as lines: of two ways up that are read
    alike, Latin script stands where its lines are level, and other pages rather stood on their head."""
    here = sureness(read(picture)) or 0.0
    if here >= DOUBTFUL:
        return 0
    turns: tuple[Turn, ...] = (180, 90, 270)
    lines = {turn: read(turned_right(picture, turn)) for turn in turns}
    found = {turn: sureness(lines[turn]) or 0.0 for turn in turns}
    best = max(found.values())
    if best <= max(here + CLEARLY, DOUBTFUL):
        return 0
    alike = [turn for turn in turns if found[turn] > best - CLEARLY]
    return max(alike, key=lambda turn: (_is_written(lines[turn]), turn == 180, found[turn]))


def _is_written(lines: Sequence[Line]) -> bool:
    """Whether people write so: Latin script does not run from top to bottom."""
    text = "".join(line.text for line in lines)
    return mostly(lines) == "horizontal" or 2 * sum(character < LATIN for character in text) < len(text)


def largest(lines: Sequence[Line]) -> list[Line]:
    """The lines to judge a page by."""
    return sorted(lines, key=lambda line: -line.box.area)[:SAMPLE]
