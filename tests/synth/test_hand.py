"""A hand: habits drawn at random, and what they do to strokes."""

from dataclasses import fields, replace

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenarai.synth.hand import Drawn, Hand, Placed, write
from tenarai.synth.strokes import KanjiVG, Strokes

SOURCE = KanjiVG()
EM = 72.0


def steady() -> Hand:
    """A hand that writes every stroke where the book has it."""
    hand = Hand.sample(np.random.default_rng(0), 0.5)
    still = {f.name: 0.0 for f in fields(Hand) if f.name not in ("aspect", "kana", "latin", "small", "pen", "warp")}
    return replace(
        hand, **still, aspect=1.0, kana=1.0, latin=1.0, small=1.0, pen=0.05, warp=np.zeros((6, 2), np.float32)
    )


def strokes_of(character: str) -> Strokes:
    found = SOURCE.strokes(character)
    assert found
    return found


def drawn(hand: Hand, text: str = "永国", seed: int = 0) -> Drawn:
    placed = [Placed(strokes_of(c), 100.0 + 90 * i, 50.0, EM, EM) for i, c in enumerate(text)]
    return write(placed, hand, EM, np.random.default_rng(seed))


def joined(hand: Hand) -> int:
    return len(drawn(hand).ends) - len(drawn(steady()).ends)


# Sampling


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1))
def test_every_hand_can_write(seed: int) -> None:
    hand = Hand.sample(np.random.default_rng(seed))
    values = [getattr(hand, f.name) for f in fields(Hand) if f.name != "warp"]
    assert np.isfinite(values).all() and hand.warp.shape == (6, 2)
    assert hand.pen > 0 and hand.aspect > 0 and min(hand.kana, hand.latin, hand.small) > 0.4
    assert 0 <= hand.proportional <= 1 and 0 <= hand.join <= 1 and 0 <= hand.flow <= 1
    out = drawn(hand, "手習", seed)
    assert np.isfinite(out.ends).all() and np.isfinite(out.width).all()
    # However unruly, a character stays near the place it was set.
    for index, x in enumerate((100, 190)):
        own = out.ends[out.owner == index].reshape(-1, 2)
        assert np.abs(np.median(own, axis=0) - (x, 50)).max() < 0.6 * EM


def test_the_same_seed_is_the_same_writer() -> None:
    one, same, other = (Hand.sample(np.random.default_rng(seed)) for seed in (1, 1, 2))
    for f in fields(Hand):
        np.testing.assert_array_equal(getattr(one, f.name), getattr(same, f.name))
    assert one.pen != other.pen
    np.testing.assert_array_equal(drawn(one, seed=4).ends, drawn(one, seed=4).ends)
    assert not np.array_equal(drawn(one, seed=4).ends, drawn(one, seed=5).ends)


def test_unruly_hands_vary_more() -> None:
    def mean(unruly: float) -> npt.NDArray[np.float64]:
        hands = [Hand.sample(np.random.default_rng(seed), unruly) for seed in range(40)]
        names = ("size_jitter", "gap_jitter", "drift", "stroke_shift", "stroke_turn", "wobble", "ends", "warp_jitter")
        return np.array([np.mean([getattr(h, n) for h in hands]) for n in names])

    assert (mean(0.0) < mean(0.5)).all() and (mean(0.5) < mean(1.0)).all()


# Writing


def test_a_steady_hand_writes_what_the_book_has() -> None:
    out = drawn(steady(), "永")
    expected = np.concatenate([np.stack((s[:-1], s[1:]), axis=1) for s in strokes_of("永")])
    np.testing.assert_allclose(out.ends, (expected - 0.5) * EM + (100, 50), atol=0.01)
    assert (out.owner == 0).all()
    assert len(out.ends) == len(out.width) == len(out.owner)


def test_segments_know_their_character() -> None:
    out = drawn(steady(), "一永国")
    counts = [sum(len(s) - 1 for s in strokes_of(c)) for c in "一永国"]
    np.testing.assert_array_equal(np.bincount(out.owner), counts)


def test_lean_moves_tops_to_the_right() -> None:
    leaning, straight = drawn(replace(steady(), lean=0.3), "国"), drawn(steady(), "国")
    moved = (leaning.ends - straight.ends).reshape(-1, 2)
    height = 50 - straight.ends.reshape(-1, 2)[:, 1]
    np.testing.assert_allclose(moved[:, 0], 0.3 * height, atol=0.01)
    np.testing.assert_allclose(moved[:, 1], 0, atol=0.01)


def test_a_brush_swells_and_a_pen_does_not() -> None:
    def spread(swell: float) -> float:
        out = drawn(replace(steady(), swell=swell), "一")
        return float(np.ptp(out.width) / out.width.mean())

    assert spread(0.0) < 1e-6 < 0.3 < spread(0.8)
    np.testing.assert_allclose(
        drawn(replace(steady(), pen=0.1)).width, 2 * drawn(replace(steady(), pen=0.05)).width, rtol=1e-5
    )


def test_a_hand_that_joins_draws_more() -> None:
    inside, between = replace(steady(), join=1.0), replace(steady(), flow=1.0)
    assert joined(inside) > 0 and joined(inside) % 2 == 0
    # Joins between characters only where one ends near where the next begins.
    assert joined(between) <= 2
    near = [Placed(strokes_of("一"), x, 50.0, EM, EM) for x in (100.0, 165.0)]
    rng = np.random.default_rng(0)
    links = len(write(near, between, EM, rng).ends) - len(write(near, steady(), EM, rng).ends)
    assert links == 2


def test_strokes_cut_short_do_not_turn_back() -> None:
    # Ends are moved by up to several times the length of the last segment.
    for seed in range(20):
        out = drawn(replace(steady(), ends=0.5), "一", seed)
        assert (np.diff(out.ends[:, :, 0], axis=1) > 0).all()


@pytest.mark.parametrize("placed", [[], [Placed((), 0.0, 0.0, EM, EM)]])
def test_nothing_to_write_is_nothing(placed: list[Placed]) -> None:
    out = write(placed, steady(), EM, np.random.default_rng(0))
    assert out.ends.shape == (0, 2, 2) and len(out.width) == len(out.owner) == 0
