"""Reading with ONNX Runtime: pictures of lines and characters in, text with places and confidence out. No torch.

Every line is run by itself, at its own width: its text cannot depend on what is read beside it. Several lines are
read by several threads, one line each.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt
from onnxruntime import InferenceSession

from tenarai.errors import AlphabetError, ModelFileError
from tenarai.image.character import Framed
from tenarai.image.clean import Gray
from tenarai.image.standard import Standard
from tenarai.model.file import Header, header_of, open_session, read_bytes
from tenarai.text.confidence import CANDIDATES, weighed
from tenarai.text.ctc import Decoding, best_path, restricted
from tenarai.text.language import LineDecoder
from tenarai.text.script import SMALL

BATCH = 64  # single characters run together
USUAL_SHARE = 0.6  # of a cell's height that a character fills, where there are no others to compare with
SEVERAL = 4  # characters that are enough to compare with
SMALL_SIZE = 0.62  # kana smaller than this, beside what is usual, are small ones
NARROWEST = 12  # frames; a single comma still gives the network a few frames of context


class LineRuntime:
    """An open recogniser. Raises ModelFileError for a file that is damaged or of another kind."""

    def __init__(self, path: Path, threads: int = 1) -> None:
        self.session, self.header = opened(path, ("recogniser",), "read lines")
        self.threads = max(1, threads)

    def log_probs(self, picture: Gray) -> npt.NDArray[np.float32]:
        """One line `(height, width) uint8`, 255 = paper, to `(frames, classes) float32` natural logarithms."""
        pictures = padded(picture, self.header.standard, self.header.down)
        (scores,) = self.session.run(None, {"pictures": pictures})
        return np.asarray(scores[0], np.float32)

    def read(
        self,
        picture: Gray,
        alternatives: int = 5,
        allowed: Collection[str] | None = None,
        decoder: LineDecoder | None = None,
    ) -> Decoding:
        """One line, by best path unless a decoder is given, with the `allowed` characters and spaces only unless None.
        Spans count frames; `pixels` turns them into places on the picture. Raises AlphabetError when the model knows
        none of them."""
        characters = self.header.alphabet.characters
        if allowed is not None:
            check_known(characters, allowed)
            allowed = {*allowed, " "}
        scores = self.log_probs(picture)
        if decoder is not None:
            return decoder.decode(scores, alternatives, allowed)
        if allowed is not None:
            scores = restricted(scores, characters, allowed)
        return weighed(best_path(scores, characters, max(alternatives, CANDIDATES)), None, alternatives)

    def read_all(
        self,
        pictures: Iterable[Gray],
        alternatives: int = 5,
        allowed: Collection[str] | None = None,
        decoder: LineDecoder | None = None,
    ) -> Iterator[Decoding]:
        """Many lines, in order, on as many threads as the runtime was opened with."""
        if self.threads == 1:
            for picture in pictures:
                yield self.read(picture, alternatives, allowed, decoder)
            return
        with ThreadPoolExecutor(self.threads) as pool:
            yield from pool.map(lambda picture: self.read(picture, alternatives, allowed, decoder), pictures)

    def pixels(self, start: float, end: float) -> tuple[float, float]:
        """The part of a line's picture, in its pixels, that these frames look at."""
        padding, down = self.header.standard.padding, self.header.down
        return start * down - padding, end * down - padding


class CharacterRuntime:
    """An open classifier. Raises ModelFileError for a file that is damaged or of another kind."""

    def __init__(self, path: Path, threads: int = 1) -> None:
        self.session, self.header = opened(path, ("classifier",), "read single characters", threads)

    @property
    def side(self) -> int:
        """Of the squares that it reads, in pixels."""
        return self.header.standard.height

    def probabilities(self, squares: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """Squares `(n, side, side) uint8`, 255 = paper, to `(n, classes) float32`; class 0, the blank: no character."""
        values = self.header.standard.values(squares)[:, None]
        (scores,) = self.session.run(None, {"pictures": values})
        return np.exp(np.asarray(scores, np.float32))

    def best(
        self, squares: Sequence[Framed], allowed: Collection[str] | None = None, n: int = 10, *, beside: bool = False
    ) -> list[list[tuple[str, float]]]:
        """The `n` likeliest characters of each square with their probabilities, best first; none for a blank one.
        With `allowed`, probabilities among those only; what is left of 1 is that the picture holds no character. Raises
        AlphabetError when the model knows none of them.

        Small and large kana have one shape: how much of its picture the ink fills tells which it is. `beside` says
        that the squares are cells of one sheet, whose usual size then is that of the others where there are several;
        without it nothing depends on what else is asked for."""
        characters = self.header.alphabet.characters
        if allowed is not None:
            check_known(characters, allowed)
        labels = [i for i, c in enumerate(characters) if c and (allowed is None or c in allowed)]
        found: list[list[tuple[str, float]]] = []
        written = [square.share for square in squares if beside and not square.blank]
        usual = float(np.median(written)) if len(written) >= SEVERAL else USUAL_SHARE
        for first in range(0, len(squares), BATCH):
            part = squares[first : first + BATCH]
            every = self.probabilities(np.stack([square.picture for square in part])).astype(np.float64)
            scores = every[:, labels]
            scores *= (1 - every[:, :1]) / np.maximum(scores.sum(axis=1, keepdims=True), 1e-300)
            for square, row in zip(part, scores, strict=True):
                self._sort_sizes(row, labels, square.share / usual)
                order = np.argsort(-row, kind="stable")[:n]
                ranked = [(characters[labels[i]], float(row[i])) for i in order if row[i] > 0]
                found.append([] if square.blank else ranked)
        return found

    def _sort_sizes(self, row: npt.NDArray[np.float64], labels: list[int], size: float) -> None:
        """What a small kana and its large one have together, shared by the size beside what is usual."""
        known = self.header.alphabet.labels
        places = {label: place for place, label in enumerate(labels)}
        small = 1 / (1 + np.exp((size - SMALL_SIZE) / 0.06))
        for little, large in SMALL.items():
            a, b = places.get(known.get(little, -1)), places.get(known.get(large, -1))
            if a is not None and b is not None:
                both = row[a] + row[b]
                row[a], row[b] = both * small, both * (1 - small)


class DetectorRuntime:
    """An open detector of lines and characters. Raises ModelFileError for a file that is damaged or of another kind."""

    def __init__(self, path: Path, threads: int = 1) -> None:
        self.session, self.header = opened(path, ("detector", "proposals"), "read pages", threads)

    def values(self, picture: Gray) -> npt.NDArray[np.float32]:
        """A clean page `(height, width) uint8`, 255 = paper, to what the network gives, `(values, rows, columns)`: a
        place for every `header.down` pixels of the page."""
        standard = self.header.standard
        height, width = (-(-side // standard.multiple) * standard.multiple for side in picture.shape)
        values = np.full((1, 1, height, width), standard.paper, np.float32)
        values[0, 0, : picture.shape[0], : picture.shape[1]] = standard.values(picture)
        (given,) = self.session.run(None, {"pictures": values})
        rows, columns = (-(-side // self.header.down) for side in picture.shape)
        return np.asarray(given[0, :, :rows, :columns], np.float32)


def padded(picture: Gray, standard: Standard, down: int) -> npt.NDArray[np.float32]:
    """One line `(height, width) uint8`, 255 = paper, as the network is given it, `(1, 1, height, wider) float32`: of
    at least NARROWEST frames, which are `down` pixels apart."""
    width = max(NARROWEST * down, standard.padded_width(picture.shape[1]))
    return standard.line(picture, width)[None]


def check_known(characters: Sequence[str], allowed: Collection[str]) -> None:
    """Raises AlphabetError when none of the `characters` of a model is allowed."""
    if not any(c and c in allowed for c in characters):
        raise AlphabetError(f"This model knows none of the characters {''.join(sorted(allowed))[:40]!r}.")


def opened(path: Path, kinds: Sequence[str], what: str, threads: int = 1) -> tuple[InferenceSession, Header]:
    """The session and header of a model file of one of these kinds; `what` it is wanted for. Raises ModelFileError."""
    session = open_session(read_bytes(path), str(path), threads)
    header = header_of(session, str(path))
    if header.kind not in kinds:
        named, wanted = (kind.replace("language", "language model") for kind in (header.kind, kinds[0]))
        raise ModelFileError(f"{path} is a {named}; to {what}, a {wanted} is needed.")
    return session, header
