"""Two readers on the same lines: whether one is better, by how much, and on which lines."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from tenarai.errors import DataError
from tenarai.evaluate.report import (
    LEVEL,
    LISTED_LINES,
    Evaluation,
    Reading,
    Scored,
    evaluate,
    percent,
    scored,
    table,
    units,
    with_interval,
)
from tenarai.text.error_rate import paired_bootstrap, quantiles

if TYPE_CHECKING:
    from rich.console import Group

VERSION = 1


@dataclass(frozen=True, slots=True)
class Change:
    """A line that B reads with more or fewer errors than A, its texts as they were compared."""

    name: str
    reference: str
    a: str
    b: str
    a_edits: int
    b_edits: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """`difference` is the CER of B less that of A: below 0, B is better. `interval` is its 95 % bootstrap interval,
    both drawn with the same lines, over `interval_unit`. `b_better` and `a_better` are the shares of the resamples in
    which the one has fewer errors than the other. `worse` and `better` list the lines on which B has more errors, and
    fewer, those that differ most first; `worse_lines` and `better_lines` count them all."""

    a: Evaluation
    b: Evaluation
    difference: float
    interval: tuple[float, float]
    interval_unit: str
    b_better: float
    a_better: float
    worse_lines: int
    better_lines: int
    worse: tuple[Change, ...]
    better: tuple[Change, ...]

    def to_json(self) -> dict[str, Any]:
        """Ready for `json.dumps`; "version" tells the layout."""
        low, high = self.interval
        return {
            "version": VERSION,
            "policy": self.a.policy,
            "difference": self.difference,
            "interval": {"low": low, "high": high, "level": LEVEL, "unit": self.interval_unit},
            "b_better": self.b_better,
            "a_better": self.a_better,
            "worse_lines": self.worse_lines,
            "better_lines": self.better_lines,
            "worse": [asdict(change) for change in self.worse],
            "better": [asdict(change) for change in self.better],
            "a": self.a.to_json(),
            "b": self.b.to_json(),
        }


Pair = tuple[Scored, Scored]


def compare(a: Iterable[Reading], b: Iterable[Reading], policy: str = "nfc") -> Comparison:
    """Readings of the same lines in the same order by A and by B, under the text policy.

    The bootstrap draws writers, pages or lines as `evaluate` does, the same for both in each resample.

    Raises DataError when there are no readings or they are not of the same lines, SettingsError for an unknown policy.
    """
    first, second = list(a), list(b)
    pairs = paired(first, second, policy)
    unit, owners = units(first)
    tallies = [x.tally for x, _ in pairs], [y.tally for _, y in pairs]
    figures = evaluate(first, policy), evaluate(second, policy)
    differences = paired_bootstrap(*tallies, owners)
    worse, better = changed(pairs)
    return Comparison(
        *figures,
        difference=figures[1].cer - figures[0].cer,
        interval=quantiles(differences, LEVEL),
        interval_unit=unit,
        b_better=float((differences < 0).mean()),
        a_better=float((differences > 0).mean()),
        worse_lines=len(worse),
        better_lines=len(better),
        worse=tuple(map(_change, worse[:LISTED_LINES])),
        better=tuple(map(_change, better[:LISTED_LINES])),
    )


def paired(a: Sequence[Reading], b: Sequence[Reading], policy: str) -> list[Pair]:
    """Each line as both read it. Raises DataError when the readings are not of the same lines."""
    if [(r.name, r.reference) for r in a] != [(r.name, r.reference) for r in b]:
        raise DataError(
            f"{len(a)} readings are compared with {len(b)} that are not of the same lines in the same order."
        )
    return list(zip(scored(a, policy), scored(b, policy), strict=True))


def changed(pairs: Iterable[Pair]) -> tuple[list[Pair], list[Pair]]:
    """The lines on which B has more errors than A, and those on which it has fewer; those that differ most first."""
    more = [pair for pair in pairs if pair[0].tally.edits != pair[1].tally.edits]
    more.sort(key=lambda pair: (-abs(_gain(pair)), -max(x.tally.rate for x in pair), pair[0].reading.name))
    return [pair for pair in more if _gain(pair) < 0], [pair for pair in more if _gain(pair) > 0]


def _gain(pair: Pair) -> int:
    return pair[0].tally.edits - pair[1].tally.edits


def _change(pair: Pair) -> Change:
    a, b = pair
    return Change(a.reading.name, a.reference, a.hypothesis, b.hypothesis, a.tally.edits, b.tally.edits)


def render_comparison(comparison: Comparison, rows: int = 20) -> "Group":
    """Tables for the terminal (a rich renderable), each cut after `rows` rows."""
    from rich.console import Group

    tables = [
        table("Comparison", ("Figure", "A", "B"), _figures(comparison), rows),
        table("Difference, B less A", ("Figure", "Value"), verdict(comparison), rows),
    ]
    for title, count, changes in (
        ("got worse", comparison.worse_lines, comparison.worse),
        ("got better", comparison.better_lines, comparison.better),
    ):
        if changes:
            cells = [(f"{c.name}\n{c.reference}\n{c.a}\n{c.b}", f"{c.a_edits:,}", f"{c.b_edits:,}") for c in changes]
            heads = ("Name, written, read by A, by B", "Errors of A", "of B")
            tables.append(table(f"{count:,} lines {title}", heads, cells, rows))
    return Group(*tables)


def verdict(comparison: Comparison) -> list[tuple[str, str]]:
    """The difference in words: name and value of each figure."""
    low, high = (f"{100 * side:+.2f}" for side in comparison.interval)
    better, worse = comparison.better_lines, comparison.worse_lines
    same = comparison.a.lines - better - worse
    return [
        ("CER", f"{100 * comparison.difference:+.2f} points (95 %: {low} to {high}, by {comparison.interval_unit})"),
        ("Resamples in which B is better", percent(comparison.b_better)),
        ("Resamples in which A is better", percent(comparison.a_better)),
        (
            "Lines",
            f"{better:,} better, {worse:,} worse, {same:,} with as many errors",
        ),
    ]


def _figures(comparison: Comparison) -> list[tuple[str, str, str]]:
    rows = [("Lines", f"{comparison.a.lines:,}", f"{comparison.b.lines:,}")]
    for title, name in (("CER", "cer"), ("WER", "wer"), ("Lines without error", "line_accuracy")):
        rows.append((title, with_interval(comparison.a, name), with_interval(comparison.b, name)))
    return rows
