"""What there is on a clean page: its lines and characters, and which of the lines are print."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from tenarai.image.character import framed
from tenarai.image.clean import Gray
from tenarai.model.maps import named
from tenarai.model.runtime import CharacterRuntime, DetectorRuntime
from tenarai.page.anchors import proposals
from tenarai.page.layout import Character, Line, Region
from tenarai.page.order import order_lines
from tenarai.page.printed import PRINTED, SIDE, print_chances
from tenarai.page.proposal import Maps, propose_characters, propose_lines
from tenarai.transcribe import straight_line

HAND, PRINT = "手", "印"  # the classes of the model that tells print from handwriting
SURELY = 0.7  # chance of print from which a line is taken for it
APART = 0.35  # by how much it has to lie above the page's usual line: neat hands look printed, but all their lines do


def seen(detector: DetectorRuntime, page: Gray) -> tuple[Sequence[Line], Sequence[Character]]:
    """The lines and characters that a detector sees on a clean page as large as it is, in no order, unread."""
    values, stride = detector.values(page), detector.header.down
    if detector.header.kind == "proposals":
        return proposals(values, detector.header.sizes["shapes"], stride)
    maps = Maps(**named(values), stride=stride)
    return propose_lines(maps), propose_characters(maps)


def in_order(press: Callable[[], CharacterRuntime], picture: Gray, lines: Sequence[Line]) -> tuple[Region, ...]:
    """Lines of a clean page in reading order: those written by hand, then print in regions of a kind of its own.
    `press` opens the model that tells them apart."""
    told = are_printed(press, picture, lines)
    by_hand, printed = (
        [line for line, is_print in zip(lines, told, strict=True) if is_print == want] for want in (0, 1)
    )
    return (*order_lines(by_hand), *(replace(region, kind=PRINTED) for region in order_lines(printed)))


def are_printed(press: Callable[[], CharacterRuntime], picture: Gray, lines: Sequence[Line]) -> list[bool]:
    """Which lines of a clean page are print beside handwriting. Where all lines look alike, none is set apart: for one
    line alone `press` does not even open its model."""
    if len(lines) < 2:
        return [False] * len(lines)
    model = press()
    labels = model.header.alphabet.labels

    def judge(squares: Sequence[Gray]) -> npt.NDArray[np.float64]:
        if not squares:
            return np.empty(0)
        pictures = np.stack([framed(square, model.side, cleaned=True).picture for square in squares])
        chances = model.probabilities(pictures).astype(np.float64)
        hand, printed = chances[:, labels[HAND]], chances[:, labels[PRINT]]
        return np.asarray(printed / np.maximum(hand + printed, 1e-300))

    chances = print_chances([as_judged(picture, line) for line in lines], judge)
    least = max(SURELY, float(np.median(chances)) + APART)
    return [chance > least for chance in chances]


def as_judged(picture: Gray, line: Line) -> Gray:
    """A line of a clean page at the height at which it is judged, `(SIDE, width) uint8`; bare paper where it lies
    outside of the picture."""
    piece = straight_line(picture, line, SIDE)
    return np.full((SIDE, SIDE), 255, np.uint8) if piece is None else piece.picture
