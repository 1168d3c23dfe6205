"""Seeded distortions of pictures of writing: what the same character could have looked like."""

import cv2
import numpy as np

from tenarai.image.clean import Gray

PAPER = 255


def distorted(gray: Gray, rng: np.random.Generator, strength: float = 1.0) -> Gray:
    """`(height, width) uint8`, 255 = paper, turned, sheared, stretched, moved and bent, its ink thinner or thicker.

    `strength` 1 is as far as a character stays readable, 0 leaves it as it is. The same generator state gives the
    same picture.
    """
    if strength <= 0:
        return gray
    bent = _bent(_turned(gray, rng, strength), rng, strength)
    return weighted(bent, rng, strength)


def _turned(gray: Gray, rng: np.random.Generator, strength: float) -> Gray:
    height, width = gray.shape
    angle, shear = rng.normal(0, 0.09 * strength), rng.normal(0, 0.14 * strength)
    across, down = np.exp(rng.normal(0, 0.09 * strength, 2))
    cos, sin = np.cos(angle), np.sin(angle)
    matrix = np.array([[cos, -sin], [sin, cos]]) @ np.array([[across, shear], [0, down]])
    centre = np.array([width / 2, height / 2])
    move = centre + rng.normal(0, 0.02 * strength, 2) * (width, height) - matrix @ centre
    turned = cv2.warpAffine(gray, np.column_stack((matrix, move)), (width, height), borderValue=PAPER)
    return np.asarray(turned, np.uint8)


def _bent(gray: Gray, rng: np.random.Generator, strength: float) -> Gray:
    """A smooth random displacement (Simard et al. 2003), from a coarse grid."""
    height, width = gray.shape
    cells = int(rng.integers(3, 6))
    reach = abs(rng.normal(0, 0.045 * strength)) * max(height, width)
    dx, dy = (
        cv2.resize(
            rng.normal(0, reach, (cells, cells)).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC
        )
        for _ in range(2)
    )
    x = np.arange(width, dtype=np.float32)[None, :] + dx
    y = np.arange(height, dtype=np.float32)[:, None] + dy
    return cv2.remap(gray, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=PAPER).astype(np.uint8)


def weighted(gray: Gray, rng: np.random.Generator, strength: float = 1.0) -> Gray:
    """Thinner or thicker strokes: blurred ink raised to a power, which keeps edges smooth as erosion does not."""
    if rng.random() > 0.6 * strength:
        return gray
    ink = cv2.GaussianBlur(255 - gray, (0, 0), float(rng.uniform(0.3, 0.9))).astype(np.float32) / 255
    ink = np.clip(ink * float(np.exp(rng.normal(0.1, 0.25 * strength))), 0, 1) ** float(
        np.exp(rng.normal(0, 0.4 * strength))
    )
    return np.asarray(255 - ink * 255, np.uint8)


def erased(gray: Gray, rng: np.random.Generator, share: float = 0.2) -> Gray:
    """A random rectangle of at most so much of each side turned to paper (DeVries and Taylor 2017)."""
    height, width = gray.shape
    h, w = (int(rng.uniform(0.05, share) * side) for side in (height, width))
    top, left = int(rng.integers(0, height - h + 1)), int(rng.integers(0, width - w + 1))
    out = gray.copy()
    out[top : top + h, left : left + w] = PAPER
    return out


def struck(gray: Gray, rng: np.random.Generator, often: float = 0.4) -> Gray:
    """A line `(height, width) uint8`, 255 = paper, with strips from top to bottom turned to paper, `often` in each
    stretch as long as the line is high: what is gone must be told from its neighbours (Park et al. 2019)."""
    height, width = gray.shape
    out = gray.copy()
    for _ in range(int(rng.poisson(often * width / height))):
        breadth = max(1, round(float(rng.uniform(0.05, 0.3)) * height))
        left = int(rng.integers(0, max(1, width - breadth + 1)))
        out[:, left : left + breadth] = PAPER
    return out


def warped(ink: Gray, rng: np.random.Generator, reach: float = 0.04, spacing: float = 0.4) -> Gray:
    """A line of ink `(height, width) uint8`, 0 = paper, whose places are moved at random (Wigington et al. 2017): the
    points of a grid `spacing` apart by `reach` on average, both in parts of the line's thickness, and what lies between
    them in proportion."""
    height, width = ink.shape
    thickness = min(ink.shape)
    rows, columns = (max(3, round(side / (spacing * thickness)) + 1) for side in (height, width))
    moves = rng.normal(0, reach * thickness, (2, rows, columns)).astype(np.float32)
    dx, dy = (cv2.resize(move, (width, height), interpolation=cv2.INTER_LINEAR) for move in moves)
    x = np.arange(width, dtype=np.float32)[None, :] + dx
    y = np.arange(height, dtype=np.float32)[:, None] + dy
    return cv2.remap(ink, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0).astype(np.uint8)
