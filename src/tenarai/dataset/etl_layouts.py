"""The record layouts of the ETL Character Database as data: AIST's pages form_m, form_k, form_c, form_e8b .. form_e9g.

All numbers are big-endian, all records of a file have the same size, no file has a header.
"""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["ETL1", "ETL2", "ETL3", "ETL4", "ETL5", "ETL6", "ETL7", "ETL8B", "ETL8G", "ETL9B", "ETL9G"]
Text = Literal["number", "ascii", "t56"]


@dataclass(frozen=True, slots=True)
class Field:
    """`width` bits from bit `start` of a record: a number, ASCII of 8 bits or T56 of 6 bits a character."""

    name: str
    start: int
    width: int
    text: Text = "number"


@dataclass(frozen=True, slots=True)
class Layout:
    """How one kind of file is written.

    `size` bytes a record; its picture of `height` x `width` pixels of `bits` begins at byte `picture`, rows one after
    the other, 0 = paper; `code` is the code of the field "code". `dummy`: the file begins with an empty record.
    `hiragana`: hiragana stand under the codes of the katakana. `constants` are fields of one right value.

    `writer` says what never mixes two writers: "sheet"; "person", who is described on the sheet (one writer filled
    several); "set", a data set of one writer; "none", print. A data set is found from the sheet, `set_sheets` to each,
    or, where every file counts its sheets anew, from the place in the file: `set_records` to each, `file_sets` to a
    file. `models` is the number of the file whose last data set shows the models that were copied.
    `records` lists AIST's number of records of each file, dummies left out, where AIST lists it.
    """

    size: int
    fields: tuple[Field, ...]
    picture: int
    height: int
    width: int
    bits: Literal[1, 4, 6]
    code: Literal["JIS X 0201", "JIS X 0208", "CO-59"]
    writer: Literal["sheet", "person", "set", "none"] = "sheet"
    dummy: bool = False
    hiragana: bool = False
    constants: tuple[tuple[str, int], ...] = ()
    set_sheets: int = 0
    set_records: int = 0
    file_sets: int = 0
    models: int = 0
    records: tuple[int, ...] = ()

    @property
    def picture_size(self) -> int:
        """Bytes of one packed picture."""
        return self.height * self.width * self.bits // 8


def _fields(*entries: tuple[str, int] | tuple[str, int, Text]) -> tuple[Field, ...]:
    """Fields that follow each other, as (name, bits[, text]); one without a name is a gap."""
    start, fields = 0, []
    for name, width, *text in entries:
        if name:
            fields.append(Field(name, start, width, *text))
        start += width
    return tuple(fields)


_M = _fields(
    ("data", 16), ("name", 16, "ascii"), ("sheet", 16), ("code", 8), ("ebcdic", 8), ("quality", 8),
    ("group_quality", 8), ("sex", 8), ("age", 8), ("serial", 32), ("industry", 16), ("occupation", 16),
    ("gathered", 16), ("scanned", 16), ("y", 8), ("x", 8), ("lowest", 8), ("highest", 8),
)  # fmt: skip
_K = _fields(
    ("serial", 36), ("style", 6, "t56"), ("", 30), ("name", 36, "t56"), ("font", 36, "t56"), ("", 24), ("code", 12),
)  # fmt: skip
_C = _fields(
    ("serial", 36), ("sheet", 36), ("code", 8), ("", 28), ("ebcdic", 8), ("", 28), ("name", 24, "t56"), ("", 12),
    ("quality", 36), ("group_quality", 36), ("y", 36), ("x", 36), ("sex", 36), ("age", 36), ("industry", 36),
    ("occupation", 36), ("gathered", 36), ("scanned", 36), ("columns", 36), ("rows", 36), ("levels", 36),
    ("lens", 36), ("old_serial", 36),
)  # fmt: skip
_B = _fields(("sheet", 16), ("code", 16), ("name", 32, "ascii"))
_G = _fields(
    ("sheet", 16), ("code", 16), ("name", 64, "ascii"), ("serial", 32), ("quality", 8), ("group_quality", 8),
    ("sex", 8), ("age", 8), ("industry", 16), ("occupation", 16), ("gathered", 16), ("scanned", 16), ("x", 8), ("y", 8),
)  # fmt: skip

_C_CONSTANTS = (("columns", 72), ("rows", 76), ("levels", 16))

LAYOUTS: dict[Kind, Layout] = {
    "ETL1": Layout(
        2052, _M, 32, 63, 64, 4, "JIS X 0201",
        records=(11560,) * 6 + (11288, 11288, 11287, 11288, 11288, 11287, 4233),
    ),
    "ETL2": Layout(2745, _K, 45, 60, 60, 6, "CO-59", "none", records=(9056, 10480, 11360, 10480, 11420)),
    "ETL3": Layout(2952, _C, 216, 76, 72, 4, "JIS X 0201", constants=_C_CONSTANTS),
    "ETL4": Layout(2952, _C, 216, 76, 72, 4, "JIS X 0201", hiragana=True, constants=_C_CONSTANTS, records=(6120,)),
    # 104 writers filled 208 sheets, and ETL7's 175 writers a large and a small sheet each.
    "ETL5": Layout(2952, _C, 216, 76, 72, 4, "JIS X 0201", "person", constants=_C_CONSTANTS, records=(10608,)),
    "ETL6": Layout(2052, _M, 32, 63, 64, 4, "JIS X 0201"),
    "ETL7": Layout(2052, _M, 32, 63, 64, 4, "JIS X 0201", "person", hiragana=True, records=(9600, 7200)),
    "ETL8B": Layout(
        512, _B, 8, 63, 64, 1, "JIS X 0208", "set", dummy=True,
        set_sheets=10, set_records=956, models=3, records=(51200, 51200, 51516),
    ),
    # ETL9G counts sheets anew (AIST's page shows sheet 1 in file 11, data set 41), and of ETL8G nothing is said; which
    # data set lies where in which file is said of both. ETL9B's sheets run on from file to file (sheet 801 in file 2),
    # and ETL8B, whose files are sorted by character, is taken to number its own alike.
    "ETL8G": Layout(
        8199, _G, 60, 127, 128, 4, "JIS X 0208", "set",
        set_records=956, file_sets=5, models=33, records=(4780,) * 32 + (956,),
    ),
    "ETL9B": Layout(
        576, _B, 8, 63, 64, 1, "JIS X 0208", "set", dummy=True,
        set_sheets=20, set_records=3036, models=5, records=(121440,) * 4 + (124476,),
    ),
    "ETL9G": Layout(
        8199, _G, 64, 127, 128, 4, "JIS X 0208", "set", set_records=3036, file_sets=4, records=(12144,) * 50,
    ),
}  # fmt: skip
