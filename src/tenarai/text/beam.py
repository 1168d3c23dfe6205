"""Prefix beam search (Graves 2012, section 7.5.3; Hannun et al. 2014): the likeliest text, not the likeliest path.

Each hypothesis, a text, carries the probability of all paths that show it so far, those that end in a blank apart from
those that end in its last character. Probabilities are plain numbers scaled to the best of the frame, not logarithms:
sums are the inner loop, and a hypothesis e^700 times less likely than the best may well be lost.
"""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from heapq import heapify, heappush, heapreplace
from operator import attrgetter, itemgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenarai.errors import DataError, SettingsError
from tenarai.text.alphabet import BLANK
from tenarai.text.guide import Guide

_SMALL = 1e-150  # masses are scaled up when the best one falls below
_NOTHING = -700.0  # the natural logarithm of what counts as never
_NO_LABEL = -1
_LARGEST_BONUS = 20

Candidates = list[tuple[int, float]]
_Step = tuple[float, Any, int]
_Fresh = tuple[float, "_Prefix", int]


@dataclass(frozen=True, slots=True)
class Beam:
    """How wide a search looks. `EXACT` looks at everything: for proofs on small matrices.

    width: hypotheses kept after each frame.
    top_k: characters looked at in a frame, the likeliest ones.
    cut: natural logarithm; characters and hypotheses so much less likely than the best of their frame are dropped.
    skip: a frame whose blank is likelier than this is taken for blank alone.
    bonus: added to the score for every character, against a language model's liking for short texts.
    """

    width: int = 16
    top_k: int = 20
    cut: float = 7.0
    skip: float = 0.999
    bonus: float = 0.0

    def __post_init__(self) -> None:
        if self.width < 1 or self.top_k < 1:
            raise SettingsError(f"A beam is at least 1 wide and deep, not {self.width} and {self.top_k}.")
        if not (self.cut > 0 and 0 < self.skip <= 1 and abs(self.bonus) <= _LARGEST_BONUS):
            raise SettingsError(
                f"A beam's cut is above 0, its skip above 0 and at most 1, its bonus from -{_LARGEST_BONUS} to "
                f"{_LARGEST_BONUS}, not {self.cut}, {self.skip} and {self.bonus}."
            )


EXACT = Beam(width=1 << 30, top_k=1 << 30, cut=math.inf, skip=1.0)


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """A text, as labels, and its score: log probability over all paths, with what the guide and the bonus add."""

    labels: tuple[int, ...]
    score: float


@dataclass(slots=True, eq=False)
class _Prefix:
    """A text in the making. `least` is how many characters the guide still wants; `steps` what every character more
    is worth, known for all texts in the same state at once.

    `blank` and `inked` are the masses at the end of the frame before, `mass` their sum; `next_blank` and `next_inked`
    those of the frame in work, valid when `frame` is its number.
    """

    labels: tuple[int, ...]
    last: int
    state: Any
    least: int
    steps: dict[int, _Step]
    blank: float = 0.0
    inked: float = 0.0
    mass: float = 0.0
    frame: int = -1
    next_blank: float = 0.0
    next_inked: float = 0.0
    children: dict[int, "_Prefix"] = field(default_factory=dict)


def beam_search(
    log_probs: NDArray[np.float32],
    characters: Sequence[str],
    beam: Beam | None = None,
    guide: Guide | None = None,
    n_best: int = 1,
) -> list[Hypothesis]:
    """The `n_best` texts, best first; fewer where there are no more, none where the guide allows none that was found.

    log_probs: (frames, classes) float32, natural log of the softmax, blank = 0; characters: the string of every label.
    Raises DataError for scores that are not a number.
    """
    return _Search(characters, beam or Beam(), guide).run(log_probs, n_best)


class _Search:
    """One search: its settings, and the scale of its masses."""

    def __init__(self, characters: Sequence[str], beam: Beam, guide: Guide | None) -> None:
        self.characters, self.beam, self.guide = characters, beam, guide
        self.worth = math.exp(beam.bonus)  # no character is worth more: guides only take away
        self.floor = math.exp(-beam.cut)
        self.scale = 0.0  # natural log of what the masses were divided by
        self.steps: dict[Any, dict[int, _Step]] = defaultdict(dict)  # by the guide's state

    def run(self, log_probs: NDArray[np.float32], n_best: int) -> list[Hypothesis]:
        guide, frames = self.guide, self._frames(log_probs)
        start = guide.start if guide else None
        least = guide.least(start) if guide else 0
        hypotheses = [_Prefix((), _NO_LABEL, start, least, self.steps[start], blank=1.0, mass=1.0)]
        for number, (blanks, blank, pairs) in enumerate(frames):
            if blanks:  # nothing but blanks since the last frame in work
                for prefix in hypotheses:
                    prefix.blank, prefix.inked = prefix.mass, 0.0
            left = len(frames) - 1 - number
            fresh = self._advance(hypotheses, number, blank, pairs, left)
            hypotheses = self._kept(hypotheses, fresh, left)
        return self._ranked(hypotheses, n_best)

    def _frames(self, log_probs: NDArray[np.float32]) -> list[tuple[bool, float, Candidates]]:
        """The frames that may show a character: whether frames were left out before it, the probability of the blank,
        and the likeliest characters, best first."""
        if not len(log_probs):
            return []
        blanks = log_probs[:, BLANK]
        left_out = blanks > math.log(self.beam.skip)
        self.scale += float(blanks[left_out].sum(dtype=np.float64))
        numbers = np.flatnonzero(~left_out)
        worked = log_probs[numbers]
        peaks = worked.max(axis=1)
        if np.isnan(peaks).any():
            raise DataError(
                "The frame scores hold NaN where log probabilities were expected: the network has diverged."
            )
        if peaks.min(initial=0.0) == -np.inf:
            raise DataError("The scores of a frame are all -inf, but natural log probabilities were expected.")
        least = np.maximum(peaks - self.beam.cut, _NOTHING)
        rows, labels = np.divmod(np.flatnonzero(worked >= least[:, None].astype(np.float32)), log_probs.shape[1])
        values = worked[rows, labels].astype(np.float64)
        order = np.argsort(rows * -2 * _NOTHING - values)  # by frame, then from the likeliest on
        order = order[labels[order] != BLANK]
        counts = np.bincount(rows[order], minlength=len(numbers))
        ends = np.cumsum(counts)
        starts = ends - counts
        pairs = list(zip(labels[order].tolist(), np.exp(values[order]).tolist(), strict=True))
        after_gap = np.diff(numbers, prepend=-1) > 1
        chances = np.exp(blanks[numbers].astype(np.float64))
        return [
            (gap, blank, pairs[start : min(end, start + self.beam.top_k)])
            for gap, blank, start, end in zip(
                after_gap.tolist(), chances.tolist(), starts.tolist(), ends.tolist(), strict=True
            )
        ]

    def _advance(
        self, hypotheses: list[_Prefix], frame: int, blank: float, pairs: Candidates, left: int
    ) -> list[_Fresh]:
        """Sets every text's masses for the next frame; the texts that are new in it. Hypotheses come best first."""
        chance, width = dict(pairs), self.beam.width
        top: list[
            float
        ] = []  # masses that the next frame has at least: the least of the best `width` is what others must beat
        for prefix in hypotheses:
            prefix.frame = frame
            prefix.next_blank = prefix.mass * blank
            prefix.next_inked = prefix.inked * chance.get(prefix.last, 0.0)
            if prefix.least <= left:
                top.append(prefix.next_blank + prefix.next_inked)
        heapify(top)
        bound = max(max(top, default=0.0) * self.floor, top[0] if len(top) >= width else 0.0)
        fresh: list[_Fresh] = []
        for prefix in hypotheses:
            mass, steps, children = prefix.mass, prefix.steps, prefix.children
            reach = mass * self.worth
            for label, probability in pairs:
                if reach * probability <= bound:
                    break  # and those that follow are less likely still
                weight, _, least = steps.get(label) or self._step(prefix, label)
                gain = (prefix.blank if label == prefix.last else mass) * probability * weight
                child = children.get(label)
                if child is not None and child.frame == frame:
                    child.next_inked += gain
                elif gain > bound and least <= left:
                    fresh.append((gain, prefix, label))
                    if len(top) < width:
                        heappush(top, gain)
                        bound = max(bound, gain * self.floor)
                    else:
                        heapreplace(top, gain)
                        bound = max(bound, gain * self.floor, top[0])
        return fresh

    def _step(self, prefix: _Prefix, label: int) -> _Step:
        """What one character more is worth to guide and bonus, the guide's state then, and what it still wants."""
        made: _Step = (self.worth, None, 0)
        if self.guide is not None:
            step = self.guide.step(prefix.state, self.characters[label])
            made = (0.0, None, 0)
            if step is not None:
                made = (self.worth * math.exp(step[1]), step[0], self.guide.least(step[0]))
        prefix.steps[label] = made
        return made

    def _kept(self, hypotheses: list[_Prefix], fresh: list[_Fresh], left: int) -> list[_Prefix]:
        """The best of a frame, best first, their masses made those of the frame before; `left` frames are to come."""
        fresh.sort(key=itemgetter(0), reverse=True)
        kept = [prefix for prefix in hypotheses if prefix.least <= left]
        kept += [self._child(*one) for one in fresh[: self.beam.width]]
        for prefix in kept:
            prefix.mass = prefix.next_blank + prefix.next_inked
        kept.sort(key=attrgetter("mass"), reverse=True)
        best = kept[0].mass if kept else 0.0
        least = best * self.floor
        kept = [prefix for prefix in kept[: self.beam.width] if prefix.mass > least]
        scale = best if 0 < best < _SMALL or best > 1 / _SMALL else 1.0
        self.scale += math.log(scale)
        for prefix in kept:
            prefix.blank, prefix.inked = prefix.next_blank / scale, prefix.next_inked / scale
            prefix.mass /= scale
        return kept

    def _child(self, gain: float, prefix: _Prefix, label: int) -> _Prefix:
        child = prefix.children.get(label)
        if child is None:
            _, state, least = prefix.steps[label]
            labels = (*prefix.labels, label)
            child = prefix.children[label] = _Prefix(labels, label, state, least, self.steps[state])
        child.next_blank, child.next_inked = 0.0, gain
        return child

    def _ranked(self, hypotheses: list[_Prefix], n_best: int) -> list[Hypothesis]:
        found = []
        for prefix in hypotheses:
            end = self.guide.end(prefix.state) if self.guide is not None else 0.0
            if prefix.mass > 0 and end > -math.inf:
                found.append(Hypothesis(prefix.labels, math.log(prefix.mass) + self.scale + end))
        found.sort(key=lambda hypothesis: (-hypothesis.score, hypothesis.labels))
        return found[:n_best]
