"""Picture in, page with text out: the only file that knows the whole flow.

read the picture - clean it - level it - split it into lines - straighten each line - read it - put it in its place
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, reduce
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np

from tenarai.errors import SettingsError, TenaraiError
from tenarai.image.character import framed
from tenarai.image.clean import Gray, clean, find_skew, turned
from tenarai.image.ink import draw_ink, strokes_of
from tenarai.image.line import Straight, straighten
from tenarai.image.read import LIMITS, Limits, Source, camera_turn, read_picture, read_pictures
from tenarai.model.runtime import CharacterRuntime, LineRuntime
from tenarai.page.grid import find_grid
from tenarai.page.layout import Box, Character, Direction, Line, Page, Region
from tenarai.page.place import around, box_of, corners, cut_out, sides, turned_back
from tenarai.page.split import Split, split_lines
from tenarai.text.ctc import Decoding
from tenarai.text.language import DEFAULT_LANGUAGE, Language, LineDecoder, Prior, Words, line_decoder
from tenarai.text.script import characters_of

AskedDirection = Literal["horizontal", "vertical", "auto"]
Characters = str | Iterable[str]
Notes = tuple[tuple[str, str | float], ...]

LEAST_SKEW = 0.004  # radians: below this, turning a page blurs it for nothing
SURELY = 0.7  # probability of one character from which a reading as two is given up
CLEARLY = 1.6  # a line so many times longer than wide runs along its length


@dataclass(frozen=True, slots=True)
class Unread:
    """A picture that could not be read, and why, in one sentence."""

    source: str
    reason: str


@dataclass(frozen=True, slots=True)
class _Asked:
    """How a page is to be read."""

    direction: AskedDirection
    allowed: frozenset[str] | None
    explain: bool
    lines: Sequence[Line] | None = None
    decoder: LineDecoder | None = None

    def __post_init__(self) -> None:
        _check_direction(self.direction)


class Reader:
    """An open model. Reading is deterministic: a line's text does not depend on what is read beside it.

    `threads` lines are read at a time. One Reader may be used from several threads.
    """

    def __init__(self, runtime: LineRuntime, limits: Limits = LIMITS, characters: Path | None = None) -> None:
        self.runtime = runtime
        self.limits = limits
        self._characters_file = characters

    @cached_property
    def characters(self) -> CharacterRuntime:
        """The model of single characters, opened when the first one is read."""
        return CharacterRuntime(self._characters_file or shipped_model("characters"), self.runtime.threads)

    @property
    def alphabet(self) -> tuple[str, ...]:
        """The characters that this reader can give."""
        return self.runtime.header.alphabet.characters[1:]

    def read(
        self,
        picture: Source,
        *,
        direction: AskedDirection = "auto",
        alphabet: Characters | None = None,
        explain: bool = False,
        lines: Sequence[Line] | None = None,
        language: Language = DEFAULT_LANGUAGE,
        lexicon: Words | None = None,
    ) -> Page:
        """A page: path, bytes, stream, Pillow image or array of gray or RGB, to lines in reading order with text.

        `alphabet` names the only characters that may be read beside spaces: see `text.script.characters_of`.
        `explain` puts into `page.notes` what was done to the picture. A blank picture gives a page without lines.
        `lines`, of a layout, are read in their order and by their own directions instead of those that are found: each
        comes back with its text, "" where nothing could be read.
        `language` ("none", "auto", "ja", "latin", a text, a model) and `lexicon` help with what the picture leaves
        open: see `text.language.Prior`.
        Raises PictureError for what is no picture.
        """
        gray = read_picture(picture, limits=self.limits)
        decoder = self._decoder(Prior(language, lexicon), strict=False)
        page = self._read_gray(gray, _name(picture), _Asked(direction, _characters(alphabet), explain, lines, decoder))
        return replace(page, notes=(("turn", camera_turn(picture)), *page.notes)) if explain else page

    def read_line(
        self,
        picture: Source,
        *,
        direction: AskedDirection = "auto",
        alphabet: Characters | None = None,
        alternatives: int = 5,
        language: Language = DEFAULT_LANGUAGE,
        lexicon: Words | None = None,
        pattern: str | None = None,
    ) -> Line:
        """A picture that holds one line (or a single character). "auto" decides by shape, and where the shape says
        little, by which way reads with more confidence. `alphabet`, `language`, `lexicon` as in `read`; `pattern` is
        the form of the whole line, see `text.pattern`. What is as high as wide and read as one character is left to
        the model of single characters, but not where lexicon or pattern have the word. Raises PictureError for what
        is no picture, DataError where no text that lexicon or pattern allow fits in."""
        _check_direction(direction)
        allowed, decoder = _characters(alphabet), self._decoder(Prior(language, lexicon, pattern))
        gray = read_picture(picture, limits=self.limits)
        result = clean(gray)
        if result.blank:
            shape: Direction = "vertical" if direction == "vertical" else "horizontal"
            return Line(Box(0, 0, gray.shape[1], gray.shape[0]), shape, source="line")
        ways = _ways(result.picture, direction)
        whole = Box(0, 0, *gray.shape[::-1])
        lines = [self._read_box(result.picture, whole, way, alternatives, allowed, decoder) for way in ways]
        best = max(lines, key=lambda line: line.confidence or 0.0)
        if decoder is None or not decoder.constrained:
            best = self._alone(result.picture, best, alternatives, allowed)
        return replace(best, source="line")

    def read_character(
        self, picture: Source, alphabet: Characters | None = None, n: int = 10
    ) -> list[tuple[str, float]]:
        """The `n` likeliest characters of a picture that holds one, with calibrated probabilities, best first.

        `alphabet` names the only characters that it can be, "katakana" or "0123456789" or others: probabilities then
        are those among them. A blank picture gives none. Raises PictureError for what is no picture, AlphabetError
        for an alphabet that is none, or of which the model knows no character.
        """
        square = framed(read_picture(picture, limits=self.limits), self.characters.side)
        return self.characters.best([square], _characters(alphabet), n)[0]

    def read_characters(self, picture: Source, alphabet: Characters | None = None, n: int = 10) -> Page:
        """A picture of single characters: a practice sheet, a form with a cell a character, or a row of them.

        Each row of cells is a line of the page, each cell that is written in a character with its box, probability
        and alternatives; empty cells are spaces in the text of their line. `alphabet` and errors as `read_character`.
        """
        allowed = _characters(alphabet)
        gray = read_picture(picture, limits=self.limits)
        height, width = gray.shape
        result = clean(gray)
        if result.blank:
            return Page(width, height, (), _name(picture))
        grid = find_grid(result.picture)
        squares = [
            [framed(cut_out(grid.picture, cell), self.characters.side, cleaned=True) for cell in row]
            for row in grid.cells
        ]
        found = iter(self.characters.best([square for row in squares for square in row], allowed, n, beside=True))
        lines = [_row(row, [next(found) for _ in row]) for row in grid.cells]
        lines = [line for line in lines if line.characters]
        if not lines:
            return Page(width, height, (), _name(picture))
        return Page(width, height, (Region(around(lines), tuple(lines), "horizontal"),), _name(picture))

    def read_ink(self, strokes: Any, n: int = 10, *, alphabet: Characters | None = None) -> list[tuple[str, float]]:
        """The likeliest readings of pen strokes, of one character or of a line, with their confidences, best first.

        `strokes` as of the WICG handwriting API or lists of points: see `image.ink.strokes_of`. Strokes much wider or
        taller than a character are read as a line, of which there is one reading. Raises DataError for what is none.
        """
        drawing = strokes_of(strokes)
        every = np.concatenate([stroke[:, :2] for stroke in drawing])
        wide, tall = np.ptp(every, axis=0)
        if max(wide, tall) <= CLEARLY * min(wide, tall) or len(drawing) == 1:
            return self.read_character(draw_ink(drawing, widest=1.0), alphabet, n)
        line = self.read_line(draw_ink(drawing), alphabet=alphabet)
        return [(line.text, line.confidence or 0.0)] if line.text else []

    def read_many(
        self,
        pictures: Iterable[Source],
        *,
        direction: AskedDirection = "auto",
        alphabet: Characters | None = None,
        explain: bool = False,
        language: Language = DEFAULT_LANGUAGE,
        lexicon: Words | None = None,
    ) -> Iterator[Page | Unread]:
        """Pages of many pictures, in order, every page of a PDF or TIFF by itself. What cannot be read comes back as
        `Unread` in its place, and the rest goes on. The options are those of `read`."""
        decoder = self._decoder(Prior(language, lexicon), strict=False)
        asked = _Asked(direction, _characters(alphabet), explain, decoder=decoder)
        for picture in pictures:
            name = _name(picture)
            try:
                turn = (("turn", camera_turn(picture)),) if explain else ()
                for number, gray in enumerate(read_pictures(picture, limits=self.limits)):
                    page = self._read_gray(gray, name if number == 0 else f"{name}#{number + 1}", asked)
                    yield replace(page, notes=(*turn, *page.notes))
            except TenaraiError as error:
                yield Unread(name, str(error))

    def _decoder(self, prior: Prior, strict: bool = True) -> LineDecoder | None:
        return line_decoder(prior, self.runtime.header.alphabet.characters, strict)

    def _read_gray(self, gray: Gray, name: str, asked: _Asked) -> Page:
        height, width = gray.shape
        result = clean(gray)
        seen: Notes = (("contrast", result.contrast), ("blank", "yes"))
        if asked.lines:
            picture = None if result.blank else result.picture
            given = tuple(self._read_given(picture, line, asked) for line in asked.lines)
            block = Region(around(given), given, given[0].direction)
            return Page(width, height, (block,), name, seen[: 1 + result.blank] if asked.explain else ())
        if result.blank or asked.lines is not None:
            return Page(width, height, (), name, seen if asked.explain else ())
        skew = find_skew(result.picture)
        level = turned(result.picture, skew) if abs(skew) > LEAST_SKEW else result.picture
        split = split_lines(level, asked.direction)
        lines = self._read_boxes(level, split, asked)
        if abs(skew) > LEAST_SKEW:
            lines = [turned_back(line, skew, (width / 2, height / 2)) for line in lines]
        regions: tuple[Region, ...] = ()
        if lines:
            regions = (Region(around(lines), tuple(lines), split.direction),)
        notes: Notes = ()
        if asked.explain:
            notes = (
                ("polarity", "bright ink on dark, inverted" if result.inverted else "dark ink on bright"),
                ("contrast", result.contrast),
                ("skew", skew if abs(skew) > LEAST_SKEW else 0.0),
                ("direction", split.direction),
                ("scale", float(np.median([self._scale(line) for line in lines])) if lines else 1.0),
            )
        return Page(width, height, regions, name, notes)

    def _scale(self, line: Line) -> float:
        across = line.box.width if line.direction == "vertical" else line.box.height
        return self.runtime.header.standard.height / max(1.0, across)

    def _read_boxes(self, picture: Gray, split: Split, asked: _Asked) -> list[Line]:
        straight = [self._straight(picture, box, split.direction) for box in split.boxes]
        read = self.runtime.read_all((s.picture for s in straight), allowed=asked.allowed, decoder=asked.decoder)
        lines = [
            self._line(decoding, s, box, split.direction)
            for decoding, s, box in zip(read, straight, split.boxes, strict=True)
        ]
        return [line for line in lines if line.text]

    def _read_box(
        self, picture: Gray, box: Box, direction: Direction, alternatives: int, allowed: frozenset[str] | None,
        decoder: LineDecoder | None,
    ) -> Line:  # fmt: skip
        straight = self._straight(picture, box, direction)
        return self._line(self.runtime.read(straight.picture, alternatives, allowed, decoder), straight, box, direction)

    def _read_given(self, picture: Gray | None, line: Line, asked: _Asked) -> Line:
        """A line where a layout has it: what lies outside its polygon is left white."""
        unread = replace(line, text="", confidence=None, characters=())
        if picture is None:
            return unread
        height, width = picture.shape
        inside = [min(max(0.0, side), most) for side, most in zip(sides(line.box), (width, height) * 2, strict=True)]
        box = Box(*inside)
        if box.width < 1 or box.height < 1:
            return unread
        straight = self._straight(picture, box, line.direction, line.polygon)
        decoding = self.runtime.read(straight.picture, allowed=asked.allowed, decoder=asked.decoder)
        read = self._line(decoding, straight, box, line.direction)
        return replace(line, text=read.text, confidence=read.confidence, characters=read.characters)

    def _alone(self, picture: Gray, line: Line, alternatives: int, allowed: frozenset[str] | None) -> Line:
        """A line whose ink is as high as wide, read as one character or as two that are not letters, is a character by
        itself more often than not: the model of single characters then has the word."""
        if not _squarish(picture) or len(line.text) > 2 or (len(line.text) == 2 and line.text.isascii()):
            return line
        (best,) = self.characters.best([framed(picture, self.characters.side, cleaned=True)], allowed, alternatives + 1)
        if not best or (len(line.text) == 2 and best[0][1] < SURELY):
            return line
        (text, confidence), box = best[0], line.characters[0].box if line.characters else line.box
        for character in line.characters[1:]:
            box = box.union(character.box)
        return replace(
            line, text=text, confidence=confidence, characters=(Character(text, box, confidence, tuple(best[1:])),)
        )

    def _straight(
        self, picture: Gray, box: Box, direction: Direction, polygon: Sequence[tuple[float, float]] = ()
    ) -> Straight:
        left, top = int(box.left), int(box.top)
        cut = cut_out(picture, box)
        if len(polygon) > 2:
            inside = cv2.fillPoly(np.zeros_like(cut), [np.rint(np.array(polygon) - (left, top)).astype(np.int32)], 1)
            cut = np.where(inside > 0, cut, np.uint8(255))
        height = self.runtime.header.standard.height
        straight = straighten(cut, height, vertical=direction == "vertical", cleaned=True)
        moved = straight.to_source.copy()
        moved[:, 2] += (left, top)
        return replace(straight, to_source=moved)

    def _line(self, decoding: Decoding, straight: Straight, box: Box, direction: Direction) -> Line:
        height, width = straight.picture.shape
        text = decoding.text.strip()
        characters = []
        for span in decoding.spans:
            start, end = self.runtime.pixels(span.start, span.end)
            place = box_of(straight.to_source, max(0.0, start), 0.0, min(float(width), max(end, start + 1)), height)
            characters.append(Character(span.character, place, span.confidence, span.alternatives))
        while characters and characters[0].text == " ":
            del characters[0]
        while characters and characters[-1].text == " ":
            del characters[-1]
        outline = corners(straight.to_source, 0.0, 0.0, width, height)
        polygon = tuple((float(x), float(y)) for x, y in outline)
        return Line(box, direction, text, decoding.confidence, tuple(characters), polygon, "projection")


def load(
    model: str | Path | None = None,
    *,
    characters: str | Path | None = None,
    threads: int = 1,
    limits: Limits = LIMITS,
) -> Reader:
    """The shipped reader, or that of a model file; `characters` is the model of single characters, the shipped one if
    None. Raises ModelFileError for a file that is no model."""
    runtime = LineRuntime(shipped_model() if model is None else Path(model), threads)
    return Reader(runtime, limits, None if characters is None else Path(characters))


def shipped_model(name: str = "reader") -> Path:
    """A model file inside the package: "reader" for lines, "characters" for single characters."""
    return Path(str(files("tenarai") / "weights" / f"{name}.model"))


def _characters(alphabet: Characters | None) -> frozenset[str] | None:
    return None if alphabet is None else characters_of(alphabet)


def _row(cells: Sequence[Box], found: Sequence[list[tuple[str, float]]]) -> Line:
    """A row of cells as a line: a space for every cell that nothing is written in."""
    characters = [
        Character(best[0][0], cell, min(1.0, best[0][1]), tuple(best[1:]))
        for cell, best in zip(cells, found, strict=True)
        if best
    ]
    text = "".join(best[0][0] if best else " " for best in found)
    sure = float(np.exp(np.mean([np.log(max(c.confidence or 0.0, 1e-9)) for c in characters]))) if characters else None
    return Line(reduce(Box.union, cells), "horizontal", text.rstrip(), sure, tuple(characters), (), "grid")


def _name(picture: Source) -> str:
    return str(picture) if isinstance(picture, str | Path) else ""


def _check_direction(direction: str) -> None:
    if direction not in ("horizontal", "vertical", "auto"):
        raise SettingsError(f"direction is horizontal, vertical or auto, not {direction!r}.")


def _squarish(picture: Gray) -> bool:
    rows, columns = np.nonzero(picture < 128)
    if len(rows) == 0:
        return False
    tall, wide = int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1
    return max(tall, wide) < CLEARLY * min(tall, wide)


def _ways(picture: Gray, direction: AskedDirection) -> list[Direction]:
    """The directions worth trying for a picture of one line."""
    if direction == "vertical":
        return ["vertical"]
    rows, columns = np.nonzero(picture < 128)
    if direction == "horizontal" or len(rows) == 0:
        return ["horizontal"]
    tall, wide = int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1
    if wide > CLEARLY * tall:
        return ["horizontal"]
    if tall > 2 * CLEARLY * wide:
        return ["vertical"]
    # A nearly square picture is a single character more often than a column of two.
    return ["horizontal", "vertical"] if tall > 1.3 * wide else ["horizontal"]
