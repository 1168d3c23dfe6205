"""Line pictures with their text, as people keep them: a folder of pictures each with a `.gt.txt`, or JSON lines.

JSON lines name the picture (`file`), its `text`, and may say `writer` and `direction`; the pictures lie beside the
file, or in a zip of the same name.
"""

import json
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tenarai.dataset.sample import Split
from tenarai.errors import DataError
from tenarai.image.clean import Gray
from tenarai.image.read import LIMITS

PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp")


@dataclass(frozen=True, slots=True)
class LinePair:
    """One line: `load()` gives the bytes of its picture, or the picture `(height, width) uint8` where it is at hand."""

    name: str
    text: str
    load: Callable[[], bytes | Gray]
    writer: str | None = None
    direction: str = "auto"  # or "horizontal", "vertical"
    boilerplate: bool = False  # a printed or copied form sentence: trained on, but left out of every figure
    split: Split | None = None  # the part that the corpus itself puts it into
    page: str | None = None
    whole: bool = False  # a page, its lines below each other in the text


def at_hand(picture: Gray) -> Gray:
    """What `load` calls, with `functools.partial`, for a picture that need not be read."""
    return picture


def read_pairs(source: Path) -> list[LinePair]:
    """The lines of a folder or of a JSON lines file, in order.

    Raises DataError when the source is missing, holds no line, or a row cannot be understood (named by its number).
    """
    if not source.exists():
        raise DataError(f"There is no {source}: expected a folder of line pictures, or a .jsonl file that lists them.")
    if source.is_dir():
        listed = sorted(source.glob("*.jsonl"))
        pairs = [p for file in listed for p in _from_rows(file)] if listed else list(_from_folder(source))
    elif source.suffix == ".jsonl":
        pairs = list(_from_rows(source))
    else:
        raise DataError(f"{source} is neither a folder of line pictures nor a .jsonl file that lists them.")
    if not pairs:
        raise DataError(f"{source} holds no line: expected pictures with a .gt.txt beside each, or a .jsonl file.")
    return pairs


def _from_folder(folder: Path) -> Iterator[LinePair]:
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() not in PICTURES:
            continue
        truth = path.with_suffix(".gt.txt")
        if truth.exists():
            try:
                text = truth.read_text("utf-8-sig").strip()
            except UnicodeDecodeError:
                raise DataError(f"{truth} is not UTF-8 text.") from None
            yield LinePair(path.name, text, partial(_file_bytes, path))


def _from_rows(file: Path) -> Iterator[LinePair]:
    try:
        # JSON strings may hold U+2028 and other ends of line that splitlines would cut at.
        rows = file.read_text("utf-8-sig").split("\n")
    except FileNotFoundError:
        raise DataError(f"There is no {file}.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{file} cannot be read as JSON lines: {error}.") from None
    packed = file.with_suffix(".zip")
    members: dict[str, str] = {}
    archive: zipfile.ZipFile | None = None
    if packed.exists():
        try:
            archive = zipfile.ZipFile(packed)
        except zipfile.BadZipFile:
            raise DataError(f"{packed} is not a zip file, or is cut short.") from None
        names = archive.namelist()
        members = {Path(name).name: name for name in names} | {name: name for name in names}
    for number, line in enumerate(rows, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            name, text = row["file"], row["text"]
            if not isinstance(name, str) or not isinstance(text, str):
                raise TypeError
        except (ValueError, KeyError, TypeError):
            raise DataError(f'{file}: line {number} is not a JSON object with "file" and "text".') from None
        yield LinePair(
            name,
            text,
            _loader(file, name, archive, members),
            row.get("writer"),
            str(row.get("direction", "auto")),
            bool(row.get("boilerplate", False)),
            page=row.get("page"),
        )


def _loader(file: Path, name: str, archive: zipfile.ZipFile | None, members: dict[str, str]) -> Callable[[], bytes]:
    path = file.parent / name
    member = members.get(name) or members.get(Path(name).name)
    if archive is not None and member is not None:
        return partial(_member_bytes, archive, member)
    if not path.resolve().is_relative_to(file.parent.resolve()):
        raise DataError(f"{file} names {name}, which lies outside its folder.")
    return partial(_file_bytes, path)


def _file_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"The picture {path} cannot be read: {error.strerror}.") from None


def _member_bytes(archive: zipfile.ZipFile, member: str) -> bytes:
    size = archive.getinfo(member).file_size
    if size > LIMITS.max_bytes:  # a zip can promise any size
        raise DataError(f"The picture {member} in {archive.filename} would unpack to {size:,} bytes: no picture does.")
    try:
        return archive.read(member)
    except (OSError, EOFError, NotImplementedError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
        raise DataError(f"The picture {member} in {archive.filename} cannot be read: {error}.") from None
