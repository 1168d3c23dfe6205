"""Training of character n-grams: interpolated modified Kneser-Ney (Chen & Goodman 1998), pruned by count and by
relative entropy (Stolcke 1998). Millions of characters in seconds: all n-grams of a length are sorted at once.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenarai.errors import DataError, SettingsError
from tenarai.text.ngram import BOUNDARY, LONGEST_ORDER, Level, Ngram, assembled

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_CODES = 0x110000
_USUAL_DISCOUNTS = (0.5, 1.0, 1.5)  # for text too small to estimate them from


@dataclass(frozen=True, slots=True)
class Training:
    """order: the longest n-gram. least_counts: how often an n-gram of length 1, 2, ... must occur to be kept, the last
    number for all that are longer. entropy: n-grams whose loss raises perplexity by a smaller part are dropped, 0 for
    none; 1e-8 to 1e-6 is usual."""

    order: int = 5
    least_counts: tuple[int, ...] = (1, 1, 1, 2)
    entropy: float = 0.0

    def __post_init__(self) -> None:
        if not 1 <= self.order <= LONGEST_ORDER:
            raise SettingsError(f"The order of a language model lies from 1 to {LONGEST_ORDER}, not {self.order}.")
        if not self.least_counts or list(self.least_counts) != sorted(self.least_counts) or self.least_counts[0] < 1:
            raise SettingsError(f"Least counts begin at 1 or more and never fall, unlike {self.least_counts}.")
        if not 0 <= self.entropy < 1:
            raise SettingsError(f"The entropy to prune by lies from 0 to below 1, not {self.entropy}.")


@dataclass(frozen=True, slots=True, eq=False)
class _Counted:
    """All n-grams of one length, sorted, as in `Level`; `count` is how often each occurs, `adjusted` what Kneser-Ney
    counts: for all but the longest, how many different characters stand before it."""

    parent: Ints
    label: Ints
    suffix: Ints
    count: Ints
    adjusted: Ints
    opens: NDArray[np.bool_]  # it begins with the line: nothing stands before it


def train_ngram(
    lines: Iterable[str],
    settings: Training | None = None,
    characters: Iterable[str] = "",
    record: Mapping[str, Any] | None = None,
) -> Ngram:
    """A model of these lines; `characters` are known to it even where the lines lack them, `record` goes into its file.

    Raises DataError when there is no text or it is not Unicode.
    """
    settings = settings or Training()
    ids, known = _numbered(lines, characters)
    counted = _adjusted(_count(ids, len(known), settings.order), known.index(BOUNDARY))
    levels, unknown = _smoothed(counted, len(known))
    levels = _pruned(counted, levels, settings)
    told = {
        "text": {"characters": int((ids != known.index(BOUNDARY)).sum())},
        "least_counts": list(settings.least_counts),
        "entropy": settings.entropy,
        "smoothing": "interpolated modified Kneser-Ney",
        "ngrams": [len(level.label) for level in levels],
        **(record or {}),
    }
    return assembled(known, levels, unknown, told)


def _numbered(lines: Iterable[str], characters: Iterable[str]) -> tuple[Ints, list[str]]:
    """The text as numbers of its characters, each line between boundaries; the characters in order."""
    text = BOUNDARY.join(piece for line in lines for piece in line.splitlines() if piece)
    if not text:
        raise DataError("A language model is trained on text, but there was none.")
    try:
        codes = np.frombuffer(f"\n{text}\n".encode("utf-32-le"), np.uint32)
        extra = np.frombuffer("".join(characters).encode("utf-32-le"), np.uint32)
    except UnicodeEncodeError as error:
        raise DataError(f"The text to train on holds {error.object[error.start]!r}, half a character.") from None
    known = np.flatnonzero(np.bincount(np.concatenate((codes, extra)), minlength=_CODES))
    numbers = np.zeros(_CODES, np.int64)
    numbers[known] = np.arange(len(known))
    return numbers[codes], [chr(code) for code in known]


def _count(ids: Ints, size: int, order: int) -> list[_Counted]:
    """The n-grams of every length; `adjusted` and `opens` are filled in later."""
    boundary = int(ids[0])
    none = np.zeros(size, np.int64)
    single = np.bincount(ids[1:], minlength=size)  # a boundary counts as the end of its line
    levels = [_Counted(none, np.arange(size), none, single, none, none.astype(bool))]
    at = ids  # number of the n-gram that begins at each place
    places = np.arange(len(ids) - 1)
    for length in range(2, order + 1):
        if length > 2:  # a boundary may begin an n-gram or end it, not stand inside
            places = places[places < len(ids) - length + 1]
            places = places[ids[places + length - 2] != boundary]
        if not len(places):
            break
        keys = at[places] * size + ids[places + length - 1]
        by_key = np.argsort(keys, kind="stable")
        keys, sorted_places = keys[by_key], places[by_key]
        new = np.flatnonzero(np.diff(keys, prepend=-1))
        parent, label = np.divmod(keys[new], size)
        suffix = at[sorted_places[new] + 1]
        count = np.diff(new, append=len(keys))
        at = np.zeros(len(ids), np.int64)
        at[sorted_places] = np.repeat(np.arange(len(new)), count)
        levels.append(_Counted(parent, label, suffix, count, count, np.zeros(len(new), bool)))
    return levels


def _adjusted(levels: list[_Counted], boundary: int) -> list[_Counted]:
    """The same with Kneser-Ney counts."""
    out: list[_Counted] = []
    for depth, level in enumerate(levels):
        opens = level.opens
        if depth:
            opens = out[-1].opens[level.parent] if depth > 1 else level.parent == boundary
        adjusted = level.count
        if depth + 1 < len(levels):
            before = np.bincount(levels[depth + 1].suffix, minlength=len(level.label))
            adjusted = np.where(opens, level.count, before)
        out.append(replace(level, adjusted=adjusted, opens=opens))
    return out


def _discounts(adjusted: Ints) -> Floats:
    """What is taken from counts of 0, 1, 2, and 3 or more."""
    n1, n2, n3, n4 = (int((adjusted == count).sum()) for count in (1, 2, 3, 4))
    found = np.array((0.0, *_USUAL_DISCOUNTS))
    if min(n1, n2, n3, n4) > 0:
        y = n1 / (n1 + 2 * n2)
        estimated = np.array((0.0, 1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3))
        usable = (estimated > 0.01) & (estimated < np.arange(4))
        found = np.where(usable, estimated, found)
    return found


def _smoothed(counted: list[_Counted], size: int) -> tuple[list[Level], float]:
    """Probabilities of every n-gram, and that of an unknown character; back-off weights come later."""
    levels: list[Level] = []
    lower = np.array([1 / (size + 1)])  # every character and the unknown one alike
    unknown = 0.0
    for level in counted:
        adjusted = level.adjusted.astype(np.float64)
        taken = _discounts(level.adjusted)[np.minimum(level.adjusted, 3)]
        total = np.bincount(level.parent, adjusted)
        spare = np.bincount(level.parent, taken) / np.maximum(total, 1)
        shares = (adjusted - taken) / total[level.parent] + spare[level.parent] * lower[level.suffix]
        if not levels:
            unknown = math.log(spare[0] * lower[0])
        levels.append(Level(level.parent, level.label, level.suffix, np.log(shares), np.zeros(len(shares))))
        lower = shares
    return levels, unknown


def _pruned(counted: list[_Counted], levels: list[Level], settings: Training) -> list[Level]:
    """What is kept of the levels, numbered anew, with the back-off weights that make every context sum to 1."""
    keep = [_often_enough(level, depth, settings) for depth, level in enumerate(counted)]
    keep[0][:] = True
    places = int(counted[0].count.sum())
    for depth in range(len(levels) - 1, 0, -1):
        if settings.entropy:
            counts = counted[depth - 1].count / places
            cheap = _cost(levels[depth], levels[depth - 1], counts, keep[depth]) < settings.entropy
            needed = _needed(levels[depth + 1], keep[depth + 1], len(cheap)) if depth + 1 < len(levels) else False
            keep[depth] &= ~cheap | needed
        keep[depth - 1] |= _needed(levels[depth], keep[depth], len(keep[depth - 1]))
    weighted = [
        replace(level, backoff=_backoff(levels[i + 1], level, keep[i + 1])) if i + 1 < len(levels) else level
        for i, level in enumerate(levels)
    ]
    numbers = [np.zeros(1, np.int64), *(np.cumsum(kept) - 1 for kept in keep)]
    kept_levels = [
        Level(
            parent=numbers[i][level.parent[keep[i]]],
            label=level.label[keep[i]],
            suffix=numbers[i][level.suffix[keep[i]]],
            log_prob=level.log_prob[keep[i]],
            backoff=level.backoff[keep[i]],
        )
        for i, level in enumerate(weighted)
    ]
    return [level for i, level in enumerate(kept_levels) if i == 0 or len(level.label)]


def _often_enough(level: _Counted, depth: int, settings: Training) -> NDArray[np.bool_]:
    least = settings.least_counts
    return level.count >= least[min(depth, len(least) - 1)]


def _needed(longer: Level, keep: NDArray[np.bool_], size: int) -> NDArray[np.bool_]:
    """Which n-grams those kept one longer begin with or end with: the tree must hold them too."""
    needed = np.zeros(size, bool)
    needed[longer.parent[keep]] = needed[longer.suffix[keep]] = True
    return needed


def _left(level: Level, lower: Level, keep: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """What the kept n-grams leave of each context's probability, here and one shorter."""
    parent, size = level.parent[keep], len(lower.label)
    here = np.bincount(parent, np.exp(level.log_prob[keep]), size)
    shorter = np.bincount(parent, np.exp(lower.log_prob[level.suffix[keep]]), size)
    return np.maximum(1 - here, 1e-12), np.maximum(1 - shorter, 1e-12)


def _backoff(level: Level, lower: Level, keep: NDArray[np.bool_]) -> Floats:
    here, shorter = _left(level, lower, keep)
    return np.log(here) - np.log(shorter)


def _cost(level: Level, lower: Level, shares: Floats, keep: NDArray[np.bool_]) -> Floats:
    """By what part perplexity rises when each n-gram alone is left out (Stolcke 1998, section 3); `shares` is how often
    each context occurs among all places."""
    here, shorter = _left(level, lower, keep)
    parent, log_prob, log_lower = level.parent, level.log_prob, lower.log_prob[level.suffix]
    chance = np.exp(log_prob)
    before = np.log(here)[parent] - np.log(shorter)[parent]
    after = np.log(here[parent] + chance) - np.log(shorter[parent] + np.exp(log_lower))
    loss = -shares[parent] * (chance * (log_lower + after - log_prob) + here[parent] * (after - before))
    return np.asarray(np.expm1(loss))
