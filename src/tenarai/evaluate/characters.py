"""The figures of a model of single characters on pictures whose character is known."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from tenarai.dataset.kmnist import balanced_accuracy
from tenarai.dataset.sample import Sample
from tenarai.dataset.source import read_samples
from tenarai.errors import DataError
from tenarai.evaluate.calibration import Bin, Risk, expected_calibration_error, reliability, risk_coverage, thinned
from tenarai.evaluate.report import LISTED_CONFUSIONS, Confusion, Share
from tenarai.image.character import framed
from tenarai.image.clean import Gray
from tenarai.model.runtime import CharacterRuntime
from tenarai.text.error_rate import Tally, bootstrap_interval

if TYPE_CHECKING:
    from rich.console import Group

VERSION = 1
THUMB = 56  # pixels
TOGETHER = 512  # pictures in memory at a time
HELD = 500_000_000  # bytes of pictures that wait in memory for a test part to show up


@dataclass(frozen=True, slots=True)
class Guess:
    """A picture read as a character: what it is, what it was taken for ("" when blank), and how sure. `picture`
    `(height, width) uint8`, reduced, is kept of what was taken for another."""

    truth: str
    text: str
    confidence: float
    writer: str | None = None
    name: str = ""
    picture: Gray | None = field(default=None, compare=False, repr=False)

    @property
    def right(self) -> bool:
        return self.text == self.truth


@dataclass(frozen=True, slots=True)
class CharacterEvaluation:
    """`accuracy` of all pictures, with its 95 % bootstrap interval; `balanced` is the mean of the accuracies of the
    classes, as Kuzushiji-49 is scored (Clanuwat et al. 2018); `unknown` counts pictures of classes that the model does
    not have, which count as wrong; `calibration_error` is the expected one, `reliability` and `risk` say more of it.
    `per_writer` is sorted, highest error rate first."""

    pictures: int
    classes: int
    accuracy: float
    interval: tuple[float, float]
    balanced: float
    unknown: int
    calibration_error: float
    reliability: tuple[Bin, ...]
    risk: tuple[Risk, ...]
    per_writer: Mapping[str, Share]
    confusions: tuple[Confusion, ...]

    def to_json(self) -> dict[str, Any]:
        """Ready for `json.dumps`; "version" tells the layout."""
        return {"version": VERSION, **asdict(self)}


def test_samples(sources: Sequence[Path], corpus: str | None = None) -> Iterator[Sample]:
    """The single characters of the test part of stores and corpora, or all of them where they have none.

    `corpus` and errors as of `read_samples`. Everything is read once, unless there is no test part and much to read.
    """
    held, room = [], HELD
    characters = _characters(sources, corpus)
    for sample in characters:
        if sample.split == "test":
            yield sample
            yield from (other for other in characters if other.split == "test")
            return
        room -= sample.picture.nbytes
        if room >= 0:
            held.append(sample)
        else:
            held.clear()
    yield from held if room >= 0 else _characters(sources, corpus)


def _characters(sources: Sequence[Path], corpus: str | None) -> Iterator[Sample]:
    for source in sources:
        for item in read_samples(source, corpus):
            if isinstance(item, Sample) and item.kind == "character":
                yield item


def read_guesses(
    runtime: CharacterRuntime, samples: Iterable[Sample], allowed: Collection[str] | None = None, pictures: int = 0
) -> Iterator[Guess]:
    """Every sample of a single character as the model reads it, a few hundred in memory at a time; so many of those
    that are taken for others keep a reduced picture."""
    waiting = iter(samples)
    while part := list(islice(waiting, TOGETHER)):
        squares = [framed(sample.picture, runtime.side) for sample in part]
        for sample, best in zip(part, runtime.best(squares, allowed, 1), strict=True):
            text, confidence = best[0] if best else ("", 0.0)
            kept = text != sample.text and pictures > 0
            pictures -= kept
            picture = reduced(sample.picture) if kept else None
            yield Guess(sample.text, text, min(1.0, confidence), sample.writer, sample.name, picture)


def reduced(picture: Gray) -> Gray:
    """No larger than `THUMB` either way."""
    scale = THUMB / max(picture.shape)
    if scale >= 1:
        return picture
    size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def evaluate_characters(guesses: Iterable[Guess], characters: Collection[str]) -> CharacterEvaluation:
    """The figures; `characters` are those the model knows. Raises DataError when there is no guess."""
    found: Sequence[Guess] = list(guesses)
    if not found:
        raise DataError("There is no picture of a single character to evaluate.")
    right = [guess.right for guess in found]
    sure = [guess.confidence for guess in found]
    many = Counter(guess.truth for guess in found)
    missed = Counter((guess.truth, guess.text) for guess, hit in zip(found, right, strict=True) if not hit)
    low, high = bootstrap_interval([Tally(substitutions=int(not hit), reference=1) for hit in right])
    return CharacterEvaluation(
        pictures=len(found),
        classes=len(many),
        accuracy=sum(right) / len(found),
        interval=(1 - high, 1 - low),
        balanced=balanced_accuracy([guess.truth for guess in found], [guess.text for guess in found]),
        unknown=sum(count for truth, count in many.items() if truth not in characters),
        calibration_error=expected_calibration_error(sure, right),
        reliability=tuple(reliability(sure, right)),
        risk=thinned(risk_coverage(sure, right)),
        per_writer=_writers(found),
        confusions=tuple(Confusion(a, b, count) for (a, b), count in missed.most_common(LISTED_CONFUSIONS)),
    )


def _writers(guesses: Iterable[Guess]) -> dict[str, Share]:
    hits: dict[str, list[bool]] = defaultdict(list)
    for guess in guesses:
        if guess.writer is not None:
            hits[guess.writer].append(guess.right)
    shares = {name: Share(len(part), len(part), 1 - sum(part) / len(part)) for name, part in hits.items()}
    return dict(sorted(shares.items(), key=lambda item: (-item[1].cer, item[0])))


def confusion_matrix(guesses: Sequence[Guess], classes: int = 12) -> tuple[list[str], list[list[int]]]:
    """The characters with the most errors, and a row for each: how often it was read as each of them, and as any other
    in the last column."""
    errors = Counter(guess.truth for guess in guesses if not guess.right)
    worst = [truth for truth, _ in sorted(errors.items(), key=lambda item: (-item[1], item[0]))[:classes]]
    columns = {character: place for place, character in enumerate(worst)}
    rows = [[0] * (len(worst) + 1) for _ in worst]
    for guess in guesses:
        if guess.truth in columns:
            rows[columns[guess.truth]][columns.get(guess.text, -1)] += 1
    return worst, rows


def render_characters(evaluation: CharacterEvaluation, rows: int = 15) -> "Group":
    """The figures for a terminal."""
    from rich.console import Group
    from rich.table import Table

    low, high = evaluation.interval
    figures = Table(title=f"{evaluation.pictures:,} pictures of {evaluation.classes:,} characters", show_header=False)
    figures.add_row("accuracy", f"{100 * evaluation.accuracy:.2f} %", f"95 %: {100 * low:.2f} to {100 * high:.2f}")
    figures.add_row("balanced accuracy", f"{100 * evaluation.balanced:.2f} %", "mean over the classes")
    figures.add_row("calibration error", f"{100 * evaluation.calibration_error:.2f} %", "expected")
    if evaluation.unknown:
        figures.add_row("not known to the model", f"{evaluation.unknown:,}", "count as wrong")
    missed = Table(title="read as another")
    for head in ("is", "read as", "times"):
        missed.add_column(head, justify="right" if head == "times" else "left")
    for confusion in evaluation.confusions[:rows]:
        missed.add_row(confusion.reference, confusion.hypothesis or "nothing", str(confusion.count))
    return Group(figures, missed) if evaluation.confusions else Group(figures)
