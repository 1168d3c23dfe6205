"""How far confidence can be trusted: calibration error, and what reading only the sure part buys."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tenarai.errors import DataError


@dataclass(frozen=True, slots=True)
class Bin:
    """The readings of one range of confidence: how many, how sure on average, and what part of them was right."""

    count: int
    confidence: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class Risk:
    """What is wrong among the readings at least so sure: `coverage` is their part of all, `error` the part wrong."""

    threshold: float
    coverage: float
    error: float


def reliability(confidences: Sequence[float], right: Sequence[bool], bins: int = 15) -> list[Bin]:
    """Readings by confidence, in bins of equal width that are not empty (Guo et al. 2017, section 2).

    Raises DataError when there is nothing, the two differ in length, or a confidence lies outside 0 to 1.
    """
    sure, hits = _checked(confidences, right)
    places = np.minimum((sure * bins).astype(int), bins - 1)
    found = []
    for place in range(bins):
        inside = places == place
        if inside.any():
            found.append(Bin(int(inside.sum()), float(sure[inside].mean()), float(hits[inside].mean())))
    return found


def expected_calibration_error(confidences: Sequence[float], right: Sequence[bool], bins: int = 15) -> float:
    """Mean distance of confidence and accuracy over the bins of `reliability`, weighted by their counts."""
    parts = reliability(confidences, right, bins)
    return sum(b.count * abs(b.confidence - b.accuracy) for b in parts) / sum(b.count for b in parts)


def risk_coverage(confidences: Sequence[float], right: Sequence[bool]) -> list[Risk]:
    """One point for each confidence that occurs, from the surest readings alone to all of them."""
    sure, hits = _checked(confidences, right)
    order = np.argsort(-sure, kind="stable")
    sure, wrong = sure[order], np.cumsum(~hits[order])
    last = np.flatnonzero(np.append(np.diff(sure) != 0, True))
    return [Risk(float(sure[i]), (int(i) + 1) / len(sure), float(wrong[i] / (i + 1))) for i in last]


def _checked(
    confidences: Sequence[float], right: Sequence[bool]
) -> tuple["np.ndarray[tuple[int], np.dtype[np.float64]]", "np.ndarray[tuple[int], np.dtype[np.bool_]]"]:
    sure, hits = np.asarray(confidences, np.float64), np.asarray(right, np.bool_)
    if sure.ndim != 1 or sure.shape != hits.shape or not len(sure):
        raise DataError(
            f"{len(sure)} confidences and {len(hits)} results: calibration needs as many of both, and some."
        )
    if not ((sure >= 0) & (sure <= 1 + 1e-9)).all():
        raise DataError("A confidence lies outside 0 to 1.")
    return sure, hits
