"""Pictures inside an HTML page: reduced, as data URIs."""

import base64
from dataclasses import dataclass

import cv2
import numpy as np

from tenarai.evaluate.report import Reading
from tenarai.image.clean import Gray
from tenarai.image.read import read_picture
from tenarai.page.layout import Box

LONG, SHORT, PAGE = 1000, 110, 800  # pixels that a line is reduced to, along and across, and a page either way
CUTTING = 44  # pixels, the height of a place that is cut out
QUALITY = 72


@dataclass(frozen=True, slots=True)
class Embedded:
    """A picture as `uri`, its size in pixels, and the `scale` it was reduced by."""

    uri: str
    width: int
    height: int
    scale: float = 1.0


def embedded(picture: Gray, widest: float, highest: float) -> Embedded:
    """A gray picture `(height, width) uint8` no larger than that."""
    height, width = picture.shape
    scale = min(1.0, widest / width, highest / height)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA) if scale < 1 else picture
    done, data = cv2.imencode(".jpg", np.ascontiguousarray(small), [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    if not done:
        raise RuntimeError("OpenCV did not encode a gray picture as JPEG.")
    return Embedded("data:image/jpeg;base64," + base64.b64encode(data.tobytes()).decode(), *size, scale)


def strip(reading: Reading) -> Embedded | None:
    """The picture of a line, reduced by its shape; None where the reading has none."""
    picture = _picture(reading)
    if picture is None:
        return None
    height, width = picture.shape
    if "\n" in reading.reference:
        return embedded(picture, PAGE, PAGE)
    return embedded(picture, *((SHORT, LONG * 0.45) if height > width else (LONG, SHORT)))


def cutting(reading: Reading, place: Box) -> Embedded | None:
    """A place of a line with a little of what is beside it; None where the reading has no picture."""
    picture = _picture(reading)
    if picture is None:
        return None
    side = max(place.width, place.height)
    across, down = max(1.3 * place.width, 1.1 * side, 4) / 2, max(1.3 * place.height, 1.1 * side, 4) / 2
    (x, y), (height, width) = place.center, picture.shape
    left, right = (int(np.clip(v, 0, width)) for v in (x - across, x + across + 1))
    top, bottom = (int(np.clip(v, 0, height)) for v in (y - down, y + down + 1))
    if right - left < 2 or bottom - top < 2:
        return None
    return embedded(picture[top:bottom, left:right], 3 * CUTTING, CUTTING)


def _picture(reading: Reading) -> Gray | None:
    return None if reading.picture is None else read_picture(reading.picture())
