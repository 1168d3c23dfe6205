"""The figures of a reader on a set of lines. Training and `tenarai evaluate` both get theirs here, so they agree."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from tenarai.errors import DataError
from tenarai.text.error_rate import (
    Tally,
    bootstrap_interval,
    character_errors,
    confusions,
    is_spaced,
    line_accuracy,
    word_errors,
)
from tenarai.text.normalise import normalise

if TYPE_CHECKING:
    from rich.console import Group
    from rich.table import Table

VERSION = 1
LEVEL = 0.95
ENOUGH_WRITERS = 5  # fewer and the resampled corpora are nearly all alike: the interval would be noise
LISTED_CONFUSIONS = 50
LISTED_LINES = 20


@dataclass(frozen=True, slots=True)
class Reading:
    """A line read by some model: what stands there and what was read ("" when nothing was).

    `name` says where the line is from. `confidence` is the model's own, 0 to 1, None when unknown. `writer` and
    `direction` ("horizontal", "vertical") put the line in the tables of its kind; None leaves it out of them.
    """

    name: str
    reference: str
    hypothesis: str
    confidence: float | None = None
    writer: str | None = None
    direction: str | None = None


@dataclass(frozen=True, slots=True)
class Share:
    """The figures of a part of the lines, such as those of one writer."""

    lines: int
    characters: int
    cer: float


@dataclass(frozen=True, slots=True)
class Confusion:
    """A character read as another `count` times; "" as hypothesis: missed, as reference: invented."""

    reference: str
    hypothesis: str
    count: int


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line with errors, its texts as they were compared."""

    name: str
    reference: str
    hypothesis: str
    edits: int
    cer: float
    confidence: float | None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What `evaluate` found; every figure is of the texts under `policy`.

    `characters` counts reference graphemes and `errors` the edits against them; `cer` is all edits / all reference
    characters and may exceed 1. `cer_interval` is the 95 % bootstrap interval over `interval_unit`, "writer" or
    "line". `wer` is over the lines whose script parts words by spaces, None when there are none. `line_accuracy` is
    the share of lines without an error. `per_writer` and `per_direction` are sorted, highest CER first. `confusions`
    are the most frequent, `worst` the lines with the most edits.
    """

    policy: str
    lines: int
    characters: int
    errors: Tally
    cer: float
    cer_interval: tuple[float, float]
    interval_unit: str
    wer: float | None
    line_accuracy: float
    per_writer: Mapping[str, Share]
    per_direction: Mapping[str, Share]
    confusions: tuple[Confusion, ...]
    worst: tuple[BadLine, ...]

    def to_json(self) -> dict[str, Any]:
        """Only dicts, lists, strings, finite numbers and None, ready for `json.dumps`; "version" tells the layout."""
        low, high = self.cer_interval
        return {
            "version": VERSION,
            "policy": self.policy,
            "lines": self.lines,
            "characters": self.characters,
            "substitutions": self.errors.substitutions,
            "insertions": self.errors.insertions,
            "deletions": self.errors.deletions,
            "cer": self.cer,
            "cer_interval": {"low": low, "high": high, "level": LEVEL, "unit": self.interval_unit},
            "wer": self.wer,
            "line_accuracy": self.line_accuracy,
            "per_writer": {name: asdict(share) for name, share in self.per_writer.items()},
            "per_direction": {name: asdict(share) for name, share in self.per_direction.items()},
            "confusions": [asdict(confusion) for confusion in self.confusions],
            "worst": [asdict(line) for line in self.worst],
        }


def evaluate(readings: Iterable[Reading], policy: str = "nfc") -> Evaluation:
    """Compares each reference with its hypothesis, both under the text policy (see `tenarai.text.normalise`).

    The interval resamples whole writers when at least 5 are named (a line without a writer then stands for itself),
    otherwise lines.

    Raises DataError when there are no readings, SettingsError for an unknown policy.
    """
    readings = list(readings)
    if not readings:
        raise DataError("There are no lines to evaluate: give at least one with its reference.")
    pairs = [(normalise(reading.reference, policy), normalise(reading.hypothesis, policy)) for reading in readings]
    tallies = [character_errors(*pair) for pair in pairs]
    total = sum(tallies, Tally())

    by_writer = len({reading.writer for reading in readings} - {None}) >= ENOUGH_WRITERS
    owners = [line if reading.writer is None else reading.writer for line, reading in enumerate(readings)]
    words = [word_errors(*pair) for pair in pairs if is_spaced(pair[0])]
    return Evaluation(
        policy=policy,
        lines=len(readings),
        characters=total.reference,
        errors=total,
        cer=total.rate,
        cer_interval=bootstrap_interval(tallies, owners if by_writer else None, LEVEL),
        interval_unit="writer" if by_writer else "line",
        wer=sum(words, Tally()).rate if words else None,
        line_accuracy=line_accuracy(pairs),
        per_writer=_shares(readings, tallies, lambda reading: reading.writer),
        per_direction=_shares(readings, tallies, lambda reading: reading.direction),
        confusions=tuple(Confusion(*pair, n) for pair, n in confusions(pairs).most_common(LISTED_CONFUSIONS)),
        worst=_worst(readings, pairs, tallies),
    )


def _shares(
    readings: Sequence[Reading], tallies: Sequence[Tally], kind: Callable[[Reading], str | None]
) -> dict[str, Share]:
    """The figures of each kind of line, highest CER first; lines without a kind are left out."""
    parts: dict[str, list[Tally]] = defaultdict(list)
    for reading, tally in zip(readings, tallies, strict=True):
        name = kind(reading)
        if name is not None:
            parts[name].append(tally)
    sums = {name: sum(part, Tally()) for name, part in parts.items()}
    shares = {name: Share(len(parts[name]), tally.reference, tally.rate) for name, tally in sums.items()}
    return dict(sorted(shares.items(), key=lambda item: (-item[1].cer, item[0])))


def _worst(
    readings: Sequence[Reading], pairs: Sequence[tuple[str, str]], tallies: Sequence[Tally]
) -> tuple[BadLine, ...]:
    """By edits, not by rate: these lines cost most, and a line of one character would lead every list by rate."""
    bad = [
        BadLine(reading.name, *pair, tally.edits, tally.rate, reading.confidence)
        for reading, pair, tally in zip(readings, pairs, tallies, strict=True)
        if tally.edits
    ]
    return tuple(sorted(bad, key=lambda line: (-line.edits, -line.cer, line.name))[:LISTED_LINES])


def render(evaluation: Evaluation, rows: int = 20) -> "Group":
    """Tables for the terminal (a rich renderable), each cut after `rows` rows."""
    from rich.console import Group

    tables = [_summary(evaluation)]
    for title, shares in (("Writers", evaluation.per_writer), ("Directions", evaluation.per_direction)):
        if shares:
            cells = [(name, f"{s.lines:,}", f"{s.characters:,}", _percent(s.cer)) for name, s in shares.items()]
            tables.append(_table(title, (title[:-1], "Lines", "Characters", "CER"), cells, rows))
    if evaluation.confusions:
        readings = [(_visible(c.reference), _visible(c.hypothesis), f"{c.count:,}") for c in evaluation.confusions]
        tables.append(_table("Confusions", ("Written", "Read", "Count"), readings, rows))
    if evaluation.worst:
        lines = [
            (f"{w.name}\n{w.reference}\n{w.hypothesis}", f"{w.edits:,}", _percent(w.cer), _percent(w.confidence))
            for w in evaluation.worst
        ]
        tables.append(_table("Worst lines", ("Name, written, read", "Edits", "CER", "Confidence"), lines, rows))
    return Group(*tables)


def _summary(evaluation: Evaluation) -> "Table":
    errors = evaluation.errors
    low, high = evaluation.cer_interval
    kinds = f"{errors.substitutions:,} wrong, {errors.insertions:,} invented, {errors.deletions:,} missed"
    cells = [
        ("Lines", f"{evaluation.lines:,}"),
        ("Characters", f"{evaluation.characters:,}"),
        ("Errors", f"{errors.edits:,} ({kinds})"),
        (
            "CER",
            f"{_percent(evaluation.cer)} (95 %: {_percent(low)} to {_percent(high)}, by {evaluation.interval_unit})",
        ),
        ("WER", _percent(evaluation.wer)),
        ("Lines without error", _percent(evaluation.line_accuracy)),
    ]
    return _table(f"Evaluation, text policy {evaluation.policy!r}", ("Figure", "Value"), cells, len(cells))


def _table(title: str, heads: Sequence[str], cells: Sequence[Sequence[str]], rows: int) -> "Table":
    from rich.table import Table
    from rich.text import Text

    hidden = len(cells) - rows
    table = Table(title=title, title_justify="left", caption=f"{hidden:,} more" if hidden > 0 else None)
    for head in heads:
        table.add_column(head, overflow="fold")
    for row in cells[:rows]:
        table.add_row(*(Text(cell) for cell in row))  # Text, because brackets in a reading are not markup
    return table


def _percent(rate: float | None) -> str:
    return "-" if rate is None else f"{100 * rate:.2f} %"


def _visible(character: str) -> str:
    return {"": "(none)", " ": "(space)"}.get(character, character)
