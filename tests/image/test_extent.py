"""Characters along a line: parted where there is paper, as wide as their ink."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tenarai.image.extent import extents, tight

HEIGHT = 40


def blocks(*places: tuple[int, int], width: int) -> np.ndarray:
    """A line with black blocks from column to column, `(HEIGHT, width) uint8`."""
    picture = np.full((HEIGHT, width), 255, np.uint8)
    for left, right in places:
        picture[8:30, left:right] = 0
    return picture


@given(st.lists(st.tuples(st.integers(4, 30), st.integers(3, 20)), min_size=1, max_size=12), st.data())
def test_blocks_apart_are_found_from_a_sight_at_their_first_strokes(
    sizes: list[tuple[int, int]], data: st.DataObject
) -> None:
    places, at = [], 3
    for breadth, gap in sizes:
        places.append((at, at + breadth))
        at += breadth + gap
    picture = blocks(*places, width=at + 4)
    sights = []
    for left, right in places:
        start = data.draw(st.integers(left, left + (right - left) // 4))
        sights.append((float(start), start + 4.0))
    found = extents(picture, sights)
    assert tight(picture, found)[:, ::2].tolist() == [list(place) for place in places]


@given(st.integers(0, 2**32 - 1), st.integers(1, 200), st.integers(1, 30))
def test_extents_follow_each_other_over_the_whole_line(seed: int, width: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    picture = rng.integers(0, 256, (HEIGHT, width), dtype=np.uint8)
    starts = np.sort(rng.uniform(-10, width + 10, count))
    found = extents(picture, [(float(s), float(s) + 4) for s in starts])
    assert len(found) == count
    assert found[0][0] == 0 and found[-1][1] == width
    assert all(a[1] == b[0] for a, b in pairwise(found))
    assert all(left <= right for left, right in found)


def test_nothing_seen_is_nowhere() -> None:
    assert extents(blocks(width=30), []) == []


def test_tight_is_the_ink_and_the_whole_height_of_paper() -> None:
    picture = blocks((10, 20), width=60)
    found = tight(picture, [(5, 30), (30, 50), (40, 40), (60, 60)])
    assert found.tolist() == [[10, 8, 20, 30], [30, 0, 50, HEIGHT], [40, 0, 40, HEIGHT], [60, 0, 60, HEIGHT]]
    assert tight(picture, []).shape == (0, 4)


@given(st.integers(0, 2**32 - 1), st.integers(1, 60), st.data())
def test_every_range_is_as_tight_as_by_itself(seed: int, width: int, data: st.DataObject) -> None:
    picture = np.random.default_rng(seed).choice(np.array([0, 255], np.uint8), (HEIGHT, width), p=[0.02, 0.98])
    column = st.integers(0, width)
    ranges = [(min(pair), max(pair)) for pair in data.draw(st.lists(st.tuples(column, column), min_size=1))]
    for (first, last), found in zip(ranges, tight(picture, ranges).tolist(), strict=True):
        rows, columns = np.nonzero(picture[:, first:last] == 0)
        ink = [first + columns.min(), rows.min(), first + columns.max() + 1, rows.max() + 1] if len(rows) else None
        assert found == (ink or [first, 0, last, HEIGHT])
