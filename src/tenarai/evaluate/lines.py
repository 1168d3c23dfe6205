"""A reader over lines whose text is known."""

from collections.abc import Iterator
from pathlib import Path

from tenarai.dataset.pairs import read_pairs
from tenarai.evaluate.report import Sample
from tenarai.reader import Reader


def read_samples(reader: Reader, source: Path, *, boilerplate: bool = False) -> Iterator[Sample]:
    """Reads every line of a folder or JSON lines file, in order, in the direction that the data say.

    Boilerplate (a sentence that everybody copied) is left out unless asked for. Raises DataError or PictureError for
    data that cannot be read: a figure over part of the data would be no figure.
    """
    for pair in read_pairs(source):
        if pair.boilerplate and not boilerplate:
            continue
        direction = "vertical" if pair.direction == "vertical" else "horizontal"
        line = reader.read_line(pair.load(), direction=direction, alternatives=0)  # type: ignore[arg-type]
        yield Sample(pair.name, pair.text, line.text, line.confidence, pair.writer, direction)
