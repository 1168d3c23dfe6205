"""Lines of handwriting composed from pen strokes or fonts, horizontal and vertical, with a box for every character."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from tenarai.synth.fonts import EM, HandFont, Ink
from tenarai.synth.hand import Hand, Placed, Rng, write
from tenarai.synth.strokes import Strokes, StrokeSource
from tenarai.synth.variants import Face

SMALL_KANA = frozenset("ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶゕゖ")
FULL_STOPS = frozenset("。、，．")
# Written a quarter turn to the right in vertical text.
TURNED = frozenset("ー〜…‥—－-~（）()「」『』〈〉《》【】〔〕［］[]{}＝=：；:;→←")
LEFT_BOX = frozenset("（「『〈《【〔［")

CharacterBox = tuple[str, float, float, float, float]  # character, left, top, right, bottom


@dataclass(frozen=True, slots=True)
class Composed:
    """Ink `(height, width) uint8`, 255 = ink, of one line, and where each character (spaces left out) lies on it."""

    ink: Ink
    text: str
    boxes: tuple[CharacterBox, ...]
    vertical: bool


@dataclass(frozen=True, slots=True)
class Setting:
    """Where one character goes: middle and size in em, quarter turn, and the part of the em its ink takes."""

    character: str
    x: float
    y: float
    size: float
    turned: bool
    shift: tuple[float, float]  # moves the ink inside its em square, in em of the character


def is_cjk(character: str) -> bool:
    """Kana, kanji and the marks that are written in their em square."""
    return ord(character) >= 0x2E80 or character in "…‥—※○◎□△→←↑↓●■▲▽▼☆★◇◆"


def is_kanji(character: str) -> bool:
    return "㐀" <= character <= "鿿" or character >= "\U00020000" or character in "々〆"


def _extent(strokes: Strokes) -> tuple[float, float, float, float]:
    every = np.concatenate(strokes)
    (left, top), (right, bottom) = every.min(axis=0), every.max(axis=0)
    return float(left), float(top), float(right), float(bottom)


def typeset(
    text: str, extents: dict[str, tuple[float, float, float, float]], hand: Hand, vertical: bool, rng: Rng
) -> list[Setting]:
    """Places each character of a line as this hand spaces, sizes and sits them. Spaces only move the pen.

    `extents` gives the ink box of each character in its em square.
    """
    settings: list[Setting] = []
    pen = 0.0
    sideways = rng.random() < 0.5  # Latin in vertical text: turned, or one upright letter under the other
    space = float(rng.uniform(0.2, 0.55))
    phase, waves = rng.uniform(0, 2 * np.pi), rng.uniform(0.15, 0.9)
    for character in text:
        if character.isspace():
            pen += space * float(np.exp(rng.normal(0, 0.2)))
            continue
        left, top, right, bottom = extents[character]
        cjk = is_cjk(character)
        size = 1.0 if is_kanji(character) else hand.kana if cjk else hand.latin
        size *= float(np.exp(rng.normal(0, hand.size_jitter)))
        turned = vertical and (character in TURNED or (not cjk and sideways))
        shift = (0.0, 0.0)
        if vertical and character in FULL_STOPS:
            shift = (0.55, -0.6)
        elif vertical and character in SMALL_KANA:
            shift = (0.12, -0.1)
        width, height = right - left, bottom - top
        if turned:
            left, top, right, bottom = 1 - bottom, left, 1 - top, right
            width, height = height, width
        along = height if vertical else width
        # Between the em square of a careful hand and the ink's own width of a quick one.
        loose = along + 0.35 if not cjk else (0.55 if character in FULL_STOPS or character in LEFT_BOX else 1.0)
        tight = along + (0.1 if cjk else 0.12)
        advance = size * (loose + (tight - loose) * hand.proportional)
        advance += max(-0.08, hand.gap * (1.0 if cjk else 0.3) + float(rng.normal(0, hand.gap_jitter)))
        advance = max(advance, 0.85 * along * size + 0.03)
        middle = pen + advance / 2
        centre = ((left + right) / 2 if not vertical else (top + bottom) / 2) - 0.5
        pull = hand.proportional if character not in FULL_STOPS else 0.8
        wander = hand.drift * float(np.sin(phase + waves * pen)) + hand.slope * pen
        across = float(rng.normal(0, 0.25 * hand.drift + 0.01))
        if vertical:
            x = wander + across
            y = middle - centre * size * pull - shift[1] * size * pull
        else:
            x = middle - centre * size * pull
            y = wander + across + hand.sit * (1 - size) / 2
        settings.append(Setting(character, x, y, size, turned, shift))
        pen += advance
    return settings


def _turned(strokes: Strokes) -> Strokes:
    """A quarter turn to the right about the middle of the em square."""
    return tuple(np.stack((1 - s[:, 1], s[:, 0]), axis=1).astype(np.float32) for s in strokes)


def compose_strokes(
    text: str, sources: tuple[StrokeSource, ...], hand: Hand, rng: Rng, *, vertical: bool = False, em: float = EM
) -> Composed | None:
    """A line drawn with a pen. The first source that knows a character gives its strokes; None if no one does."""
    glyphs: dict[str, Strokes] = {}
    for character in set(text):
        if character.isspace():
            continue
        found = next((s for s in (source.strokes(character) for source in sources) if s), None)
        if found is None:
            return None
        glyphs[character] = found
    if not glyphs:
        return None
    settings = typeset(text, {c: _extent(s) for c, s in glyphs.items()}, hand, vertical, rng)
    placed = []
    for s in settings:
        strokes = glyphs[s.character]
        if s.shift != (0.0, 0.0):
            strokes = tuple((stroke + np.array(s.shift, np.float32)).astype(np.float32) for stroke in strokes)
        if s.turned:
            strokes = _turned(strokes)
        side = em * s.size
        placed.append(Placed(strokes, s.x * em, s.y * em, side * hand.aspect, side))
    drawn = write(placed, hand, em, rng)
    margin = np.ceil(0.2 * em)
    low = drawn.ends.reshape(-1, 2).min(axis=0) - margin
    high = drawn.ends.reshape(-1, 2).max(axis=0) + margin
    width, height = (int(v) for v in np.ceil(high - low))
    canvas = np.zeros((height, width), np.uint8)
    ends = drawn.ends - low
    fixed = np.rint(ends * 16).astype(np.int32)
    thickness = np.clip(np.rint(drawn.width + rng.uniform(-0.3, 0.3)), 1, 24).astype(int)
    for level in np.unique(thickness):
        cv2.polylines(canvas, list(fixed[thickness == level]), False, 255, int(level), cv2.LINE_AA, shift=4)
    boxes = []
    for index, s in enumerate(settings):
        own = ends[drawn.owner == index].reshape(-1, 2)
        (left, top), (right, bottom) = own.min(axis=0), own.max(axis=0)
        boxes.append((s.character, float(left), float(top), float(right), float(bottom)))
    return Composed(canvas, text, tuple(boxes), vertical)


def compose_font(text: str, font: Face, hand: Hand, rng: Rng, *, vertical: bool = False) -> Composed | None:
    """A line set from a handwriting font, each glyph leaned, turned and scaled by the hand; None if one is missing."""
    masks = {c: font.mask(c) for c in set(text) if not c.isspace()}
    if not masks or any(m is None for m in masks.values()):
        return None
    middle = font.middle
    extents = {}
    for character, mask in masks.items():
        if mask is not None:
            h, w = mask.ink.shape
            top = (mask.top - middle) / EM + 0.5
            # Proportional glyphs are narrower than the em square: their own advance is the square's width.
            left = mask.left / EM + (1 - mask.advance / EM) / 2
            extents[character] = (left, top, left + w / EM, top + h / EM)
    # A font has its own proportions of kana and kanji already, and its glyphs are one hand's.
    own = replace(hand, kana=0.5 + 0.5 * hand.kana, warp_jitter=0.0)
    settings = typeset(text, extents, own, vertical, rng)
    pieces: list[tuple[Ink, npt.NDArray[np.float64]]] = []
    for s in settings:
        mask = masks[s.character]
        if mask is None:
            continue
        left, top, *_ = extents[s.character]
        ink = mask.ink
        # The middle of the em square, seen from the mask's corner, in mask pixels.
        origin = np.array([(0.5 - left - s.shift[0]) * EM, (0.5 - top - s.shift[1]) * EM])
        angle = hand.tilt + float(rng.normal(0, 0.02)) + (np.pi / 2 if s.turned else 0.0)
        scale = s.size
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        lean = np.array([[hand.aspect, -hand.lean * 0.7], [0.0, 1.0]])
        matrix = lean @ turn * scale
        place = np.array([s.x, s.y]) * EM - matrix @ origin
        pieces.append((ink, np.column_stack((matrix, place))))
    return _pasted(text, [s.character for s in settings], pieces, vertical)


def compose_words(text: str, font: HandFont, hand: Hand, rng: Rng) -> Composed | None:
    """A horizontal Latin line set word by word, so that joined-up fonts stay joined; None if a glyph is missing."""
    words = text.split()
    if not words:
        return None
    masks = [font.mask(w) for w in words]
    if any(m is None for m in masks):
        return None
    scale = 0.8
    space = float(rng.uniform(0.22, 0.6)) * EM * scale
    lean = np.array([[hand.aspect, -hand.lean], [0.0, 1.0]])
    pen, phase = 0.0, rng.uniform(0, 2 * np.pi)
    pieces, names = [], []
    for word, mask in zip(words, masks, strict=True):
        if mask is None:
            continue
        size = scale * float(np.exp(rng.normal(0, 0.5 * hand.size_jitter)))
        matrix = lean * size
        rise = EM * (hand.drift * 0.5 * np.sin(phase + pen / EM / 4) + hand.slope * pen / EM + rng.normal(0, 0.015))
        # Lean about the middle of the letters, so that the word does not move sideways.
        place = np.array([pen + mask.left * size, rise + mask.top * size])
        place -= matrix @ np.array([0.0, mask.ink.shape[0] / 2]) - np.array([0.0, mask.ink.shape[0] / 2 * size])
        pieces.append((mask.ink, np.column_stack((matrix, place))))
        names.append(word)
        pen += mask.advance * size * hand.aspect + space * float(np.exp(rng.normal(0, 0.15)))
    return _pasted(text, names, pieces, False)


def _pasted(text: str, names: list[str], pieces: list[tuple[Ink, npt.NDArray[np.float64]]], vertical: bool) -> Composed:
    """Inks set by their affine maps on one canvas just large enough."""
    boxes = []
    for ink, matrix in pieces:
        h, w = ink.shape
        corners = np.array([[0, w, w, 0], [0, 0, h, h], [1, 1, 1, 1]], float)
        moved = matrix @ corners
        boxes.append((*moved.min(axis=1), *moved.max(axis=1)))
    extent = np.array(boxes)
    margin = 0.2 * EM
    low = np.floor(extent[:, :2].min(axis=0) - margin)
    high = np.ceil(extent[:, 2:].max(axis=0) + margin)
    canvas = np.zeros((int(high[1] - low[1]), int(high[0] - low[0])), np.uint8)
    named = []
    for name, (ink, matrix), (left, top, right, bottom) in zip(names, pieces, boxes, strict=True):
        x, y = int(np.floor(left - low[0])), int(np.floor(top - low[1]))
        size = (int(np.ceil(right - left)) + 2, int(np.ceil(bottom - top)) + 2)
        local = matrix.copy()
        local[:, 2] -= low + np.array([x, y])
        piece = cv2.warpAffine(ink, local, size, flags=cv2.INTER_LINEAR)
        window = canvas[y : y + size[1], x : x + size[0]]
        np.maximum(window, piece[: window.shape[0], : window.shape[1]], out=window)
        named.append((name, left - low[0], top - low[1], right - low[0], bottom - low[1]))
    return Composed(
        canvas, text, tuple((n, float(a), float(b), float(c), float(d)) for n, a, b, c, d in named), vertical
    )
