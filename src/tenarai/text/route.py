"""The likeliest path through the automaton of a pattern: exact, where a beam may lose what the pattern still needs.

Viterbi over places, of which there are two kinds: a step of the automaton whose character was just seen, and a state of
the automaton behind a blank.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from tenarai.text.alphabet import BLANK
from tenarai.text.pattern import Pattern

_NEVER = -1e30  # for -inf, whose differences would be NaN


def likeliest_path(
    log_probs: NDArray[np.float32], characters: Sequence[str], pattern: Pattern
) -> tuple[tuple[int, ...], float] | None:
    """The text of the likeliest path through the pattern, as labels, and that path's log probability; None when no text
    of the pattern fits into the frames.

    log_probs: (frames, classes) float32, natural log of the softmax, blank = 0; characters: the string of every label.
    """
    labels, sources, targets = _edges(pattern, characters)
    states, edges = len(pattern.steps), len(labels)
    by_target = np.argsort(targets, kind="stable")
    present, firsts = np.unique(targets[by_target], return_index=True)
    blank = np.full(states, _NEVER)
    blank[0] = 0.0
    inked, back = np.full(edges, _NEVER), np.full((len(log_probs), states + edges), -1, np.int64)
    for frame, row in enumerate(log_probs.astype(np.float64)):
        best, runner = np.full(states, -1), np.full(states, -1)  # likeliest step into each state, and of another label
        best[present], runner[present] = _two_best(inked, labels, by_target, firsts)
        arrived = np.where(best >= 0, inked[best], _NEVER)
        origin = np.arange(states)
        origin[arrived > blank] = states + best[arrived > blank]
        grown = np.maximum(arrived, blank)
        # Into a step from the state before it, unless that was reached by the same character without a blank.
        same = (best[sources] >= 0) & (labels[best[sources]] == labels)
        way = np.where(same, runner[sources], best[sources])
        entry = np.where(way >= 0, inked[way], _NEVER)
        came = np.where(entry > blank[sources], states + way, sources)
        entry = np.maximum(entry, blank[sources])
        stays = inked >= entry
        back[frame, :states], back[frame, states:] = origin, np.where(stays, states + np.arange(edges), came)
        blank = np.maximum(grown + row[BLANK], _NEVER)
        inked = np.maximum(np.where(stays, inked, entry) + row[labels], _NEVER)
    finals = sorted(pattern.ends)
    places = np.array([*finals, *(states + np.flatnonzero(np.isin(targets, finals)))])
    values = np.concatenate((blank, inked))[places]
    if values.max() <= _NEVER / 2:
        return None
    walked = _walked(back, int(places[values.argmax()]))
    steps = [here for before, here in zip([0, *walked], walked, strict=False) if here >= states and here != before]
    return tuple(int(labels[step - states]) for step in steps), float(values.max())


def _edges(pattern: Pattern, characters: Sequence[str]) -> tuple[NDArray[np.int64], ...]:
    """Label, source and target of every step."""
    known = {character: label for label, character in enumerate(characters) if character}
    rows = [(known[c], state, after) for state, step in enumerate(pattern.steps) for c, after in step.items()]
    labels, sources, targets = np.array(rows, np.int64).T
    return labels, sources, targets


def _two_best(
    inked: NDArray[np.float64], labels: NDArray[np.int64], by_target: NDArray[np.int64], firsts: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """For every group of steps into one state the likeliest, and the likeliest of another label; -1 for none."""
    values, names = inked[by_target], labels[by_target]
    sizes = np.diff(firsts, append=len(values))
    best = _argmax(values, firsts, sizes)
    others = np.where(names == np.repeat(names[best], sizes), -np.inf, values)
    runner = _argmax(others, firsts, sizes)
    return by_target[best], np.where(others[runner] > -np.inf, by_target[runner], -1)


def _argmax(values: NDArray[np.float64], firsts: NDArray[np.int64], sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where each group of values has its largest, the first of equals."""
    peaks = np.repeat(np.maximum.reduceat(values, firsts), sizes)
    places = np.where(values == peaks, np.arange(len(values)), len(values))
    return np.minimum.reduceat(places, firsts)


def _walked(back: NDArray[np.int64], place: int) -> list[int]:
    """The places of every frame, traced from the last one."""

    def backwards() -> Iterator[int]:
        here = place
        for row in back[::-1]:
            yield here
            here = int(row[here])

    return list(backwards())[::-1]
