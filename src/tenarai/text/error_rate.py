"""Character and word error rates, alignment, confusions and bootstrap intervals.

The edit distance is Levenshtein's (1966), all costs 1. A character is an extended grapheme cluster (Unicode Standard
Annex 29), so a kana with a loose voicing mark, or an emoji with its joiners, is one character. A pair is always
`(reference, hypothesis)`. Nothing here normalises: see `tenarai.text.normalise`.
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import regex  # type: ignore[import-untyped]
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein

from tenarai.errors import DataError, SettingsError

Pair = tuple[str, str]

_GRAPHEME = regex.compile(r"\X")
_UNSPACED = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]")
_DRAWS_AT_ONCE = 1_000_000  # 8 MB of indices: large corpora must not cost rounds x lines of memory


@dataclass(frozen=True, slots=True)
class Tally:
    """Edits against a reference of `reference` characters or words. Tallies add up: `sum(tallies, Tally())`."""

    substitutions: int = 0
    insertions: int = 0
    deletions: int = 0
    reference: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            self.substitutions + other.substitutions,
            self.insertions + other.insertions,
            self.deletions + other.deletions,
            self.reference + other.reference,
        )

    @property
    def edits(self) -> int:
        """All substitutions, insertions and deletions."""
        return self.substitutions + self.insertions + self.deletions

    @property
    def rate(self) -> float:
        """Edits over reference length; may exceed 1. An empty reference counts as length 1: 0/0 is 0, 3/0 is 3."""
        return self.edits / max(self.reference, 1)


def graphemes(text: str) -> list[str]:
    """The extended grapheme clusters of `text`, in order; joined they give `text` again."""
    return list(_GRAPHEME.findall(text))


def is_spaced(text: str) -> bool:
    """Whether spaces part the words of `text`: no Japanese, Chinese, Thai, Lao, Khmer or Burmese letter in it."""
    return _UNSPACED.search(text) is None


def character_errors(reference: str, hypothesis: str) -> Tally:
    """Edits between two texts, counted in graphemes, spaces and punctuation included."""
    return _tally(graphemes(reference), graphemes(hypothesis))


def word_errors(reference: str, hypothesis: str) -> Tally:
    """Edits between two texts, counted in words parted by white space; says little where `is_spaced` is false."""
    return _tally(reference.split(), hypothesis.split())


def _tally(reference: Sequence[str], hypothesis: Sequence[str]) -> Tally:
    counts = Counter(edit.tag for edit in Levenshtein.editops(reference, hypothesis))
    return Tally(counts["replace"], counts["insert"], counts["delete"], len(reference))


def cer(pairs: Iterable[Pair]) -> float:
    """Character error rate of a corpus: all edits / all reference characters. May exceed 1."""
    return sum((character_errors(*pair) for pair in pairs), Tally()).rate


def wer(pairs: Iterable[Pair]) -> float:
    """Word error rate of a corpus: all edits / all reference words. May exceed 1."""
    return sum((word_errors(*pair) for pair in pairs), Tally()).rate


def line_accuracy(pairs: Iterable[Pair]) -> float:
    """Share of pairs that agree in every character, 0 to 1.

    Raises DataError when there is no pair.
    """
    agreements = [reference == hypothesis for reference, hypothesis in pairs]
    if not agreements:
        raise DataError("Line accuracy was asked of no lines at all: give at least one pair of texts.")
    return sum(agreements) / len(agreements)


def align(reference: str, hypothesis: str) -> list[Pair]:
    """Graphemes of both texts side by side at the least number of edits; "" stands for a gap.

    The left column joined is `reference`, the right one `hypothesis`. Of several best alignments one is given, always
    the same.
    """
    left, right = graphemes(reference), graphemes(hypothesis)
    columns: list[Pair] = []
    for block in Levenshtein.opcodes(left, right):
        rows = left[block.src_start : block.src_end]
        others = right[block.dest_start : block.dest_end]
        rows += [""] * (len(others) - len(rows))
        others += [""] * (len(rows) - len(others))
        columns += zip(rows, others, strict=True)
    return columns


def confusions(pairs: Iterable[Pair]) -> Counter[Pair]:
    """How often which character was read as which other, most frequent first, ties in code point order.

    `(character, "")` is a missed character, `("", character)` an invented one; characters read right are left out.
    """
    counts = Counter(column for pair in pairs for column in align(*pair) if column[0] != column[1])
    return Counter(dict(sorted(counts.items(), key=lambda item: (-item[1], item[0]))))


def bootstrap_interval(
    tallies: Sequence[Tally],
    groups: Sequence[Hashable] | None = None,
    level: float = 0.95,
    rounds: int = 1000,
    seed: int = 0,
) -> tuple[float, float]:
    """Percentile bootstrap interval (Efron 1979; for error rates Bisani and Ney 2004) of the corpus rate.

    Lines are drawn with replacement, or whole groups when `groups` names the group of each line: lines of one writer
    resemble each other, and an interval over lines would be too narrow for the next writer. The same arguments give
    the same interval.

    Raises DataError when there are no tallies or the groups do not match them, SettingsError for a level or a number
    of rounds out of range.
    """
    if not 0 < level < 1:
        raise SettingsError(f"The level of an interval must lie between 0 and 1, not {level}: 0.95 is usual.")
    return quantiles(_resampled([tallies], groups, rounds, seed)[0], level)


def paired_bootstrap(
    first: Sequence[Tally],
    second: Sequence[Tally],
    groups: Sequence[Hashable] | None = None,
    rounds: int = 1000,
    seed: int = 0,
) -> NDArray[np.float64]:
    """What the rate of `second` is above that of `first` in each resample `(rounds,) float64`: both are of the same
    lines, and every resample draws the same lines of both (Bisani and Ney 2004, section 4).

    Raises as `bootstrap_interval`, and DataError when the two are not of as many lines.
    """
    if len(first) != len(second):
        raise DataError(f"{len(first)} lines are compared with {len(second)}: a pair needs both readings of each line.")
    rates = _resampled([first, second], groups, rounds, seed)
    return np.asarray(rates[1] - rates[0])


def quantiles(values: NDArray[np.float64], level: float = 0.95) -> tuple[float, float]:
    """The interval in which so much of the values lies, as much outside on either side."""
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _resampled(
    sets: Sequence[Sequence[Tally]], groups: Sequence[Hashable] | None, rounds: int, seed: int
) -> NDArray[np.float64]:
    """The rate of every set in every resample, `(sets, rounds) float64`; the sets are of the same lines."""
    count = len(sets[0])
    if not count:
        raise DataError("A bootstrap interval was asked of no lines at all: give at least one tally.")
    if groups is not None and len(groups) != count:
        raise DataError(f"There are {count} tallies but {len(groups)} groups: give one group for each tally.")
    if rounds < 1:
        raise SettingsError(f"A bootstrap needs at least 1 round, not {rounds}: 1000 is usual.")
    number: dict[Hashable, int] = {}
    owners = range(count) if groups is None else groups
    units = np.array([number.setdefault(owner, len(number)) for owner in owners])
    edits = [np.bincount(units, [tally.edits for tally in tallies]) for tallies in sets]
    lengths = [np.bincount(units, [tally.reference for tally in tallies]) for tallies in sets]

    random = np.random.default_rng(seed)
    rates = np.empty((len(sets), rounds))
    block = max(1, _DRAWS_AT_ONCE // len(number))
    for start in range(0, rounds, block):
        drawn = random.integers(len(number), size=(min(block, rounds - start), len(number)))
        for row, wrong, long in zip(rates, edits, lengths, strict=True):
            row[start : start + block] = wrong[drawn].sum(axis=1) / np.maximum(long[drawn].sum(axis=1), 1)
    return rates
