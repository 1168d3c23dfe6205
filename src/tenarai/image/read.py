"""Any picture to one gray array: files, bytes, streams, Pillow images, numpy arrays, pages of a PDF.

The result is always a fresh `(height, width) uint8`, C order, origin top left, as a viewer would show it: turned by its
EXIF orientation, laid on paper where it is transparent. What is paper and what is ink is decided later, by `clean`.
"""

import io
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from tenarai.errors import PictureError, SettingsError
from tenarai.image.clean import Gray
from tenarai.image.gray import gray_of_array, gray_of_image, orientation

Source = str | Path | bytes | bytearray | BinaryIO | Image.Image | npt.NDArray[Any]

# Only raster formats that Pillow decodes itself: EPS, for one, would start Ghostscript on what a stranger sent.
FORMATS = ("PNG", "JPEG", "TIFF", "WEBP", "GIF", "BMP", "PPM", "JPEG2000", "AVIF")
PDF_COLOURED = 40_000_000  # pixels: larger pages are drawn in gray at once, which takes a quarter of the memory
PDF_DPI = 200.0  # the resolution that scanners give, at which a small hand is still some 20 pixels high
HEIC = (b"ftypheic", b"ftypheix", b"ftyphevc", b"ftypmif1")  # what iPhones save, which Pillow alone cannot decode


@dataclass(frozen=True, slots=True)
class Limits:
    """What is refused before anything is decoded: bytes of a file, pixels of one picture, pictures in one file."""

    max_bytes: int = 200_000_000
    max_pixels: int = 120_000_000
    max_frames: int = 10_000

    def __post_init__(self) -> None:
        if min(self.max_bytes, self.max_pixels, self.max_frames) < 1:
            raise SettingsError(f"Limits are at least 1, not {self}.")


LIMITS = Limits()

# Pillow's own limit and Python's warning filter are global, and pypdfium2 is not thread safe (pypdfium2#303). The PDF
# lock may be taken twice by one thread: a reader that is thrown away half way closes its file while another is at work.
_PILLOW = threading.Lock()
_PDF = threading.RLock()


def read_picture(source: Source, frame: int = 0, limits: Limits = LIMITS) -> Gray:
    """One picture, `(height, width) uint8`, 0 = black, 255 = white.

    `source` is a path, the bytes of a file, a binary stream, a Pillow image, or an array `(h, w)` or `(h, w, 1|3|4)`,
    RGB order, of uint8, uint16, bool or float in [0, 1]. `frame` counts from 0 through the pages of a TIFF or PDF and
    the frames of an animation; arrays and Pillow images are one picture, as they stand.
    Raises PictureError for anything that cannot be read or is over `limits`.
    """
    if frame < 0:
        raise PictureError(f"Frame {frame} was asked for, but frames count from 0.")
    at_hand = _at_hand(source, limits)
    if at_hand is not None:
        if frame:
            raise PictureError(
                f"Frame {frame} was asked for, but an array or Pillow image is one picture: give the file."
            )
        return at_hand
    return next(_frames(source, frame, frame + 1, limits))


def read_pictures(source: Source, limits: Limits = LIMITS) -> Iterator[Gray]:
    """Every picture of `source` in order, each as from `read_picture`, decoded one at a time.

    Several come from a TIFF, an animation (GIF, WebP, PNG, AVIF) and a PDF. Raises PictureError as `read_picture` does,
    when the picture concerned is reached.
    """
    at_hand = _at_hand(source, limits)
    if at_hand is not None:
        yield at_hand
    else:
        yield from _frames(source, 0, None, limits)


def camera_turn(source: Source) -> float:
    """How far `read_picture` turns a picture to the right to undo the camera's orientation, in radians; mirroring not
    counted. 0.0 for arrays, streams, and what says nothing of it."""
    quarters = {3: 2, 4: 2, 5: 1, 6: 1, 7: 3, 8: 3}
    try:
        if isinstance(source, Image.Image):
            return quarters.get(orientation(source), 0) * np.pi / 2
        if isinstance(source, str | Path | bytes | bytearray):
            file = io.BytesIO(source) if isinstance(source, bytes | bytearray) else source
            with Image.open(file, formats=FORMATS) as image:
                return quarters.get(orientation(image), 0) * np.pi / 2
    except (OSError, ValueError, Image.DecompressionBombError):
        # A PDF, or damage that read_picture reports with a sentence of its own.
        return 0.0
    return 0.0


def _at_hand(source: Source, limits: Limits) -> Gray | None:
    """The gray picture of an array or a Pillow image; None for what has to be opened first."""
    if isinstance(source, np.ndarray):
        if source.ndim > 1:
            _check_size((source.shape[1], source.shape[0]), "The array", limits)
        return gray_of_array(source)
    if isinstance(source, Image.Image):
        _check_size(source.size, "The Pillow image", limits)
        with _decoding("The Pillow image", limits):
            return gray_of_image(source)
    return None


def _frames(source: Any, first: int, stop: int | None, limits: Limits) -> Iterator[Gray]:
    """Pictures `first` up to `stop` (None: the last) of a file."""
    data, name = _content(source, limits)
    # The standard lets a PDF begin up to 1024 bytes late.
    reader = _pdf_frames if b"%PDF-" in data[:1024] else _raster_frames
    yield from reader(data, name, first, stop, limits)


def _range(count: int, first: int, stop: int | None, name: str, limits: Limits) -> range:
    if count > limits.max_frames:
        raise PictureError(f"{name} has {count:,} pictures, the limit is {limits.max_frames:,}: split it.")
    if first >= count:
        last = f"frames 0 to {count - 1}" if count > 1 else "frame 0 only"
        raise PictureError(f"{name} has {last}, but frame {first} was asked for.")
    return range(first, count if stop is None else stop)


def _content(source: Any, limits: Limits) -> tuple[bytes, str]:
    """The bytes of a path, buffer or stream, and how to call it in an error."""
    if isinstance(source, bytes | bytearray):
        data, name = bytes(source), f"The picture of {len(source):,} bytes"
    elif isinstance(source, str | Path):
        data, name = _file_content(source, limits)
    elif callable(getattr(source, "read", None)):
        name = str(getattr(source, "name", "The stream"))
        try:
            data = source.read(limits.max_bytes + 1)
        except (OSError, ValueError) as error:
            raise PictureError(f"{name} cannot be read ({error}): give an open binary stream.") from error
        if not isinstance(data, bytes | bytearray):
            raise PictureError(f"{name} gives {type(data).__name__}, not bytes: open it in binary mode.")
        data = bytes(data)
    else:
        given = type(source).__name__
        raise PictureError(f"A {given} is no picture: give a path, bytes, a binary stream, a Pillow image or an array.")
    if len(data) > limits.max_bytes:
        raise PictureError(f"{name} is over the limit of {limits.max_bytes:,} bytes: make it smaller or split it.")
    if not data:
        raise PictureError(f"{name} is empty (0 bytes): save or download it again.")
    return data, name


def _file_content(source: str | Path, limits: Limits) -> tuple[bytes, str]:
    name = str(source)
    if name.lower().startswith(("http://", "https://")):
        raise PictureError(f"tenarai does not fetch from the network: download {name} and give the file.")
    path = Path(source)
    try:
        if path.is_dir():
            raise PictureError(f"{name} is a directory: give a picture file.")
        size = path.stat().st_size
        if size > limits.max_bytes:
            raise PictureError(
                f"{name} has {size:,} bytes, the limit is {limits.max_bytes:,}: make it smaller or split it."
            )
        with path.open("rb") as file:
            # One byte more than allowed: a pipe or a device has no size to ask for.
            return file.read(limits.max_bytes + 1), name
    except FileNotFoundError as error:
        raise PictureError(f"{name} does not exist: check the path.") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise PictureError(f"{name} cannot be opened ({reason}): check the path and its permissions.") from error


@contextmanager
def _decoding(name: str, limits: Limits) -> Iterator[None]:
    """Turns whatever a decoder stumbles on into one sentence. Pillow's raise nearly every built-in error."""
    try:
        yield
    except PictureError:
        raise
    except UnidentifiedImageError as error:
        known = ", ".join(FORMATS)
        raise PictureError(f"{name} is not a picture that tenarai knows: give {known} or PDF.") from error
    except Image.DecompressionBombError as error:
        raise PictureError(f"{name} has more pixels than the limit of {limits.max_pixels:,}: scale it down.") from error
    except MemoryError as error:
        raise PictureError(f"{name} does not fit into memory: scale it down.") from error
    except Exception as error:
        raise PictureError(f"{name} is damaged or cut short ({error}): save or download it again.") from error


@contextmanager
def _own_limit(limits: Limits) -> Iterator[None]:
    """Sets Pillow's pixel limit to ours while headers are read, as some of its decoders allocate right there."""
    with _PILLOW, warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        before = Image.MAX_IMAGE_PIXELS
        Image.MAX_IMAGE_PIXELS = limits.max_pixels // 2 + 1  # it warns at this and refuses at twice this
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = before


def _check_size(size: tuple[int, int], name: str, limits: Limits) -> None:
    width, height = size
    if width < 1 or height < 1:
        raise PictureError(f"{name} is {width} x {height} pixels, it must have at least one: save it again.")
    if width * height > limits.max_pixels:
        raise PictureError(
            f"{name} is {width:,} x {height:,} pixels, the limit is {limits.max_pixels:,} in all: scale it down."
        )


def _raster_frames(data: bytes, name: str, first: int, stop: int | None, limits: Limits) -> Iterator[Gray]:
    if data[4:12] in HEIC:
        raise PictureError(f"{name} is a HEIC photograph, which tenarai cannot decode: save it as JPEG or PNG.")
    with _decoding(name, limits), _own_limit(limits):
        image = Image.open(io.BytesIO(data), formats=FORMATS)
    with image:
        _check_size(image.size, name, limits)
        with _decoding(name, limits), _own_limit(limits):
            # The further frames of a telephone's MPO are depth or brightness maps, not pictures.
            count = 1 if image.format in ("JPEG", "MPO") else getattr(image, "n_frames", 1)
        for frame in _range(count, first, stop, name, limits):
            with _decoding(name, limits):
                with _own_limit(limits):
                    image.seek(frame)
                _check_size(image.size, name, limits)
                gray = gray_of_image(image)
            yield gray


def _pdf_frames(data: bytes, name: str, first: int, stop: int | None, limits: Limits) -> Iterator[Gray]:
    """Pages drawn at PDF_DPI, coarser where that would be over the pixel limit."""
    with _PDF, _decoding(name, limits):
        document = _opened_pdf(data, name)
    try:
        with _PDF:
            count = len(document)
        for index in _range(count, first, stop, name, limits):
            with _PDF, _decoding(name, limits):
                gray = _pdf_page(document, index, limits)
            yield gray
    finally:
        with _PDF:
            document.close()


def _opened_pdf(data: bytes, name: str) -> Any:
    try:
        import pypdfium2
    except ImportError as error:
        raise PictureError(f'{name} is a PDF, which takes one more package: pip install "tenarai[pdf]".') from error
    try:
        return pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if error.err_code != pypdfium2.raw.FPDF_ERR_PASSWORD:
            raise
        raise PictureError(f"{name} is a PDF that takes a password: save it without one.") from error


def _pdf_page(document: Any, index: int, limits: Limits) -> Gray:
    page = document[index]
    try:
        width, height = page.get_size()  # in points of 1/72 inch
        area, edge = width * height, width + height
        # The largest scale with (width * s + 1) * (height * s + 1) <= max_pixels: sizes are rounded up.
        most = (np.sqrt(edge * edge + 4 * area * (limits.max_pixels - 1)) - edge) / (2 * area)
        scale = min(PDF_DPI / 72, float(most))
        if area * scale * scale > PDF_COLOURED:
            bitmap = page.render(scale=scale, grayscale=True)
            return np.array(bitmap.to_numpy(), np.uint8).reshape(bitmap.height, bitmap.width)
        return gray_of_image(page.render(scale=scale).to_pil())
    finally:
        page.close()
