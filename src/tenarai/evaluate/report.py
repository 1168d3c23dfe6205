"""The figures of a reader on a set of lines. Training and `tenarai evaluate` both get theirs here, so they agree."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from tenarai.errors import DataError
from tenarai.evaluate.aligned import columns
from tenarai.evaluate.calibration import Trust, trust
from tenarai.page.layout import Character
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

    from tenarai.image.read import Source

VERSION = 1
LEVEL = 0.95
ENOUGH_WRITERS = 5  # fewer and the resampled corpora are nearly all alike: the interval would be noise
LISTED_CONFUSIONS = 50
LISTED_LINES = 20


@dataclass(frozen=True, slots=True)
class Reading:
    """A line read by some model: what stands there and what was read ("" when nothing was).

    `name` says where the line is from. `confidence` is the model's own, 0 to 1, None when unknown. `writer` and
    `direction` ("horizontal", "vertical") and `page` put the line in the tables of its kind; None leaves it out of
    them. `characters` are those that were read, in the pixels of the picture that `picture()` gives.
    """

    name: str
    reference: str
    hypothesis: str
    confidence: float | None = None
    writer: str | None = None
    direction: str | None = None
    page: str | None = None
    characters: tuple[Character, ...] = ()
    picture: "Callable[[], Source] | None" = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Scored:
    """A line with its texts as they were compared, and its errors."""

    reading: Reading
    reference: str
    hypothesis: str
    tally: Tally


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
    characters and may exceed 1. The intervals are 95 % bootstrap intervals over `interval_unit`, "writer", "page" or
    "line". `wer` is over the lines whose script parts words by spaces, None when there are none. `line_accuracy` is
    the share of lines without an error. `per_writer`, `per_direction` and `per_page` are sorted, highest CER first.
    `confusions` are the most frequent, `worst` the lines with the most edits, `trust` says what confidences are worth.
    """

    policy: str
    lines: int
    characters: int
    errors: Tally
    cer: float
    cer_interval: tuple[float, float]
    interval_unit: str
    wer: float | None
    wer_interval: tuple[float, float] | None
    line_accuracy: float
    line_accuracy_interval: tuple[float, float]
    per_writer: Mapping[str, Share]
    per_direction: Mapping[str, Share]
    per_page: Mapping[str, Share]
    confusions: tuple[Confusion, ...]
    worst: tuple[BadLine, ...]
    trust: Trust

    def to_json(self) -> dict[str, Any]:
        """Only dicts, lists, strings, finite numbers and None, ready for `json.dumps`; "version" tells the layout."""
        return {
            "version": VERSION,
            "policy": self.policy,
            "lines": self.lines,
            "characters": self.characters,
            "substitutions": self.errors.substitutions,
            "insertions": self.errors.insertions,
            "deletions": self.errors.deletions,
            "cer": self.cer,
            "cer_interval": self._interval(self.cer_interval),
            "wer": self.wer,
            "wer_interval": self._interval(self.wer_interval),
            "line_accuracy": self.line_accuracy,
            "line_accuracy_interval": self._interval(self.line_accuracy_interval),
            "confidence": self.trust.to_json(),
            "per_writer": {name: asdict(share) for name, share in self.per_writer.items()},
            "per_direction": {name: asdict(share) for name, share in self.per_direction.items()},
            "per_page": {name: asdict(share) for name, share in self.per_page.items()},
            "confusions": [asdict(confusion) for confusion in self.confusions],
            "worst": [asdict(line) for line in self.worst],
        }

    def _interval(self, interval: tuple[float, float] | None) -> dict[str, Any] | None:
        if interval is None:
            return None
        return {"low": interval[0], "high": interval[1], "level": LEVEL, "unit": self.interval_unit}


def evaluate(readings: Iterable[Reading], policy: str = "nfc") -> Evaluation:
    """Compares each reference with its hypothesis, both under the text policy (see `tenarai.text.normalise`).

    The intervals resample whole writers when at least 5 are named (a line without a writer then stands for itself),
    whole pages when at least 5 are, otherwise lines.

    Raises DataError when there are no readings, SettingsError for an unknown policy.
    """
    lines = scored(readings, policy)
    if not lines:
        raise DataError("There are no lines to evaluate: give at least one with its reference.")
    pairs = [(line.reference, line.hypothesis) for line in lines]
    tallies = [line.tally for line in lines]
    total = sum(tallies, Tally())
    unit, owners = units([line.reading for line in lines])
    spaced = [place for place, (reference, _) in enumerate(pairs) if is_spaced(reference)]
    words = [word_errors(*pairs[place]) for place in spaced]
    misses = [Tally(substitutions=int(a != b), reference=1) for a, b in pairs]
    right = bootstrap_interval(misses, owners, LEVEL)
    return Evaluation(
        policy=policy,
        lines=len(lines),
        characters=total.reference,
        errors=total,
        cer=total.rate,
        cer_interval=bootstrap_interval(tallies, owners, LEVEL),
        interval_unit=unit,
        wer=sum(words, Tally()).rate if words else None,
        wer_interval=bootstrap_interval(words, owners and [owners[i] for i in spaced], LEVEL) if words else None,
        line_accuracy=line_accuracy(pairs),
        line_accuracy_interval=(1 - right[1], 1 - right[0]),
        per_writer=_shares(lines, lambda reading: reading.writer),
        per_direction=_shares(lines, lambda reading: reading.direction),
        per_page=_shares(lines, lambda reading: reading.page),
        confusions=tuple(Confusion(*pair, n) for pair, n in confusions(pairs).most_common(LISTED_CONFUSIONS)),
        worst=tuple(
            BadLine(line.reading.name, line.reference, line.hypothesis, line.tally.edits, line.tally.rate,
                    line.reading.confidence)
            for line in worst_first(lines)[:LISTED_LINES]
        ),
        trust=trust(_sureness(lines, policy), [line.reading.confidence for line in lines], tallies),
    )  # fmt: skip


def scored(readings: Iterable[Reading], policy: str) -> list[Scored]:
    """Every line with its texts under the policy, and its errors."""
    found = []
    for reading in readings:
        pair = normalise(reading.reference, policy), normalise(reading.hypothesis, policy)
        found.append(Scored(reading, *pair, character_errors(*pair)))
    return found


def units(readings: Sequence[Reading]) -> tuple[str, list[Hashable] | None]:
    """What a bootstrap draws - "writer", "page" or "line" - and which of them each line belongs to, None if to itself.
    A line without a writer, or page, stands for itself."""
    for unit in ("writer", "page"):
        names = [getattr(reading, unit) for reading in readings]
        if len({*names} - {None}) >= ENOUGH_WRITERS:
            return unit, [line if name is None else name for line, name in enumerate(names)]
    return "line", None


def worst_first(lines: Iterable[Scored]) -> list[Scored]:
    """The lines with errors. By edits, not by rate: these lines cost most, and a line of one character would lead every
    list by rate."""
    bad = [line for line in lines if line.tally.edits]
    return sorted(bad, key=lambda line: (-line.tally.edits, -line.tally.rate, line.reading.name))


def _sureness(lines: Iterable[Scored], policy: str) -> list[tuple[float, bool]]:
    """Of every character that was read with a confidence, how sure it was and whether it was right."""
    return [
        (column.character.confidence, column.right)
        for reading in (line.reading for line in lines)
        if reading.characters
        for column in columns(reading.reference, reading.hypothesis, reading.characters, policy)
        if column.character is not None and column.character.confidence is not None
    ]


def _shares(lines: Sequence[Scored], kind: Callable[[Reading], str | None]) -> dict[str, Share]:
    """The figures of each kind of line, highest CER first; lines without a kind are left out."""
    parts: dict[str, list[Tally]] = defaultdict(list)
    for line in lines:
        name = kind(line.reading)
        if name is not None:
            parts[name].append(line.tally)
    sums = {name: sum(part, Tally()) for name, part in parts.items()}
    shares = {name: Share(len(parts[name]), tally.reference, tally.rate) for name, tally in sums.items()}
    return dict(sorted(shares.items(), key=lambda item: (-item[1].cer, item[0])))


def render(evaluation: Evaluation, rows: int = 20) -> "Group":
    """Tables for the terminal (a rich renderable), each cut after `rows` rows."""
    from rich.console import Group

    tables = [_summary(evaluation)]
    for title, shares in _kinds(evaluation):
        if shares:
            cells = [(name, f"{s.lines:,}", f"{s.characters:,}", percent(s.cer)) for name, s in shares.items()]
            tables.append(table(title, (title[:-1], "Lines", "Characters", "CER"), cells, rows))
    if evaluation.confusions:
        readings = [(visible(c.reference), visible(c.hypothesis), f"{c.count:,}") for c in evaluation.confusions]
        tables.append(table("Confusions", ("Written", "Read", "Count"), readings, rows))
    if evaluation.worst:
        lines = [
            (f"{w.name}\n{w.reference}\n{w.hypothesis}", f"{w.edits:,}", percent(w.cer), percent(w.confidence))
            for w in evaluation.worst
        ]
        tables.append(table("Worst lines", ("Name, written, read", "Edits", "CER", "Confidence"), lines, rows))
    return Group(*tables)


def _kinds(evaluation: Evaluation) -> tuple[tuple[str, Mapping[str, Share]], ...]:
    return (
        ("Writers", evaluation.per_writer),
        ("Directions", evaluation.per_direction),
        ("Pages", evaluation.per_page),
    )


def _summary(evaluation: Evaluation) -> "Table":
    errors = evaluation.errors
    kinds = f"{errors.substitutions:,} wrong, {errors.insertions:,} invented, {errors.deletions:,} missed"
    trust = evaluation.trust
    cells = [
        ("Lines", f"{evaluation.lines:,}"),
        ("Characters", f"{evaluation.characters:,}"),
        ("Errors", f"{errors.edits:,} ({kinds})"),
        ("CER", with_interval(evaluation, "cer")),
        ("WER", with_interval(evaluation, "wer")),
        ("Lines without error", with_interval(evaluation, "line_accuracy")),
    ]
    if trust.calibration_error is not None:
        cells.append(("Calibration error", f"{percent(trust.calibration_error)} of {trust.characters:,} characters"))
    if trust.correlation is not None:
        cells.append(("Confidence and CER", f"correlation {trust.correlation:.2f} over {trust.lines:,} lines"))
    return table(f"Evaluation, text policy {evaluation.policy!r}", ("Figure", "Value"), cells, len(cells))


def table(title: str, heads: Sequence[str], cells: Sequence[Sequence[str]], rows: int) -> "Table":
    from rich.table import Table
    from rich.text import Text

    hidden = len(cells) - rows
    table = Table(title=title, title_justify="left", caption=f"{hidden:,} more" if hidden > 0 else None)
    for head in heads:
        table.add_column(head, overflow="fold")
    for row in cells[:rows]:
        table.add_row(*(Text(cell) for cell in row))  # Text, because brackets in a reading are not markup
    return table


def with_interval(evaluation: Evaluation, name: str) -> str:
    """One of the figures that have an interval - cer, wer, line_accuracy - with it."""
    value, interval = getattr(evaluation, name), getattr(evaluation, f"{name}_interval")
    if value is None:
        return percent(None)
    low, high = map(percent, interval)
    return f"{percent(value)} (95 %: {low} to {high}, by {evaluation.interval_unit})"


def percent(rate: float | None) -> str:
    """As people write it; "-" for what is not known."""
    return "-" if rate is None else f"{100 * rate:.2f} %"


def visible(character: str) -> str:
    """A character of a table, where nothing and a space must show too."""
    return {"": "(none)", " ": "(space)"}.get(character, character)
