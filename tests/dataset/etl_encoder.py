"""Writes files of the ETL Character Database: a second reading of AIST's format pages, which shares no code with the
reader. The byte layouts are struct strings, the 6-bit layouts strings of binary digits in the order of the pages.
"""

import struct
import unicodedata
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

# kind: rows, columns, bits of a pixel, bytes of a record
SHAPES = {
    **{f"ETL{n}": (63, 64, 4, 2052) for n in (1, 6, 7)},
    "ETL2": (60, 60, 6, 2745),
    **{f"ETL{n}": (76, 72, 4, 2952) for n in (3, 4, 5)},
    "ETL8B": (63, 64, 1, 512),
    "ETL8G": (127, 128, 4, 8199),
    "ETL9B": (63, 64, 1, 576),
    "ETL9G": (127, 128, 4, 8199),
}

# Rows of AIST's CO-59 list, as printed.
CO_59 = {
    "上": (4, 4), "用": (23, 4), "あ": (5, 12), "、": (23, 15), "験": (27, 27), "泥": (4, 36), "ぱ": (9, 47),
    "Ａ": (5, 50), "×": (27, 51), "丈": (36, 4), "ア": (37, 12), "泣": (59, 27), "０": (37, 44), "々": (55, 51),
    "亀": (59, 59), "": (15, 17),
}  # fmt: skip

T56 = "0123456789[#@:>? ABCDEFGHI&.](<\0\0JKLMNOPQR-$*);'+/STUVWXYZ\0,%=\"!"

G_NUMBERS = (
    "serial", "quality", "group_quality", "sex", "age", "industry", "occupation", "gathered", "scanned", "x", "y",
)  # fmt: skip
M_NUMBERS = (
    "ebcdic", "quality", "group_quality", "sex", "age", "serial", "industry", "occupation", "gathered", "scanned",
    "y", "x", "lowest", "highest",
)  # fmt: skip
C_NUMBERS = (
    "quality", "group_quality", "y", "x", "sex", "age", "industry", "occupation", "gathered", "scanned", "columns",
    "rows", "levels", "lens", "old_serial",
)  # fmt: skip


def code_0201(character: str) -> int:
    """One byte of JIS X 0201: katakana in the upper half, hiragana under the katakana of the same sound."""
    special = {"¥": 0x5C, "゛": 0xDE, "゜": 0xDF, "ヰ": 0xA8, "ヱ": 0xAA, "ゐ": 0xA8, "ゑ": 0xAA}
    if character in special:
        return special[character]
    if "ぁ" <= character <= "ん":
        character = chr(ord(character) + 0x60)
    halves = {unicodedata.normalize("NFKC", bytes([b]).decode("shift_jis")): b for b in range(0xA1, 0xDE)}
    return halves[character] if character in halves else character.encode("ascii")[0]


def code_0208(character: str) -> int:
    """Two bytes of JIS X 0208, as ISO-2022-JP carries them between its escapes."""
    return int.from_bytes(character.encode("iso2022_jp")[3:5], "big")


def in_t56(text: str) -> str:
    """The 6 binary digits of every character."""
    return "".join(format(T56.index(character), "06b") for character in text)


def packed(picture: npt.NDArray[Any], bits: int) -> bytes:
    """Levels, 0 = paper, row by row, the leftmost pixel in the highest bits."""
    digits = "".join(format(int(level), f"0{bits}b") for level in picture.ravel())
    return int(digits, 2).to_bytes(len(digits) // 8, "big")


def record(kind: str, character: str, picture: npt.NDArray[Any], code: int | None = None, **fields: Any) -> bytes:
    """One record; fields left out are 0, names blank. `code` stands in for that of the character."""
    rows, columns, bits, size = SHAPES[kind]
    assert picture.shape == (rows, columns)
    ink = packed(picture, bits)
    get = fields.get
    if kind in ("ETL1", "ETL6", "ETL7"):
        numbers = [get(name, 0) for name in M_NUMBERS]
        code = code_0201(character) if code is None else code
        name = get("name", "  ").encode("latin-1")
        data = struct.pack(">H2sH6BI4H4B4x2016s4x", get("data", 1), name, get("sheet", 0), code, *numbers, ink)
    elif kind == "ETL2":
        c1, c2 = CO_59[character] if code is None else divmod(code, 64)
        head = (
            format(get("serial", 0), "036b") + in_t56(get("style", "A") + " " * 5) + in_t56(get("name", "KANJI "))
            + in_t56(get("font", "MINCHO")) + "0" * 24 + format(c1, "06b") + format(c2, "06b") + "01" * 90
        )  # fmt: skip
        data = int(head, 2).to_bytes(45, "big") + ink
    elif kind in ("ETL3", "ETL4", "ETL5"):
        code = code_0201(character) if code is None else code
        fixed = {"columns": 72, "rows": 76, "levels": 16} | fields
        head = (
            format(get("serial", 0), "036b") + format(get("sheet", 0), "036b") + format(code, "08b") + "1" * 28
            + format(get("ebcdic", 0), "08b") + "1" * 28
            + in_t56(get("name", "    ") + "  ")
            + "".join(format(fixed.get(name, 0), "036b") for name in C_NUMBERS) + "10" * 504
        )  # fmt: skip
        data = int(head, 2).to_bytes(216, "big") + ink
    elif kind in ("ETL8B", "ETL9B"):
        code = code_0208(character) if code is None else code
        data = struct.pack(">2H4s504s", get("sheet", 1), code, get("name", "    ").encode(), ink)
        data += b"\xa5" * 64 if kind == "ETL9B" else b""
    else:
        code = code_0208(character) if code is None else code
        layout = ">2H8sI4B4H2B30s8128s11s" if kind == "ETL8G" else ">2H8sI4B4H2B34s8128s7s"
        gap, tail = (30, 11) if kind == "ETL8G" else (34, 7)
        numbers = [get(name, 0) for name in G_NUMBERS]
        name = get("name", " " * 8).encode()
        data = struct.pack(layout, get("sheet", 1), code, name, *numbers, b"\x5a" * gap, ink, b"\xff" * tail)
    assert len(data) == size
    return data


def file_of(kind: str, records: Iterable[bytes]) -> bytes:
    """The records as a file has them: binary files begin with an empty one."""
    dummy = bytes(SHAPES[kind][3]) if kind in ("ETL8B", "ETL9B") else b""
    return dummy + b"".join(records)


def levels_of(kind: str, seed: int) -> npt.NDArray[np.uint8]:
    """A random picture of the kind in the levels of its file."""
    rows, columns, bits, _ = SHAPES[kind]
    return np.random.default_rng(seed).integers(0, 2**bits, (rows, columns), np.uint8)
