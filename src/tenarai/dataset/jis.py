"""The character codes of the ETL Character Database to Unicode: JIS X 0201, JIS X 0208, CO-59, and T56 for its names.

Every function maps a whole array at once; 0 means that the code has no character.
"""

from functools import cache

import numpy as np
import numpy.typing as npt

from tenarai.dataset.co59 import chart

Codes = npt.NDArray[np.integer]
Points = npt.NDArray[np.uint32]

# JIS X 0201 from 0xA1: its katakana are half-width; the ink is not, so they are given their ordinary code points.
KATAKANA = (
    "。「」、・ヲァィゥェォャュョッーアイウエオカキクケコサシスセソタチツテト"
    "ナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン゛゜"
)

# T56, the 6-bit code of the TOSBAC-5600. AIST's sample script prints its + as |, where the format page has "S  +".
T56 = np.array(list("0123456789[#@:>? ABCDEFGHI&.](<  JKLMNOPQR-$*);'+/STUVWXYZ ,%=\"!"))


def jis_x_0201(codes: Codes) -> Points:
    """`(n,)` codes 0 to 255 to `(n,) uint32` code points: ASCII but for ¥ (0x5C) and ‾ (0x7E), and katakana."""
    return _row_0201()[codes]


def jis_x_0208(codes: Codes) -> Points:
    """`(n,)` codes 0 to 0xFFFF, two 7-bit bytes each, to `(n,) uint32` code points."""
    return _plane_0208()[codes]


def co_59(codes: Codes) -> Points:
    """`(n,)` codes c1 * 64 + c2 to `(n,) uint32` code points."""
    return chart()[codes]


def t56(codes: Codes) -> npt.NDArray[np.str_]:
    """`(n, k)` 6-bit codes to `(n,)` strings of k characters."""
    return np.ascontiguousarray(T56[codes]).view(f"U{codes.shape[1]}")[:, 0]


def latin(codes: Codes) -> npt.NDArray[np.str_]:
    """`(n, k)` 8-bit codes of ISO 646, ASCII, to `(n,)` strings of k characters."""
    return np.ascontiguousarray(codes, np.uint32).view(f"U{codes.shape[1]}")[:, 0]


def hiragana(points: Points) -> Points:
    """Katakana to the hiragana of the same sound; every other code point stays as it is."""
    return np.where((points >= ord("ァ")) & (points <= ord("ヶ")), points - 0x60, points).astype(np.uint32)


def characters(points: Points) -> npt.NDArray[np.str_]:
    """`(n,)` code points to `(n,)` strings of one character; "" where the code point is 0."""
    return np.ascontiguousarray(points, np.uint32).view("U1")


@cache
def _row_0201() -> Points:
    row = np.zeros(256, np.uint32)
    row[0x20:0x7F] = np.arange(0x20, 0x7F)
    row[[0x5C, 0x7E]] = ord("¥"), ord("‾")
    row[0xA1:0xE0] = [ord(character) for character in KATAKANA]
    row.flags.writeable = False
    return row


@cache
def _plane_0208() -> Points:
    plane = np.zeros(0x10000, np.uint32)
    for row in range(0x21, 0x7F):
        for cell in range(0x21, 0x7F):
            # EUC-JP is JIS X 0208 with the top bit of both bytes set.
            character = bytes((row | 0x80, cell | 0x80)).decode("euc_jp", "ignore")
            plane[row << 8 | cell] = ord(character) if len(character) == 1 else 0
    plane.flags.writeable = False
    return plane
