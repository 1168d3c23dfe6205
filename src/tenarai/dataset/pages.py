"""Pages with a layout file - PAGE XML, ALTO, hOCR, VIA, COCO, tenarai's own - cut into pictures of lines or characters.

A line is cut out by its polygon, and what lies outside becomes paper. Straightening is left to reading. The pictures
lie in the folder of the layout file, or in the one that is named.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath

import cv2
import numpy as np

from tenarai.dataset.pairs import PICTURES, LinePair
from tenarai.dataset.sample import UNWRITTEN, Kind, Refused, Sample
from tenarai.errors import DataError, PictureError
from tenarai.image.clean import Gray, background, find_inverted
from tenarai.image.read import read_picture
from tenarai.page.formats import read_layout
from tenarai.page.layout import Box, Line, Page, Point, picture_of
from tenarai.text.error_rate import graphemes

LAYOUTS = (".xml", ".json", ".csv", ".hocr", ".tsv")


def read_pages(
    path: str | Path,
    *,
    characters: bool = False,
    pictures: str | Path | None = None,
    dpi: float | None = None,
    source: str | None = None,
    licence: str = "",
) -> Iterator[Sample | Refused]:
    """The lines of a layout file, or of every layout file of a folder, in reading order; with `characters` the boxes of
    characters and words in their place.

    `pictures` is the folder of the pictures, that of the layout file unless given; `dpi` as in `formats.read_layout`;
    `source` names the corpus, by default as the folder is called. Raises DataError when the path is missing, holds no
    layout, or is one layout file that cannot be read; in a folder such a file is Refused.
    """
    for found in _layouts(Path(path), pictures, dpi):
        if isinstance(found, Refused):
            yield found
        else:
            known = found.file.absolute().parent.name if source is None else source
            yield from _samples(found, characters, known, licence)


def read_whole_pages(path: Path) -> list[LinePair]:
    """The pages of a layout file, or of every layout file of a folder, with the text of their lines in reading order.

    Raises DataError when the path is missing or holds no layout with text, and for a layout that cannot be read.
    """
    pages = []
    for found in _layouts(path):
        if isinstance(found, Refused):
            raise DataError(f"{found.name}: {found.reason}")
        text = "\n".join(line.text for line in found.page.lines if line.text)
        if text:
            pages.append(LinePair(found.name, text, found.picture, page=found.name, whole=True))
    if not pages:
        raise DataError(f"{path} holds no page with text.")
    return pages


@dataclass(frozen=True, slots=True)
class _Layout:
    """A page of a layout file, by a name that no other has."""

    file: Path
    name: str
    page: Page
    folder: Path

    def picture(self) -> Gray:
        """Raises DataError or PictureError when there is none, or none that can be read."""
        if self.page.source:
            return read_picture(*page_picture(self.folder, self.page.source))
        return read_picture(_namesake(self.folder, self.file.stem))


def _layouts(path: Path, pictures: str | Path | None = None, dpi: float | None = None) -> Iterator[_Layout | Refused]:
    if path.is_dir():
        files = sorted(file for file in path.iterdir() if file.suffix.lower() in LAYOUTS and file.is_file())
        if not files:
            raise DataError(f"{path} holds no layout file: expected {', '.join(LAYOUTS)} beside the pictures.")
    else:
        files = [path]
    seen: set[str] = set()
    for file in files:
        folder = file.parent if pictures is None else Path(pictures)
        try:
            pages = read_layout(file, dpi)
        except DataError as error:
            if path == file:
                raise
            yield Refused(file.name, str(error))
            continue
        for page in pages:
            # A layout without a picture's name belongs to the picture that is called as it is.
            name = page.source or file.stem
            name = f"{file.name}/{name}" if name in seen else name
            seen.add(name)
            yield _Layout(file, name, page, folder)


def _samples(found: _Layout, characters: bool, source: str, licence: str) -> Iterator[Sample | Refused]:
    page, name = found.page, found.name
    try:
        picture = found.picture()
    except (DataError, PictureError) as error:
        yield Refused(name, str(error))
        return
    # Other notes say what the picture was like, and lose nothing.
    lost = [
        f"{note}: {value:g}" for note, value in page.notes if note.endswith("left out") and isinstance(value, float)
    ]
    if lost:
        yield Refused(name, "; ".join(lost))
    if find_inverted(picture):
        picture = 255 - picture
    for number, line in enumerate(page.lines, 1):
        for piece_name, box, polygon, text, kind in _pieces(line, f"{name}#{number}", characters):
            direction = line.direction if kind == "line" else "auto"
            try:
                if not text:
                    raise DataError(UNWRITTEN)
                piece, place = cut(picture, box, polygon)
            except DataError as error:
                yield Refused(piece_name, str(error))
                continue
            yield Sample(piece_name, piece, text, source, kind, None, name, None, licence, place, direction)


def _pieces(line: Line, name: str, characters: bool) -> list[tuple[str, Box, Sequence[Point], str, Kind]]:
    if not characters:
        return [(name, line.box, line.polygon, line.text, "line")]
    pieces: list[tuple[str, Box, Sequence[Point], str, Kind]] = []
    for number, found in enumerate(line.characters, 1):
        kind: Kind = "character" if len(graphemes(found.text)) == 1 else "word"
        pieces.append((f"{name}.{number}", found.box, (), found.text, kind))
    return pieces


def cut(picture: Gray, box: Box, polygon: Sequence[Point] = ()) -> tuple[Gray, tuple[int, int, int, int]]:
    """The part of a page in a box, `(height, width) uint8`, and where it lies: left, top, right, bottom in pixels.

    What is outside the polygon is given the light of the paper around it. Raises DataError when the box lies outside
    the picture or has no area.
    """
    height, width = picture.shape
    left, top = max(0, math.floor(box.left)), max(0, math.floor(box.top))
    right, bottom = min(width, math.ceil(box.right)), min(height, math.ceil(box.bottom))
    if left >= right or top >= bottom:
        raise DataError(f"Its box has no area within the picture of {width} x {height} pixels.")
    piece = picture[top:bottom, left:right].copy()
    if len(polygon) > 2:
        inside = np.zeros(piece.shape, np.uint8)
        # A sixteenth of a pixel is fine enough; pixel centres have whole coordinates in OpenCV.
        points = np.rint((np.array(polygon) - (left + 0.5, top + 0.5)) * 16).astype(np.int32)
        cv2.fillPoly(inside, [points.reshape(-1, 1, 2)], 1, cv2.LINE_8, 4)
        piece = np.where(inside > 0, piece, background(piece)).astype(np.uint8)
    return piece, (left, top, right, bottom)


def picture_path(folder: Path, name: str) -> Path:
    """Where the picture of this name lies in a folder: as named, or by the last part of its name.

    Layout files name pictures as they lay on the annotator's machine, so that folders and drives in front mean nothing
    here. Raises DataError when there is none, and for names that lead outside the folder.
    """
    parts = PureWindowsPath(name).parts  # / and \\ both part
    if not name.strip() or "\0" in name or ".." in parts:
        raise DataError(f"The picture {name!r} is named so that it would lie outside its folder: name it plainly.")
    within = Path(*parts) if not PureWindowsPath(name).anchor else Path(parts[-1])
    for candidate in dict.fromkeys((folder / within, folder / parts[-1])):
        try:
            if candidate.is_file():
                if not candidate.resolve().is_relative_to(folder.resolve()):
                    raise DataError(f"The picture {name} is a link that leads outside its folder.")
                return candidate
        except OSError:  # a name that is too long for a file
            continue
    raise DataError(f"There is no picture {parts[-1] if parts else name} in {folder}.")


def page_picture(folder: Path, source: str) -> tuple[Path, int]:
    """Where the picture of a page lies, as `picture_path` finds it, and which frame of it the page is, from 0: the
    source `two.pdf#2` is the second page of two.pdf."""
    name, number = picture_of(source)
    return picture_path(folder, name), number - 1


def _namesake(folder: Path, stem: str) -> Path:
    for suffix in PICTURES:
        if (folder / f"{stem}{suffix}").is_file():
            return picture_path(folder, f"{stem}{suffix}")
    raise DataError(f"The layout names no picture, and there is no {stem}.png or the like in {folder}.")
