"""The ETL Character Database of AIST: every file of ETL1 to ETL9 as arrays.

    for batch in read_etl("ETL9G/ETL9G_01"):
        batch.pictures, batch.characters, batch.writers

The formats are AIST's pages form_m, form_k, form_c, form_e8b, form_e8g, form_e9b and form_e9g, written down in
`etl_layouts`. A file is read in batches, so that memory does not grow with it.
"""

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from tenarai.dataset import jis
from tenarai.dataset.etl_layouts import LAYOUTS, Kind, Layout
from tenarai.dataset.etl_records import Bytes, Fields, Numbers, code_points, damaged, field_values, pictures
from tenarai.errors import DataError

Split = Literal["train", "validation", "test"]

NOBODY = -1  # the writer of print and of the models that writers copied
UNKNOWN = -2  # the writer of a file whose name does not tell its number, where that is needed

# ETL1C_01, ETL2_1, etl4.001, ETL7LC_1, ETL8B2C1, ETL8B2-1, ETL9G_01
_NAME = re.compile(r"etl(?P<set>[1-7]|[89][bg])(?:(?<=8b)2)?(?!\d|info)[a-z]*[-_.]?(?P<number>\d*)(?:\.(?!zip)\w+)?")


@dataclass(frozen=True, slots=True, eq=False)
class EtlBatch:
    """n records of one file, in its order.

    `pictures` `(n, height, width) uint8`: 255 = paper, 0 = the darkest ink. In the file they have `levels` gray levels
    with 0 = paper. `characters` `(n,)` strings of one character, katakana and digits in ordinary width as the code
    gives them; "" where the code has no character. `records` `(n,)`: AIST's record numbers; the first is 1, and where
    a file begins with a dummy that is record 0. `sheets` `(n,)`, 0 where there is none; `sets` `(n,)` data sets of
    ETL8 and ETL9 from 1, else 0. `writers` `(n,)`: no two writers share a number within the kind of file; NOBODY,
    UNKNOWN. `models` `(n,) bool`: the picture is the model that writers copied. `fields`: every field of the record by
    name, `(n,)` int64 or strings, as written (see `etl_layouts`).
    """

    kind: Kind
    path: Path
    levels: int
    pictures: Bytes
    characters: npt.NDArray[np.str_]
    records: Numbers
    sheets: Numbers
    sets: Numbers
    writers: Numbers
    models: npt.NDArray[np.bool_]
    fields: Fields

    def __len__(self) -> int:
        return len(self.records)


def read_etl(
    path: str | Path, kind: str | None = None, *, start: int = 1, batch: int = 256, whole: bool = False
) -> Iterator[EtlBatch]:
    """The records of one unpacked file of the ETL Character Database, at most `batch` at a time, from record `start`.

    `kind` is "ETL1" .. "ETL7", "ETL8B", "ETL8G", "ETL9B" or "ETL9G"; None takes it from the name or the size of the
    file. `whole` also refuses a file that does not hold as many records as AIST says.
    Raises DataError, before the first batch, when the file is missing, empty, cut short or of another kind; and while
    reading, with record number and byte offset, at a record that cannot be of this kind: what lies before it has been
    given, and `start` leads on behind it.
    """
    path = Path(path)
    try:
        size = path.stat().st_size
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}.") from None
    if not path.is_file():
        raise DataError(f"{path} is not a file: name one file of the ETL Character Database.")
    if start < 1 or batch < 1:
        raise DataError(f"start and batch count records from 1; they are {start} and {batch}.")
    known, number = _kind(path, size, kind), _name(path)[1]
    return _batches(path, known, number, start, _last(path, size, known, number, whole), batch)


def kind_of(path: str | Path) -> Kind | None:
    """The kind that the name of a file tells, such as ETL8B for ETL8B2C1; None when it tells none."""
    return _name(Path(path))[0]


def split_of(kind: Kind, writer: int) -> Split:
    """The part to which everything of a writer (of `EtlBatch.writers`) belongs: one tenth test, one tenth validation.

    The last digit of the data set (ETL8, ETL9) or sheet (ETL1, 3, 4, 6) decides: 0 is test, 5 validation. ETL5 and
    ETL7 take it from a checksum of the person. What nobody wrote, print and models, is for training.
    Raises DataError for UNKNOWN.
    """
    if writer == NOBODY:
        return "train"
    if writer < 0:
        raise DataError(f"The writers of this {kind} file are unknown: name it as AIST does, {kind}_01 and so on.")
    if LAYOUTS[kind].writer == "person":
        writer = zlib.crc32(int(writer).to_bytes(8, "big"))
    match writer % 10:
        case 0:
            return "test"
        case 5:
            return "validation"
        case _:
            return "train"


def _name(path: Path) -> tuple[Kind | None, int]:
    """The kind and the number that a file's name tells; None and 0 where it tells none."""
    match = _NAME.fullmatch(path.name.lower())
    if match is None:
        return None, 0
    kind = f"ETL{match['set'].upper()}"
    return next(known for known in LAYOUTS if known == kind), int(match["number"] or 0)


def _kind(path: Path, size: int, kind: str | None) -> Kind:
    named = kind_of(path)
    if kind is not None:
        given = next((known for known in LAYOUTS if known == kind), None)
        if given is None:
            raise DataError(f"There is no kind {kind!r} in the ETL Character Database: it has {', '.join(LAYOUTS)}.")
        if named not in (None, given):
            raise DataError(f"{path} is named as an {named} file, not {given}: pass kind={named!r} or rename it.")
        return given
    if named is not None:
        return named
    if path.suffix.lower() == ".zip":
        raise DataError(f"{path} is an archive: unpack it and name one of its files.")
    if "info" in path.name.lower():
        raise DataError(f"{path} is the description of a data set; the records are in the files beside it.")
    fitting = [known for known, layout in LAYOUTS.items() if size and size % layout.size == 0]
    if len(fitting) == 1:
        return fitting[0]
    told = f"its size fits {', '.join(fitting)}" if fitting else "its size fits none of them"
    raise DataError(f"{path} is not named as a file of the ETL Character Database, and {told}: pass its kind.")


def _last(path: Path, size: int, kind: Kind, number: int, whole: bool) -> int:
    """The number of the file's last record, which is how many it holds."""
    layout = LAYOUTS[kind]
    total, rest = divmod(size, layout.size)
    last = total - layout.dummy
    if rest:
        raise DataError(
            f"{path} ends {rest} bytes into record {last + 1}, which begins at byte {total * layout.size}: {kind} has "
            f"records of {layout.size} bytes, so the file is cut short or of another kind."
        )
    if last < 1:
        raise DataError(f"{path} is empty: an {kind} file has records of {layout.size} bytes.")
    if whole and layout.records:
        place = max(number, 1)
        expected = layout.records[place - 1] if place <= len(layout.records) else 0
        if last != expected:
            raise DataError(f"{path} ends after record {last}, at byte {size}; file {place} of {kind} has {expected}.")
    return last


def _batches(path: Path, kind: Kind, number: int, start: int, last: int, batch: int) -> Iterator[EtlBatch]:
    layout = LAYOUTS[kind]
    try:
        with path.open("rb") as file:
            if layout.dummy and _sound(_rows(file.read(layout.size), layout), layout):
                raise DataError(f"{path}: record 0 at byte 0 is not the empty one with which an {kind} file begins.")
            file.seek(_offset(layout, start))
            for first in range(start, last + 1, batch):
                count = min(batch, last + 1 - first)
                rows = _rows(file.read(count * layout.size), layout)
                sound = _sound(rows, layout)
                if sound:
                    yield _batch(path, kind, number, rows[:sound], np.arange(first, first + sound))
                if sound < count:
                    fault = f"cannot be a record of {kind}" if sound < len(rows) else "is gone while reading"
                    raise DataError(
                        f"{path}: record {first + sound} at byte {_offset(layout, first + sound)} {fault}: the file is "
                        f"damaged or of another kind."
                    )
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}.") from None


def _offset(layout: Layout, record: int) -> int:
    return (record - (not layout.dummy)) * layout.size


def _rows(data: bytes, layout: Layout) -> Bytes:
    whole = len(data) // layout.size
    return np.frombuffer(data, np.uint8, whole * layout.size).reshape(whole, layout.size)


def _sound(rows: Bytes, layout: Layout) -> int:
    """How many rows come before the first damaged one."""
    fields = field_values(rows, layout)
    wrong = np.flatnonzero(damaged(layout, fields, code_points(layout, fields)))
    return int(wrong[0]) if len(wrong) else len(rows)


def _batch(path: Path, kind: Kind, number: int, rows: Bytes, records: Numbers) -> EtlBatch:
    layout = LAYOUTS[kind]
    fields = field_values(rows, layout)
    models = np.zeros(len(rows), bool)
    if layout.models and number == layout.models:
        models = records > layout.records[number - 1] - layout.set_records
    sheets = fields.get("sheet", np.zeros(len(rows), np.int64))
    sets = np.where(models, 0, _sets(layout, number, records, sheets))
    return EtlBatch(
        kind,
        path,
        2**layout.bits,
        pictures(rows, layout),
        jis.characters(code_points(layout, fields)),
        records,
        sheets,
        sets,
        np.where(models, NOBODY, _writers(layout, fields, sheets, sets)),
        models,
        fields,
    )


def _sets(layout: Layout, number: int, records: Numbers, sheets: Numbers) -> Numbers:
    """`(n,)` data sets from 1; 0 where the layout has none, or the file has no number and may hold models."""
    if layout.writer != "set" or not number:
        return np.zeros(len(records), np.int64)
    if layout.set_sheets:
        return (sheets - 1) // layout.set_sheets + 1
    return (records - 1) // layout.set_records + 1 + (number - 1) * layout.file_sets


def _writers(layout: Layout, fields: Fields, sheets: Numbers, sets: Numbers) -> Numbers:
    match layout.writer:
        case "none":
            return np.full(len(sheets), NOBODY, np.int64)
        case "sheet":
            return sheets.copy()
        case "set":
            return np.where(sets > 0, sets, UNKNOWN)
        case "person":
            person = fields["sex"] & 0xF
            for name, bits in (("age", 8), ("industry", 16), ("occupation", 16)):
                person = person << bits | fields[name] & ((1 << bits) - 1)
            return person
