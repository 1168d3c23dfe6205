"""Connectionist temporal classification (Graves et al. 2006): from frame scores to text with places and confidence."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tenarai.errors import AlphabetError, DataError, SettingsError
from tenarai.text.alphabet import BLANK

_ROUNDING = 0.01  # log probabilities may pass 0 by this much: float16 networks round
_LEAST_CONFIDENCE = 1e-30  # a character that a text demands where the picture shows none of it


@dataclass(frozen=True, slots=True)
class Span:
    """One decoded character and the frames it was seen in: `start` inclusive, `end` exclusive.

    `confidence` is the probability of the character in its peak frame (the frame of the span where it is likeliest)
    given that the frame shows a character at all: p(label) / (1 - p(blank)). The blank is set aside because CTC shares
    each peak with it: how much it gets tells how well the frame is centred, not how well the character is known.
    `alternatives` are the next likeliest characters of that frame on the same scale, best first.
    """

    character: str
    start: int
    end: int
    confidence: float
    alternatives: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Decoding:
    """A line as text. `spans` are in reading order and disjoint, and their characters joined are `text`.

    `score` is a natural logarithm: the probability of the path, or what a search ranked it by (see `text.decode`).
    `confidence` is the mean of the spans' confidences, so it does not sink with the length of the line; None
    when there is no span. `others` are the next best texts, best first, of a search that was asked for several.
    """

    text: str
    spans: tuple[Span, ...]
    score: float
    confidence: float | None
    others: tuple["Decoding", ...] = ()


def best_path(log_probs: NDArray[np.float32], characters: Sequence[str], alternatives: int = 5) -> Decoding:
    """The likeliest label of every frame, repeats merged, blanks dropped (Graves et al. 2006, section 3.2).

    log_probs: (frames, classes) float32, natural log of the softmax, blank = 0; no frame gives the empty line.
    characters: the string of every label, "" for the blank.
    alternatives: how many other characters each span lists at most; meant for a handful, the cost grows with it.

    Raises DataError for scores of another shape, not a number or not log probabilities, AlphabetError when the first
    character is not the blank, SettingsError for a negative number of alternatives.
    """
    check_scores(log_probs, characters, alternatives)
    path = log_probs.argmax(axis=1)
    best = log_probs[np.arange(len(path)), path]
    # argmax stops at a NaN, so the best score of each frame is enough to see one anywhere.
    if np.isnan(best).any():
        raise DataError("The frame scores hold NaN where log probabilities were expected: the network has diverged.")
    if len(best) and not -np.inf < best.min() <= best.max() <= _ROUNDING:
        raise DataError(
            f"The best frame scores run from {best.min():.3g} to {best.max():.3g}, but natural log probabilities are "
            "finite and at most 0: apply log softmax to the scores first."
        )
    spans = spans_of(log_probs, path, characters, alternatives)
    return Decoding(
        text="".join(span.character for span in spans),
        spans=spans,
        score=min(float(best.sum(dtype=np.float64)), 0.0),
        confidence=line_confidence(spans),
    )


def restricted(
    log_probs: NDArray[np.float32], characters: Sequence[str], allowed: Collection[str]
) -> NDArray[np.float32]:
    """Frame scores `(frames, classes)` as if the alphabet had these characters only: the blank keeps its part of every
    frame, and the allowed characters share what all characters had, in their own proportion.

    Raises AlphabetError when the alphabet has none of them.
    """
    labels = [label for label, character in enumerate(characters) if label != BLANK and character in allowed]
    if not labels:
        raise AlphabetError(f"This model knows none of the characters {''.join(sorted(allowed))[:40]!r}.")
    among = log_probs[:, labels].astype(np.float64)
    peak = among.max(axis=1, keepdims=True)
    mass = peak + np.log(np.exp(among - peak).sum(axis=1, keepdims=True))
    blank = np.minimum(log_probs[:, [BLANK]].astype(np.float64), -1e-9)
    out = np.full_like(log_probs, -np.inf)
    out[:, labels] = among - mass + np.log(-np.expm1(blank))
    out[:, BLANK] = log_probs[:, BLANK]
    return out


def line_confidence(spans: Sequence[Span]) -> float | None:
    """Mean of the spans' confidences, 0 to 1: the part of the characters that is likely right. None when there is no
    span."""
    return float(np.mean([span.confidence for span in spans])) if spans else None


def check_scores(log_probs: NDArray[np.float32], characters: Sequence[str], alternatives: int = 0) -> None:
    """What every decoder asks of frame scores (frames, classes): raises as `best_path` does, but sees shapes only."""
    if log_probs.ndim != 2:
        raise DataError(f"Frame scores have the shape {log_probs.shape}, but (frames, classes) was expected.")
    if log_probs.shape[1] != len(characters):
        raise DataError(
            f"Frame scores have {log_probs.shape[1]} classes, but the alphabet has {len(characters)} labels: "
            "take both from the same model."
        )
    if not characters or characters[BLANK]:
        raise AlphabetError('The first label of an alphabet must be the blank, written as the empty string "".')
    if alternatives < 0:
        raise SettingsError(f"The number of alternatives must be 0 or more, not {alternatives}.")


def spans_of(
    log_probs: NDArray[np.float32], path: NDArray[np.intp], characters: Sequence[str], alternatives: int
) -> tuple[Span, ...]:
    """The runs of one label in a path (frames,), the likeliest or another one, without those of the blank."""
    best = log_probs[np.arange(len(path)), path]
    starts = np.flatnonzero(np.diff(path, prepend=-1))
    ends = np.append(starts[1:], len(path))
    inked = path[starts] != BLANK
    starts, ends = starts[inked], ends[inked]
    if not len(starts):
        return ()
    labels = path[starts]
    peaks = np.array([start + best[start:end].argmax() for start, end in zip(starts, ends, strict=True)])
    # On a path that is not the likeliest the blank may hold all but nothing, and the character too.
    shown = -np.expm1(np.minimum(log_probs[peaks, BLANK].astype(np.float64), -1e-9))
    confidences = np.clip(np.exp(best[peaks].astype(np.float64)) / shown, _LEAST_CONFIDENCE, 1.0)
    others = _alternatives(log_probs[peaks], labels, shown, characters, alternatives)
    return tuple(
        Span(characters[label], start, end, confidence, other)
        for label, start, end, confidence, other in zip(
            labels.tolist(), starts.tolist(), ends.tolist(), confidences.tolist(), others, strict=True
        )
    )


def _alternatives(
    scores: NDArray[np.float32],
    labels: NDArray[np.intp],
    shown: NDArray[np.float64],
    characters: Sequence[str],
    count: int,
) -> list[tuple[tuple[str, float], ...]]:
    """For each row of scores (spans, classes), overwritten, the `count` best labels but the blank and its own."""
    rows = np.arange(len(scores))
    scores[:, BLANK] = scores[rows, labels] = -np.inf
    found: list[list[tuple[str, float]]] = [[] for _ in rows]
    # A few argmax passes beat any partial sort of thousands of classes: argmax runs at the speed of memory.
    for _ in range(min(count, len(characters) - 2)):
        runners = scores.argmax(axis=1)
        probabilities = np.exp(scores[rows, runners].astype(np.float64)) / shown
        scores[rows, runners] = -np.inf
        for row, label, probability in zip(found, runners.tolist(), probabilities.tolist(), strict=True):
            if probability > 0:
                row.append((characters[label], probability))
    return [tuple(row) for row in found]
