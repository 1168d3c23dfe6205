"""A sheet of writing and print as a camera sees it: worn paper, ink of the back, perspective, shadow, noise."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from tenarai.synth.fonts import Ink
from tenarai.synth.hand import Rng

Gray = npt.NDArray[np.uint8]
Light = npt.NDArray[np.float32]

_TILE = 384  # pixels: one tile of grain serves a page, a page of fresh noise costs more than all else


@dataclass(frozen=True, slots=True)
class Shot:
    """A gray picture `(height, width) uint8`, 255 = white, and the homography `(3, 3)` from the sheet's pixels to its
    own."""

    picture: Gray
    to_picture: npt.NDArray[np.float64]

    def moved(self, points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Points of the sheet `(n, 2)`, x and y, where the picture shows them."""
        flat = np.column_stack((points, np.ones(len(points)))) @ self.to_picture.T
        return np.asarray(flat[:, :2] / flat[:, 2:], np.float64)


def shoot(writing: Ink, printed: Ink, rng: Rng, wear: float = 1.0) -> Shot:
    """A sheet's layers `(h, w) uint8`, 255 = ink, as one picture of about its size. `wear` 0..1: how often the paper is
    dark, stained, folded, written on its back, and photographed askew, shaded and blurred; 0 is a clean scan."""
    paper = _paper(writing, printed, rng, wear)
    height, width = paper.shape
    matrix = np.eye(3)
    if rng.random() < 0.75 * wear:
        matrix = _askew(height, width, rng)
        desk = float(rng.uniform(25, 120)) if rng.random() < 0.8 else float(rng.uniform(150, 215))
        table = np.clip(desk * (1 + 0.12 * _smooth(height, width, 4, rng)), 0, 255).astype(np.uint8)
        # Past the edges of the paper the table stays.
        paper = cv2.warpPerspective(
            paper, matrix, (width, height), dst=table, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_TRANSPARENT
        ).astype(np.uint8)
    seen = paper.astype(np.float32)
    if rng.random() < 0.6 * wear:
        seen *= 1 - _shadow(height, width, rng)
    if rng.random() < 0.5 * wear:
        seen = cv2.GaussianBlur(seen, (0, 0), float(rng.uniform(0.3, 1.0))).astype(np.float32)
    seen += _grain(height, width, rng) * float(abs(rng.normal(0, 4)) * wear)
    picture = np.clip(seen, 0, 255).astype(np.uint8)
    if rng.random() < 0.4 * wear:
        _, packed = cv2.imencode(".jpg", picture, (cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(35, 90))))
        picture = np.asarray(cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE), np.uint8)
    return Shot(picture, matrix)


def _paper(writing: Ink, printed: Ink, rng: Rng, wear: float) -> Gray:
    """Both inks on one sheet of paper, `(h, w) uint8`."""
    height, width = writing.shape
    old = rng.random() < 0.5 * wear
    tone = float(rng.uniform(175, 232)) if old else float(rng.uniform(228, 252))
    light = np.full((height, width), tone, np.float32)
    if old:
        light *= 1 - np.clip(
            0.025 * _smooth(height, width, 5, rng) + 0.006 * _smooth(height, width, 60, rng), -0.08, 0.2
        )
        for _ in range(int(rng.integers(0, 4))):
            _stain(light, rng)
    if rng.random() < 0.35 * wear:
        _fold(light, rng)
    if rng.random() < 0.4 * wear:
        back = cv2.GaussianBlur(np.maximum(writing, printed // 2)[:, ::-1], (0, 0), float(rng.uniform(1.2, 3.0)))
        shift = np.array([[1.0, 0.0, rng.normal(0, 20)], [0.0, 1.0, rng.normal(0, 20)]])
        back = cv2.warpAffine(back, shift, (width, height), flags=cv2.INTER_NEAREST)
        light *= 1 - back.astype(np.float32) * np.float32(rng.uniform(0.06, 0.28) / 255)
    grain = _grain(height, width, rng)
    ink = writing.astype(np.float32) * np.float32((1 - rng.uniform(0.0, 0.3)) / 255)
    if rng.random() < 0.35 * wear:
        # Pencil and dry brush skip over the paper's tooth.
        ink *= np.clip(1 + float(rng.uniform(0.05, 0.25)) * grain, 0.35, 1)
    light *= 1 - ink
    light *= 1 - printed.astype(np.float32) * np.float32((1 - rng.uniform(0.05, 0.45)) / 255)
    light += grain * float(rng.uniform(0, 3) * wear)
    return np.clip(light, 0, 255).astype(np.uint8)


def _askew(height: int, width: int, rng: Rng) -> npt.NDArray[np.float64]:
    """A homography that keeps all four corners of the sheet in the picture: turned a little, seen from one side."""
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float64)
    angle = float(rng.normal(0, 0.02))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    middle = np.array([width, height]) / 2
    seen = (corners - middle) @ turn.T + rng.normal(0, 0.014, (4, 2)) * min(width, height)
    low, high = seen.min(axis=0), seen.max(axis=0)
    border = rng.uniform(0.003, 0.04, 2) * min(width, height)
    seen = (seen - low) / (high - low) * (np.array([width, height]) - 2 * border) + border
    return np.asarray(cv2.getPerspectiveTransform(corners.astype(np.float32), seen.astype(np.float32)), np.float64)


def _smooth(height: int, width: int, cells: int, rng: Rng) -> Light:
    """Smooth noise of deviation about 1 with so many cells along the longer side."""
    shape = (max(2, round(cells * height / max(height, width))), max(2, round(cells * width / max(height, width))))
    rough = rng.standard_normal(shape, np.float32)
    return np.asarray(cv2.resize(rough, (width, height), interpolation=cv2.INTER_CUBIC), np.float32)


def _grain(height: int, width: int, rng: Rng) -> Light:
    """Fine noise of deviation 1."""
    tile = rng.standard_normal((_TILE, _TILE), np.float32)
    if rng.random() < 0.5:
        tile = cv2.GaussianBlur(tile, (0, 0), 0.8, borderType=cv2.BORDER_REFLECT).astype(np.float32) * 2.5
    times = (-(-height // _TILE), -(-width // _TILE))
    return np.tile(tile, times)[:height, :width]


def _stain(light: Light, rng: Rng) -> None:
    """A spot of damp with a darker rim."""
    height, width = light.shape
    radius = int(rng.uniform(0.01, 0.12) * max(height, width)) + 4
    x, y = int(rng.integers(width)), int(rng.integers(height))
    left, top, right, bottom = max(0, x - radius), max(0, y - radius), min(width, x + radius), min(height, y + radius)
    away = np.hypot(
        (np.arange(left, right, dtype=np.float32) - x)[None, :] / rng.uniform(0.6, 1.0),
        (np.arange(top, bottom, dtype=np.float32) - y)[:, None],
    )
    inside = np.clip((radius - away) / (0.15 * radius + 2), 0, 1)
    rim = np.exp(-(((away - 0.9 * radius) / (0.06 * radius + 1)) ** 2))
    light[top:bottom, left:right] *= (1 - rng.uniform(0.01, 0.06) * inside - 0.05 * rim * inside).astype(np.float32)


def _fold(light: Light, rng: Rng) -> None:
    """A crease across or down the sheet: a bright and a dark edge, one half a little darker."""
    turned = light if rng.random() < 0.5 else light.T
    at = turned.shape[0] * float(rng.choice([1 / 2, 1 / 3, 2 / 3]) + rng.normal(0, 0.01))
    away = np.arange(turned.shape[0], dtype=np.float32) - at
    crease = 0.12 * np.exp(-((away / 2) ** 2)) - 0.05 * np.exp(-(((away - 4) / 3) ** 2)) + 0.03 * (away > 0)
    turned *= (1 - float(rng.uniform(0.3, 1.0)) * crease).astype(np.float32)[:, None]


def _shadow(height: int, width: int, rng: Rng) -> Light:
    """Uneven light, and the soft edge of somebody's shadow or of a book's binding; 0..0.5."""
    dim = float(rng.uniform(0.03, 0.22))
    corners = (dim * rng.random((2, 2))).astype(np.float32)
    shadow = np.asarray(cv2.resize(corners, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
    kind = rng.random()
    if kind < 0.4:
        angle, soft = float(rng.uniform(0, 2 * np.pi)), float(rng.uniform(0.02, 0.15))
        x = np.linspace(-0.5, 0.5, width, dtype=np.float32)[None, :] * np.float32(np.cos(angle))
        y = np.linspace(-0.5, 0.5, height, dtype=np.float32)[:, None] * np.float32(np.sin(angle))
        edge = (x + y - np.float32(rng.uniform(-0.2, 0.45))) / np.float32(soft)
        shadow += np.float32(rng.uniform(0.08, 0.28)) * np.clip(0.5 + edge, 0, 1)
    elif kind < 0.7:
        depth = np.exp(-np.arange(width, dtype=np.float32) / np.float32(rng.uniform(0.02, 0.07) * width))
        shadow += np.float32(rng.uniform(0.15, 0.4)) * (depth if rng.random() < 0.5 else depth[::-1])
    return np.clip(shadow, 0, 0.5)
