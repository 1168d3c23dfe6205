"""Packed records of the ETL Character Database to arrays: bit fields, characters and pictures, a whole batch at once.

`rows` is `(n, layout.size) uint8` everywhere: one record a row.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from tenarai.dataset import jis
from tenarai.dataset.etl_layouts import Field, Layout

Bytes = npt.NDArray[np.uint8]
Numbers = npt.NDArray[np.int64]
Fields = dict[str, npt.NDArray[Any]]

# JIS X 0201 has no ヰ ヱ. ETL writes them as small ィ ェ (and may write its third ウ as ゥ), which it never means.
_SMALL = {"ィ": "ヰ", "ゥ": "ウ", "ェ": "ヱ"}
_NAMED = {"WI": "ヰ", "WE": "ヱ"}
_BLOCK = 32  # records unpacked at a time: their pixels stay in the second-level cache, which is four times faster


def field_values(rows: Bytes, layout: Layout) -> Fields:
    """Every field by its name: `(n,)` int64, or `(n,)` strings as long as the field."""
    return {field.name: _values(rows, field) for field in layout.fields}


def code_points(layout: Layout, fields: Fields) -> jis.Points:
    """`(n,) uint32`: the Unicode code point of every record's character, 0 where its code has none."""
    codes = fields["code"]
    if layout.code == "JIS X 0208":
        return jis.jis_x_0208(codes)
    if layout.code == "CO-59":
        return jis.co_59(codes)
    points = jis.jis_x_0201(codes)
    for small, kana in _SMALL.items():
        points[points == ord(small)] = ord(kana)
    names = np.char.strip(fields["name"])
    for name, kana in _NAMED.items():
        points[np.char.endswith(names, name)] = ord(kana)
    return jis.hiragana(points) if layout.hiragana else points


def damaged(layout: Layout, fields: Fields, points: jis.Points) -> npt.NDArray[np.bool_]:
    """`(n,) bool`: no record of this layout can be so.

    A code without a character tells it of ETL8 and ETL9 only: ETL6 has symbols that JIS X 0201 may lack, and ETL2 has
    slots of which nobody knows the character.
    """
    wrong = np.zeros(len(points), bool)
    for name, value in layout.constants:
        wrong |= fields[name] != value
    if layout.code == "JIS X 0208":
        wrong |= points == 0
    elif layout.code == "CO-59":
        wrong |= ~np.isin(fields["style"], list("ABCD"))
    else:
        letters = np.ascontiguousarray(fields["name"]).view(np.uint32).reshape(len(points), -1)
        wrong |= ((letters < 0x20) | (letters > 0x7E)).any(axis=1)
    return wrong


def pictures(rows: Bytes, layout: Layout) -> Bytes:
    """`(n, height, width) uint8`: the packed pictures, turned to 255 = paper and stretched to the full range."""
    out = np.empty((len(rows), layout.height * layout.width), np.uint8)
    for first in range(0, len(rows), _BLOCK):
        block = slice(first, first + _BLOCK)
        packed = rows[block, layout.picture : layout.picture + layout.picture_size]
        match layout.bits:
            case 1:
                _pixels_of_1_bit(packed, out[block])
            case 4:
                _pixels_of_4_bits(packed, out[block])
            case 6:
                _pixels_of_6_bits(packed, out[block])
    return out.reshape(len(rows), layout.height, layout.width)


def _pixels_of_1_bit(packed: Bytes, out: Bytes) -> None:
    # 1 = ink becomes 0, and 0 = paper wraps to 255.
    np.subtract(np.unpackbits(packed, axis=1), np.uint8(1), out=out)


def _pixels_of_4_bits(packed: Bytes, out: Bytes) -> None:
    # Both pixels of a byte at once, as the two bytes of a little-endian word: 15 * 17 = 255 cannot overflow.
    pairs = out.view("<u2")
    pairs[...] = packed
    second = pairs << 8
    pairs >>= 4
    pairs |= second
    pairs &= 0x0F0F
    pairs *= 17
    np.invert(pairs, out=pairs)


def _pixels_of_6_bits(packed: Bytes, out: Bytes) -> None:
    triples = packed.reshape(len(packed), -1, 3).astype(np.uint32)
    words = triples[..., 0] << 16 | triples[..., 1] << 8 | triples[..., 2]
    gray = np.rint(255 - np.arange(64) * (255 / 63)).astype(np.uint8)
    for place, shift in enumerate((18, 12, 6, 0)):
        out[:, place::4] = gray[words >> shift & 63]


def _values(rows: Bytes, field: Field) -> npt.NDArray[Any]:
    if field.text == "number":
        return _numbers(rows, field.start, field.width)
    step = 8 if field.text == "ascii" else 6
    starts = range(field.start, field.start + field.width, step)
    codes = np.stack([_numbers(rows, start, step) for start in starts], axis=1)
    return jis.t56(codes) if field.text == "t56" else jis.latin(codes)


def _numbers(rows: Bytes, start: int, width: int) -> Numbers:
    """`(n,) int64`: the `width` bits from bit `start` of every row, the highest first."""
    end = start + width
    last = -(-end // 8)
    value = np.zeros(len(rows), np.int64)
    for byte in range(start // 8, last):
        value = value << 8 | rows[:, byte]
    return (value >> (last * 8 - end)) & ((1 << width) - 1)
