"""Picture in, page with text out: the only file that knows the whole flow.

read the picture - clean it - find its lines - put them in order - straighten each line - read it - put it in its place
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np

from tenarai.detect import in_order, seen
from tenarai.errors import SettingsError, TenaraiError
from tenarai.image.character import framed
from tenarai.image.clean import Gray, clean, find_skew, turned
from tenarai.image.ink import draw_ink, strokes_of
from tenarai.image.line import CLEARLY, likely_directions, squarish
from tenarai.image.read import LIMITS, Limits, Source, camera_turn, read_picture, read_pictures
from tenarai.model.language_runtime import opened_language
from tenarai.model.runtime import CharacterRuntime, DetectorRuntime, LineRuntime
from tenarai.model.shipped import classical_beside, model_file, shipped_model
from tenarai.page.find import find_lines
from tenarai.page.grid import find_grid, row_of
from tenarai.page.illegible import check_confidence, marked
from tenarai.page.layout import Box, Character, Direction, Line, Page, Region
from tenarai.page.place import around, cut_out, mostly, turned_back
from tenarai.page.split import split_lines
from tenarai.page.turn import Turn, largest, likely_turn, sureness
from tenarai.text.language import DEFAULT_LANGUAGE, Language, LineDecoder, Prior, Words, line_decoder
from tenarai.text.script import characters_of
from tenarai.transcribe import Script, Transcriber, Transcription, check_script, without_japanese

AskedDirection = Literal["horizontal", "vertical", "auto"]
Characters = str | Iterable[str]
Notes = tuple[tuple[str, str | float], ...]

LEAST_SKEW = 0.004  # radians: below this, turning a page blurs it for nothing
LEGIBLE = 0.3  # mean confidence of what no detector took for lines: below it, it is no writing
NOTHING = "there is ink, but no line was found"
SURELY = 0.7  # probability of one character from which a reading as two is given up
PLAINLY = 0.1  # of the doubt of the model of single characters: with less, the line's own reading stays


@dataclass(frozen=True, slots=True)
class Unread:
    """A picture that could not be read, and why, in one sentence."""

    source: str
    reason: str


@dataclass(frozen=True, slots=True)
class _Asked:
    """How a page is to be read."""

    direction: AskedDirection
    models: Transcription
    explain: bool = False
    lines: Sequence[Line] | None = None
    least: float | None = None  # confidence of a character that is given as text

    def __post_init__(self) -> None:
        _check_direction(self.direction)
        check_confidence(self.least)


class Reader:
    """An open model. Reading is deterministic: a line's text does not depend on what is read beside it.

    `threads` lines are read at a time. One Reader may be used from several threads.
    """

    def __init__(
        self,
        runtime: LineRuntime,
        limits: Limits = LIMITS,
        characters: Path | None = None,
        detector: Path | None = None,
        classical: Path | None = None,
    ) -> None:
        self.runtime = runtime
        self.limits = limits
        self._characters_file, self._detector_file, self._classical_file = characters, detector, classical

    @cached_property
    def characters(self) -> CharacterRuntime:
        """The model of single characters, opened when the first one is read."""
        return CharacterRuntime(self._characters_file or shipped_model("characters"), self.runtime.threads)

    @cached_property
    def detector(self) -> DetectorRuntime:
        """The model of pages, opened when the first one is read."""
        return DetectorRuntime(self._detector_file or shipped_model("pages"), self.runtime.threads)

    @cached_property
    def press(self) -> CharacterRuntime:
        """The model that tells print from handwriting, opened when the first page is read."""
        return CharacterRuntime(shipped_model("print"), self.runtime.threads)

    @cached_property
    def classical(self) -> LineRuntime:
        """The model of columns in classical script, opened when the first one is read."""
        return LineRuntime(self._classical_file or shipped_model("classical"), self.runtime.threads)

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
        script: Script = "auto",
        language: Language = DEFAULT_LANGUAGE,
        lexicon: Words | None = None,
        least_confidence: float | None = None,
    ) -> Page:
        """A page: path, bytes, stream, Pillow image or array of gray or RGB, to lines in reading order with text.

        `alphabet` names the only characters that may be read beside spaces: see `text.script.characters_of`.
        `explain` puts into `page.notes` what was done to the picture. A blank picture gives a page without lines.
        `lines`, of a layout, are read in their order and by their own directions instead of those that are found: each
        comes back with its text, "" where nothing could be read.
        `script` is "modern", "classical" (kuzushiji) or "latin"; "auto" lets both models of Japanese read columns that
        the modern one is doubtful of. `language` ("none", "auto", "ja", ..., a text, a model) and `lexicon` help
        with what the picture leaves open: see `text.language.Prior`. Characters less sure than `least_confidence` are
        left open in the text: see `page.illegible`.
        Raises PictureError for what is no picture.
        """
        gray = read_picture(picture, limits=self.limits)
        models = self._models(script, alphabet, Prior(language, lexicon), strict=False)
        asked = _Asked(direction, models, explain, lines, least_confidence)
        page = self._read_gray(gray, _name(picture), asked)
        return replace(page, notes=(("turn", camera_turn(picture)), *page.notes)) if explain else page

    def turn_of(self, picture: Source) -> Turn:
        """By how many degrees a page should be turned to the right to stand upright; 0 where it is not clear. Reads
        some lines of a page that is hard to read, every way up. Raises PictureError for what is no picture."""
        result = clean(read_picture(picture, limits=self.limits))
        lines = Transcriber(self.runtime)

        def read(page: Gray) -> list[Line]:
            return lines.lines(page, largest(find_lines(page, lambda small: seen(self.detector, small))), 0)

        return 0 if result.blank else likely_turn(result.picture, read)

    def read_line(
        self,
        picture: Source,
        *,
        direction: AskedDirection = "auto",
        alphabet: Characters | None = None,
        alternatives: int = 5,
        script: Script = "auto",
        language: Language = DEFAULT_LANGUAGE,
        lexicon: Words | None = None,
        pattern: str | None = None,
        least_confidence: float | None = None,
    ) -> Line:
        """A picture that holds one line (or a single character). "auto" decides by shape, and where the shape says
        little, by which way reads with more confidence. `alphabet`, `script`, `language`, `lexicon`,
        `least_confidence` as in `read`; `pattern` is the form of the whole line, see `text.pattern`. What is as high
        as wide and read as one character is left to the model of single characters, but not where lexicon or pattern
        have the word. Raises PictureError for what is no picture, DataError where no text that lexicon or pattern
        allow fits in."""
        _check_direction(direction)
        check_confidence(least_confidence)
        models = self._models(script, alphabet, Prior(language, lexicon, pattern))
        gray = read_picture(picture, limits=self.limits)
        result = clean(gray)
        if result.blank:
            shape: Direction = "vertical" if direction == "vertical" else "horizontal"
            return Line(Box(0, 0, gray.shape[1], gray.shape[0]), shape, source="line")
        ways = [direction] if direction != "auto" else likely_directions(result.picture)
        whole = Box(0, 0, *gray.shape[::-1])
        lines = [models.lines(result.picture, [Line(whole, way)], alternatives)[0] for way in ways]
        best = max(lines, key=lambda line: line.confidence or 0.0)
        if not models.constrained:
            best = self._alone(result.picture, best, alternatives, _characters(alphabet))
        return marked(replace(best, source="line"), least_confidence)

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
        lines = [row_of(row, [next(found) for _ in row]) for row in grid.cells]
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
        script: Script = "auto",
        language: Language = DEFAULT_LANGUAGE,
        lexicon: Words | None = None,
        least_confidence: float | None = None,
    ) -> Iterator[Page | Unread]:
        """Pages of many pictures, in order, every page of a PDF or TIFF by itself. What cannot be read comes back as
        `Unread` in its place, and the rest goes on. The options are those of `read`."""
        models = self._models(script, alphabet, Prior(language, lexicon), strict=False)
        asked = _Asked(direction, models, explain, least=least_confidence)
        for picture in pictures:
            name = _name(picture)
            try:
                turn = (("turn", camera_turn(picture)),) if explain else ()
                for number, gray in enumerate(read_pictures(picture, limits=self.limits)):
                    page = self._read_gray(gray, name if number == 0 else f"{name}#{number + 1}", asked)
                    yield replace(page, notes=(*turn, *page.notes))
            except TenaraiError as error:
                yield Unread(name, str(error))

    def _models(
        self, script: Script, alphabet: Characters | None, prior: Prior, *, strict: bool = True
    ) -> Transcription:
        """What is to read lines of this script. Raises SettingsError where there is no model of it."""
        check_script(script)
        allowed = _characters(alphabet)
        beside, own = self._classical_file is not None, self.runtime.header.classical
        if script == "classical" and not (beside or own):
            raise SettingsError("This reader has one model of lines: classical script needs that of `classical`, too.")
        if script == "latin":
            letters = without_japanese(self.alphabet)
            if allowed is not None and not allowed & letters:
                raise SettingsError(f"Latin script has none of the characters of {alphabet!r}: choose another script.")
            allowed = letters if allowed is None else allowed & letters
            prior = replace(prior, language="latin") if prior.language == "auto" else prior

        def open_with(runtime: LineRuntime, prior: Prior) -> Transcriber:
            return Transcriber(runtime, self.decoder(prior, runtime, strict=strict), allowed)

        older = replace(prior, language="classical" if prior.language == "auto" else prior.language, judge="classical")
        if script == "classical" and beside:
            return Transcription(None, lambda: open_with(self.classical, older))
        first = open_with(self.runtime, older if own and script != "modern" else prior)
        return Transcription(first, (lambda: open_with(self.classical, older)) if beside and script == "auto" else None)

    def decoder(self, prior: Prior, runtime: LineRuntime | None = None, *, strict: bool = True) -> LineDecoder:
        """What helps a model of this reader, the modern one if None, with what is known of a text. Raises
        SettingsError, DataError or ModelFileError for what cannot be used."""
        known = replace(prior, language=opened_language(prior.language))
        return line_decoder(known, (runtime or self.runtime).header.alphabet.characters, strict)

    def _read_gray(self, gray: Gray, name: str, asked: _Asked) -> Page:
        height, width = gray.shape
        result = clean(gray)
        seen: Notes = (("contrast", result.contrast), ("blank", "yes"))
        if asked.lines:
            empty = [replace(line, text="", confidence=None, characters=()) for line in asked.lines]
            given = tuple(empty if result.blank else self._read_lines(result.picture, empty, asked))
            block = Region(around(given), given, given[0].direction)
            return Page(width, height, (block,), name, seen[: 1 + result.blank] if asked.explain else ())
        if result.blank or asked.lines is not None:
            return Page(width, height, (), name, seen if asked.explain else ())
        regions = self._detected(result.picture, asked) or self._projected(result.picture, asked)
        lines = [line for region in regions for line in region.lines]
        notes: Notes = () if lines else (("ink", NOTHING),)
        if asked.explain and lines:
            skew = find_skew(result.picture)
            notes = (
                ("polarity", "bright ink on dark, inverted" if result.inverted else "dark ink on bright"),
                ("contrast", result.contrast),
                ("skew", skew if abs(skew) > LEAST_SKEW else 0.0),
                ("lines", lines[0].source),
                ("direction", mostly(lines)),
                ("scale", float(np.median([self._scale(line) for line in lines]))),
            )
        return Page(width, height, regions, name, notes)

    def _detected(self, picture: Gray, asked: _Asked) -> tuple[Region, ...]:
        """The lines that the detector finds, read, in reading order, print last; none when it finds none that can be
        read."""
        direction = None if asked.direction == "auto" else asked.direction
        found = find_lines(picture, lambda page: seen(self.detector, page), direction)
        read = [line for line in self._read_lines(picture, found, asked) if line.text]
        return in_order(lambda: self.press, picture, read)

    def _projected(self, picture: Gray, asked: _Asked) -> tuple[Region, ...]:
        """The lines of one clean block, read: what a page is whose lines no detector finds. Ink that reads as next to
        nothing is no writing."""
        skew = find_skew(picture)
        level = turned(picture, skew) if abs(skew) > LEAST_SKEW else picture
        split = split_lines(level, asked.direction)
        found = [Line(box, split.direction, source="projection") for box in split.boxes]
        lines = [line for line in self._read_lines(level, found, asked) if line.text]
        if (sureness(lines) or 0.0) < LEGIBLE:
            return ()
        if abs(skew) > LEAST_SKEW:
            height, width = picture.shape
            lines = [turned_back(line, skew, (width / 2, height / 2)) for line in lines]
        return (Region(around(lines), tuple(lines), split.direction),)

    def _scale(self, line: Line) -> float:
        across = line.box.width if line.direction == "vertical" else line.box.height
        return self.runtime.header.standard.height / max(1.0, across)

    def _read_lines(self, picture: Gray, lines: Sequence[Line], asked: _Asked) -> list[Line]:
        """Lines where they are, each with its text, "" where nothing can be read."""
        return [marked(line, asked.least) for line in asked.models.lines(picture, lines)]

    def _alone(self, picture: Gray, line: Line, alternatives: int, allowed: frozenset[str] | None) -> Line:
        """A line whose ink is as high as wide, read as one character or as two that are not letters, is a character by
        itself more often than not: the model of single characters then has the word, unless it is far less sure."""
        if not squarish(picture) or len(line.text) > 2 or (len(line.text) == 2 and line.text.isascii()):
            return line
        (best,) = self.characters.best([framed(picture, self.characters.side, cleaned=True)], allowed, alternatives + 1)
        if not best or (len(line.text) == 2 and best[0][1] < SURELY):
            return line
        if len(line.text) == 1 and 1 - (line.confidence or 0.0) < PLAINLY * (1 - best[0][1]):
            return line
        (text, confidence), box = best[0], line.characters[0].box if line.characters else line.box
        for character in line.characters[1:]:
            box = box.union(character.box)
        return replace(
            line, text=text, confidence=confidence, characters=(Character(text, box, confidence, tuple(best[1:])),)
        )


def load(
    model: str | Path | None = None,
    *,
    characters: str | Path | None = None,
    detector: str | Path | None = None,
    classical: str | Path | None = None,
    threads: int = 1,
    limits: Limits = LIMITS,
) -> Reader:
    """The shipped reader, that of a model file, or one by its name, "default" or "classical"; `characters` is the model
    of single characters and `detector` that of pages, the shipped ones if None. `classical` reads columns in classical
    script beside a model of modern Japanese, the shipped one if None; a model of classical script reads alone. Raises
    ModelFileError for a file that is no model."""
    runtime = LineRuntime(model_file("default" if model is None else model), threads)
    older = classical_beside(runtime.header) if classical is None else model_file(classical)
    single, pages = (None if path is None else Path(path) for path in (characters, detector))
    return Reader(runtime, limits, single, pages, older)


def _characters(alphabet: Characters | None) -> frozenset[str] | None:
    return None if alphabet is None else characters_of(alphabet)


def _name(picture: Source) -> str:
    return str(picture) if isinstance(picture, str | Path) else ""


def _check_direction(direction: str) -> None:
    if direction not in ("horizontal", "vertical", "auto"):
        raise SettingsError(f"direction is horizontal, vertical or auto, not {direction!r}.")
