"""Pages of classical Japanese books with a box for every character: each box as one picture.

Two tables say where the characters are. CODH's Kuzushiji Dataset has a `<book>_coordinate.csv` for every book, one row
a character: Unicode,Image,X,Y,Block ID,Char ID,Width,Height. The Kaggle competition of 2019 has one `train.csv`, one
row a page: image_id, and labels of `U+XXXX x y width height` over and over. Pixels from the top left of the page.
"""

import csv
import re
from collections.abc import Iterator
from pathlib import Path

from tenarai.dataset.sample import Refused, Sample, Split
from tenarai.errors import DataError, PictureError
from tenarai.image.clean import Gray
from tenarai.image.read import read_picture

SOURCE = "Kuzushiji Dataset"
LICENCE = "CC BY-SA 4.0"
COORDINATES = ("Unicode", "Image", "X", "Y", "Width", "Height")
FOLDERS = ("", "images", "train_images")  # where the pages lie beside a table: as shared singly, by CODH, by Kaggle
PICTURES = (".jpg", ".jpeg", ".png", ".webp")

_CODE = re.compile(r"U\+([0-9A-Fa-f]{4,6})")
_PAGE = re.compile(r"\w[\w.-]*")  # a name that cannot lead out of the folder

Place = tuple[str, str, str, str, str]  # code, x, y, width, height, as written


def read_kuzushiji(path: str | Path) -> Iterator[Sample | Refused]:
    """One character a box, cut from the gray page as it is: paper is not white, and a page in which ink is the brighter
    stays so. A page is decoded once and only one is held.

    `path` is a table, or a folder below which are `*coordinate.csv` files or a `train.csv`. The name of a sample is its
    page and its number on the page, from 1 in the order of the table; what Kaggle calls train is of the part train.
    Refused are boxes that do not lie wholly on their page, codes that are no character, and whole pages without a
    picture. Raises DataError when there is no table, and, while reading, when one is not of these two formats.
    """
    path = Path(path)
    if path.is_dir():
        tables = sorted(path.rglob("*coordinate.csv")) or sorted(path.rglob("train.csv"))
        if not tables:
            raise DataError(f"{path} has no table of boxes: expected *_coordinate.csv (CODH) or train.csv (Kaggle).")
    elif path.is_file():
        tables = [path]
    else:
        raise DataError(f"There is no {path}: expected a folder with *_coordinate.csv or train.csv, or such a table.")
    return (sample for table in tables for sample in _table(table))


def _table(table: Path) -> Iterator[Sample | Refused]:
    try:
        with table.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            columns = set(rows.fieldnames or ())
            if columns.issuperset(COORDINATES):
                # A book's table is some megabytes of text; its pages need not be in order.
                pages: dict[str, list[Place]] = {}
                for row in rows:
                    x = [row[name] or "" for name in COORDINATES]
                    pages.setdefault(x[1], []).append((x[0], x[2], x[3], x[4], x[5]))
                for page, places in pages.items():
                    yield from _page(table, page, places, None)
            elif columns.issuperset(("image_id", "labels")):
                split: Split | None = "train" if table.stem == "train" else None
                for row in rows:
                    page, words = row["image_id"] or "", (row["labels"] or "").split()
                    if len(words) % 5:
                        yield Refused(page, f"Its labels are {len(words)} words, expected 5 for each character.")
                    else:
                        yield from _page(table, page, list(zip(*[iter(words)] * 5, strict=True)), split)
            else:
                raise DataError(
                    f"{table} has the columns {', '.join(sorted(columns)) or 'none'}: expected "
                    f"{', '.join(COORDINATES)} (CODH), or image_id, labels (Kaggle)."
                )
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{table} cannot be read as a table of boxes ({error}): expected CSV in UTF-8.") from None


def _page(table: Path, page: str, places: list[Place], split: Split | None) -> Iterator[Sample | Refused]:
    if not places:
        return  # Kaggle lists pages of drawings too
    lost = f"so {len(places)} characters are lost"
    file = _picture_of(table.parent, page)
    if file is None:
        yield Refused(page, f"There is no picture of this page beside {table.name} or in {FOLDERS[1]}/, {lost}.")
        return
    try:
        gray = read_picture(file)
    except PictureError as error:
        yield Refused(page, f"{str(error).removesuffix('.')}, {lost}.")
        return
    for number, place in enumerate(places, 1):
        yield _character(f"{page}/{number:04}", page, gray, place, split)


def _picture_of(folder: Path, page: str) -> Path | None:
    if not _PAGE.fullmatch(page):
        return None
    files = (folder / inner / f"{page}{ending}" for inner in FOLDERS for ending in PICTURES)
    return next((file for file in files if file.is_file()), None)


def _character(name: str, page: str, gray: Gray, place: Place, split: Split | None) -> Sample | Refused:
    code = _CODE.fullmatch(place[0])
    point = int(code[1], 16) if code else -1
    if not 0x20 <= point <= 0x10FFFF or 0xD800 <= point <= 0xDFFF:
        return Refused(name, f"{place[0]!r} is not the code of a character, as U+3042 is.")
    try:
        left, top, width, height = (int(number) for number in place[1:])
    except ValueError:
        return Refused(name, f"Its box is {', '.join(place[1:])}, expected four whole numbers.")
    right, bottom = left + width, top + height
    if not (0 <= left < right <= gray.shape[1] and 0 <= top < bottom <= gray.shape[0]):
        size = f"{gray.shape[1]} x {gray.shape[0]}"
        return Refused(name, f"Its box {left}, {top} to {right}, {bottom} does not lie on the page of {size} pixels.")
    # A copy, so that one character that is kept does not keep its page.
    return Sample(
        name=name,
        picture=gray[top:bottom, left:right].copy(),
        text=chr(point),
        source=SOURCE,
        kind="character",
        page=page,
        split=split,
        licence=LICENCE,
        box=(left, top, right, bottom),
    )
