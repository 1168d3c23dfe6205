"""Forced alignment: where a known text stands in a line, and how likely the line shows it (Graves et al. 2006, 4.1).

A text of n characters becomes 2n + 1 places - a blank before, between and behind its characters. A path stays, goes on
by one place, or jumps the blank between two characters that differ.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from tenarai.errors import AlphabetError, DataError
from tenarai.text.alphabet import BLANK
from tenarai.text.ctc import Decoding, check_scores, line_confidence, spans_of

Labels = Sequence[int]
_NEVER = -1e30  # for -inf, whose differences would be NaN


def align(log_probs: NDArray[np.float32], text: str, characters: Sequence[str], alternatives: int = 5) -> Decoding:
    """The text's places on its likeliest path, with confidences, and as `score` the natural log of its probability
    over all paths.

    log_probs: (frames, classes) float32, natural log of the softmax, blank = 0; characters: the string of every label.

    Raises AlphabetError for a character that the model does not know, DataError for a text that does not fit into the
    frames or that the scores rule out.
    """
    check_scores(log_probs, characters, alternatives)
    known = {character: label for label, character in enumerate(characters) if character}
    labels = [known.get(character, BLANK) for character in text]
    if BLANK in labels:
        unknown = "".join(dict.fromkeys(c for c in text if c not in known))
        raise AlphabetError(f"The text {text[:40]!r} cannot be aligned: the model has no {unknown[:20]!r}.")
    if (needed := frames_needed(labels)) > len(log_probs):
        raise DataError(
            f"The text {text[:40]!r} needs {needed} frames and the line has {len(log_probs)}: "
            "it is longer than what is written there."
        )
    score = float(text_scores(log_probs, [labels])[0])
    if score == -np.inf:
        raise DataError(f"The text {text[:40]!r} cannot be aligned: the scores rule out one of its characters.")
    return placed(log_probs, [labels], [score], characters, alternatives)[0]


def frames_needed(labels: Labels) -> int:
    """The fewest frames that show these labels: one each, and a blank between two of the same."""
    return len(labels) + sum(a == b for a, b in pairwise(labels))


def placed(
    log_probs: NDArray[np.float32],
    texts: Sequence[Labels],
    scores: Sequence[float],
    characters: Sequence[str],
    alternatives: int,
) -> list[Decoding]:
    """Texts as decodings with the scores given, their characters where the likeliest path has them."""
    found = []
    for labels, path, score in zip(texts, paths(log_probs, texts), scores, strict=True):
        spans = spans_of(log_probs, path, characters, alternatives)
        found.append(Decoding("".join(characters[i] for i in labels), spans, score, line_confidence(spans)))
    return found


def text_scores(log_probs: NDArray[np.float32], texts: Sequence[Labels]) -> NDArray[np.float64]:
    """The natural log probability of each text, summed over all its paths; -inf for one that has none."""
    shown, jumps, ends = _trellis(log_probs, texts)
    reach = np.full((len(texts), shown.shape[2] + 2), _NEVER)
    reach[:, 2] = 0.0
    for frame, row in enumerate(shown):
        moved = np.logaddexp(reach[:, 2:], reach[:, 1:-1] if frame else _NEVER)
        if frame:
            moved = np.logaddexp(moved, reach[:, :-2] + jumps)
        else:
            moved[:, 1:2] = 0.0  # a path begins with the blank or with the first character
        reach[:, 2:] = np.maximum(moved + row, _NEVER)
    rows = np.arange(len(texts))
    last = np.where(ends > 0, reach[rows, ends + 1], _NEVER)
    total = np.logaddexp(reach[rows, ends + 2], last)
    return np.where(total > _NEVER / 2, total, -np.inf)


def paths(log_probs: NDArray[np.float32], texts: Sequence[Labels]) -> list[NDArray[np.intp]]:
    """For each text the label of every frame (frames,) on its likeliest path (Viterbi)."""
    if not len(log_probs):
        return [np.empty(0, np.intp) for _ in texts]
    shown, jumps, ends = _trellis(log_probs, texts)
    # Two places that nothing reaches lie in front, so that every place has three before it.
    reach = np.full((len(shown), len(texts), shown.shape[2] + 2), _NEVER)
    reach[0, :, 2:4] = shown[0, :, :2]
    jumped, stepped, stayed = reach[:, :, :-2], reach[:, :, 1:-1], reach[:, :, 2:]
    for jump, step, stay, now, row in zip(jumped, stepped, stayed, stayed[1:], shown[1:], strict=False):
        np.add(jump, jumps, out=now)
        np.maximum(now, step, out=now)
        np.maximum(now, stay, out=now)
        np.add(now, row, out=now)
    return [
        _traced(reach[:, i, : end + 3], jumps[i], np.asarray(labels, np.intp))
        for i, (labels, end) in enumerate(zip(texts, ends.tolist(), strict=True))
    ]


def _traced(reach: NDArray[np.float64], jumps: NDArray[np.float64], labels: NDArray[np.intp]) -> NDArray[np.intp]:
    """The path backwards from the likelier of the last two places; reach (frames, 2 + places)."""
    places = np.empty(len(reach), np.intp)
    place = reach.shape[1] - 3
    if place and reach[-1, place + 1] > reach[-1, place + 2]:
        place -= 1
    places[-1] = place
    at, may = reach.data, jumps.tolist()  # a memory view gives single numbers faster than an array does
    for frame in range(len(reach) - 2, -1, -1):
        stay, step, jump = at[frame, place + 2], at[frame, place + 1], at[frame, place] + may[place]
        place -= 0 if stay >= step and stay >= jump else 1 if step >= jump else 2
        places[frame] = place
    expanded = np.zeros(2 * len(labels) + 1, np.intp)
    expanded[1::2] = labels
    return expanded[places]


def _trellis(
    log_probs: NDArray[np.float32], texts: Sequence[Labels]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.intp]]:
    """Scores of the places (frames, texts, places), what a jump onto each costs, 0 or never (texts, places), and the
    last place of each text."""
    ends = np.array([2 * len(labels) for labels in texts], np.intp)
    places = max(int(ends.max(initial=0)) + 1, 2)
    expanded = np.full((len(texts), places), BLANK, np.intp)
    for row, labels in zip(expanded, texts, strict=True):
        row[1 : 2 * len(labels) : 2] = labels
    jumps = np.full(expanded.shape, _NEVER)
    jumps[:, 3::2][expanded[:, 3::2] != expanded[:, 1:-2:2]] = 0.0
    return np.maximum(log_probs[:, expanded].astype(np.float64), _NEVER), jumps, ends
