"""A reader over lines whose text is known."""

from collections.abc import Iterable, Iterator

from tenarai.dataset.pairs import LinePair
from tenarai.evaluate.report import Reading
from tenarai.reader import AskedDirection, Characters, Reader
from tenarai.text.language import Prior
from tenarai.transcribe import Script

_ASKED: dict[str, AskedDirection] = {"horizontal": "horizontal", "vertical": "vertical"}


def read_all_lines(
    reader: Reader,
    pairs: Iterable[LinePair],
    *,
    boilerplate: bool = False,
    alphabet: Characters | None = None,
    script: Script = "auto",
    prior: Prior | None = None,
) -> Iterator[Reading]:
    """Reads every picture, in order, in the direction that the data say; those whose text has several lines, as pages.

    Boilerplate (a sentence that everybody copied) is left out unless asked for; `alphabet`, `script`, and language and
    lexicon of the prior, as in `Reader.read`. Raises DataError or PictureError for data that cannot be read: a figure
    over part of the data would be no figure.
    """
    prior = prior or Prior()
    for pair in pairs:
        if pair.boilerplate and not boilerplate:
            continue
        asked = _ASKED.get(pair.direction, "auto")
        if pair.whole or "\n" in pair.text.strip():
            page = reader.read(
                pair.load(), direction=asked, alphabet=alphabet, script=script,
                language=prior.language, lexicon=prior.lexicon,
            )  # fmt: skip
            direction = page.regions[0].direction if page.regions else None
            characters = tuple(c for line in page.lines for c in line.characters)
            yield Reading(
                pair.name, pair.text.strip(), page.text, page.confidence, pair.writer, direction, pair.page,
                characters, pair.load,
            )  # fmt: skip
        else:
            line = reader.read_line(
                pair.load(), direction=asked, alphabet=alphabet, script=script, alternatives=0,
                language=prior.language, lexicon=prior.lexicon,
            )  # fmt: skip
            yield Reading(
                pair.name, pair.text, line.text, line.confidence, pair.writer, line.direction, pair.page,
                line.characters, pair.load,
            )  # fmt: skip
