"""Pictures of pages as people see them: upright, in colour, scaled; the last ones are kept at hand."""

import io
import threading
import warnings
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

import cv2
import numpy as np
from PIL import Image, ImageOps

from tenarai.image.clean import Gray
from tenarai.image.read import FORMATS, LIMITS, Limits
from tenarai.serve.routes.project.linecut import Picture

MOST_BYTES = 256_000_000  # of decoded pictures kept
MOST_SENT = 32_000_000  # bytes of scaled pictures kept
LONGEST = 6000  # pixels of a side that is sent: what browsers draw without trouble
QUALITY = 85  # of JPEG

T = TypeVar("T")


class Kept(Generic[T]):
    """The values that were asked for last, up to so many bytes in all; each is made once, however many ask."""

    def __init__(self, most: int, size: Callable[[T], int]) -> None:
        self._most, self._size = most, size
        self._values: OrderedDict[Hashable, T] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()
        self._making: dict[Hashable, threading.Lock] = {}

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key]
            making = self._making.setdefault(key, threading.Lock())
        with making:
            with self._lock:
                if key in self._values:
                    return self._values[key]
            try:
                value = make()
            finally:
                with self._lock:
                    self._making.pop(key, None)
            self._keep(key, value)
            return value

    def _keep(self, key: Hashable, value: T) -> None:
        with self._lock:
            self._values[key] = value
            self._bytes += self._size(value)
            while self._bytes > self._most and len(self._values) > 1:
                _, oldest = self._values.popitem(last=False)
                self._bytes -= self._size(oldest)


class Shelf:
    """The pictures of a project's pages, by what they are of: the hash of their file and the frame in it."""

    def __init__(self) -> None:
        self._pages: Kept[Picture] = Kept(MOST_BYTES, lambda page: page.nbytes)
        self._sent: Kept[bytes] = Kept(MOST_SENT, len)

    def page(self, key: Hashable, frame: int, data: Callable[[], bytes], gray: Callable[[], Gray]) -> Picture:
        """The page `(height, width, 3)` RGB, or `(height, width)` gray where it has no colour."""
        return self._pages.get(key, lambda: _coloured(data(), frame, gray))

    def scaled(self, key: Hashable, width: int | None, page: Callable[[], Picture]) -> bytes:
        """A JPEG of the page, at most `width` pixels wide, and LONGEST on each side."""
        return self._sent.get((key, width), lambda: jpeg(_scaled(page(), width)))


def _coloured(data: bytes, frame: int, gray: Callable[[], Gray], limits: Limits = LIMITS) -> Picture:
    seen = gray()
    if b"%PDF-" in data[:1024]:
        return seen
    try:
        with warnings.catch_warnings(), Image.open(io.BytesIO(data), formats=FORMATS) as image:
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image.seek(frame)
            # Deep and transparent pictures are shown as they are read: what else they might be is a guess.
            if image.mode in ("1", "L", "LA", "PA") or image.mode[0] in "IF" or image.has_transparency_data:
                return seen
            if image.width * image.height > limits.max_pixels:
                return seen
            coloured = np.asarray(ImageOps.exif_transpose(image).convert("RGB"))
    except Exception:  # Pillow's decoders raise nearly everything; the gray picture has been read before
        return seen
    same = coloured.shape[:2] == seen.shape
    return coloured if same else seen


def _scaled(page: Picture, width: int | None) -> Picture:
    tall, wide = page.shape[:2]
    scale = min(1.0, LONGEST / max(tall, wide), (width or wide) / wide)
    if scale == 1.0:
        return page
    size = (max(1, round(wide * scale)), max(1, round(tall * scale)))
    return cv2.resize(page, size, interpolation=cv2.INTER_AREA).astype(np.uint8)


def jpeg(picture: Picture) -> bytes:
    """The picture, gray or RGB, as JPEG."""
    colours = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR) if picture.ndim == 3 else picture
    _, data = cv2.imencode(".jpg", colours, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    return bytes(data.tobytes())
