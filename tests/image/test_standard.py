"""The one normalisation: ranges, padding, widths."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tenarai.errors import SettingsError
from tenarai.image.clean import Gray
from tenarai.image.standard import Standard

RANGES = ("ink", "unit", "signed")
pictures = hnp.arrays(np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, max_side=30))


@settings(deadline=None)
@given(pictures, st.sampled_from(RANGES))
def test_gray_undoes_values(gray: Gray, kind: str) -> None:
    standard = Standard(range=kind)  # type: ignore[arg-type]
    values = standard.values(gray)
    assert values.dtype == np.float32 and values.shape == gray.shape
    np.testing.assert_array_equal(standard.gray(values), gray)


@pytest.mark.parametrize(("kind", "ink", "paper"), [("ink", 1, 0), ("unit", 0, 1), ("signed", -1, 1)])
def test_polarity_of_each_range(kind: str, ink: float, paper: float) -> None:
    standard = Standard(range=kind)  # type: ignore[arg-type]
    assert standard.paper == paper
    values = standard.values(np.array([[0, 255, 51]], np.uint8))
    np.testing.assert_allclose(values, [[ink, paper, ink + 0.2 * (paper - ink)]], atol=1e-6)


def test_values_out_of_range_are_clipped() -> None:
    out = Standard(range="unit").gray(np.array([[-3.0, 0.5, 7.0]], np.float32))
    np.testing.assert_array_equal(out, [[0, 128, 255]])


@settings(deadline=None)
@given(st.integers(1, 70), st.sampled_from(RANGES), st.integers(0, 20), st.sampled_from([1, 4, 16, 32]))
def test_a_line_is_laid_on_paper(width: int, kind: str, padding: int, multiple: int) -> None:
    standard = Standard(8, kind, padding, multiple)  # type: ignore[arg-type]
    gray = np.random.default_rng(width).integers(0, 255, (8, width), np.uint8)
    line = standard.line(gray)
    assert line.shape == (1, 8, standard.padded_width(width)) and line.dtype == np.float32
    assert line.shape[2] % multiple == 0
    assert width + 2 * padding <= line.shape[2] < width + 2 * padding + multiple
    np.testing.assert_array_equal(line[0, :, padding : padding + width], standard.values(gray))
    assert (line[0, :, :padding] == standard.paper).all()
    assert (line[0, :, padding + width :] == standard.paper).all()


def test_a_line_can_be_laid_wider() -> None:
    standard = Standard(range="signed")
    gray = np.zeros((40, 30), np.uint8)
    wide = standard.line(gray, 160)
    assert wide.shape == (1, 40, 160)
    np.testing.assert_array_equal(wide[..., :48], standard.line(gray))
    assert (wide[..., 48:] == standard.paper).all()


def test_a_line_of_another_height_is_refused() -> None:
    with pytest.raises(SettingsError, match="40 pixels high, not 41"):
        Standard().line(np.zeros((41, 10), np.uint8))


@pytest.mark.parametrize(
    "wrong",
    [{"range": "dark"}, {"height": 7}, {"height": 513}, {"padding": -1}, {"multiple": 0}],
)
def test_settings_out_of_range_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(SettingsError):
        Standard(**wrong)  # type: ignore[arg-type]


@settings(deadline=None)
@given(st.integers(8, 512), st.sampled_from(RANGES), st.integers(0, 50), st.integers(1, 64))
def test_it_survives_being_written_down(height: int, kind: str, padding: int, multiple: int) -> None:
    standard = Standard(height, kind, padding, multiple)  # type: ignore[arg-type]
    assert Standard(**standard.to_dict()) == standard
