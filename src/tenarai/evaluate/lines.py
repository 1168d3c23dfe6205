"""A reader over lines whose text is known."""

from collections.abc import Iterator
from pathlib import Path

from tenarai.dataset.pairs import read_pairs
from tenarai.evaluate.report import Sample
from tenarai.reader import AskedDirection, Reader


def read_samples(reader: Reader, source: Path, *, boilerplate: bool = False) -> Iterator[Sample]:
    """Reads every picture of a folder or JSON lines file, in order, in the direction that the data say; pictures whose
    text has several lines are read as pages.

    Boilerplate (a sentence that everybody copied) is left out unless asked for. Raises DataError or PictureError for
    data that cannot be read: a figure over part of the data would be no figure.
    """
    for pair in read_pairs(source):
        if pair.boilerplate and not boilerplate:
            continue
        asked: AskedDirection = "auto" if pair.direction not in ("horizontal", "vertical") else pair.direction  # type: ignore[assignment]
        if "\n" in pair.text.strip():
            page = reader.read(pair.load(), direction=asked)
            direction = page.regions[0].direction if page.regions else None
            yield Sample(pair.name, pair.text.strip(), page.text, page.confidence, pair.writer, direction)
        else:
            line = reader.read_line(pair.load(), direction=asked, alternatives=0)
            yield Sample(pair.name, pair.text, line.text, line.confidence, pair.writer, line.direction)
