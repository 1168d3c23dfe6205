"""A flat sheet being filled: lines of writing and print put where they belong, with boxes tight around their ink; ruled
paper, drawings, stamps and seals."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import cv2
import numpy as np

from tenarai.page.layout import Box, Character, Direction, Line
from tenarai.synth.drawing import draw
from tenarai.synth.fonts import EM, HandFont, Ink
from tenarai.synth.hand import Hand, Rng
from tenarai.synth.line import (
    FULL_STOPS,
    SMALL_KANA,
    TURNED,
    Composed,
    compose_font,
    compose_strokes,
    compose_words,
    is_cjk,
)
from tenarai.synth.strokes import StrokeSource
from tenarai.synth.words import Texts

FAINT = 40  # ink fainter than this is the soft edge of a stroke
FINER = 2.0  # strokes are drawn so much larger than they come to stand, for smooth edges

Scaled = tuple[Ink, list[tuple[str, Box]]]


@dataclass(frozen=True, slots=True)
class Pens:
    """What a page can be written with: pen strokes, handwriting fonts, fonts that look printed, fonts of Latin only."""

    strokes: tuple[StrokeSource, ...] = ()
    fonts: tuple[HandFont, ...] = ()
    prints: tuple[HandFont, ...] = ()
    latin: tuple[HandFont, ...] = ()


@dataclass
class Writer:
    """One hand with one pen, or with `hand` None a printing press. `pace` is its learnt step along the line, in em."""

    strokes: tuple[StrokeSource, ...]
    font: HandFont | None
    hand: Hand | None
    rng: Rng
    pace: float = 1.0
    joined: bool = False  # Latin words of fonts are set whole, with a box for each word

    def knows(self, character: str) -> bool:
        if character == " ":
            return True
        if self.font is not None:
            return self.font.has(character)
        return any(source.strokes(character) for source in self.strokes)

    def write(self, text: str, em: float, vertical: bool) -> tuple[Composed, float, float] | None:
        """The composed line, its scale to `em` pixels, and half the width of its pen in its own pixels."""
        if self.hand is None:
            composed = typeset_print(text, self.font, vertical) if self.font is not None else None
            return None if composed is None else (composed, em / EM, 0.0)
        if self.font is not None:
            if " " in text and not vertical and not any(is_cjk(c) for c in text) and self.joined:
                composed = compose_words(text, self.font, self.hand, self.rng)
            else:
                composed = compose_font(text, self.font, self.hand, self.rng, vertical=vertical)
            return None if composed is None else (composed, em / EM, 1.0)
        fine = em * FINER
        composed = compose_strokes(text, self.strokes, self.hand, self.rng, vertical=vertical, em=fine)
        return None if composed is None else (composed, 1 / FINER, 0.75 * self.hand.pen * fine + 1)


def typeset_print(text: str, font: HandFont, vertical: bool) -> Composed | None:
    """A line as a press sets it; in columns, every character in its square. None when the font lacks a character."""
    placed: list[tuple[str, Ink, int, int]] = []
    pen = 0.0
    for character in text:
        if character.isspace():
            pen += EM / 3
            continue
        mask = font.mask(character)
        if mask is None:
            return None
        ink, left, top = mask.ink, float(mask.left), mask.top - font.middle
        if not vertical:
            placed.append((character, ink, round(pen + left), round(top)))
            pen += mask.advance
            continue
        down, across = top + EM / 2, left - mask.advance / 2
        if character in TURNED:
            ink = np.ascontiguousarray(np.rot90(ink, -1))
            down, across = left + (EM - mask.advance) / 2, -(top + mask.ink.shape[0])
        elif character in FULL_STOPS:
            down, across = down - 0.6 * EM, across + 0.55 * EM
        elif character in SMALL_KANA:
            down, across = down - 0.1 * EM, across + 0.12 * EM
        placed.append((character, ink, round(across), round(pen + down)))
        pen += EM if is_cjk(character) else ink.shape[0] + 0.15 * EM
    if not placed:
        return None
    left, top = min(x for _, _, x, _ in placed), min(y for *_, y in placed)
    size = (
        max(y + ink.shape[0] for _, ink, _, y in placed) - top,
        max(x + ink.shape[1] for _, ink, x, _ in placed) - left,
    )
    canvas = np.zeros(size, np.uint8)
    boxes = []
    for character, ink, x, y in placed:
        x, y = x - left, y - top
        window = canvas[y : y + ink.shape[0], x : x + ink.shape[1]]
        np.maximum(window, ink, out=window)
        boxes.append((character, float(x), float(y), float(x + ink.shape[1]), float(y + ink.shape[0])))
    return Composed(canvas, text, tuple(boxes), vertical)


def _tight(ink: Ink, box: Box) -> Box | None:
    """The box of the ink inside a box, in whole pixels; None where there is none."""
    left, top = max(0, int(box.left)), max(0, int(box.top))
    window = ink[top : int(np.ceil(box.bottom)), left : int(np.ceil(box.right))] >= FAINT
    across, down = np.flatnonzero(window.any(axis=0)), np.flatnonzero(window.any(axis=1))
    if not len(across):
        return None
    return Box(left + int(across[0]), top + int(down[0]), left + int(across[-1]) + 1, top + int(down[-1]) + 1)


def _scaled(composed: Composed, scale: float, reach: float) -> Scaled | None:
    """A composed line at its size on the page, cropped to its ink, with tight boxes; None when no ink is left."""
    height, width = composed.ink.shape
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    ink = np.asarray(cv2.resize(composed.ink, size, interpolation=cv2.INTER_AREA), np.uint8)
    ink[ink < FAINT] = 0
    whole = _tight(ink, Box(0, 0, *size))
    if whole is None:
        return None
    found = []
    for character, left, top, right, bottom in composed.boxes:
        loose = Box(max(0.0, left - reach), max(0.0, top - reach), right + reach, bottom + reach).scaled(
            size[0] / width, size[1] / height
        )
        # A dot so small that scaling has washed it out keeps the place it had.
        box = _tight(ink, loose)
        if box is None:
            return None
        found.append((character, box.shifted(-whole.left, -whole.top)))
    return ink[int(whole.top) : int(whole.bottom), int(whole.left) : int(whole.right)], found


@dataclass
class Sheet:
    """A sheet `height` x `width` pixels; both layers are `(height, width) uint8`, 255 = ink."""

    width: int
    height: int
    writing: Ink = field(init=False)
    printed: Ink = field(init=False)

    def __post_init__(self) -> None:
        self.writing = np.zeros((self.height, self.width), np.uint8)
        self.printed = np.zeros((self.height, self.width), np.uint8)

    def write(
        self, writer: Writer, text: str, x: float, y: float, em: float, room: float, vertical: bool = False
    ) -> Line | None:
        """A line of at most `room` pixels. Horizontal: its left end at `x`, its middle at `y`; vertical: its middle at
        `x`, its upper end at `y`. As much of the text is written as there is room for; None when nothing can be."""
        text = "".join(c for c in text if writer.knows(c)).strip()
        for _ in range(3):
            done = writer.write(text, em, vertical) if text.strip() else None
            if done is None:
                return None
            composed, scale, reach = done
            length = composed.ink.shape[0 if vertical else 1] * scale
            if len(text) > 3:
                writer.pace = length / (len(text) * em)
            if length <= room or len(text) == 1:
                break
            text = text[: max(1, min(len(text) - 1, int(len(text) * room / length * 0.97)))].strip()
            text = text.rsplit(" ", 1)[0] if text.count(" ") > 2 else text
        scale *= min(1.0, room / length)
        scaled = _scaled(composed, scale, reach)
        if scaled is None:
            return None
        ink, boxes = scaled
        side = 0 if vertical else 1
        axis = float(np.median([box.center[side] for _, box in boxes]))
        left, top = (x - axis, y) if vertical else (x, y - axis)
        return self.put(ink, boxes, left, top, text, vertical, printed=writer.hand is None)

    def put(
        self,
        ink: Ink,
        boxes: Sequence[tuple[str, Box]],
        left: float,
        top: float,
        text: str,
        vertical: bool,
        printed: bool,
    ) -> Line | None:
        """Ink of a line with its corner at this place; None when it would reach over the edge of the sheet."""
        x, y = round(left), round(top)
        height, width = ink.shape
        if x < 1 or y < 1 or x + width >= self.width or y + height >= self.height:
            return None
        layer = self.printed if printed else self.writing
        window = layer[y : y + height, x : x + width]
        np.maximum(window, ink, out=window)
        box = Box(x, y, x + width, y + height)
        characters = tuple(Character(name, own.shifted(x, y)) for name, own in boxes)
        direction: Direction = "vertical" if vertical else "horizontal"
        return Line(box, direction, text, characters=characters, source="print" if printed else "hand")

    def write_cells(
        self, writer: Writer, text: str, x: float, y: float, side: float, pitch: float, vertical: bool = False
    ) -> Line | None:
        """One character in the middle of each square of `side` pixels, the first with its corner at `x`, `y`, the next
        `pitch` pixels on. None when nothing can be written."""
        text = "".join(c for c in text if not c.isspace() and writer.knows(c))
        if writer.hand is not None:
            # Characters that stand apart can be cut apart.
            writer = replace(writer, hand=replace(writer.hand, gap=0.4, gap_jitter=0.0, flow=0.0, drift=0.0, slope=0.0))
        done = writer.write(text, 0.8 * side, vertical) if text else None
        scaled = None if done is None else _scaled(*done)
        if scaled is None:
            return None
        ink, boxes = scaled
        # Along the line is down in `rows`, whatever the direction.
        rows = ink if vertical else ink.T
        spans = [(box.top, box.bottom) if vertical else (box.left, box.right) for _, box in boxes]
        cuts = [0, *(round((a[1] + b[0]) / 2) for a, b in itertools.pairwise(spans)), len(rows)]
        spread = np.zeros((round(len(boxes) * pitch + 2 * side), rows.shape[1]), np.uint8)
        found = []
        for number, (character, box) in enumerate(boxes):
            low, high = spans[number]
            place = (0.22 if character in FULL_STOPS else 0.5) * side + side + number * pitch
            shift = round(place - (low + high) / 2)
            window = spread[cuts[number] + shift : cuts[number + 1] + shift]
            np.maximum(window, rows[cuts[number] : cuts[number] + len(window)], out=window)
            found.append((character, box.shifted(0, shift) if vertical else box.shifted(shift, 0)))
        first = int(min(box.top if vertical else box.left for _, box in found))
        last = int(max(box.bottom if vertical else box.right for _, box in found))
        spread = spread[first:last]
        back = [(c, box.shifted(0, -first) if vertical else box.shifted(-first, 0)) for c, box in found]
        axis = float(np.median([box.center[0 if vertical else 1] for _, box in back]))
        left, top = (x + side / 2 - axis, y + first - side) if vertical else (x + first - side, y + side / 2 - axis)
        canvas = spread if vertical else np.ascontiguousarray(spread.T)
        return self.put(canvas, back, left, top, text, vertical, printed=writer.hand is None)

    def rule(self, points: Sequence[tuple[float, float]], dark: int = 150, width: int = 1, pen: bool = False) -> None:
        """A printed (or drawn) polyline, `dark` 0..255."""
        layer = self.writing if pen else self.printed
        fixed = np.rint(np.array(points) * 16).astype(np.int32)
        drawn = np.zeros_like(layer) if dark < 255 and len(points) > 2 else layer
        cv2.polylines(drawn, [fixed], False, dark, width, cv2.LINE_AA, shift=4)
        if drawn is not layer:
            np.maximum(layer, drawn, out=layer)

    def frame(self, box: Box, dark: int = 180, width: int = 1) -> None:
        corners = ((box.left, box.top), (box.right, box.top), (box.right, box.bottom), (box.left, box.bottom))
        for a, b in zip(corners, (*corners[1:], corners[0]), strict=True):
            self.rule((a, b), dark, width)

    def seal(self, x: float, y: float, side: float, rng: Rng) -> Box:
        """A stamped seal, square or round, with strokes as of old seal script, white on it or in its colour."""
        n = round(side)
        mark = np.zeros((n, n), np.uint8)
        solid, dark = rng.random() < 0.5, int(rng.integers(120, 220))
        pen, ink = max(1, n // 24), 0 if solid else dark
        if rng.random() < 0.6:
            cv2.rectangle(mark, (1, 1), (n - 2, n - 2), dark, -1 if solid else pen + 1)
        else:
            cv2.circle(mark, (n // 2, n // 2), n // 2 - 2, dark, -1 if solid else pen + 1, cv2.LINE_AA)
        for column in (0.28, 0.56) if n > 40 else (0.36,):
            for row in (0.2, 0.53):
                glyph = np.array([column, row]) * n + rng.integers(0, 4, (5, 3, 2)) / 3 * 0.24 * n
                # Right angles only: every other point takes the height of the one before it.
                glyph[:, 1, 1], glyph[:, 2, 0] = glyph[:, 0, 1], glyph[:, 1, 0]
                cv2.polylines(mark, list(np.rint(glyph).astype(np.int32)), False, ink, pen + 1, cv2.LINE_AA)
        worn = cv2.resize(rng.uniform(0.5, 1.3, (6, 6)).astype(np.float32), (n, n))
        self._stamp(np.clip(mark * worn, 0, 255).astype(np.uint8), x, y)
        return Box(round(x), round(y), round(x) + n, round(y) + n)

    def _stamp(self, mark: Ink, x: float, y: float) -> None:
        window = self.printed[round(y) : round(y) + mark.shape[0], round(x) : round(x) + mark.shape[1]]
        np.maximum(window, mark[: window.shape[0], : window.shape[1]], out=window)

    def drawing(self, box: Box, rng: Rng) -> Box:
        """A drawing by hand inside a box; the box that its ink fills."""
        low, size = np.array([box.left, box.top]), np.array([box.width, box.height])
        canvas = np.zeros_like(self.writing)
        pen = int(rng.integers(1, 4))

        def stroke(points: Sequence[Sequence[float]] | np.ndarray) -> None:
            fixed = np.rint((low + np.array(points) * size) * 16).astype(np.int32)
            cv2.polylines(canvas, [fixed], False, 255, pen, cv2.LINE_AA, shift=4)

        draw(stroke, rng)
        np.maximum(self.writing, canvas, out=self.writing)
        return _tight(canvas, Box(0, 0, self.width, self.height)) or box


@dataclass
class Stream:
    """Running text to write from, line after line."""

    texts: Texts
    rng: Rng
    latin: bool = False
    _rest: str = ""

    def take(self, count: int) -> str:
        """The next `count` characters, of Latin text whole words."""
        paragraphs = self.texts.latin if self.latin else self.texts.japanese
        while len(self._rest) < count + 20:
            self._rest += (" " if self.latin else "") + paragraphs[int(self.rng.integers(len(paragraphs)))]
        end = max(1, count)
        if self.latin:
            end = self._rest.rfind(" ", 1, end + 1)
            end = max(1, count) if end < 1 else end
        text, self._rest = self._rest[:end], self._rest[end:]
        return text.strip()
