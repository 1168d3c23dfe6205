"""Corpora of pen strokes: the real files, Omniglot's own layout, round trips, and what strangers may have put in."""

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenarai.dataset.sample import Refused, Sample
from tenarai.dataset.strokes import Ink, read_jsonl, read_omniglot, read_strokes, samples, write_jsonl
from tenarai.errors import DataError

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "strokes"

numbers = st.floats(-1e6, 1e6)
strokes = st.integers(2, 3).flatmap(
    lambda columns: st.lists(st.lists(numbers, min_size=columns, max_size=columns), min_size=1, max_size=4).map(
        np.array
    )
)
texts = st.text(st.characters(codec="utf-8"), max_size=8)
inks = st.builds(Ink, texts, texts, st.lists(strokes, min_size=1, max_size=3).map(tuple), st.none() | texts, texts)


def plain(ink: Ink | Refused) -> Any:
    assert isinstance(ink, Ink), ink
    return ink.name, ink.text, [points.tolist() for points in ink.strokes], ink.writer, ink.source


def rows(path: Path, *lines: Any) -> Path:
    text = "\n".join(line if isinstance(line, str) else json.dumps(line, ensure_ascii=False) for line in lines)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


# JSON lines


@pytest.mark.parametrize(
    ("name", "count", "classes", "writers", "timed"),
    [("omniglot-train", 730, 73, 20, True), ("omniglot-test", 292, 73, 8, True), ("tomoe-train", 6356, 6356, 1, False)],
)
def test_the_shared_files(name: str, count: int, classes: int, writers: int, timed: bool) -> None:
    found = list(read_strokes(DATA / f"{name}.jsonl.gz"))
    kept = [ink for ink in found if isinstance(ink, Ink)]
    assert len(kept) == len(found) == count and len({ink.name for ink in kept}) == count
    assert len({ink.text for ink in kept}) == classes and len({ink.writer for ink in kept}) == writers
    assert all((points.shape[1] == 3) == timed for ink in kept for points in ink.strokes)


def test_drawings_become_samples() -> None:
    found = list(samples(read_strokes(DATA / "omniglot-test.jsonl.gz"), height=48, licence="MIT"))[:40]
    for sample in found:
        assert isinstance(sample, Sample) and sample.kind == "character" and sample.licence == "MIT"
        # As in a square, ink dark and the minority.
        assert sample.picture.shape[0] == 48 and sample.picture.shape[1] <= 48 and sample.picture.dtype == np.uint8
        assert sample.picture.min() == 0 and np.median(sample.picture) == 255 and sample.picture[0].min() == 255
    assert isinstance(found[0], Sample) and found[0].text == "ア" and found[0].writer == "omniglot-ja11"


def test_kinds_of_samples(tmp_path: Path) -> None:
    path = rows(
        tmp_path / "t.jsonl", *({"char": text, "strokes": [[[0, 0], [900, 10]]]} for text in ("が", "か\u3099", "手本"))
    )
    kinds = [(s.kind, s.picture.shape[1] > 64) for s in samples(read_jsonl(path)) if isinstance(s, Sample)]
    assert kinds == [("character", False), ("character", False), ("line", True)]
    (first, *_) = samples(read_jsonl(path), kind="word", height=32)
    assert isinstance(first, Sample) and first.kind == "word" and first.picture.shape[0] == 32


@given(st.lists(inks, max_size=3), st.sampled_from([".jsonl", ".jsonl.gz"]))
@settings(deadline=None, max_examples=30)
def test_json_lines_come_back_equal(tmp_path_factory: pytest.TempPathFactory, written: list[Ink], suffix: str) -> None:
    path = tmp_path_factory.mktemp("ink") / f"a{suffix}"
    write_jsonl(written, path)
    assert [plain(ink) for ink in read_strokes(path)] == [plain(ink) for ink in written]


def test_names_and_sources_that_are_not_given(tmp_path: Path) -> None:
    path = rows(
        tmp_path / "mine.jsonl",
        {"char": "あ", "strokes": [[[1, 2]]]},
        "",
        {"text": "い", "writer": 7, "strokes": [[[1, 2]]]},
    )
    first, second = read_jsonl(path)
    assert isinstance(first, Ink) and isinstance(second, Ink)
    assert (first.name, first.writer, first.source) == ("mine:1", None, "mine")
    assert (second.name, second.text, second.writer) == ("mine:3", "い", "7")


@pytest.mark.parametrize(
    "row",
    [
        "{", "[]", "5", "null", '"text"', {"char": "a"}, {"strokes": [[[1, 2]]]}, {"char": 5, "strokes": [[[1, 2]]]},
        {"char": "a", "strokes": []}, {"char": "a", "strokes": [[]]}, {"char": "a", "strokes": [[[1]]]},
        {"char": "a", "strokes": [[["x", 2]]]}, '{"char": "a", "strokes": [[[NaN, 2]]]}', {"char": "a", "strokes": 5},
        {"char": "a", "strokes": [[[1, 2]] * 100_001]}, '{"char": "\\ud800", "strokes": [[[1, 2]]]}', "[" * 100_000,
        {"char": "a", "writer": [], "strokes": [[[1, 2]]]}, {"char": "a", "set": 5, "strokes": [[[1, 2]]]},
    ],
)  # fmt: skip
def test_a_bad_row_is_refused_and_the_rest_goes_on(tmp_path: Path, row: Any) -> None:
    good = {"char": "a", "strokes": [[[1, 2]]]}
    found = list(read_jsonl(rows(tmp_path / "t.jsonl", good, row, good)))
    assert [type(ink) for ink in found] == [Ink, Refused, Ink] and found[1].name == "t:2"


def test_damaged_files_are_refused(tmp_path: Path) -> None:
    path = rows(tmp_path / "t.jsonl.gz", *[{"char": "a", "strokes": [[[n, 2]]]} for n in range(99)])
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DataError, match=r"t\.jsonl\.gz"):
        list(read_strokes(path))
    path.write_bytes(b"not gzip")
    with pytest.raises(DataError, match=r"t\.jsonl\.gz"):
        list(read_strokes(path))
    for missing in ("no.jsonl", "no.inkml"):
        with pytest.raises(DataError, match=missing):
            list(read_strokes(tmp_path / missing))
    (tmp_path / "picture.png").write_bytes(b"\x89PNG")
    with pytest.raises(DataError, match=r"picture\.png"):
        read_strokes(tmp_path / "picture.png")


def test_an_endless_row_is_not_read_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tenarai.dataset.strokes.LONGEST_ROW", 1000)
    path = tmp_path / "bomb.jsonl.gz"
    path.write_bytes(gzip.compress(b"[" * 1_000_000))
    with pytest.raises(DataError, match="line 1 has more than 1,000 bytes"):
        list(read_jsonl(path))


# Omniglot as published


def omniglot_file(root: Path, alphabet: str, character: int, number: int, drawer: int, text: str) -> None:
    path = root / alphabet / f"character{character:02d}" / f"{number:04d}_{drawer:02d}.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_omniglot_folders(tmp_path: Path) -> None:
    text = "START\n33.000000,-30.000000,0.000000\n35.5,-31.0,57.0\nBREAK\n10.000000,-90.000000,900.000000\nBREAK\n"
    root = tmp_path / "strokes_background"
    omniglot_file(root, "Japanese_(katakana)", 2, 609, 1, text)
    omniglot_file(root, "Japanese_(katakana)", 1, 608, 20, text)
    omniglot_file(root, "Latin", 1, 668, 1, text.replace("\n", "\r\n"))
    found = list(read_strokes(tmp_path))
    assert [plain(ink)[:2] + plain(ink)[3:] for ink in found] == [
        (
            "Japanese_(katakana)/character01/0608_20",
            "Japanese_(katakana)/character01",
            "Japanese_(katakana)/20",
            "omniglot",
        ),
        (
            "Japanese_(katakana)/character02/0609_01",
            "Japanese_(katakana)/character02",
            "Japanese_(katakana)/01",
            "omniglot",
        ),
        ("Latin/character01/0668_01", "Latin/character01", "Latin/01", "omniglot"),
    ]
    # y goes up in these files, and down here.
    assert plain(found[2])[2] == [[[33, 30, 0], [35.5, 31, 57]], [[10, 90, 900]]]
    assert [plain(ink)[0] for ink in read_omniglot(root / "Latin")] == ["Latin/character01/0668_01"]
    assert [plain(ink)[0] for ink in read_omniglot(root / "Latin" / "character01")] == ["Latin/character01/0668_01"]


def test_omniglot_classes_are_named_by_a_map(tmp_path: Path) -> None:
    for character in (1, 2):
        omniglot_file(tmp_path, "Latin", character, character, 1, "START\n1,-1,0\nBREAK\n")
    first, second = read_omniglot(tmp_path, {"Latin/character02": "b"})
    assert isinstance(first, Refused) and "Latin/character01" in first.reason
    assert isinstance(second, Ink) and second.text == "b"


@pytest.mark.parametrize(
    "text", ["", "1,-1,0\nBREAK", "START", "START\nBREAK", "START\n1,-1\nBREAK", "START\n1,-1,0", "START\nx,y,t\nBREAK",
             "START\nnan,-1,0\nBREAK", "START\n1,-1,0\nBR"],
)  # fmt: skip
def test_damaged_omniglot_files_are_refused_one_by_one(tmp_path: Path, text: str) -> None:
    omniglot_file(tmp_path, "Latin", 1, 1, 1, text)
    omniglot_file(tmp_path, "Latin", 1, 1, 2, "START\n1,-1,0\nBREAK\n")
    assert [type(ink) for ink in read_omniglot(tmp_path)] == [Refused, Ink]


def test_a_folder_without_strokes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no Omniglot strokes"):
        list(read_strokes(tmp_path))
