"""One's own pictures with their text: a folder a class, a table (CSV, TSV), Parquet as Hugging Face keeps it, or lines
with their text beside them.

    for sample in read_own("characters"):
        sample.picture, sample.text, sample.kind
"""

import csv
import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

from tenarai.dataset.pages import picture_path
from tenarai.dataset.pairs import PICTURES, read_pairs
from tenarai.dataset.sample import UNWRITTEN, Kind, Refused, Sample
from tenarai.errors import DataError, PictureError
from tenarai.image.clean import find_inverted
from tenarai.image.read import Source, read_picture
from tenarai.page.formats.document import file_bytes, text_of
from tenarai.text.error_rate import graphemes

Items = Iterator[Sample | Refused]

FILES = ("file", "filename", "file_name", "image", "path", "image_path", "filepath", "img", "picture")
TEXTS = ("text", "transcription", "transcript", "label", "word_col", "word", "sentence", "character", "char", "unicode",
         "ground_truth", "gt")  # fmt: skip
WRITERS = ("writer", "writer_id", "author", "user")
CODES = ("codepoint", "code", "unicode")
_CODE = re.compile(r"[Uu]\+?([0-9A-Fa-f]{4,6})")


def read_own(path: str | Path, kind: Kind | None = None) -> Items:
    """Whatever of these a path is: a folder of class folders, a folder or list of lines, a table, a Parquet file.

    Without `kind`, a text of one grapheme is a character, and all else lines. Pictures with bright ink come out with
    dark. Raises DataError for what is none of these; a picture that cannot be read is Refused.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix in (".csv", ".tsv"):
        return read_table(path, kind)
    if suffix == ".parquet":
        return read_parquet(path, kind)
    if path.is_dir():
        inside = list(path.iterdir())
        if any(child.suffix.lower() == ".parquet" for child in inside):
            return read_parquet(path, kind)
        if any(child.is_dir() for child in inside) and not any(child.suffix == ".jsonl" for child in inside):
            return read_classes(path, kind=kind)
    return _pairs(path, kind)


def read_classes(folder: str | Path, classes: str | Path | None = None, kind: Kind | None = "character") -> Items:
    """Pictures in one folder a class, which is called by its character, its code (U+3042), or a name of `classes`.

    `classes` is a CSV that gives names their characters: a column that holds the folders' names (name, class, index,
    label, ...) and one `char` or `codepoint`. Raises DataError when there is no class folder or the map is damaged.
    """
    folder = Path(folder)
    names = _class_map(Path(classes)) if classes is not None else None
    found = sorted(child for child in folder.iterdir() if child.is_dir() and not child.name.startswith(".")) \
        if folder.is_dir() else []  # fmt: skip
    if not found:
        raise DataError(f"{folder} holds no folder for each class: expected folders called あ or U+3042 in it.")
    return _classes(folder, found, names, kind)


def _classes(folder: Path, found: list[Path], names: Mapping[str, str] | None, kind: Kind | None) -> Items:
    for place in found:
        text = names.get(place.name) if names is not None else _character(place.name)
        if not text:
            yield Refused(place.name, "The folder is called by neither a character nor its code: give a class map.")
            continue
        for file in sorted(file for file in place.rglob("*") if file.suffix.lower() in PICTURES):
            name = file.relative_to(folder).as_posix()
            yield _sample(name, partial(picture_path, folder, name), text, folder.absolute().name, kind)


def _character(name: str) -> str:
    """The text of a class by its name: the code that it writes, or else itself."""
    code = _CODE.fullmatch(name)
    if code is None:
        return name if len(graphemes(name)) == 1 else ""
    number = int(code[1], 16)
    return chr(number) if number < 0x110000 and not 0xD800 <= number < 0xE000 else ""


def _class_map(path: Path) -> dict[str, str]:
    rows = _rows(path)
    header = [name.strip().lower() for name in rows[0]]
    text = next((header.index(name) for name in ("char", "character", "text", *CODES) if name in header), None)
    if text is None or len(header) < 2:
        raise DataError(f"{path} has the columns {', '.join(rows[0])}: expected a name and a char or codepoint.")
    key = next((i for i, name in enumerate(header) if i != text and name not in CODES), 1 - text if text < 2 else 0)
    return {row[key].strip(): _character(row[text].strip()) for row in rows[1:] if len(row) > max(key, text)}


def read_table(path: str | Path, kind: Kind | None = None) -> Items:
    """A CSV or TSV with a column of picture files and one of text, found by their names; the files lie beside it.

    A column `writer` is kept. Raises DataError when the table is damaged or has no such columns.
    """
    path = Path(path)
    rows = _rows(path)
    header = [name.strip().lower() for name in rows[0]]
    file, text, writer = (_column(header, names) for names in (FILES, TEXTS, WRITERS))
    if file is None or text is None:
        raise DataError(
            f"{path} has the columns {', '.join(rows[0])[:200]}: expected one of files (file, filename, image, path) "
            f"and one of text (text, label, transcription)."
        )
    return _table(path, rows, file, text, writer, kind)


def _column(header: list[str], names: tuple[str, ...]) -> int | None:
    return next((header.index(name) for name in names if name in header), None)


def _table(path: Path, rows: list[list[str]], file: int, text: int, writer: int | None, kind: Kind | None) -> Items:
    seen: dict[str, int] = {}
    for number, row in enumerate(rows[1:], 2):
        if not row:
            continue
        if len(row) != len(rows[0]):
            yield Refused(f"{path.name}:{number}", f"The row has {len(row)} fields, the header {len(rows[0])}.")
            continue
        named = row[file].strip()
        seen[named] = seen.get(named, 0) + 1
        name = named if seen[named] == 1 else f"{named}#{seen[named]}"
        who = row[writer].strip() or None if writer is not None else None
        load = partial(picture_path, path.parent, named)
        yield _sample(name, load, row[text].strip(), path.absolute().parent.name, kind, who)


def _rows(path: Path) -> list[list[str]]:
    text = text_of(file_bytes(path), str(path))
    # A comma in a transcription does not make a TSV a CSV: the header decides.
    head = text.split("\n", 1)[0]
    delimiter = max("\t,;", key=head.count)
    try:
        rows = list(csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise DataError(f"{path} is a damaged table ({error}): save it again as CSV.") from None
    if not rows or not any(rows[0]):
        raise DataError(f"{path} has no header: its first row names the columns.")
    return rows


def read_parquet(path: str | Path, kind: Kind | None = None) -> Items:
    """Parquet files as `datasets` writes them: a column of pictures, bytes or `{bytes, path}`, and one of text.

    Labels that are numbers become the names that the schema's metadata gives them. `path` is a file or a folder of
    files. Raises DataError when it is damaged or has no such columns.
    """
    path = Path(path)
    files = sorted(path.glob("*.parquet")) if path.is_dir() else [path]
    if not files:
        raise DataError(f"{path} holds no Parquet file.")
    return (item for file in files for item in _parquet(file, kind))


def _parquet(path: Path, kind: Kind | None) -> Items:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise DataError('Parquet needs the package pyarrow: run pip install "tenarai[dataset]".') from None
    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            schema = file.schema_arrow
            header = [name.lower() for name in schema.names]
            image, text, writer = (_column(header, names) for names in (FILES, TEXTS, WRITERS))
            if image is None or text is None:
                raise DataError(
                    f"{path} has the columns {', '.join(schema.names)}: expected an image and a text or label."
                )
            names = _label_names(schema.metadata or {}, schema.names[text])
            columns = [schema.names[i] for i in (image, text, writer) if i is not None]
            number = 0
            for batch in file.iter_batches(batch_size=64, columns=columns):
                for row in batch.to_pylist():
                    number += 1
                    values = [row[column] for column in columns]
                    yield _stored(path, f"{path.stem}:{number}", values, names, kind)
    except (OSError, pyarrow.ArrowException, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read as Parquet ({str(error)[:200]}): download it again.") from None


def _label_names(metadata: Mapping[bytes, bytes], column: str) -> list[str] | None:
    """The names of a ClassLabel, from the metadata that `datasets` leaves in the schema."""
    try:
        feature = json.loads(metadata[b"huggingface"])["info"]["features"][column]
        names = feature["names"]
        return [str(name) for name in names] if isinstance(names, list) else None
    except (KeyError, TypeError, ValueError, RecursionError):
        return None


def _stored(path: Path, name: str, values: list[Any], names: list[str] | None, kind: Kind | None) -> Sample | Refused:
    image, label, *writer = values
    if isinstance(label, int) and not isinstance(label, bool):
        if names is None or not 0 <= label < len(names):
            return Refused(name, f"Its label is the number {label}, and the file does not say what that stands for.")
        label = names[label]
    if not isinstance(label, str):
        return Refused(name, UNWRITTEN)
    who = str(writer[0]) if writer and writer[0] is not None else None
    data = image.get("bytes") if isinstance(image, Mapping) else image
    place = image.get("path") if isinstance(image, Mapping) else image
    source = path.absolute().parent.name
    if isinstance(data, bytes):
        return _sample(name, partial(bytes, data), label, source, kind, who)
    if isinstance(place, str):
        return _sample(name, partial(picture_path, path.parent, place), label, source, kind, who)
    return Refused(name, "It has no picture.")


def _pairs(path: Path, kind: Kind | None) -> Items:
    directions = ("auto", "horizontal", "vertical")
    for pair in read_pairs(path):
        direction = next((known for known in directions if known == pair.direction), "auto")
        yield _sample(pair.name, pair.load, pair.text, path.absolute().stem, kind, pair.writer, direction)


def _sample(
    name: str,
    load: Callable[[], Source],
    text: str,
    source: str,
    kind: Kind | None,
    writer: str | None = None,
    direction: Any = "auto",
) -> Sample | Refused:
    if not text:
        return Refused(name, UNWRITTEN)
    try:
        picture = read_picture(load())
    except (DataError, PictureError) as error:
        return Refused(name, str(error))
    if find_inverted(picture):
        picture = 255 - picture
    own: Kind = kind or ("character" if len(graphemes(text)) == 1 else "line")
    return Sample(name, picture, text, source, own, writer, direction=direction)
