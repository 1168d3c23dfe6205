"""Ink on paper as a camera or scanner sees it: paper, rules, shadow, neighbours' ink, blur, noise, compression."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from tenarai.synth.fonts import Ink
from tenarai.synth.hand import Rng

Gray = npt.NDArray[np.uint8]

_GRAIN_SIDE = 512


@dataclass(frozen=True, slots=True)
class Photograph:
    """A gray picture `(height, width) uint8` and the affine map `(2, 3)` from the ink's pixels to its own."""

    picture: Gray
    to_picture: npt.NDArray[np.float64]


class Paper:
    """Puts ink on paper. Its sheet of grain is made once: fresh noise for every line would cost more than all else."""

    def __init__(self, seed: int = 0, wear: float = 1.0, alone: bool = False) -> None:
        """`wear` 0..1: how often paper is warped, ruled, shaded, faint, blurred, or shared with the neighbours' ink.
        With `alone`, there is nothing but the ink on it: no rule and no neighbour."""
        self.wear = wear
        self.shared = 0.0 if alone else wear
        rng = np.random.default_rng(seed)
        fine = rng.normal(0, 1, (_GRAIN_SIDE, _GRAIN_SIDE)).astype(np.float32)
        coarse = cv2.GaussianBlur(fine, (0, 0), 1.5) * 4
        self._grain = (fine, coarse.astype(np.float32))

    def photograph(self, ink: Ink, rng: Rng, *, vertical: bool = False, height: float | None = None) -> Photograph:
        """One line of ink, `(h, w) uint8` 255 = ink, to a gray picture whose short side is about `height` pixels."""
        height = float(rng.uniform(40, 84)) if height is None else height
        ink, offset = _margins(ink, rng, vertical)
        if rng.random() < 0.8 * self.wear:
            ink = _wrinkled(ink, rng)
        if rng.random() < 0.16 * self.shared:
            ink = _neighbours(ink, rng, vertical)
        short = ink.shape[1] if vertical else ink.shape[0]
        scale = min(1.0, height / short * float(rng.uniform(1.0, 1.3)))
        size = (max(8, round(ink.shape[1] * scale)), max(8, round(ink.shape[0] * scale)))
        small = cv2.resize(ink, size, interpolation=cv2.INTER_AREA).astype(np.float32) * (1 / 255)
        if rng.random() < 0.3 * self.wear:
            # Thin or thick in the scan: a power of the coverage keeps edges smooth, which erosion does not.
            small = small ** float(np.exp(rng.normal(0, 0.35)))
        if rng.random() < 0.45 * self.wear:
            small = cv2.GaussianBlur(small, (0, 0), float(rng.uniform(0.3, 1.1))).astype(np.float32)
        picture = self._on_paper(small, rng, vertical)
        matrix = np.array([[scale, 0.0, offset[0] * scale], [0.0, scale, offset[1] * scale]])
        return Photograph(picture, matrix)

    def _on_paper(self, ink: npt.NDArray[np.float32], rng: Rng, vertical: bool) -> Gray:
        height, width = ink.shape
        paper = float(rng.uniform(235, 255)) if rng.random() > 0.4 * self.wear else float(rng.uniform(130, 240))
        dark = float(rng.uniform(0, 0.35)) if rng.random() > 0.3 * self.wear else float(rng.uniform(0.3, 0.65))
        if rng.random() < 0.35 * self.wear:
            # Pencil skips over the paper's tooth.
            ink = ink * np.clip(1 + rng.uniform(0.1, 0.5) * self._patch(1, height, width, rng), 0.15, 1)
        light = np.full((height, width), paper, np.float32)
        if rng.random() < 0.3 * self.shared:
            light *= 1 - _rules(height, width, rng, vertical)
        if rng.random() < 0.5 * self.wear:
            corners = 1 - rng.uniform(0, 0.45) * rng.random((2, 4)).astype(np.float32)
            light *= cv2.resize(corners.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
        picture = light * (1 - ink * np.float32(1 - dark))
        picture += self._patch(int(rng.integers(2)), height, width, rng) * float(np.abs(rng.normal(0, 4)))
        gray = np.clip(picture, 0, 255).astype(np.uint8)
        if rng.random() < 0.25 * self.wear:
            _, packed = cv2.imencode(".jpg", gray, (cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 85))))
            gray = np.asarray(cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE), np.uint8)
        return 255 - gray if rng.random() < 0.02 else gray

    def _patch(self, kind: int, height: int, width: int, rng: Rng) -> npt.NDArray[np.float32]:
        """Grain of this size, cut from the sheet at a random place, tiled where the sheet is too small."""
        grain = self._grain[kind]
        y, x = (int(v) for v in rng.integers(0, _GRAIN_SIDE, 2))
        rows = np.arange(y, y + height) % _GRAIN_SIDE
        columns = np.arange(x, x + width) % _GRAIN_SIDE
        return np.asarray(grain.take(rows, axis=0).take(columns, axis=1), np.float32)


def _margins(ink: Ink, rng: Rng, vertical: bool) -> tuple[Ink, tuple[float, float]]:
    """Paper around the line, as generous or mean as people crop."""
    short = ink.shape[1] if vertical else ink.shape[0]
    sides = np.abs(rng.normal(0, 0.12, 4)) * short if rng.random() < 0.8 else rng.uniform(0, 0.45, 4) * short
    left, top, right, bottom = (int(v) for v in sides)
    return cv2.copyMakeBorder(ink, top, bottom, left, right, cv2.BORDER_CONSTANT, value=0).astype(np.uint8), (left, top)


def _wrinkled(ink: Ink, rng: Rng) -> Ink:
    """A smooth random displacement: the same word never comes out the same twice."""
    height, width = ink.shape
    cell = float(rng.uniform(24, 60))
    grid = (max(2, int(height / cell) + 2), max(2, int(width / cell) + 2))
    strength = float(np.abs(rng.normal(0, 0.05))) * cell
    dx, dy = (
        cv2.resize(rng.normal(0, strength, grid).astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
        for _ in range(2)
    )
    stretch = float(np.exp(rng.normal(0, 0.06)))
    x = np.arange(width, dtype=np.float32)[None, :] + dx * stretch
    y = np.arange(height, dtype=np.float32)[:, None] + dy
    return cv2.remap(ink, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0).astype(np.uint8)


def _neighbours(ink: Ink, rng: Rng, vertical: bool) -> Ink:
    """The feet or heads of the next line reach into the picture."""
    ink = ink.copy()
    height, width = ink.shape
    piece = ink[::-1, ::-1]
    reach = float(rng.uniform(0.02, 0.12))
    if vertical:
        depth = max(1, int(width * reach))
        stroke = piece[:, width // 2 : width // 2 + depth]
        side = slice(0, depth) if rng.random() < 0.5 else slice(width - depth, width)
        ink[:, side] = np.maximum(ink[:, side], np.roll(stroke, int(rng.integers(height)), axis=0))
    else:
        depth = max(1, int(height * reach))
        stroke = piece[height // 2 : height // 2 + depth]
        side = slice(0, depth) if rng.random() < 0.5 else slice(height - depth, height)
        ink[side] = np.maximum(ink[side], np.roll(stroke, int(rng.integers(width)), axis=1))
    return ink


def _rules(height: int, width: int, rng: Rng, vertical: bool) -> npt.NDArray[np.float32]:
    """Ruled paper: a base line (or a line on each side of a column), or squares; darkness 0..1 of the ruling."""
    rules = np.zeros((height, width), np.float32)
    dark = float(rng.uniform(0.08, 0.5))
    thick = int(rng.integers(1, 3))
    across, along = (width, height) if vertical else (height, width)
    slope = float(rng.normal(0, 0.006))
    places = [across * float(rng.uniform(0.7, 1.0))]
    if rng.random() < 0.4 or vertical:
        places.append(places[0] - across * float(rng.uniform(0.7, 0.95)))
    for place in places:
        a, b = (int(place), 0), (int(place + slope * along), along)
        start, end = (a, b) if vertical else (a[::-1], b[::-1])
        cv2.line(rules, start, end, dark, thick, cv2.LINE_AA)
    if rng.random() < 0.2:
        pitch = across * float(rng.uniform(0.7, 0.95))
        for at in np.arange(float(rng.uniform(0, pitch)), along, pitch):
            start, end = ((0, int(at)), (across, int(at))) if vertical else ((int(at), 0), (int(at), across))
            cv2.line(rules, start, end, dark, thick, cv2.LINE_AA)
    return rules
