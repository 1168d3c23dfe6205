"""The picture of a line as a person sees it: cut and straightened as the reader does, and where on it things are."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from tenarai.dataset.pages import cut
from tenarai.image.line import straighten
from tenarai.page.layout import Box, Direction, Point
from tenarai.page.place import box_of, corners

READ = 64  # pixels of a line's height while its place is found: about what recognisers read
ACROSS, ALONG = 0.15, 0.3  # of the line's height that is shown around it: a cut may be too tight, and one should see it
REACH = 0.6  # of a line's height, from the middle of a character
PAPER = 255

Picture = npt.NDArray[np.uint8]  # (height, width) gray or (height, width, 3) RGB
Map = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Frame:
    """A straight picture `width` x `height` of a line; `to_page` leads from its pixels to those of the page.

    A vertical line is upright in it: its top is at the top.
    """

    width: int
    height: int
    to_page: Map  # (2, 3)

    @property
    def from_page(self) -> Map:
        return np.asarray(cv2.invertAffineTransform(self.to_page), np.float64)

    def place(self, box: Box) -> list[float]:
        """Left, top, right, bottom, in pixels of the line's picture, of a box on the page."""
        found = box_of(self.from_page, box)
        return [
            round(min(max(0.0, side), most), 2)
            for side, most in zip(
                (found.left, found.top, found.right, found.bottom), (self.width, self.height) * 2, strict=True
            )
        ]


def frame_line(page: Picture, box: Box, polygon: Sequence[Point], direction: Direction, thickness: int) -> Frame:
    """The frame of a line, `thickness` pixels across. Raises DataError when it lies outside the page."""
    height, width = page.shape[:2]
    left, top = max(0, math.floor(box.left)), max(0, math.floor(box.top))
    right, bottom = min(width, math.ceil(box.right)), min(height, math.ceil(box.bottom))
    near = gray_of(page[top : max(top, bottom), left : max(left, right)])
    # The box and polygon as they lie in the part that is looked at: no more of the page is touched.
    inside = [(x - left, y - top) for x, y in polygon]
    piece, _ = cut(near, Box(0, 0, max(0, right - left), max(0, bottom - top)), inside)
    straight = straighten(piece, READ, vertical=direction == "vertical")
    to_page = straight.to_source.copy()
    to_page[:, 2] += (left, top)
    scale = thickness / (READ * (1 + 2 * ACROSS))
    length = max(1, round((straight.picture.shape[1] + 2 * ALONG * READ) * scale))
    if direction == "vertical":
        # Straight lines run left to right with the page's right side on top: a quarter turn back.
        shown = np.array([[0, 1 / scale, -ALONG * READ], [-1 / scale, 0, READ * (1 + ACROSS)]])
        size = (thickness, length)
    else:
        shown = np.array([[1 / scale, 0, -ALONG * READ], [0, 1 / scale, -ACROSS * READ]])
        size = (length, thickness)
    whole = np.vstack((to_page, (0, 0, 1))) @ np.vstack((shown, (0, 0, 1)))
    return Frame(*size, np.asarray(whole[:2], np.float64))


def spread(places: Sequence[Sequence[float]], frame: Frame, direction: Direction) -> list[list[float]]:
    """Places of characters, made long enough to be pointed at: a reader names the spot where it knew each, often a few
    pixels of it. Each reaches half-way to its neighbours, but no further than characters do."""
    along = 1 if direction == "vertical" else 0
    end = float(frame.height if along else frame.width)
    most = REACH * (frame.width if direction == "vertical" else frame.height)
    middles = [(place[along] + place[along + 2]) / 2 for place in places]
    shown = [list(place) for place in places]
    for number, middle in enumerate(middles):
        before = (middles[number - 1] + middle) / 2 if number else 0.0
        after = (middles[number + 1] + middle) / 2 if number + 1 < len(middles) else end
        own = shown[number]
        own[along] = round(max(0.0, min(own[along], max(before, middle - most))), 2)
        own[along + 2] = round(max(own[along + 2], min(after, middle + most)), 2)
    return shown


def draw(page: Picture, frame: Frame) -> Picture:
    """The picture of a frame, gray or RGB as the page is; white where there is no page."""
    points = corners(frame.to_page, 0, 0, frame.width, frame.height)
    height, width = page.shape[:2]
    left, top = (max(0, math.floor(v) - 2) for v in points.min(axis=0))
    right, bottom = (min(most, math.ceil(v) + 2) for v, most in zip(points.max(axis=0), (width, height), strict=True))
    shape = (frame.height, frame.width, *page.shape[2:])
    if left >= right or top >= bottom:
        return np.full(shape, PAPER, np.uint8)
    # A part of the page, since OpenCV refuses to warp from pictures more than 32,767 pixels wide.
    part = np.ascontiguousarray(page[top:bottom, left:right])
    matrix = frame.to_page.copy()
    matrix[:, 2] += matrix[:, :2] @ (0.5, 0.5) - (0.5, 0.5) - (left, top)  # from pixels' edges to their middles
    shrunk = float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))
    if shrunk > 1.5:
        part = cv2.GaussianBlur(part, (0, 0), 0.35 * shrunk).astype(np.uint8)
    drawn = cv2.warpAffine(
        part, matrix, (frame.width, frame.height), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_CONSTANT, borderValue=(PAPER,) * 3,
    )  # fmt: skip
    return drawn.astype(np.uint8)


def gray_of(picture: Picture) -> Picture:
    """Gray as it is, RGB by the luma of ITU-R BT.601."""
    if picture.ndim == 2 or picture.size == 0:
        return picture[..., 0] if picture.ndim == 3 else picture
    return cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2GRAY).astype(np.uint8)
