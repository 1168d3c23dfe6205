"""Lines of a clean page, wherever they are, to lines with text: cut out, straightened, scored, decoded, and put back in
their place."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import cv2
import numpy as np

from tenarai.errors import SettingsError
from tenarai.image.clean import Gray
from tenarai.image.extent import extents, tight
from tenarai.image.line import Straight, straighten
from tenarai.model.runtime import LineRuntime
from tenarai.page.layout import Character, Line
from tenarai.page.place import boxes_of, corners, cut_out, within
from tenarai.page.turn import sureness
from tenarai.text.ctc import Decoding
from tenarai.text.language import LineDecoder
from tenarai.text.script import is_japanese

Script = Literal["auto", "modern", "classical", "latin"]
SCRIPTS: tuple[Script, ...] = ("auto", "modern", "classical", "latin")

# Mean confidence of a page's columns below which they may be of an old book: modern hands are read with more.
DOUBTFUL = 0.75


@dataclass(frozen=True, slots=True, eq=False)
class Transcriber:
    """A model of lines and how its scores become text: `allowed` characters only, unless None."""

    runtime: LineRuntime
    decoder: LineDecoder | None = None
    allowed: frozenset[str] | None = None

    def lines(self, picture: Gray, lines: Sequence[Line], alternatives: int = 5) -> list[Line]:
        """Lines where they are on a clean picture `(height, width) uint8`, 255 = paper, each with its text, "" where
        nothing can be read. What lies outside an outline is left white; a line without one gets that of what was
        read."""
        height = self.runtime.header.standard.height
        straight = {
            place: piece
            for place, line in enumerate(lines)
            if (piece := straight_line(picture, line, height)) is not None
        }
        pictures = (piece.picture for piece in straight.values())
        decodings = self.runtime.read_all(pictures, alternatives, self.allowed, self.decoder)
        read = list(lines)
        for (place, piece), decoding in zip(straight.items(), decodings, strict=True):
            read[place] = self._line(decoding, piece, lines[place])
        return read

    def _line(self, decoding: Decoding, straight: Straight, line: Line) -> Line:
        height, width = straight.picture.shape
        text = decoding.text.strip()
        sights = [self.runtime.pixels(span.start, span.end) for span in decoding.spans]
        boxes = boxes_of(straight.to_source, tight(straight.picture, extents(straight.picture, sights)))
        characters = [
            Character(span.character, box, span.confidence, span.alternatives)
            for span, box in zip(decoding.spans, boxes, strict=True)
        ]
        while characters and characters[0].text == " ":
            del characters[0]
        while characters and characters[-1].text == " ":
            del characters[-1]
        outline = corners(straight.to_source, 0.0, 0.0, width, height)
        polygon = line.polygon or tuple((float(x), float(y)) for x, y in outline)
        confidence = decoding.confidence if text else None
        return replace(line, text=text, confidence=confidence, characters=tuple(characters), polygon=polygon)


def straight_line(picture: Gray, line: Line, height: int) -> Straight | None:
    """A line of a clean page, cut by its outline and straightened to `height` pixels; columns run to the right. Its
    affine map leads to the page. None where it lies outside of the picture."""
    box = within(line.box, *picture.shape[::-1])
    if box is None:
        return None
    left, top = int(box.left), int(box.top)
    cut = cut_out(picture, box)
    if len(line.polygon) > 2:
        inside = cv2.fillPoly(np.zeros_like(cut), [np.rint(np.array(line.polygon) - (left, top)).astype(np.int32)], 1)
        cut = np.where(inside > 0, cut, np.uint8(255))
    straight = straighten(cut, height, vertical=line.direction == "vertical", cleaned=True)
    moved = straight.to_source.copy()
    moved[:, 2] += (left, top)
    return replace(straight, to_source=moved)


@dataclass(frozen=True, slots=True, eq=False)
class Transcription:
    """The models that may read a page: the modern one, the one of classical columns, which is opened when it is needed,
    or the one where the other is doubtful."""

    modern: Transcriber | None = None
    classical: Callable[[], Transcriber] | None = None

    @property
    def constrained(self) -> bool:
        """Whether not every text is allowed."""
        one = self.modern or (self.classical() if self.classical else None)
        return one is not None and one.decoder is not None and one.decoder.constrained

    def lines(self, picture: Gray, lines: Sequence[Line], alternatives: int = 5) -> list[Line]:
        """Lines with their text, see `Transcriber.lines`. Columns that the modern model is doubtful of, all of a page
        together, are left to the classical one where that is surer."""
        if self.modern is None:
            return list(lines) if self.classical is None else self.classical().lines(picture, lines, alternatives)
        read = self.modern.lines(picture, lines, alternatives)
        columns = [place for place, line in enumerate(read) if line.direction == "vertical"]
        before = sureness([read[place] for place in columns])
        if self.classical is None or before is None or before >= DOUBTFUL:
            return read
        again = self.classical().lines(picture, [lines[place] for place in columns], alternatives)
        if (sureness(again) or 0.0) > before:
            for place, line in zip(columns, again, strict=True):
                read[place] = line
        return read


def check_script(script: str) -> None:
    """Raises SettingsError for one that there is not."""
    if script not in SCRIPTS:
        raise SettingsError(f"script is {', '.join(SCRIPTS[:-1])} or {SCRIPTS[-1]}, not {script!r}.")


def without_japanese(characters: Sequence[str]) -> frozenset[str]:
    """What a text in Latin script may hold: everything but kana, kanji and the punctuation that goes with them."""
    return frozenset(
        c for c in characters if c and not is_japanese(c) and not "\u3000" <= c <= "\u30ff" and c < "\uff00"
    )
