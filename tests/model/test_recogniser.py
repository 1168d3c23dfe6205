"""The network: shapes, sizes, and what it may not depend on."""

from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tenarai.errors import SettingsError
from tenarai.model.recogniser import DOWN, Recogniser, Sizes

SMALL = Sizes(7, 16, (2, 3, 4, 5), (0, 1, 0, 1), features=6, hidden=5, layers=2, neck=4)


def network(sizes: Sizes = SMALL) -> Recogniser:
    torch.manual_seed(0)
    return Recogniser(sizes).eval()


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 12), st.integers(1, 3), st.sampled_from([16, 24, 40, 50]))
def test_a_frame_every_four_pixels(sixteenths: int, batch: int, height: int) -> None:
    small = network(Sizes(7, height, (2, 2, 2, 2), (0, 0, 0, 0), 4, 3, 1, 4))
    with torch.no_grad():
        logits = small(torch.rand(batch, 1, height, 16 * sixteenths))
    assert DOWN == 4
    assert logits.shape == (16 * sixteenths // DOWN, batch, 7)
    assert torch.isfinite(logits).all()


def test_a_fifth_stage_halves_the_line_once_more() -> None:
    sizes = Sizes(7, 32, (2, 2, 3, 4, 5), (0, 0, 1, 0, 1), 4, 3, 1, 4)
    assert sizes.down == 2 * SMALL.down == 8
    with torch.no_grad():
        assert network(sizes)(torch.rand(2, 1, 32, 96)).shape == (96 // 8, 2, 7)


@pytest.mark.parametrize("width", [1, 3, 17, 30, 49])
def test_other_widths_are_rounded_up(width: int) -> None:
    with torch.no_grad():
        assert network()(torch.zeros(1, 1, 16, width)).shape[0] == -(-width // DOWN)


def test_a_line_does_not_see_its_neighbours_in_the_batch() -> None:
    small = network()
    pictures = torch.rand(3, 1, 16, 64, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        together = small(pictures)
        alone = torch.cat([small(picture[None]) for picture in pictures], 1)
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=1e-5)


def test_both_ends_of_a_line_see_each_other() -> None:
    small = network(Sizes(7, 16, (4, 4, 4, 4), (0, 0, 0, 0), features=24, hidden=12, layers=1, neck=8))
    picture = torch.rand(1, 1, 16, 64, generator=torch.Generator().manual_seed(1))
    for ends in (slice(0, 8), slice(-8, None)):
        marked = picture.clone()
        marked[..., ends] = 1 - marked[..., ends]
        with torch.no_grad():
            difference = (small(marked) - small(picture)).abs().amax((1, 2))
        near, far = (difference[0], difference[-1]) if ends.start == 0 else (difference[-1], difference[0])
        assert near > far > 0


def test_every_weight_learns() -> None:
    small = network().train()
    small(torch.rand(2, 1, 16, 48)).log_softmax(-1)[..., 1].sum().backward()
    still = [name for name, weight in small.named_parameters() if weight.grad is None or not weight.grad.any()]
    assert still == []


def test_larger_sizes_have_more_weights() -> None:
    def count(**changes: object) -> int:
        return sum(p.numel() for p in Recogniser(Sizes(**{**SMALL.to_dict(), **changes})).parameters())  # type: ignore[arg-type]

    counts = [count(), count(layers=3), count(layers=3, hidden=9), count(layers=3, hidden=9, blocks=(1, 1, 1, 1))]
    assert all(a < b for a, b in pairwise(counts))


def test_sizes_survive_being_written_down() -> None:
    assert Sizes(**SMALL.to_dict()) == SMALL


@pytest.mark.parametrize(
    "wrong",
    [
        {"channels": (1, 2, 3)},
        {"blocks": (1, 2, 3, 4, 5)},
        {"channels": (1, 2, 3, 4, 5)},
        {"channels": (1, 2, 3, 4, 5, 6), "blocks": (0, 0, 0, 0, 0, 0)},
        {"channels": (1, 2, 0, 4)},
        {"hidden": 0},
        {"layers": 0},
        {"neck": -1},
        {"features": 0},
        {"classes": 1},
    ],
)
def test_impossible_sizes_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(SettingsError):
        Sizes(**{**SMALL.to_dict(), **wrong})  # type: ignore[arg-type]
