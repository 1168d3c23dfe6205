"""Pictures and their class numbers as MNIST and its family keep them, a batch at a time: memory does not grow.

IDX, as described on the MNIST page: two zero bytes, 0x08 for uint8, the number of axes, each axis as big-endian u32,
then the bytes; plain or gzipped. NPZ, numpy's zip: one uint8 array named `arr_0`. Which of them a file is, its content
tells: browsers unpack a .gz and keep its name.
"""

import gzip
import math
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from tenarai.errors import DataError
from tenarai.image.clean import Gray

_File = IO[bytes] | gzip.GzipFile

BATCH = 256
MAX_SIDE = 256  # pixels; the family has 28. A header of a damaged file may claim anything, and memory follows it.
MEMBER = "arr_0.npy"

_DAMAGE = (EOFError, OSError, ValueError, zlib.error, struct.error, zipfile.BadZipFile, RuntimeError)


@dataclass(frozen=True, slots=True)
class _Array:
    """An open file that stands at the first of its rows; `shape` of the whole array."""

    path: Path
    shape: tuple[int, ...]
    file: _File


def read_labelled(images: str | Path, labels: str | Path) -> Iterator[tuple[Gray, int]]:
    """Pictures `(height, width) uint8` as they are in the file, each with its class number, in order.

    Raises DataError when a file is missing, of another format, cut short or too long, and when the two do not have
    the same number of records.
    """
    with _opened(Path(images), 3) as pictures, _opened(Path(labels), 1) as classes:
        if pictures.shape[0] != classes.shape[0]:
            raise DataError(
                f"{images} has {pictures.shape[0]:,} pictures, but {labels} has {classes.shape[0]:,} labels: they are "
                f"not of one set."
            )
        if not 1 <= min(pictures.shape[1:]) <= max(pictures.shape[1:]) <= MAX_SIDE:
            raise DataError(
                f"{images} claims pictures of {pictures.shape[2]} x {pictures.shape[1]} pixels, expected 1 to "
                f"{MAX_SIDE}: it is damaged or of another kind."
            )
        for pixels, numbers in zip(_batches(pictures), _batches(classes), strict=True):
            yield from zip(pixels, numbers.tolist(), strict=True)


def _batches(array: _Array) -> Iterator[Gray]:
    """The rows of an array, `(n, ...) uint8` with n at most BATCH."""
    total, row = array.shape[0], math.prod(array.shape[1:])
    for first in range(0, total, BATCH):
        count = min(BATCH, total - first)
        with _reading(array.path):
            data = array.file.read(count * row)
        if len(data) < count * row:
            raise DataError(
                f"{array.path} ends in record {first + len(data) // row} of {total:,} (counted from 0): it is cut "
                f"short, download it again."
            )
        yield np.frombuffer(data, np.uint8).reshape(count, *array.shape[1:])
    with _reading(array.path):
        rest = array.file.read(1)
    if rest:
        raise DataError(f"{array.path} goes on after its {total:,} records: it is damaged or of another kind.")


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except (FileNotFoundError, IsADirectoryError, PermissionError) as error:
        raise DataError(f"{path} cannot be read: {error.strerror}.") from None
    except _DAMAGE as error:
        raise DataError(f"{path} is damaged or cut short ({error}): download it again.") from None


@contextmanager
def _opened(path: Path, axes: int) -> Iterator[_Array]:
    with _reading(path), path.open("rb") as file:
        start = file.read(2)
        file.seek(0)
        if start == b"PK":
            with zipfile.ZipFile(file) as archive, _member(path, archive) as member:
                yield _checked(_Array(path, _npy_shape(path, member), member), axes)
        elif start == b"\x1f\x8b":
            with gzip.GzipFile(fileobj=file) as unpacked:
                yield _checked(_Array(path, _idx_shape(path, unpacked), unpacked), axes)
        else:
            yield _checked(_Array(path, _idx_shape(path, file), file), axes)


def _checked(array: _Array, axes: int) -> _Array:
    if len(array.shape) != axes:
        expected = "pictures, which have 3" if axes == 3 else "labels, which have 1"
        raise DataError(f"{array.path} holds an array of {len(array.shape)} axes, expected {expected}.")
    return array


def _idx_shape(path: Path, file: _File) -> tuple[int, ...]:
    start = file.read(4)
    if len(start) < 4 or start[:3] != b"\0\0\x08" or not 1 <= start[3] <= 4:
        raise DataError(f"{path} is neither an IDX file of uint8 nor an NPZ file: it begins with {start!r}.")
    sizes = file.read(4 * start[3])
    return struct.unpack(f">{start[3]}I", sizes)


def _member(path: Path, archive: zipfile.ZipFile) -> IO[bytes]:
    names = archive.namelist()
    if MEMBER not in names:
        raise DataError(f"{path} has no array named arr_0: it holds {', '.join(names[:5]) or 'nothing'}.")
    return archive.open(MEMBER)


def _npy_shape(path: Path, file: IO[bytes]) -> tuple[int, ...]:
    version = np.lib.format.read_magic(file)
    # Only the first version bounds its header, to 64 KiB; numpy writes the later ones for structured arrays alone.
    if version != (1, 0):
        raise DataError(f"{path} holds an array of NPY version {version}, expected (1, 0).")
    shape, by_columns, dtype = np.lib.format.read_array_header_1_0(file)
    if dtype != np.uint8 or by_columns or not shape or min(shape) < 0:
        raise DataError(f"{path} holds {dtype} of shape {shape}, expected uint8 in C order.")
    return tuple(int(size) for size in shape)
