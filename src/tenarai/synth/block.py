"""A block of composed lines on one sheet: rows one under the other, or columns from right to left."""

from dataclasses import dataclass

import numpy as np

from tenarai.synth.fonts import Ink
from tenarai.synth.hand import Rng
from tenarai.synth.line import Composed

LineBox = tuple[str, float, float, float, float]  # text, left, top, right, bottom


@dataclass(frozen=True, slots=True)
class Block:
    """Ink `(height, width) uint8`, 255 = ink, and the text and ink box of every line in reading order."""

    ink: Ink
    lines: tuple[LineBox, ...]
    vertical: bool

    @property
    def text(self) -> str:
        return "\n".join(line[0] for line in self.lines)


def compose_block(lines: list[Composed], rng: Rng, *, gap: float = 0.35, margin: float = 1.0) -> Block:
    """Lines of one direction on one sheet. `gap` between lines and `margin` around the block count in line heights;
    lines begin nearly level, as on unruled paper."""
    vertical = lines[0].vertical
    pitch = float(np.median([c.ink.shape[1 if vertical else 0] for c in lines]))
    longest = max(c.ink.shape[0 if vertical else 1] for c in lines)
    border = round(margin * pitch)
    across = border
    starts: list[tuple[int, int]] = []
    for composed in lines:
        along = border + round(abs(float(rng.normal(0, 0.12))) * pitch)
        starts.append((across, along))
        thick = composed.ink.shape[1 if vertical else 0]
        # A line's own picture has paper around it already; the gap is what a writer leaves beside it.
        across += round(thick - 0.4 * pitch + gap * pitch * float(np.exp(rng.normal(0, 0.08))))
    thickness = across + round(0.4 * pitch) + border
    length = longest + 2 * border + round(0.4 * pitch)
    sheet = np.zeros((length, thickness) if vertical else (thickness, length), np.uint8)
    boxes: list[LineBox] = []
    for composed, (side, along) in zip(lines, starts, strict=True):
        height, width = composed.ink.shape
        x, y = (thickness - side - width, along) if vertical else (along, side)
        window = sheet[y : y + height, x : x + width]
        np.maximum(window, composed.ink[: window.shape[0], : window.shape[1]], out=window)
        box = np.array([b[1:] for b in composed.boxes])
        left, top = box[:, :2].min(axis=0)
        right, bottom = box[:, 2:].max(axis=0)
        boxes.append((composed.text, float(x + left), float(y + top), float(x + right), float(y + bottom)))
    return Block(sheet, tuple(boxes), vertical)
