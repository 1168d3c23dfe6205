"""How far confidence can be trusted: calibration error, and what reading only the sure part buys."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tenarai.errors import DataError
from tenarai.text.error_rate import Tally

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


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


@dataclass(frozen=True, slots=True)
class Trust:
    """What the confidences of a set of lines are worth.

    `characters` were read with a confidence: `calibration_error` is theirs, the expected one, `reliability` its bins,
    and `character_risk` what is wrong of those that are read above a confidence (as `--least-confidence` leaves them).
    `lines` have a confidence: `correlation` is that of it with their error rate (Pearson; the further below 0 the
    better), `line_risk` the error rate of the lines at least so sure, `coverage` being their part of all lines. What is
    not known is None.
    """

    characters: int = 0
    calibration_error: float | None = None
    reliability: tuple[Bin, ...] = ()
    character_risk: tuple[Risk, ...] = ()
    lines: int = 0
    correlation: float | None = None
    line_risk: tuple[Risk, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Ready for `json.dumps`."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}


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
    return _curve(sure, ~hits, np.ones(len(sure)), len(sure))


def line_risk(confidences: Sequence[float | None], tallies: Sequence[Tally]) -> list[Risk]:
    """As `risk_coverage`, of lines: the error rate of those at least so sure. Lines without a confidence are never
    covered, so the last point may lie below 1."""
    known = [(sure, tally) for sure, tally in zip(confidences, tallies, strict=True) if sure is not None]
    if not known:
        return []
    sure = np.array([sure for sure, _ in known], np.float64)
    edits, lengths = (np.array([getattr(t, name) for _, t in known]) for name in ("edits", "reference"))
    return _curve(sure, edits, lengths, len(confidences))


def _curve(sure: Floats, wrong: NDArray[Any], sizes: NDArray[Any], count: int) -> list[Risk]:
    """`count` are all that could be covered."""
    order = np.argsort(-sure, kind="stable")
    sure, wrong, sizes = sure[order], np.cumsum(wrong[order]), np.cumsum(sizes[order])
    last = np.flatnonzero(np.append(np.diff(sure) != 0, True))
    return [Risk(float(sure[i]), (int(i) + 1) / count, float(wrong[i] / max(sizes[i], 1))) for i in last]


def thinned(curve: Sequence[Risk], points: int = 20) -> tuple[Risk, ...]:
    """At most so many points of a curve, spread evenly over what is covered; always the last."""
    kept: list[Risk] = []
    for risk in curve:
        if risk.coverage >= (int(kept[-1].coverage * points + 1e-9) + 1 if kept else 1) / points - 1e-9:
            kept.append(risk)
    if curve and (not kept or kept[-1] != curve[-1]):
        kept.append(curve[-1])
    return tuple(kept)


def correlation(values: Sequence[float], others: Sequence[float]) -> float | None:
    """Pearson's; None of fewer than two pairs, or where either is always the same."""
    if len(values) < 2 or min(np.ptp(values), np.ptp(others)) < 1e-12:
        return None
    return float(np.corrcoef(values, others)[0, 1])


def trust(
    characters: Sequence[tuple[float, bool]], confidences: Sequence[float | None], tallies: Sequence[Tally]
) -> Trust:
    """Of the characters read, each with its confidence and whether it was right, and of the lines."""
    sure, right = [c for c, _ in characters], [hit for _, hit in characters]
    known = [(c, tally.rate) for c, tally in zip(confidences, tallies, strict=True) if c is not None]
    return Trust(
        characters=len(characters),
        calibration_error=expected_calibration_error(sure, right) if characters else None,
        reliability=tuple(reliability(sure, right)) if characters else (),
        character_risk=thinned(risk_coverage(sure, right)) if characters else (),
        lines=len(known),
        correlation=correlation([c for c, _ in known], [rate for _, rate in known]),
        line_risk=thinned(line_risk(confidences, tallies)),
    )


def _checked(confidences: Sequence[float], right: Sequence[bool]) -> tuple[Floats, Bools]:
    sure, hits = np.asarray(confidences, np.float64), np.asarray(right, np.bool_)
    if sure.ndim != 1 or sure.shape != hits.shape or not len(sure):
        raise DataError(
            f"{len(sure)} confidences and {len(hits)} results: calibration needs as many of both, and some."
        )
    if not ((sure >= 0) & (sure <= 1 + 1e-9)).all():
        raise DataError("A confidence lies outside 0 to 1.")
    return sure, hits
