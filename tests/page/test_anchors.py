"""Anchors, what they should say, and that saying just that gives the boxes back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tenarai.page.anchors import (
    CLASSES,
    VALUES,
    anchors,
    assigned,
    decoded,
    encoded,
    fit_shapes,
    overlaps,
    proposals,
    shape_overlap,
)
from tenarai.page.layout import Box
from tenarai.page.proposal import matches

SHAPES = ((24.0, 24.0), (200.0, 24.0), (24.0, 200.0))
ALL = (True, True, True)


def test_shapes_are_those_of_the_data() -> None:
    rng = np.random.default_rng(1)
    kinds = np.array([(30, 30), (600, 40), (40, 600)])
    sides = kinds[rng.integers(3, size=600)] * np.exp(rng.normal(0, 0.1, (600, 2)))
    found = np.array(sorted(fit_shapes(sides, 3)))
    np.testing.assert_allclose(found, np.array(sorted(map(tuple, kinds))), rtol=0.1)


def test_shape_overlap_by_hand() -> None:
    assert shape_overlap(np.array([[10.0, 10.0]]), np.array([[10.0, 5.0], [20.0, 5.0]])) == pytest.approx(
        np.array([[0.5, 50 / 150]])
    )


def test_anchors_stand_in_the_middle_of_their_places() -> None:
    grid = anchors(SHAPES, 8, 2, 3)
    assert grid.shape == (2 * 3 * 3, 4)
    np.testing.assert_allclose(grid[0], (4 - 12, 4 - 12, 4 + 12, 4 + 12))
    np.testing.assert_allclose(grid[3 * 1 + 1], (12 - 100, 4 - 12, 12 + 100, 4 + 12))  # second column, second shape
    np.testing.assert_allclose(grid[3 * 3], (4 - 12, 12 - 12, 4 + 12, 12 + 12))  # second row


def test_overlaps_by_hand() -> None:
    one = np.array([[0, 0, 10, 10]], float)
    other = np.array([[0, 0, 10, 10], [5, 0, 15, 10], [10, 0, 20, 10]], float)
    np.testing.assert_allclose(overlaps(one, other), [[1, 1 / 3, 0]])


sides = arrays.arrays(np.float64, (5, 2), elements=st.floats(2, 500))
corners = arrays.arrays(np.float64, (5, 2), elements=st.floats(-300, 300))


@given(corners, sides, corners, sides)
def test_a_box_seen_from_an_anchor_is_that_box(a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray) -> None:
    boxes, about = np.concatenate((a, a + b), axis=1), np.concatenate((c, c + d), axis=1)
    close = np.abs(np.log(b / d)).max(axis=1) < 4
    np.testing.assert_allclose(decoded(encoded(boxes, about), about)[close], boxes[close], atol=1e-6)


def test_who_holds_a_box_who_does_not_and_who_is_not_asked() -> None:
    about = np.array([[0, 0, 20, 20], [4, 0, 24, 20], [8, 0, 28, 20], [100, 100, 120, 120]], float)
    said = assigned(about, np.array([[0, 0, 20, 20]], float), np.array([2]), ALL)
    assert said.holds[:, 2].tolist() == [1, 1, 0, 0]  # overlaps 1, 2/3, 3/7, 0
    assert said.counts[:, 2].tolist() == [True, True, False, True]
    assert said.counts[:, 0].all() and not said.holds[:, :2].any()
    np.testing.assert_allclose(said.places[1], encoded(np.array([[0, 0, 20, 20]]), about[1:2])[0])


def test_a_box_like_no_anchor_has_the_nearest() -> None:
    about = anchors(SHAPES, 8, 10, 10)
    said = assigned(about, np.array([[2, 30, 78, 36]], float), np.array([0]), ALL)
    assert said.holds[:, 0].sum() == 1


def test_of_unknown_classes_nothing_is_asked_and_of_an_empty_page_that_it_is_empty() -> None:
    about = anchors(SHAPES, 8, 4, 4)
    said = assigned(about, np.zeros((0, 4)), np.zeros(0, np.int64), (True, True, False))
    assert not said.holds_any.any() and said.counts[:, 0].all() and not said.counts[:, 2].any()


@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=6, unique=True)
)
def test_saying_the_right_thing_gives_the_boxes_back(wanted: list[tuple[int, int, int]]) -> None:
    rows = columns = 90
    boxes, classes = [], []
    for label, row, column in wanted:
        width, height = ((180, 26), (26, 180), (28, 22))[label]
        box = Box(20 + 100 * column, 20 + 100 * row, 20 + 100 * column + width, 20 + 100 * row + height)
        if all(box.intersection_area(other) == 0 for other in boxes):
            boxes.append(box)
            classes.append(label)
    about = anchors(SHAPES, 8, rows, columns)
    sides = np.array([(b.left, b.top, b.right, b.bottom) for b in boxes])
    said = assigned(about, sides, np.array(classes), ALL)
    values = np.concatenate((20 * said.holds - 10, said.places), axis=1).astype(np.float32)
    values = values.reshape(rows, columns, len(SHAPES), VALUES).transpose(2, 3, 0, 1).reshape(-1, rows, columns)
    lines, characters = proposals(values, SHAPES, 8)
    found = [(line.box, CLASSES.index(line.direction)) for line in lines] + [(c.box, 2) for c in characters]
    assert len(found) == len(boxes)
    pairs = matches([box for box, _ in found], boxes, 0.95)
    assert len(pairs) == len(boxes) and all(found[i][1] == classes[j] for i, j in pairs)
