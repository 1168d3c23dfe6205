"""Corpora of pen strokes: JSON lines, InkML, UNIPEN, Omniglot's stroke files; each drawing becomes a picture if asked.

for sample in samples(read_strokes("train.jsonl.gz"), height=64):
    sample.picture, sample.text, sample.writer
"""

import gzip
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

import numpy as np

from tenarai.dataset.sample import Kind, Refused, Sample
from tenarai.errors import DataError
from tenarai.image.ink import Points, draw_ink, strokes_of
from tenarai.text.error_rate import graphemes

LONGEST_ROW = 50_000_000  # bytes of one drawing in JSON: 100,000 points take some 3 million
MOST_OMNIGLOT = 5_000_000  # bytes of one of its stroke files; the largest has some 40,000


@dataclass(frozen=True, slots=True, eq=False)
class Ink:
    """One thing written with a pen and what it says.

    `strokes` are `(n, 2) float64` of x, y or `(n, 3)` of x, y, t (milliseconds where the corpus says so), y down, in
    the corpus's own units. `name` is unique within the file that it was read from.
    """

    name: str
    text: str
    strokes: tuple[Points, ...]
    writer: str | None = None
    source: str = ""


def read_strokes(path: str | Path, characters: Mapping[str, str] | None = None) -> Iterator[Ink | Refused]:
    """The drawings of a file or folder, whatever its format: `.jsonl` or `.jsonl.gz`, InkML, UNIPEN, Omniglot's.

    `characters` names Omniglot's classes, see `read_omniglot`. Raises DataError for another or a damaged file.
    """
    from tenarai.dataset.inkml import read_inkml  # which takes the names of this module
    from tenarai.dataset.unipen import read_unipen

    path = Path(path)
    if path.is_dir():
        return read_omniglot(path, characters)
    if path.name.lower().endswith((".jsonl", ".jsonl.gz")):
        return read_jsonl(path)
    try:
        with path.open("rb") as file:
            head = file.read(1024).lstrip(b"\xef\xbb\xbf \t\r\n")
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}.") from None
    if head.startswith(b"<"):
        return read_inkml(path)
    if head[:1] == b"." and head[1:2].isalpha():
        return read_unipen(path)
    raise DataError(f"{path} holds no pen strokes that tenarai knows: give JSON lines, InkML, UNIPEN or Omniglot.")


def samples(
    inks: Iterable[Ink | Refused],
    *,
    height: int = 64,
    pen: float = 0.05,
    speed: float = 0.0,
    kind: Kind | None = None,
    licence: str = "",
) -> Iterator[Sample | Refused]:
    """Each drawing as a picture `height` high; `pen` and `speed` as in `image.ink.draw_ink`.

    Without `kind`, what has one grapheme is a character, the rest lines. A character stands as in a square.
    """
    for ink in inks:
        if isinstance(ink, Refused):
            yield ink
            continue
        own = kind or ("character" if len(graphemes(ink.text)) == 1 else "line")
        try:
            widest = 1.0 if own == "character" else 60.0
            picture = draw_ink(ink.strokes, height, pen=pen, speed=speed, widest=widest)
        except DataError as error:
            yield Refused(ink.name, str(error))
            continue
        yield Sample(ink.name, picture, ink.text, ink.source, own, ink.writer, licence=licence)


def read_jsonl(path: str | Path) -> Iterator[Ink | Refused]:
    """JSON lines `{"char" or "text", "writer", "set", "strokes": [[[x, y(, t)], ...], ...]}`, gzipped or not.

    Rows that are not of this form are Refused, by their number. Raises DataError when the file cannot be read.
    """
    path = Path(path)
    stem = path.name.removesuffix(".gz").removesuffix(".jsonl")
    try:
        with _opened(path) as file:
            number = 0
            while row := file.readline(LONGEST_ROW + 1):
                number += 1
                if len(row) > LONGEST_ROW:
                    raise DataError(f"{path}: line {number} has more than {LONGEST_ROW:,} bytes, it is no drawing.")
                if row.strip():
                    yield _ink_of_row(row, f"{stem}:{number}", stem)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path} cannot be read as JSON lines: {getattr(error, 'strerror', None) or error}.") from None


def _opened(path: Path) -> BufferedReader | gzip.GzipFile:
    return gzip.GzipFile(path) if path.name.endswith(".gz") else path.open("rb")


def _ink_of_row(row: bytes, name: str, stem: str) -> Ink | Refused:
    try:
        found = json.loads(row.decode("utf-8-sig"))
        text = found["char"] if "char" in found else found["text"]
        writer, source, name = found.get("writer"), found.get("set", stem), found.get("name", name)
        if not all(isinstance(value, str) for value in (text, source, name)) or not isinstance(
            writer, str | int | None
        ):
            raise TypeError
        "".join((text, source, name)).encode()  # half of a surrogate pair is no text
        return Ink(name, text, strokes_of(found["strokes"]), None if writer is None else str(writer), source)
    except DataError as error:
        return Refused(name, str(error))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Refused(name, 'The row is not a JSON object with "char" and "strokes".')


def write_jsonl(inks: Iterable[Ink], path: str | Path) -> None:
    """The drawings as JSON lines, gzipped when the name ends in .gz; `read_jsonl` gives them back."""
    path = Path(path)
    with gzip.open(path, "wb") if path.name.endswith(".gz") else path.open("wb") as file:
        for ink in inks:
            row = {"name": ink.name, "char": ink.text, "writer": ink.writer, "set": ink.source}
            strokes = [points.tolist() for points in ink.strokes]
            file.write(json.dumps({**row, "strokes": strokes}, ensure_ascii=False).encode() + b"\n")


def read_omniglot(folder: str | Path, characters: Mapping[str, str] | None = None) -> Iterator[Ink | Refused]:
    """Omniglot's stroke files as published: `strokes_background/Alphabet/character01/0001_01.txt` and so on.

    `folder` is any of these levels. The classes have no names but their folder's: `characters` maps them, as
    "Alphabet/character01", to what they are, and other classes are Refused; without it that name is the text. A drawer
    is known within one alphabet only. Raises DataError when no stroke file is found.
    """
    folder = Path(folder)
    paths = sorted(folder.rglob("*_[0-9][0-9].txt"))
    if not paths:
        raise DataError(f"{folder} holds no Omniglot strokes: expected Alphabet/character01/0001_01.txt below it.")
    for path in paths:
        alphabet, character = path.absolute().parts[-3:-1]
        name = f"{alphabet}/{character}/{path.stem}"
        text = f"{alphabet}/{character}"
        if characters is not None and text not in characters:
            yield Refused(name, f"No character is given for {text}.")
            continue
        text = text if characters is None else characters[text]
        try:
            strokes = _omniglot_strokes(path)
        except DataError as error:
            yield Refused(name, str(error))
        else:
            yield Ink(name, text, strokes, f"{alphabet}/{path.stem[-2:]}", "omniglot")


def _omniglot_strokes(path: Path) -> tuple[Points, ...]:
    """START, then points x,y,t with y up and below 0, BREAK after each stroke; time in milliseconds."""
    try:
        with path.open("rb") as file:
            rows = file.read(MOST_OMNIGLOT).decode("ascii").split()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read: {error}.") from None
    if not rows or rows[0] != "START":
        raise DataError(f"{path} does not begin with START, so it is no stroke file of Omniglot.")
    strokes: list[list[list[float]]] = [[]]
    for row in rows[1:]:
        if row == "BREAK":
            strokes.append([])
            continue
        try:
            x, y, t = map(float, row.split(","))
        except ValueError:
            raise DataError(f"{path} has the row {row[:40]!r}, which is not x,y,t or BREAK.") from None
        strokes[-1].append([x, 0.0 - y, t])
    if strokes[-1]:
        raise DataError(f"{path} ends without BREAK: it is cut short.")
    return strokes_of([np.array(stroke) for stroke in strokes if stroke])
