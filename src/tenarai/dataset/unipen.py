"""UNIPEN 1.0 (Guyon et al. 1994, http://unipen.nici.ru.nl/unipen.def), pen strokes as text: read and written.

A keyword stands at the beginning of a line, what belongs to it follows up to the next. Components - the points between
.PEN_DOWN and .PEN_UP, or .PEN_UP and .PEN_DOWN, where there are any - are counted from 0, points within them too, and a
.SEGMENT names the components that a word or character is made of. y runs upwards.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from tenarai.dataset.sample import Refused
from tenarai.dataset.strokes import Ink
from tenarai.errors import DataError
from tenarai.image.ink import Points, strokes_of
from tenarai.page.formats.document import MOST_BYTES, file_bytes
from tenarai.text.error_rate import graphemes

SUFFIXES = (".dat", ".unp", ".upn", ".unipen")
MOST_INCLUDES = 1000
LARGER = ("PAGE", "PARAGRAPH")  # than a line: what has lines of its own is no drawing
_KEYWORD = re.compile(r"^\.([A-Za-z][A-Za-z0-9_]*)", re.MULTILINE)
_LABEL = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_RANGE = re.compile(r"(\d{1,9})(?::(\d{1,9}))?(?:-(\d{1,9})(?::(\d{1,9}))?)?")
_SHIFT_JIS = re.compile(r"JISx([0-9A-Fa-f]{4})(?:_'.*')?", re.DOTALL)  # kanji, in UNIPEN's own words
_ESCAPES = {"t": "\t", "n": "\n"}


@dataclass(frozen=True, slots=True)
class _Component:
    """`points` are `(n, 2 or 3) float64`, y down; `fault` says what is wrong with them."""

    points: Points
    down: bool
    fault: str = ""


@dataclass(frozen=True, slots=True)
class _Segment:
    level: str
    delineation: str  # "" where it says none
    text: str
    writer: str | None
    source: str | None
    components: list[_Component]  # of its set, also those that come later in the file


@dataclass(slots=True)
class _Document:
    """A file and what it includes, as far as it has been read."""

    path: Path
    folders: tuple[Path, ...]
    channels: list[str] = field(default_factory=lambda: ["X", "Y"])
    levels: list[str] = field(default_factory=list)
    resolution: dict[str, float] = field(default_factory=dict)
    rate: float = 0.0  # points per second, where it is said
    clock: float = 0.0  # milliseconds, when the next component begins
    last: float = 0.0  # when the component before ended
    writer: str | None = None
    source: str | None = None
    components: list[_Component] = field(default_factory=list)
    segments: list[_Segment] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    within: list[Path] = field(default_factory=list)  # the files that are being read
    included: int = 0
    left: int = MOST_BYTES


def read_unipen(path: str | Path, level: str | None = None) -> Iterator[Ink | Refused]:
    """The segments of a UNIPEN file that are labelled, of one `level` of its hierarchy: CHARACTER, WORD, LINE or what
    it calls them; without it the outermost below PARAGRAPH. What their labels say is the text.

    Included files are looked for in the folder of the file and, as UNIPEN's own distribution has them, in the folder
    `include` beside its folder `data`; one that is missing is Refused. Raises DataError for a file that is not UNIPEN,
    has no such segment, or includes what lies outside these folders.
    """
    path = Path(path)
    above = [parent.with_name("include") for parent in path.absolute().parents if parent.name == "data"]
    document = _Document(path, (path.parent, *above))
    _read(document, path)
    levels = list(dict.fromkeys([*document.levels, *(segment.level for segment in document.segments)]))
    labelled = [name for name in levels if any(segment.level == name for segment in document.segments)]
    chosen = _same(level) if level is not None else next((name for name in labelled if name not in LARGER), "")
    segments = [segment for segment in document.segments if segment.level == chosen]
    if not segments:
        has = f"it has {', '.join(labelled)}" if labelled else "it has none at all"
        raise DataError(f"{path} has no .SEGMENT of {chosen or 'lines, words or characters'} with a label: {has}.")
    return _inks(document, segments)


def _inks(document: _Document, segments: list[_Segment]) -> Iterator[Ink | Refused]:
    yield from document.refused
    for number, segment in enumerate(segments, 1):
        name = f"{document.path.stem}:{number}"
        try:
            strokes = strokes_of(list(_strokes(segment)))
        except DataError as error:
            yield Refused(name, str(error))
        else:
            yield Ink(name, segment.text, strokes, segment.writer, segment.source or document.path.stem)


def _strokes(segment: _Segment) -> Iterator[Points]:
    """What a segment's delineation names, the raised pen left out."""
    components = segment.components
    for part, first, start, last, stop in _ranges(segment.delineation):
        if not first <= last < len(components):
            raise DataError(f"Its .SEGMENT has the strokes {part}, but there are {len(components)}, counted from 0.")
        for number in range(first, last + 1):
            component = components[number]
            if component.fault:
                raise DataError(f"Its stroke {number} {component.fault}.")
            count = len(component.points)
            begin = start if start is not None and number == first else 0
            end = stop if stop is not None and number == last else count - 1
            if not begin <= end < count:
                raise DataError(f"Its .SEGMENT has the points {part}, but stroke {number} has {count}, counted from 0.")
            if component.down:
                yield component.points[begin : end + 1]


def _ranges(delineation: str) -> Iterator[tuple[str, int, int | None, int, int | None]]:
    """Of a list of components `3`, ranges `3-5` and points `3:0-5:12`, both ends within: what it says, and from which
    point of which component to which."""
    if not delineation:
        raise DataError("Its .SEGMENT does not say which strokes it has.")
    for part in delineation.split(","):
        match = _RANGE.fullmatch(part)
        if match is None:
            raise DataError(f"Its .SEGMENT has the strokes {delineation[:40]!r}, which are no numbers and ranges.")
        first, start, last, stop = (None if group is None else int(group) for group in match.groups())
        yield part, first or 0, start, (first or 0) if last is None else last, start if last is None else stop


def _read(document: _Document, path: Path) -> None:
    """Takes in a file and, where it names them, others."""
    data = file_bytes(path, document.left)
    document.left -= len(data)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")  # UNIPEN knows ASCII alone, but what was written before UTF-8 was common
    _, *statements = _KEYWORD.split(text.replace("\r\n", "\n").replace("\r", "\n"))
    if not statements:
        raise DataError(f"{path} is not UNIPEN: no line of it begins with a keyword such as .VERSION.")
    document.within.append(path.resolve())
    for keyword, content in zip(statements[::2], statements[1::2], strict=True):
        _take(document, path, keyword.upper(), content)
    document.within.pop()


def _take(document: _Document, path: Path, keyword: str, content: str) -> None:
    words = content.split()
    match keyword:
        case "INCLUDE":
            _include(document, " ".join(words))
        case "COORD":
            document.channels = [word.upper() for word in words]
            if not {"X", "Y"} <= set(document.channels):
                raise DataError(f"{path} has the coordinates {' '.join(words)[:40] or 'none'}: X and Y are needed.")
        case "HIERARCHY":
            document.levels = [_same(word) for word in words]
        case "X_POINTS_PER_INCH" | "Y_POINTS_PER_INCH" | "X_POINTS_PER_MM" | "Y_POINTS_PER_MM":
            document.resolution[keyword[0]] = _number(path, keyword, words) * (25.4 if keyword.endswith("MM") else 1.0)
        case "POINTS_PER_SECOND":
            document.rate = _number(path, keyword, words)
        case "DT":
            document.clock = document.last + _number(path, keyword, words)
        case "WRITER_ID":
            document.writer = _known(words)
        case "DATA_SOURCE":
            document.source = _known(words)
        case "START_SET":
            document.components = []  # counted from 0 again
        case "PEN_DOWN" | "PEN_UP" if words:
            document.components.append(_component(document, words, keyword == "PEN_DOWN"))
        case "SEGMENT":
            _segment(document, content)


def _known(words: list[str]) -> str | None:
    return None if words in ([], ["?"]) else " ".join(words)


def _number(path: Path, keyword: str, words: list[str]) -> float:
    try:
        value = float(words[0])
    except (IndexError, ValueError):
        value = -1.0
    if not 0 <= value < 1e12:
        raise DataError(f"{path} has .{keyword} {' '.join(words)[:40]}: expected a number, at least 0.")
    return value


def _include(document: _Document, name: str) -> None:
    plain = name.replace("\\", "/")
    if not plain or plain.startswith("/") or ":" in plain or ".." in plain.split("/"):
        raise DataError(f"{document.path} includes {name!r}, which does not lie in its folder: put it there.")
    document.included += 1
    if document.included > MOST_INCLUDES:
        raise DataError(f"{document.path} includes more than {MOST_INCLUDES:,} files: split it.")
    for folder in document.folders:
        path = folder / plain
        try:
            found = path.is_file()
        except OSError:  # a name that is too long for a file
            found = False
        if not found:
            continue
        if not path.resolve().is_relative_to(folder.resolve()):
            raise DataError(
                f"{document.path} includes {name!r}, a link that leads out of its folder: put the file there."
            )
        if path.resolve() in document.within:
            raise DataError(f"{document.path} includes {name!r} within itself.")
        _read(document, path)
        return
    document.refused.append(Refused(name, f"{document.path.name} includes it, but it is not in the folder."))


def _component(document: _Document, words: list[str], down: bool) -> _Component:
    channels = document.channels
    nothing = np.empty((0, 2))
    try:
        values = np.array(words, np.float64)
    except ValueError:
        return _Component(nothing, down, "has coordinates that are not numbers")
    if len(values) % len(channels):
        fault = f"has {len(values)} numbers, which are not points of {len(channels)}: it is damaged or cut short"
        return _Component(nothing, down, fault)
    rows = values.reshape(-1, len(channels))
    across, along = document.resolution.get("X", 0.0), document.resolution.get("Y", 0.0)
    columns: list[Points] = [rows[:, channels.index("X")], 0.0 - rows[:, channels.index("Y")]]
    if across and along and across != along:
        with np.errstate(over="ignore"):  # what is infinite is refused later
            columns[1] *= across / along
    if "T" in channels:
        columns.append(rows[:, channels.index("T")])
    elif document.rate:
        step = 1000.0 / document.rate
        columns.append(np.asarray(document.clock + step * np.arange(len(rows)), np.float64))
        document.last = float(columns[2][-1])
        document.clock = document.last + step
    return _Component(np.stack(columns, axis=1), down)


def _segment(document: _Document, content: str) -> None:
    """Level, delineation, quality, label; what has no label says nothing."""
    label = _LABEL.search(content)
    level, *said = (content[: label.start()].split() if label else []) or [""]
    if label is None or not level:
        return
    delineation = said[0] if said and said[0][0].isdigit() else ""
    document.segments.append(
        _Segment(_same(level), delineation, _text(label[1]), document.writer, document.source, document.components)
    )


def _same(level: str) -> str:
    return {"CHAR": "CHARACTER"}.get(level.upper(), level.upper())


def _text(label: str) -> str:
    kanji = _SHIFT_JIS.fullmatch(label)
    if kanji is not None:
        character = bytes.fromhex(kanji[1]).decode("shift_jis", "ignore")
        return character if len(character) == 1 else label
    plain = re.sub(r"[\t\n]", " ", label)
    return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), plain)


def unipen_files(folder: Path) -> list[Path]:
    """The UNIPEN files of a folder and below it, but for those that others include or that have no segments.

    Raises DataError when there is none.
    """
    files: dict[Path, bytes] = {}
    for file in sorted(folder.rglob("*")):
        if file.suffix.lower() in SUFFIXES and file.is_file():
            data = file_bytes(file)
            if re.search(rb"^\.(?:SEGMENT|INCLUDE)\b", data, re.MULTILINE):
                files[file] = data
    included = {
        (file.parent / name.decode("latin-1").strip()).resolve()
        for file, data in files.items()
        for name in re.findall(rb"^\.INCLUDE[ \t]+([^\r\n\0]+)", data, re.MULTILINE)
    }
    found = [file for file in files if file.resolve() not in included]
    if not found:
        raise DataError(f"{folder} holds no UNIPEN file with segments: expected {', '.join(SUFFIXES)}.")
    return found


def write_unipen(inks: Iterable[Ink], path: str | Path) -> None:
    """The drawings as one UNIPEN file in UTF-8, a .SEGMENT each, all of one level; `read_unipen` gives them back, named
    anew, and those without a source as of a source that is called as the file.

    Raises DataError for a drawing without points, and for text that UNIPEN cannot hold.
    """
    listed = list(inks)
    level = "LINE" if any(len(graphemes(ink.text)) != 1 for ink in listed) else "CHARACTER"
    rows = [".VERSION 1.0", f".HIERARCHY {level}"]
    writer, source, columns, number = "?", "?", 0, 0
    for ink in listed:
        strokes = [points for points in ink.strokes if len(points)]
        if not strokes:
            raise DataError(f"The drawing {ink.name} has no point: it must have at least one.")
        if (own := _said(ink.writer)) != writer:
            rows.append(f".WRITER_ID {(writer := own)}")
        if (own := _said(ink.source)) != source:
            rows.append(f".DATA_SOURCE {(source := own)}")
        rows.append(f'.SEGMENT {level} {number}-{number + len(strokes) - 1} ? "{_label(ink.text)}"')
        number += len(strokes)
        for points in strokes:
            if points.shape[1] != columns:
                columns = points.shape[1]
                rows.append(".COORD X Y T" if columns == 3 else ".COORD X Y")
            upwards = points * ((1.0, -1.0, 1.0)[:columns])
            numbers = (" ".join(np.format_float_positional(v, trim="-") for v in row) for row in upwards.tolist())
            rows += [".PEN_DOWN", *numbers, ".PEN_UP"]
    try:
        Path(path).write_bytes("\n".join([*rows, ""]).encode())
    except UnicodeEncodeError:
        raise DataError("A drawing has text with half of a surrogate pair, which is no text: take it out.") from None


def _said(value: str | None) -> str:
    if value == "?" or (value and " ".join(value.split()) != value):
        raise DataError(
            f"UNIPEN cannot hold {value!r} as a writer or source: name them without breaks and double spaces."
        )
    return value or "?"


def _label(text: str) -> str:
    if "\r" in text:
        raise DataError(f"UNIPEN cannot hold {text!r}: take the carriage return out.")
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t").replace("\n", "\\n")
    return f"\\{escaped}" if _SHIFT_JIS.fullmatch(escaped) else escaped
