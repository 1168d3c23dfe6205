"""Reading lines with ONNX Runtime: picture at reading height in, characters with places out. No torch.

Every line is run by itself, at its own width: its text cannot depend on what is read beside it. Several lines are
read by several threads, one line each.
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tenarai.image.clean import Gray
from tenarai.model.file import Header, header_of, open_session, read_bytes
from tenarai.text.ctc import Decoding, best_path

NARROWEST = 48  # pixels; a single comma still gives the network a few frames of context


class LineRuntime:
    """An open recogniser. Raises ModelFileError for a file that is damaged or of another kind."""

    def __init__(self, path: Path, threads: int = 1) -> None:
        self.session = open_session(read_bytes(path), str(path))
        self.header: Header = header_of(self.session, str(path))
        self.threads = max(1, threads)

    def log_probs(self, picture: Gray) -> npt.NDArray[np.float32]:
        """One line `(height, width) uint8`, 255 = paper, to `(frames, classes) float32` natural logarithms."""
        standard = self.header.standard
        width = max(NARROWEST, standard.padded_width(picture.shape[1]))
        (scores,) = self.session.run(None, {"pictures": standard.line(picture, width)[None]})
        return np.asarray(scores[0], np.float32)

    def read(self, picture: Gray, alternatives: int = 5) -> Decoding:
        """One line by best path. Spans count frames; `pixels` turns them into places on the picture."""
        return best_path(self.log_probs(picture), self.header.alphabet.characters, alternatives)

    def read_all(self, pictures: Iterable[Gray], alternatives: int = 5) -> Iterator[Decoding]:
        """Many lines, in order, on as many threads as the runtime was opened with."""
        if self.threads == 1:
            for picture in pictures:
                yield self.read(picture, alternatives)
            return
        with ThreadPoolExecutor(self.threads) as pool:
            yield from pool.map(lambda picture: self.read(picture, alternatives), pictures)

    def pixels(self, start: float, end: float) -> tuple[float, float]:
        """The part of a line's picture, in its pixels, that these frames look at."""
        padding, down = self.header.standard.padding, self.header.down
        return start * down - padding, end * down - padding
