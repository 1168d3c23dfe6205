"""A few arrays and what they mean in one file: magic, length of the header, header in JSON, arrays as in memory.

Little endian, each array at a multiple of 64 bytes, so that a reader maps it instead of loading it. Where a file is to
be small, arrays are deflated instead, all first bytes of their numbers before all second ones. Not a pickle: nothing in
such a file can run.
"""

import json
import mmap
import struct
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenarai.errors import DataError

MAGIC = b"tenarai\x00"
VERSION = 2  # what is mapped is still written as version 1
TYPES = ("uint8", "uint16", "uint32", "float32")  # what an array in the file may be

_ALIGNMENT = 64
_LONGEST_HEADER = 1 << 24
_LENGTH = struct.Struct("<I")


def write_packed(
    path: Path, kind: str, header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], deflated: bool = False
) -> None:
    """Writes one-dimensional arrays of TYPES beside `header`, anything that JSON can say.

    Raises DataError when the file cannot be written.
    """
    blocks, entries, end = [], {}, 0
    for name, array in arrays.items():
        stored = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
        entries[name] = {"type": array.dtype.name, "length": len(array), "offset": end}
        data = stored.tobytes()
        if deflated:
            data = zlib.compress(stored.view(np.uint8).reshape(-1, stored.itemsize).T.tobytes(), 9)
            entries[name]["deflated"] = len(data)
        blocks.append(data + bytes(-len(data) % _ALIGNMENT))
        end += len(blocks[-1])
    body = b"".join(blocks)
    text = json.dumps(
        {"kind": kind, "version": 2 if deflated else 1, "arrays": entries, "crc32": zlib.crc32(body), **header},
        ensure_ascii=False,
    ).encode()
    text += b" " * (-(len(MAGIC) + _LENGTH.size + len(text)) % _ALIGNMENT)
    try:
        path.write_bytes(MAGIC + _LENGTH.pack(len(text)) + text + body)
    except OSError as error:
        raise DataError(f"{path} cannot be written: {error.strerror}.") from None


def read_packed(path: Path, kind: str) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """The header and the arrays, mapped read-only or inflated.

    Raises DataError for a file that is missing, damaged, of another kind or of a later version.
    """
    data = _mapped(path, kind)
    header, start = _header(path, kind, data)
    body = memoryview(data)[start:]
    try:
        arrays = {str(name): _array(body, entry) for name, entry in header["arrays"].items()}
        whole = zlib.crc32(body) == header["crc32"]
    except (KeyError, TypeError, ValueError, AttributeError, zlib.error):
        raise _damaged(path, kind) from None
    if not whole:
        raise _damaged(path, kind)
    return header, arrays


def _mapped(path: Path, kind: str) -> mmap.mmap:
    try:
        with path.open("rb") as file:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except FileNotFoundError:
        raise DataError(f"There is no {path}: expected the file of a {kind}.") from None
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read as the file of a {kind}: {error}.") from None


def _header(path: Path, kind: str, data: mmap.mmap) -> tuple[dict[str, Any], int]:
    """The header, and where the arrays begin."""
    begin = len(MAGIC) + _LENGTH.size
    if data[: len(MAGIC)] != MAGIC:
        raise DataError(f"{path} is not the file of a {kind}: it begins with other bytes than tenarai writes.")
    if len(data) < begin:
        raise _damaged(path, kind)
    (length,) = _LENGTH.unpack(data[len(MAGIC) : begin])
    if length > _LONGEST_HEADER or begin + length > len(data):
        raise _damaged(path, kind)
    try:
        header = json.loads(data[begin : begin + length])
        found, version = str(header["kind"]), int(header["version"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise _damaged(path, kind) from None
    if found != kind:
        raise DataError(f"{path} is the file of a {found[:40]}, but a {kind} was expected.")
    if version > VERSION:
        raise DataError(f"{path} is of version {version}, and this tenarai reads up to {VERSION}: update tenarai.")
    return header, begin + length


def _array(body: memoryview, entry: dict[str, Any]) -> NDArray[Any]:
    """ValueError for an entry that does not fit the body."""
    length, offset, name = int(entry["length"]), int(entry["offset"]), str(entry["type"])
    if name not in TYPES or length < 0 or offset < 0:
        raise ValueError(name)
    stored = np.dtype(name).newbyteorder("<")
    if "deflated" in entry:
        return _inflated(body[offset : offset + int(entry["deflated"])], stored, length).astype(name)
    array = np.frombuffer(body, stored, length, offset)
    # A native type by its own name, because memory views do not know one with a byte order.
    return array.view(name) if stored.isnative else array.astype(name)


def _inflated(data: memoryview, stored: np.dtype[Any], length: int) -> NDArray[Any]:
    """ValueError or zlib.error for data that is not so many numbers; no more than they take is ever inflated."""
    size = length * stored.itemsize
    raw = zlib.decompressobj().decompress(data, size + 1)
    if len(raw) != size:
        raise ValueError(length)
    planes = np.frombuffer(raw, np.uint8).reshape(stored.itemsize, length)
    return np.ascontiguousarray(planes.T).reshape(-1).view(stored)


def _damaged(path: Path, kind: str) -> DataError:
    return DataError(f"{path} is the damaged file of a {kind}: make it or copy it again.")
