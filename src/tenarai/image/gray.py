"""Pixels of any kind to gray: modes of Pillow, deep levels, transparency, the camera's orientation."""

from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from tenarai.errors import PictureError
from tenarai.image.clean import Gray
from tenarai.image.seal import without_seals

DEPTHS = (8, 10, 12, 14, 16)  # bits a sample that scanners and cameras store in 16
PLAY = 1e-3  # how far a float picture may leave 0 to 1: float16 and resizing do


def gray_of_image(image: Image.Image) -> Gray:
    """A Pillow image of any mode to a fresh `(height, width) uint8`; the image given is not changed.

    Colour goes by Pillow's luma, that of ITU-R BT.601, but red seals are lifted (`image.seal`). Colour profiles are
    ignored.
    """
    image.load()
    if image.mode.startswith(("I", "F")):
        gray = _levels(np.asarray(image))
    elif image.has_transparency_data:
        rgba = image.convert("RGBA")
        gray = _on_paper(np.asarray(rgba.convert("RGB").convert("L")), np.asarray(rgba.getchannel("A")))
    else:
        gray = np.array(image, np.uint8) if image.mode == "L" else _from_colour(image)
    return _turned(gray, orientation(image))


def _from_colour(image: Image.Image) -> Gray:
    # Only RGB leads to gray from everywhere: CMYK and LAB have no direct way.
    colours = image.convert("RGB")
    return without_seals(np.asarray(colours), np.array(colours.convert("L"), np.uint8))


def gray_of_array(array: npt.NDArray[Any]) -> Gray:
    """An array `(h, w)` or `(h, w, 1|3|4)`, RGB order, to a fresh `(height, width) uint8`.

    Raises PictureError for another shape, a dtype other than uint8, uint16, bool or float, and floats outside 0 to 1.
    """
    shape, dtype = array.shape, array.dtype
    if not (array.ndim == 2 or (array.ndim == 3 and shape[2] in (1, 3, 4))) or array.size == 0:
        raise PictureError(f"The array has shape {shape}, a picture is (height, width) or (height, width, 1, 3 or 4).")
    if dtype == np.bool_:
        levels = array.astype(np.uint8) * np.uint8(255)
    elif dtype == np.uint8:
        levels = array
    elif dtype.kind == "u" and dtype.itemsize == 2:
        levels = _levels(array)
    elif dtype.kind == "f":
        low, high = float(array.min()), float(array.max())
        # Negated, so that NaN is refused too.
        if not (low >= -PLAY and high <= 1 + PLAY):
            raise PictureError(
                f"The {dtype} array runs from {low:g} to {high:g}, float pictures from 0 to 1: scale it."
            )
        levels = _rounded(np.clip(array.astype(np.float32), 0, 1) * 255)
    else:
        raise PictureError(f"The array has dtype {dtype}, pictures have uint8, uint16, bool or float: convert it.")
    if array.ndim == 3 and shape[2] > 1:
        return gray_of_image(Image.fromarray(np.ascontiguousarray(levels)))
    return np.array(levels.reshape(shape[:2]), np.uint8, order="C")


def _levels(levels: npt.NDArray[Any]) -> Gray:
    """Deep levels (uint16, int32, float32) to uint8, same shape.

    Whole numbers are scaled by the smallest depth of 8, 10, 12, 14 or 16 bits that holds the brightest: scanners and
    cameras leave the upper bits of 16 empty. Floats are taken as 0 to 1, else as 0 to 255. What fits neither
    (negative, or larger) is stretched from its darkest to its brightest.
    """
    low, high = float(levels.min()), float(levels.max())
    if not np.isfinite((low, high)).all():
        raise PictureError("The picture holds values that are not finite numbers: save it as 8 or 16 bit.")
    tops = (1.0, 255.0) if levels.dtype.kind == "f" else tuple(float((1 << bits) - 1) for bits in DEPTHS)
    top = next((top for top in tops if high <= top), None)
    # A picture of one level only has no range to stretch: it becomes black.
    bottom, span = (low, high - low or 1.0) if low < 0 or top is None else (0.0, top)
    # Single precision is exact to 24 bits and half the memory; floats may hold what it cannot.
    exact: npt.NDArray[Any] = levels.astype(np.float64 if levels.dtype.kind == "f" else np.float32)
    return _rounded((exact - bottom) * (255 / span))


def _rounded(values: npt.NDArray[Any]) -> Gray:
    return np.asarray(np.rint(values), np.uint8)


def _on_paper(gray: Gray, alpha: Gray) -> Gray:
    """Transparent means paper: white, but black where bright ink on mostly nothing would vanish on white."""
    opaque = alpha >= 128
    visible = int(np.count_nonzero(opaque))
    bright_ink = 0 < visible < opaque.size / 2 and float(np.median(gray[opaque])) > 127
    cover = alpha.astype(np.float32) / np.float32(255)
    paper = np.float32(0 if bright_ink else 255)
    laid = gray.astype(np.float32) * cover + paper * (np.float32(1) - cover)
    return _rounded(laid)


def orientation(image: Image.Image) -> int:
    """EXIF orientation, 1 to 8. Pillow turns a TIFF itself while loading and then reports 1."""
    try:
        return int(image.getexif().get(0x0112, 1))
    except Exception:  # a damaged EXIF block must not lose a good picture, and its parser raises anything
        return 1


def _turned(gray: Gray, orientation: int) -> Gray:
    """Undoes an EXIF orientation (CIPA DC-008, tag 274): the picture as it was seen."""
    if orientation in (5, 6, 7, 8):
        gray = gray.T
    if orientation in (3, 4, 7, 8):
        gray = gray[::-1]
    if orientation in (2, 3, 6, 7):
        gray = gray[:, ::-1]
    return np.ascontiguousarray(gray)
