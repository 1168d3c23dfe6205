"""The IAM Handwriting Database: English words, lines and forms by 657 writers.

Read from the folder into which its archives are unpacked, each part only where it is needed:

    ascii/words.txt, lines.txt, forms.txt      words/a01/a01-000u/a01-000u-00-00.png
    xml/a01-000u.xml                           lines/a01/a01-000u/a01-000u-00.png
    task/trainset.txt ...                      forms*/a01-000u.png

Marti and Bunke, The IAM-database (IJDAR 2002); the tables describe themselves in their comments. Two things in them
mislead. A row of words.txt has nine fields, though its header explains ten. The beginning of an id is the text that was
copied, not the person: a01-000u and a01-003u are of writer 000, a01-000x is of 001.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from itertools import groupby
from pathlib import Path
from typing import Literal

from tenarai.dataset.iam_xml import Form, read_form
from tenarai.dataset.sample import UNWRITTEN, Refused, Sample, Split
from tenarai.errors import DataError, PictureError
from tenarai.image.clean import Gray
from tenarai.image.read import read_picture
from tenarai.page.layout import Box, Line, Page, Region

Segmented = Literal["ok", "all"]
Spacing = Literal["natural", "tokens"]
Level = Literal["words", "lines"]
Part = Literal["train", "validation1", "validation2", "test"]

LICENCE = "IAM: non-commercial research, by registration"
# The split of the Large Writer Independent Text Line Recognition Task.
PARTS: dict[Part, str] = {
    "train": "trainset.txt",
    "validation1": "validationset1.txt",
    "validation2": "validationset2.txt",
    "test": "testset.txt",
}
MARGIN = 20  # pixels around the handwriting of a form, 1.7 mm at 300 dpi: the rules above and below are further off

_FORM = r"[a-z]\d\d-\d{3}[a-z]?"
_IDS = {"lines": re.compile(rf"({_FORM})-\d\d"), "words": re.compile(rf"({_FORM})-\d\d-\d\d")}
_TASKS = ("task", "largeWriterIndependentTextLineRecognitionTask", "")


@dataclass(frozen=True, slots=True, eq=False)
class IamForm:
    """The handwritten part of a form: `picture` `(height, width) uint8` and, in its pixels, `page` with line boxes and
    text. `box` is where it lay on the form: left, top, right, bottom in pixels."""

    name: str
    picture: Gray
    page: Page
    writer: str
    split: Split | None
    box: tuple[int, int, int, int]
    licence: str = LICENCE


def read_iam_words(path: str | Path, segmented: Segmented = "ok") -> Iterator[Sample | Refused]:
    """The words of words.txt, punctuation marks too; those marked `err`, cut wrongly, only with segmented="all".

    Writer and box, the union of the word's components, come from the XML. Without the folder xml the writer comes from
    forms.txt, None if that is missing too, and the box from words.txt. Refused are pictures that cannot be decoded (two
    of the set are broken), words without components, and damaged rows.
    Raises DataError at once when the folder is not of IAM, and when the files of the split are there but damaged.
    """
    root = _opened(path, "words", segmented)
    return _samples(root, "words", segmented, "tokens", _splits(root))


def read_iam_lines(
    path: str | Path, segmented: Segmented = "all", spacing: Spacing = "natural"
) -> Iterator[Sample | Refused]:
    """The lines of lines.txt.

    `err` says here that the line was cut into words wrongly; line and text are sound, and they belong to the split.
    Natural spacing is in the XML alone. spacing="tokens" gives the tokens of lines.txt with a space between any two,
    "rock , then", which is neither what is on paper nor comparable with natural spacing. A word that its writer struck
    out is the character # in both.
    Refused are pictures that cannot be decoded, lines that the XML lacks, and damaged rows. Raises DataError at once
    when the folder is not of IAM, or lacks xml for natural spacing, and when the files of the split are damaged.
    """
    root = _opened(path, "lines", segmented)
    if spacing not in ("natural", "tokens"):
        raise DataError(f"spacing is {spacing!r}: expected natural or tokens.")
    if spacing == "natural" and not (root / "xml").is_dir():
        raise DataError(f"{root} has no folder xml, and natural spacing is only there: unpack xml.tgz into it.")
    return _samples(root, "lines", segmented, spacing, _splits(root))


def read_iam_forms(path: str | Path) -> Iterator[IamForm | Refused]:
    """The handwritten part of every form with its lines in natural spacing, one region in the order of the XML.

    The printed half holds the same text, so it is cut away: the picture is the box around all lines, 20 pixels wider.
    The box of a line is the union of its words', that of a word the union of its components; words without are left out
    of it. Refused are forms whose picture is missing, broken or not of the size that the XML tells, and those with
    a line of no known place. `split` is that of the form's lines, None where they are in none or in several.
    Raises DataError at once when the folder has no xml, and when the files of the split are damaged.
    """
    root = Path(path)
    files = sorted((root / "xml").glob("*.xml"))
    if not files:
        raise DataError(f"{root} has no xml/*.xml: expected the folder into which IAM's archives are unpacked.")
    return _forms(root, files, _splits(root))


def read_iam_parts(path: str | Path) -> dict[Part, tuple[str, ...]]:
    """The line ids of each part of the split, from trainset.txt, validationset1.txt, validationset2.txt, testset.txt.

    The four lie in the folder, or in `task` or `largeWriterIndependentTextLineRecognitionTask` within it. Raises
    DataError when one is missing, or holds something else, or a line is in two of them.
    """
    root = Path(path)
    folder = next((root / inner for inner in _TASKS if (root / inner / PARTS["train"]).is_file()), None)
    if folder is None:
        raise DataError(f"{root} has no {PARTS['train']}: unpack largeWriterIndependentTextLineRecognitionTask.zip.")
    parts: dict[Part, tuple[str, ...]] = {}
    seen: dict[str, Part] = {}
    for part, name in PARTS.items():
        rows = _text(folder / name).split()
        for row in rows:
            if not _IDS["lines"].fullmatch(row):
                raise DataError(f"{folder / name} holds {row[:40]!r}: expected ids of lines, as a01-000u-00.")
            if seen.setdefault(row, part) != part:
                raise DataError(f"{folder / name} holds {row}, which is in {PARTS[seen[row]]} too.")
        parts[part] = tuple(rows)
    return parts


def check_writers(path: str | Path, parts: Mapping[str, Iterable[str]] | None = None) -> dict[str, tuple[str, ...]]:
    """The writers who are in more than one part, with the parts they are in: empty when the parts are writer disjoint.

    `parts` are ids of lines, words or forms by the name of the part; None takes those of `read_iam_parts`. Writers come
    from the XML. Raises DataError when that of a form is missing or damaged: nothing is taken for disjoint unseen.
    """
    root = Path(path)
    writers: dict[str, str] = {}
    found: dict[str, dict[str, None]] = {}
    for part, names in (read_iam_parts(root) if parts is None else parts).items():
        for name in names:
            match = re.match(_FORM, name)
            if match is None:
                raise DataError(f"{name!r} in {part} is not the id of a form, line or word, as a01-000u-00-00.")
            form = match[0]
            if form not in writers:
                writers[form] = read_form(root, form).writer
            found.setdefault(writers[form], {})[part] = None
    return {writer: tuple(places) for writer, places in sorted(found.items()) if len(places) > 1}


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of words.txt or lines.txt; `line` is the line it is or is in, `box` what the table says of its place."""

    name: str
    form: str
    line: str
    ok: bool
    box: Box | None
    text: str


def _opened(path: str | Path, level: Level, segmented: str) -> Path:
    root = Path(path)
    if segmented not in ("ok", "all"):
        raise DataError(f"segmented is {segmented!r}: expected ok or all.")
    if _table(root, level) is None:
        raise DataError(f"{root} has no ascii/{level}.txt: expected the folder into which IAM's archives are unpacked.")
    return root


def _table(root: Path, name: str) -> Path | None:
    return next((file for file in (root / "ascii" / f"{name}.txt", root / f"{name}.txt") if file.is_file()), None)


def _table_rows(root: Path, name: str) -> list[str]:
    """The rows of a table that are not comments; none when it is missing. The tables have some megabytes."""
    table = _table(root, name)
    rows = _text(table).split("\n") if table else []
    return [row.rstrip("\r") for row in rows if row.strip() and not row.startswith("#")]


def _text(file: Path) -> str:
    try:
        return file.read_text("iso-8859-1")
    except OSError as error:
        raise DataError(f"{file} cannot be read: {error.strerror}.") from None


def _splits(root: Path) -> dict[str, Split]:
    """The part of each line; empty where the files of the split are not there. Both validation parts are one here."""
    if not any((root / inner / PARTS["train"]).is_file() for inner in _TASKS):
        return {}
    splits: dict[str, Split] = {}
    for part, lines in read_iam_parts(root).items():
        known: Split = "validation" if part == "validation1" or part == "validation2" else part
        splits |= dict.fromkeys(lines, known)
    return splits


def _row(row: str, level: Level) -> _Row | Refused:
    # Id, ok or err, gray level, in lines.txt the number of components, x, y, width, height, in words.txt the part of
    # speech, and then the text with all its spaces.
    fields = row.split(" ", 8)
    match = _IDS[level].fullmatch(fields[0])
    first = 3 if level == "words" else 4
    try:
        left, top, width, height = (int(field) for field in fields[first : first + 4])
        if match is None or fields[1] not in ("ok", "err") or not fields[8].strip():
            raise ValueError
        box = Box(left, top, left + width, top + height) if min(left, top, width - 1, height - 1) >= 0 else None
    except (ValueError, IndexError, DataError):
        return Refused(
            fields[0][:40], f"Its row in {level}.txt is not an id, ok or err, numbers and a text: {row[:80]!r}."
        )
    name, text = fields[0], fields[8]
    if level == "words":
        return _Row(name, match[1], name.rsplit("-", 1)[0], fields[1] == "ok", box, text)
    return _Row(name, match[1], name, fields[1] == "ok", box, text.replace("|", " "))


def _samples(
    root: Path, level: Level, segmented: Segmented, spacing: Spacing, splits: Mapping[str, Split]
) -> Iterator[Sample | Refused]:
    has_xml = (root / "xml").is_dir()
    writers = dict(row.split(" ")[:2] for row in _table_rows(root, "forms") if " " in row)
    read = (_row(row, level) for row in _table_rows(root, level))
    # Rows of one form follow each other, so that each XML is read once.
    for name, rows in groupby(read, key=lambda row: row.form if isinstance(row, _Row) else None):
        form: Form | DataError | None = None
        if has_xml and name is not None:
            try:
                form = read_form(root, name)
            except DataError as error:
                form = error
        for row in rows:
            if isinstance(row, Refused):
                yield row
            elif row.ok or segmented == "all":
                writer = form.writer if isinstance(form, Form) else writers.get(row.form)
                yield _sample(root, level, row, form, spacing, writer, splits.get(row.line))


def _sample(
    root: Path,
    level: Level,
    row: _Row,
    form: Form | DataError | None,
    spacing: Spacing,
    writer: str | None,
    split: Split | None,
) -> Sample | Refused:
    text, box = row.text, row.box
    if isinstance(form, DataError):
        return Refused(row.name, str(form))
    if form is not None:
        line = form.lines.get(row.line)
        if line is None or (level == "words" and row.name not in line.words):
            return Refused(row.name, f"The XML of {row.form} does not have it.")
        box = line.words[row.name] if level == "words" else line.box
        text = line.text if level == "lines" and spacing == "natural" else text
    if level == "words" and box is None:
        return Refused(row.name, "It has no components, so nobody knows where on the page it is.")
    if not text.strip():
        return Refused(row.name, UNWRITTEN)
    try:
        picture = read_picture(root / level / row.form.split("-")[0] / row.form / f"{row.name}.png")
    except PictureError as error:
        return Refused(row.name, str(error))
    return Sample(
        name=row.name,
        picture=picture,
        text=text,
        source="IAM",
        kind="word" if level == "words" else "line",
        writer=writer,
        page=row.form,
        split=split,
        licence=LICENCE,
        box=None if box is None else _whole(box),
        direction="horizontal",
    )


def _whole(box: Box) -> tuple[int, int, int, int]:
    return int(box.left), int(box.top), int(box.right), int(box.bottom)


def _forms(root: Path, files: list[Path], splits: Mapping[str, Split]) -> Iterator[IamForm | Refused]:
    for file in files:
        try:
            form = read_form(root, file.stem)
            pictures = sorted(root.glob(f"forms*/{form.name}.png"))
            if not pictures:
                raise DataError(f"There is no picture forms*/{form.name}.png.")
            yield _handwriting(form, read_picture(pictures[0]), splits)
        except (DataError, PictureError) as error:
            yield Refused(file.stem, str(error))


def _handwriting(form: Form, gray: Gray, splits: Mapping[str, Split]) -> IamForm:
    if gray.shape != (form.height, form.width):
        size = f"{gray.shape[1]} x {gray.shape[0]}"
        raise DataError(f"Its picture has {size} pixels, its XML says {form.width} x {form.height}: boxes do not fit.")
    boxes = [(line, line.box) for line in form.lines.values()]
    placed = [(line, box) for line, box in boxes if box is not None]
    if not placed or len(placed) < len(boxes):
        lost = next((line.name for line, box in boxes if box is None), "the form")
        raise DataError(f"No word of {lost} has components, so nobody knows where on the page it is.")
    ink = reduce(Box.union, [box for _, box in placed])
    if ink.left < 0 or ink.top < 0 or ink.right > form.width or ink.bottom > form.height:
        raise DataError(f"Its components reach to {_whole(ink)}, outside its {form.width} x {form.height} pixels.")
    left, top = max(0, int(ink.left) - MARGIN), max(0, int(ink.top) - MARGIN)
    right, bottom = min(form.width, int(ink.right) + MARGIN), min(form.height, int(ink.bottom) + MARGIN)
    lines = tuple(Line(box.shifted(-left, -top), "horizontal", line.text, source="IAM") for line, box in placed)
    region = Region(ink.shifted(-left, -top), lines)
    parts = {splits[line.name] for line in form.lines.values() if line.name in splits}
    return IamForm(
        name=form.name,
        picture=gray[top:bottom, left:right].copy(),
        page=Page(right - left, bottom - top, (region,), form.name),
        writer=form.writer,
        split=parts.pop() if len(parts) == 1 else None,
        box=(left, top, right, bottom),
    )
