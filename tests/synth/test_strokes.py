"""Pen strokes: KanjiVG and stroke files, as polylines in the em square."""

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tenarai.errors import DataError
from tenarai.synth.strokes import STEP, KanjiVG, Points, StrokeFile, Strokes, resampled

SOURCE = KanjiVG()


def known(character: str) -> Strokes:
    strokes = SOURCE.strokes(character)
    assert strokes is not None
    return strokes


def middle(strokes: Strokes) -> Points:
    every = np.concatenate(strokes)
    return (every.min(axis=0) + every.max(axis=0)) / 2


# KanjiVG


@pytest.mark.parametrize(("character", "count"), [("一", 1), ("二", 2), ("永", 5), ("国", 8), ("鬱", 29), ("あ", 3)])
def test_strokes_are_as_many_as_a_pen_makes(character: str, count: int) -> None:
    assert len(known(character)) == count


@pytest.mark.parametrize("character", "永鬱あッ1aー。「」（）？・〜")
def test_strokes_lie_in_the_em_square_in_small_steps(character: str) -> None:
    for stroke in known(character):
        assert stroke.dtype == np.float32 and stroke.ndim == 2 and stroke.shape[1] == 2
        assert len(stroke) >= 2
        assert stroke.min() > -0.05 and stroke.max() < 1.05
        # Curves are cut by the length of their frame, straight ones of KanjiVG at their corners only.
        assert np.hypot(*np.diff(stroke, axis=0).T).max() < 0.9


def test_strokes_run_as_they_are_written() -> None:
    (level,) = known("一")
    assert level[0, 0] < 0.3 and level[-1, 0] > 0.7
    assert np.abs(level[:, 1] - 0.5).max() < 0.15
    across, down = known("十")
    assert across[-1, 0] - across[0, 0] > 0.5
    assert down[-1, 1] - down[0, 1] > 0.5


def test_punctuation_sits_where_it_is_written() -> None:
    x, y = middle(known("。"))
    assert x < 0.4 and y > 0.6
    x, y = middle(known("、"))
    assert x < 0.4 and y > 0.6
    np.testing.assert_allclose(middle(known("・")), 0.5, atol=0.05)
    # An opening bracket hangs on the right, its mirror on the left.
    assert middle(known("「"))[0] > 0.5 > middle(known("」"))[0]
    assert middle(known("（"))[0] < middle(known("("))[0] + 0.01


def test_kana_and_everyday_kanji_are_known() -> None:
    assert all(known(c) for c in "あいうえおんがぱっゃアイウヴッー0123456789ABCxyz国語手習")
    # 「」 and the like are drawn here, as KanjiVG leaves them out.
    assert all(known(c) for c in "。、・「」『』（）？！〜…〒")


@pytest.mark.parametrize("character", ["é", " ", "\U0001f600", "\ue000"])
def test_unknown_characters_have_no_strokes(character: str) -> None:
    assert SOURCE.strokes(character) is None
    assert SOURCE.strokes(character) is None


# Polylines


@settings(deadline=None)
@given(hnp.arrays(np.float32, st.tuples(st.integers(2, 8), st.just(2)), elements=st.floats(0, 1, width=32)))
def test_resampling_keeps_corners_and_bounds_steps(points: Points) -> None:
    out = resampled(points)
    assert out.dtype == np.float32
    np.testing.assert_allclose(out[[0, -1]], points[[0, -1]], atol=1e-6)
    assert np.hypot(*np.diff(out, axis=0).T).max() <= STEP * 1.001
    for corner in points:
        assert np.hypot(*(out - corner).T).min() < 1e-5


def test_a_dot_becomes_a_short_stroke() -> None:
    out = resampled(np.array([[0.3, 0.4]], np.float32))
    assert len(out) == 2 and 0 < np.hypot(*(out[1] - out[0])) < 0.05


# Stroke files


ROWS = [
    {"char": "一", "writer": "a", "strokes": [[[0, 50, 1], [200, 50, 2]]]},
    {"char": "十", "writer": "b", "strokes": [[[100, 300], [500, 300]], [[300, 100], [300, 500]], []]},
    {"char": "一", "writer": "b", "strokes": [[[10, 10], [11, 10]]]},
    {"char": "・", "writer": "a", "strokes": [[[7, 7]]]},
]


def written(path: Path, *lines: object) -> Path:
    data = "".join((line if isinstance(line, str) else json.dumps(line, ensure_ascii=False)) + "\n" for line in lines)
    path.write_bytes(gzip.compress(data.encode()) if path.suffix == ".gz" else data.encode())
    return path


@pytest.mark.parametrize("name", ["hand.jsonl", "hand.jsonl.gz"])
def test_drawings_are_scaled_to_the_em_square(tmp_path: Path, name: str) -> None:
    source = StrokeFile(written(tmp_path / name, *ROWS))
    cross = source.strokes("十")
    assert cross is not None and len(cross) == 2
    every = np.concatenate(cross)
    np.testing.assert_allclose(every.min(axis=0), 0.08, atol=1e-5)
    np.testing.assert_allclose(every.max(axis=0), 0.92, atol=1e-5)
    (level,) = source.strokes("一") or ()
    np.testing.assert_allclose(level[:, 1], 0.5, atol=1e-5)  # shape is kept: a flat stroke stays flat
    assert len(source.drawings["一"]) == 2
    assert source.strokes("・") is not None
    assert source.strokes("二") is None


def test_one_writer_can_be_chosen(tmp_path: Path) -> None:
    path = written(tmp_path / "hand.jsonl", *ROWS)
    assert set(StrokeFile(path, "a").drawings) == {"一", "・"}
    assert set(StrokeFile(path, "b").drawings) == {"一", "十"}
    assert StrokeFile(path, "c").drawings == {}


def test_drawings_keep_their_order_and_are_told_apart_by_writer(tmp_path: Path) -> None:
    rows = [
        {"char": "一", "writer": w, "strokes": [[[0, 0], [5 + i, 5]]]} for i, w in enumerate(["b", "a", None, "b", 7])
    ]
    source = StrokeFile(written(tmp_path / "hand.jsonl", *rows))
    everything = source.drawings["一"]
    assert [strokes[0][-1, 1] for strokes in everything] == sorted(strokes[0][-1, 1] for strokes in everything)[::-1]
    assert list(source.by_writer) == ["", "7", "a", "b"]
    places = {"": [2], "7": [4], "a": [1], "b": [0, 3]}
    for writer, own in source.by_writer.items():
        assert [id(strokes) for strokes in own["一"]] == [id(everything[place]) for place in places[writer]]
        alone = StrokeFile(source.path, writer).drawings["一"]
        for strokes, place in zip(alone, places[writer], strict=True):
            np.testing.assert_array_equal(strokes[0], everything[place][0])


@pytest.mark.parametrize(
    "row",
    [
        "not json",
        {"char": "一"},
        {"strokes": [[[0, 0], [1, 1]]]},
        {"char": "一", "strokes": []},
        {"char": "一", "strokes": [[["x", "y"]]]},
        {"char": "一", "strokes": [[1, 2]]},
        {"char": ["一"], "strokes": [[[0, 0], [1, 1]]]},
        ["char"],
        "3",
    ],
)
def test_a_bad_row_is_named_by_number(tmp_path: Path, row: object) -> None:
    path = written(tmp_path / "hand.jsonl", ROWS[0], row)
    with pytest.raises(DataError, match=r"hand\.jsonl: line 2 "):
        StrokeFile(path).strokes("一")


def test_a_bad_row_is_named_when_a_writer_is_chosen(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="line 1 "):
        StrokeFile(written(tmp_path / "hand.jsonl", ["char"]), "a").strokes("一")


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    whole = written(tmp_path / "whole.jsonl.gz", *ROWS).read_bytes()
    (tmp_path / "cut.jsonl.gz").write_bytes(whole[:-20])
    (tmp_path / "plain.jsonl.gz").write_bytes(b"not packed")
    (tmp_path / "latin.jsonl").write_bytes(b"\xe9\xe8")
    for name in ("cut.jsonl.gz", "plain.jsonl.gz", "latin.jsonl", "missing.jsonl"):
        with pytest.raises(DataError, match=name):
            StrokeFile(tmp_path / name).strokes("一")
