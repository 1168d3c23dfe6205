"""A writer's lines cut where paper shows between words or characters, and put together anew: a few lines become many,
and what is learnt is the hand and not the sentences.

Forced alignment with the starting model says where the characters stand.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tenarai.errors import TenaraiError
from tenarai.image.standard import Standard
from tenarai.model.recogniser import Recogniser
from tenarai.synth.hand import Rng
from tenarai.text.align import align
from tenarai.text.alphabet import Alphabet
from tenarai.text.error_rate import is_spaced
from tenarai.train.corrections import log_probs
from tenarai.train.maker import RealLine, TrainingLine

PAPER = 0.02  # of a column's height in ink, below which it counts as paper
RUN = 4  # pieces that follow each other as they were written, at most


@dataclass(frozen=True, slots=True)
class Piece:
    """Ink `(height, width) uint8`, 255 = ink, at reading height, running left to right, and its text."""

    ink: npt.NDArray[np.uint8]
    text: str


@dataclass(frozen=True, slots=True)
class Cuttings:
    """A line in pieces. `spaced`: they are words, with half of the space around each."""

    pieces: tuple[Piece, ...]
    spaced: bool


def cut_line(line: TrainingLine, network: Recogniser, alphabet: Alphabet, standard: Standard) -> Cuttings | None:
    """The line in pieces, None where it cannot be aligned."""
    try:
        placed = align(log_probs(network, line, standard), line.text, alphabet.characters, alternatives=0)
    except TenaraiError:
        return None
    ink = np.asarray(255 - line.picture, np.uint8)
    drawn = ink.mean(axis=0) / 255
    spaced = is_spaced(line.text)
    spans = placed.spans
    down = network.sizes.down
    starts, ends = ([n * down - standard.padding for n in (getattr(s, at) for s in spans)] for at in ("start", "end"))
    pieces, left, text = [], 0, ""
    for i, span in enumerate(spans):
        if spaced and span.character == " " and 0 < i < len(spans) - 1:
            cut = _paper(drawn, starts[i - 1], ends[i + 1])
            if cut is not None and cut > left:
                pieces.append(Piece(ink[:, left:cut], text))
                left, text = cut, ""
                continue
        text += span.character
        if not spaced and i + 1 < len(spans):
            cut = _paper(drawn, (starts[i] + ends[i]) // 2, (starts[i + 1] + ends[i + 1]) // 2)
            if cut is not None and cut > left:
                pieces.append(Piece(ink[:, left:cut], text))
                left, text = cut, ""
    pieces.append(Piece(ink[:, left:], text))
    return Cuttings(tuple(p for p in pieces if p.text and p.ink.shape[1]), spaced)


def _paper(drawn: npt.NDArray[np.float64], first: int, last: int) -> int | None:
    """The middle of the widest row of bare columns between two places, None where there is none."""
    first, last = max(0, first), min(len(drawn), last)
    best, start, found = 0, first, None
    for column in range(first, last + 1):
        if column == last or drawn[column] > PAPER:
            if column - start > best:
                best, found = column - start, (start + column) // 2
            start = column + 1
    return found


def recombined(cuttings: Sequence[Cuttings], rng: Rng, gap: float = 0.15) -> RealLine:
    """A line of pieces of several lines of one kind, about as long as one of them; `gap` of paper at the ends of lines
    that are joined, in parts of their height."""
    model = cuttings[int(rng.integers(len(cuttings)))]
    alike = [c for c in cuttings if c.spaced == model.spaced]
    length = max(1, round(len(model.pieces) * float(rng.uniform(0.6, 1.2))))
    chosen: list[Piece] = []
    inks: list[npt.NDArray[np.uint8]] = []
    while len(chosen) < length:
        pieces = alike[int(rng.integers(len(alike)))].pieces
        start = int(rng.integers(len(pieces)))
        run = pieces[start : start + int(rng.integers(1, RUN + 1))][: length - len(chosen)]
        ends = (start == 0, start + len(run) == len(pieces))
        for n, piece in enumerate(run):
            paper = round(gap * len(piece.ink))
            sides = (paper * (ends[0] and n == 0), paper * (ends[1] and n == len(run) - 1))
            inks.append(np.pad(piece.ink, ((0, 0), sides)) if model.spaced else piece.ink)
        chosen += run
    text = (" " if model.spaced else "").join(piece.text for piece in chosen)
    return RealLine(np.ascontiguousarray(np.hstack(inks)), text, False)
