"""Figures as one HTML page that needs nothing else: no script, no network, light and dark, and to be printed.

The templates beside this file hold the words; here is what they are given. Everything that goes into them is escaped,
and what cannot be seen - control characters, turns of direction - is spelt out.
"""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from tenarai import __version__
from tenarai.evaluate import graph
from tenarai.evaluate.aligned import Column, columns, places
from tenarai.evaluate.characters import CharacterEvaluation, Guess, confusion_matrix
from tenarai.evaluate.compare import Comparison, Pair, changed, paired, verdict
from tenarai.evaluate.embedded import Embedded, cutting, embedded, strip
from tenarai.evaluate.report import (
    Evaluation,
    Reading,
    Scored,
    percent,
    scored,
    visible,
    with_interval,
    worst_first,
)
from tenarai.text.error_rate import graphemes, is_spaced

LISTED = 40  # lines shown with their pictures
PAIRS, SAMPLES = 24, 6  # confusions shown, and places of each
ROWS = 15  # of a table; the rest is folded
WRONG = 120  # single characters shown

About = Sequence[tuple[str, str]]
Run = tuple[str, str, str]  # kind - right, wrong, missed, invented - what was written, what was read


@dataclass(frozen=True, slots=True)
class Mark:
    """A place with an error on an embedded picture, in per cent of its size."""

    kind: str
    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Shown:
    """A line on the page: its picture, and what each reader made of it."""

    line: Scored
    picture: Embedded | None
    tall: bool
    marks: tuple[Mark, ...]
    readings: tuple[tuple[str, Scored, tuple[Run, ...]], ...]  # name of the reader, what it read, aligned


@dataclass(frozen=True, slots=True)
class Confused:
    """A confusion with its counts, one for each reader, and places where it happened."""

    reference: str
    hypothesis: str
    counts: tuple[int, ...]
    samples: tuple[Embedded, ...]


def lines_page(readings: Sequence[Reading], evaluation: Evaluation, title: str, about: About = ()) -> str:
    """The report on lines that were read, as HTML: `evaluation` is of them, `about` says what was measured."""
    found = scored(readings, evaluation.policy)
    worst = worst_first(found)
    return _render(
        "lines.html",
        title=title,
        about=about,
        readers=[("", evaluation)],
        errors=len(worst),
        shown=[_shown(line, [("", line)], evaluation.policy) for line in worst[:LISTED]],
        confused=_confused([readings], evaluation.policy),
        scatters=[_scatter(found)],
    )


def comparison_page(
    a: Sequence[Reading], b: Sequence[Reading], comparison: Comparison, names: tuple[str, str], title: str,
    about: About = (),
) -> str:  # fmt: skip
    """The report on two readers of the same lines, as HTML; `names` say what A and B are."""
    policy = comparison.a.policy
    pairs = paired(a, b, policy)
    worse, better = changed(pairs)

    def listed(part: Sequence[Pair]) -> list[Shown]:
        return [_shown(pair[1], list(zip("AB", pair, strict=True)), policy) for pair in part[:LISTED]]

    return _render(
        "comparison.html",
        title=title,
        about=about,
        names=names,
        readers=[("A", comparison.a), ("B", comparison.b)],
        comparison=comparison,
        verdict=verdict(comparison),
        worse=listed(worse),
        better=listed(better),
        confused=_confused([a, b], policy),
        scatters=[_scatter([pair[reader] for pair in pairs]) for reader in (0, 1)],
    )


def characters_page(guesses: Sequence[Guess], evaluation: CharacterEvaluation, title: str, about: About = ()) -> str:
    """The report on single characters, as HTML; pictures are those that the guesses kept."""
    wrong = sorted((guess for guess in guesses if not guess.right), key=lambda guess: -guess.confidence)
    pictures: dict[tuple[str, str], list[Embedded]] = defaultdict(list)
    for guess in wrong:
        if guess.picture is not None and len(pictures[guess.truth, guess.text]) < SAMPLES:
            pictures[guess.truth, guess.text].append(embedded(guess.picture, 56, 56))
    shown = [(guess, embedded(guess.picture, 56, 56)) for guess in wrong if guess.picture is not None][:WRONG]
    classes, matrix = confusion_matrix(guesses)
    return _render(
        "characters.html",
        title=title,
        about=about,
        evaluation=evaluation,
        wrong=shown,
        errors=len(wrong),
        classes=classes,
        matrix=matrix,
        confused=[
            Confused(c.reference, c.hypothesis, (c.count,), tuple(pictures[c.reference, c.hypothesis]))
            for c in evaluation.confusions[:PAIRS]
        ],
    )


def _shown(line: Scored, readers: Sequence[tuple[str, Scored]], policy: str) -> Shown:
    """Marks on the picture are those of the last reader."""
    read = [(name, one, _columns(one.reading, policy)) for name, one in readers]
    picture = strip(line.reading)
    upright = line.reading.direction == "vertical"
    marks = _marks(read[-1][2], picture, upright) if picture else ()
    tall = picture is not None and picture.height > picture.width
    return Shown(line, picture, tall, marks, tuple((name, one, runs(aligned)) for name, one, aligned in read))


def _columns(reading: Reading, policy: str) -> list[Column]:
    return columns(reading.reference, reading.hypothesis, reading.characters, policy)


def _kind(column: Column) -> str:
    if column.right:
        return "right"
    return "wrong" if column.reference and column.hypothesis else "missed" if column.reference else "invented"


def runs(aligned: Iterable[Column]) -> tuple[Run, ...]:
    """What agrees in pieces as long as they are, what differs character by character."""
    found: list[Run] = []
    for column in aligned:
        kind = _kind(column)
        if kind == "right" and found and found[-1][0] == "right":
            text = found[-1][1] + column.reference
            found[-1] = (kind, text, text)
        else:
            found.append((kind, column.reference, column.hypothesis))
    return tuple(found)


def _marks(aligned: Sequence[Column], picture: Embedded, vertical: bool) -> tuple[Mark, ...]:
    found = []
    across, down = (100 * picture.scale / side for side in (picture.width, picture.height))
    for column, box in zip(aligned, places(aligned, vertical), strict=True):
        if not column.right and box is not None:
            left, right = (min(100.0, max(0.0, x * across)) for x in (box.left, box.right))
            top, bottom = (min(100.0, max(0.0, y * down)) for y in (box.top, box.bottom))
            found.append(Mark(_kind(column), *(round(v, 2) for v in (left, top, right - left, bottom - top))))
    return tuple(found)


def _confused(readers: Sequence[Sequence[Reading]], policy: str) -> list[Confused]:
    """The most frequent confusions of all readers together, with places of the last one first."""
    counts: list[Counter[tuple[str, str]]] = []
    where: dict[tuple[str, str], list[tuple[Reading, int]]] = defaultdict(list)
    for readings in reversed(readers):
        counts.insert(0, Counter())
        for reading in readings:
            for number, column in enumerate(_columns(reading, policy)):
                if not column.right:
                    pair = (column.reference, column.hypothesis)
                    counts[0][pair] += 1
                    where[pair].append((reading, number))
    frequent = sorted(where, key=lambda pair: (-sum(c[pair] for c in counts), pair))[:PAIRS]
    return [Confused(*pair, tuple(c[pair] for c in counts), _samples(where[pair], policy)) for pair in frequent]


def _samples(found: Sequence[tuple[Reading, int]], policy: str) -> tuple[Embedded, ...]:
    """Places of a confusion, from as many lines as there are."""
    pictures = []
    for reading, number in list({id(reading): (reading, number) for reading, number in found}.values())[:SAMPLES]:
        box = places(_columns(reading, policy), reading.direction == "vertical")[number]
        if box is not None and (picture := cutting(reading, box)) is not None:
            pictures.append(picture)
    return tuple(pictures)


def _scatter(lines: Iterable[Scored]) -> Markup | None:
    """The confidence of each line beside its error rate; None where none is known."""
    points = [(line.reading.confidence, line.tally.rate) for line in lines if line.reading.confidence is not None]
    return graph.scatter(points, "confidence of the line", "CER of the line") if points else None


def printable(value: Any) -> Any:
    """Text with what cannot be seen spelt out: control characters, loose surrogates and turns of direction would change
    how the rest of the page looks, or whether it can be written. Joiners stay, which emoji need."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return "".join(_spelt(c) for c in value)


def _spelt(character: str) -> str:
    if character in "\u200c\u200d" or unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Zl", "Zp"):
        return character
    return "⏎" if character == "\n" else f"[U+{ord(character):04X}]"


def _language(text: str) -> Markup:
    """The attribute that picks Japanese glyphs for Japanese text."""
    return Markup("") if is_spaced(text) else Markup(' lang="ja"')


def _pieces(text: str) -> list[str]:
    """Where a row may end: behind spaces, and between the characters of scripts without them."""
    return re.findall(r"\S+\s*|\s+", text) if is_spaced(text) else graphemes(text)


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("tenarai.evaluate"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=printable,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    told: Mapping[str, Callable[..., Any]] = {
        "percent": percent,
        "visible": visible,
        "language": _language,
        "with_interval": with_interval,
        "pieces": _pieces,
    }
    environment.filters.update(told)
    return environment


def _render(template: str, **given: Any) -> str:
    made = f"tenarai {__version__}, {datetime.now(UTC):%Y-%m-%d}"
    return _environment().get_template(template).render(graph=graph, rows=ROWS, made=made, **given)
