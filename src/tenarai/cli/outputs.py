"""What the commands write: which formats there are, how files are called, and that a file is whole or not there."""

import os
import re
import tempfile
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from tenarai.errors import DataError, SettingsError

if TYPE_CHECKING:
    from tenarai.page.layout import Page


class Form(StrEnum):
    """The formats that pages are written in."""

    text = "text"
    json = "json"
    pagexml = "pagexml"
    alto = "alto"
    hocr = "hocr"
    tsv = "tsv"
    via = "via"
    coco = "coco"
    iiif = "iiif"
    markdown = "markdown"
    pdf = "pdf"


SUFFIXES: dict[str, str] = {
    "text": ".txt", "json": ".json", "pagexml": ".page.xml", "alto": ".alto.xml", "hocr": ".hocr", "tsv": ".tsv",
    "via": ".via.json", "coco": ".coco.json", "iiif": ".iiif.json", "markdown": ".md", "pdf": ".pdf",
    "overlay": ".overlay.png",
}  # fmt: skip
STREAMED = ("text", "json", "markdown")  # what one page after the other can be written in
PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp", ".gif", ".jp2", ".avif", ".ppm", ".pgm", ".pdf")
_MADE = re.compile(rf"({'|'.join(map(re.escape, PICTURES))})(\.\d+)?(\.overlay\.png|\.pdf)$")


def output_path(out: Path, place: Path, number: int, form: str) -> Path:
    """Where a page is written: scans/a.png -> OUT/scans/a.png.hocr, page 2 of b.pdf -> OUT/b.pdf.2.hocr.

    The picture's own suffix stays in the name: scan.jpg and scan.png in one folder must not overwrite each other.
    """
    page = f".{number}" if number > 1 else ""
    return out / place.with_name(f"{place.name}{page}{SUFFIXES[form]}")


def is_output(path: Path) -> bool:
    """Whether a picture's name is one that tenarai writes beside others: a.png.overlay.png, a.png.pdf."""
    return _MADE.search(path.name.lower()) is not None


def write_whole(path: Path, data: bytes) -> None:
    """Writes a file under another name first, so that nobody ever finds half of it. Makes the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".tenarai-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        mask = os.umask(0)
        os.umask(mask)
        Path(name).chmod(0o666 & ~mask)  # a temporary file is its owner's alone
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def check_report(path: Path | None) -> None:
    """Raises SettingsError for a folder: better said before the reading than after."""
    if path is not None and path.is_dir():
        raise SettingsError(f"{path} is a folder: name the HTML file to write.")


def write_report(path: Path, page: str) -> None:
    """A page of HTML. Raises DataError when it cannot be written there."""
    write_output(path, page.encode())


def write_output(path: Path, data: bytes) -> None:
    """Writes a whole file. Raises DataError when it cannot be written there."""
    try:
        write_whole(path, data)
    except OSError as error:
        raise DataError(f"{path} cannot be written ({error.strerror}): check the folder.") from None


def make_folder(folder: Path) -> None:
    """Makes a folder to write into, and those above it. Raises SettingsError where there can be none, or nothing can be
    written into it: better said before hours of work than after."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        file = next((path for path in (folder, *folder.parents) if path.is_file()), None)
        if file is not None:
            raise SettingsError(f"{file} is a file: name a folder to write into.") from None
        raise SettingsError(f"{folder} cannot be written into ({error.strerror}): name another folder.") from None


def described(page: "Page") -> str:
    """The notes of a page in a row."""
    return ", ".join(f"{name} {value if isinstance(value, str) else round(value, 4)}" for name, value in page.notes)
