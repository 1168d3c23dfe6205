"""Calibration: the error of what is plainly calibrated is nothing, of what boasts it is the boast."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenarai.errors import DataError
from tenarai.evaluate.calibration import (
    correlation,
    expected_calibration_error,
    line_risk,
    reliability,
    risk_coverage,
    thinned,
    trust,
)
from tenarai.text.error_rate import Tally

readings = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60)


def test_honest_confidence_has_no_error_and_a_boast_has_its_size() -> None:
    honest = [0.75] * 100
    right = [True] * 75 + [False] * 25
    assert expected_calibration_error(honest, right) == pytest.approx(0)
    assert expected_calibration_error([0.95] * 100, right) == pytest.approx(0.2)
    # Two bins that are wrong in opposite ways do not cancel out.
    assert expected_calibration_error(
        [0.9] * 50 + [0.6] * 50, [True] * 30 + [False] * 20 + [True] * 45 + [False] * 5
    ) == (pytest.approx(0.3))


@given(readings)
def test_bins_hold_every_reading_once(pairs: list[tuple[float, bool]]) -> None:
    confidences, right = zip(*pairs, strict=True)
    parts = reliability(confidences, right)
    assert sum(b.count for b in parts) == len(pairs)
    assert sum(b.count * b.accuracy for b in parts) == pytest.approx(sum(right))
    assert sum(b.count * b.confidence for b in parts) == pytest.approx(sum(confidences))
    assert 0 <= expected_calibration_error(confidences, right) <= 1


@given(readings)
def test_the_risk_curve_counts_what_is_at_least_so_sure(pairs: list[tuple[float, bool]]) -> None:
    confidences, right = zip(*pairs, strict=True)
    curve = risk_coverage(confidences, right)
    assert [r.threshold for r in curve] == sorted(set(confidences), reverse=True)
    for risk in curve:
        kept = [hit for sure, hit in pairs if sure >= risk.threshold]
        assert risk.coverage == pytest.approx(len(kept) / len(pairs))
        assert risk.error == pytest.approx(1 - sum(kept) / len(kept))


def test_the_formula_agrees_with_another_way_to_write_it() -> None:
    rng = np.random.default_rng(0)
    sure = rng.random(500)
    right = rng.random(500) < sure
    total = 0.0
    for low in np.arange(15) / 15:
        inside = (sure >= low) & (sure < low + 1 / 15)
        total += abs(right[inside].sum() - sure[inside].sum())
    assert expected_calibration_error(sure.tolist(), right.tolist()) == pytest.approx(total / 500)


@pytest.mark.parametrize(("sure", "right"), [([], []), ([0.5], []), ([1.5], [True]), ([-0.1], [True])])
def test_what_is_no_confidence_is_refused(sure: list[float], right: list[bool]) -> None:
    with pytest.raises(DataError):
        expected_calibration_error(sure, right)


def test_correlation_is_pearsons_and_unknown_where_nothing_varies() -> None:
    assert correlation([0.1, 0.5, 0.9], [0.9, 0.5, 0.1]) == pytest.approx(-1)
    assert correlation([0.5], [0.1]) is None and correlation([0.5, 0.5], [0.1, 0.9]) is None


def test_the_risk_of_lines_is_the_error_rate_of_the_surest() -> None:
    tallies = [Tally(substitutions=1, reference=10), Tally(reference=10), Tally(deletions=4, reference=4)]
    curve = line_risk([0.5, 0.9, None], tallies)
    assert [(r.threshold, r.coverage, r.error) for r in curve] == [(0.9, 1 / 3, 0), (0.5, 2 / 3, 1 / 20)]
    assert line_risk([None], tallies[:1]) == []


@given(readings, st.integers(1, 20))
def test_a_thinned_curve_is_short_and_ends_where_the_curve_does(pairs: list[tuple[float, bool]], points: int) -> None:
    curve = risk_coverage(*zip(*pairs, strict=True))
    few = thinned(curve, points)
    assert len(few) <= points and few[-1] == curve[-1] and set(few) <= set(curve)
    assert [r.coverage for r in few] == sorted({r.coverage for r in few})


def test_trust_of_nothing_known_says_so() -> None:
    found = trust([], [None, None], [Tally(), Tally()])
    assert (found.calibration_error, found.correlation, found.lines, found.line_risk) == (None, None, 0, ())
    assert found.to_json()["reliability"] == []
