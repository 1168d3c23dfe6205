"""UNIPEN: what its definition and its own files have, our files back again, and what strangers may have put in."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenarai.dataset import unipen
from tenarai.dataset.corpora import CORPORA
from tenarai.dataset.sample import Refused, Sample
from tenarai.dataset.strokes import Ink, read_strokes
from tenarai.dataset.unipen import read_unipen, unipen_files, write_unipen
from tenarai.errors import DataError

# Two words of three letters as the NICI wrote theirs: the way of the raised pen counts as a component.
WORDS = r"""
.VERSION 1.0
.DATA_SOURCE  nici
.COMMENT #####
   ### .PEN_DOWN in the middle of a line is no keyword
.COORD                      X Y
.X_POINTS_PER_MM             50
.Y_POINTS_PER_MM             50
.WRITER_ID    MARIEKE
.SKILL        ???
.START_SET
.HIERARCHY WORD CHAR
.SEGMENT WORD 0-2 BAD "ab"
.SEGMENT CHAR 0:0-0:1 BAD "a"
.SEGMENT CHAR 0:2-2 OK "b"
.PEN_DOWN
 1 2
 3  4
 5 -6
.PEN_UP
 7 8
.PEN_DOWN
 9 10
.COMMENT the second word
.SEGMENT WORD 3 ? "\"\\ \t"
.SEGMENT WORD 0,3 ? "c
d"
.SEGMENT WORD 0-3
.PEN_DOWN
 11.5 12
"""
FIRST = ".SEGMENT CHARACTER 0 ? "
PEN = "\n.PEN_DOWN\n0 0\n1 1\n.PEN_UP\n"


def file(folder: Path, text: str, name: str = "a.dat") -> Path:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(text.encode())
    return folder / name


def points(ink: Ink | Refused) -> Any:
    assert isinstance(ink, Ink), ink
    return [stroke.tolist() for stroke in ink.strokes]


def test_words_as_the_nici_wrote_them(tmp_path: Path) -> None:
    path = file(tmp_path, WORDS)
    words: list[Any] = list(read_unipen(path))
    assert [(ink.name, ink.text, ink.writer, ink.source) for ink in words] == [
        ("a:1", "ab", "MARIEKE", "nici"), ("a:2", '"\\ \t', "MARIEKE", "nici"), ("a:3", "c d", "MARIEKE", "nici"),
    ]  # fmt: skip
    first, last = [[1, -2], [3, -4], [5, 6]], [[11.5, -12]]
    assert [points(ink) for ink in words] == [[first, [[9, -10]]], [last], [first, last]]
    letters = list(read_unipen(path, "character"))
    assert [points(ink) for ink in letters] == [[first[:2]], [first[2:], [[9, -10]]]]


def test_a_raised_pen_without_points_is_no_component(tmp_path: Path) -> None:
    # As in the pen-based digits of Alpaydin and Alimoglu (1998).
    pens = ".PEN_DOWN\n 1 2\n.PEN_UP\n.DT 50\n.PEN_DOWN\n 3 4\n.PEN_UP\n.DT 9\n"
    text = f'.INCLUDE dene.doc\n.SEGMENT DIGIT 0-1 ? "4"\n{pens}'
    missing, ink = read_unipen(file(tmp_path, text))
    assert missing == Refused("dene.doc", "a.dat includes it, but it is not in the folder.")
    assert points(ink) == [[[1, -2]], [[3, -4]]]


def test_time_follows_from_the_rate(tmp_path: Path) -> None:
    pens = ".PEN_DOWN\n0 0\n1 1\n.PEN_UP\n5 5\n.PEN_DOWN\n2 2\n.DT 250\n.PEN_DOWN\n3 3\n.PEN_UP\n"
    (ink,) = read_unipen(file(tmp_path, f'.POINTS_PER_SECOND 100\n.SEGMENT WORD 0-3 ? "ab"\n{pens}'))
    assert [[row[2] for row in stroke] for stroke in points(ink)] == [[0, 10], [30], [280]]


def test_coordinates_in_any_order_and_of_any_resolution(tmp_path: Path) -> None:
    text = (
        ".X_POINTS_PER_INCH 254\n.Y_POINTS_PER_MM 5\n.COORD T P Y X\n" + FIRST + '"a"\n.PEN_DOWN\n 7 99 1 10 8 0 2 20'
    )
    (ink,) = read_unipen(file(tmp_path, text))
    assert points(ink) == [[[10, -2, 7], [20, -4, 8]]]


@pytest.mark.parametrize(
    ("label", "text"),
    [("JISx8d95", "黒"), ("JISx8d95_'Kuro'", "黒"), *((x, x) for x in ("JISx4142", "JISxffff", "JISx8d9", "手習い"))],
)
def test_kanji_are_shift_jis(tmp_path: Path, label: str, text: str) -> None:
    (ink,) = read_unipen(file(tmp_path, f'{FIRST}"{label}"{PEN}'))
    assert isinstance(ink, Ink) and ink.text == text


def test_a_set_counts_its_components_anew(tmp_path: Path) -> None:
    text = f'{FIRST}"a"{PEN}.START_SET two\n.WRITER_ID ?\n{FIRST}"b"\n.PEN_DOWN\n5 5\n.PEN_UP\r\n'
    assert [points(ink) for ink in read_unipen(file(tmp_path, text))] == [[[[0, 0], [1, -1]]], [[[5, -5]]]]


def test_lines_come_before_their_words_and_pages_only_when_asked(tmp_path: Path) -> None:
    rows = "".join(f'.SEGMENT {level} 0 ? "{level}"\n' for level in ("PAGE", "WORD", "LINE"))
    path = file(tmp_path, f".HIERARCHY PAGE LINE WORD\n{rows}{PEN}")
    assert [ink.text for ink in read_unipen(path) if isinstance(ink, Ink)] == ["LINE"]
    assert [ink.text for ink in read_unipen(path, "page") if isinstance(ink, Ink)] == ["PAGE"]
    with pytest.raises(DataError, match=r"no \.SEGMENT of STROKE with a label: it has PAGE, LINE, WORD\."):
        read_unipen(path, "STROKE")


# Several files


def test_included_files_are_read_in_their_place(tmp_path: Path) -> None:
    file(tmp_path, ".WRITER_ID w\n.INCLUDE deep\\ink.dat\n", "head.doc")
    file(tmp_path, PEN, "deep/ink.dat")
    path = file(tmp_path, f'.INCLUDE head.doc\n{FIRST}"a"\n')
    (ink,) = read_unipen(path)
    assert isinstance(ink, Ink) and (ink.writer, points(ink)) == ("w", [[[0, 0], [1, -1]]])


def test_the_distribution_keeps_ink_beside_its_segments(tmp_path: Path) -> None:
    root = tmp_path / "train_r01_v07"
    file(root, f".WRITER_ID w{PEN}", "include/aga/data/a.dat")
    for part in ("1a/aga/a.dat", "1b/aga/a.dat"):
        file(root, f'.INCLUDE aga/data/a.dat\n{FIRST}"a"\n', f"data/{part}")
    assert [path.relative_to(root).as_posix() for path in unipen_files(root)] == [
        "data/1a/aga/a.dat",
        "data/1b/aga/a.dat",
    ]
    samples: list[Any] = list(CORPORA["unipen"].read(root))
    assert [(s.name, s.text, s.writer, s.kind) for s in samples] == [
        ("data/1a/aga/a.dat/a:1", "a", "w", "character"), ("data/1b/aga/a.dat/a:1", "a", "w", "character"),
    ]  # fmt: skip


def test_a_folder_reads_no_file_twice_and_refuses_damaged_ones(tmp_path: Path) -> None:
    file(tmp_path, f"{FIRST}{chr(34)}a{chr(34)}{PEN}", "inner.dat")
    file(tmp_path, ".INCLUDE inner.dat\n", "whole-test.dat")
    file(tmp_path, ".SEGMENT WORD 0 ?\n", "unlabelled.unp")
    file(tmp_path, PEN, "ink.dat")
    whole: Any
    refused, whole = CORPORA["unipen"].read(tmp_path)
    assert isinstance(refused, Refused) and refused.name == "unlabelled.unp" and "with a label" in refused.reason
    assert isinstance(whole, Sample) and (whole.name, whole.split) == ("whole-test.dat/whole-test:1", "test")
    assert whole.picture.shape[0] == 64 and whole.picture.min() < 100
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="no UNIPEN file"):
        list(CORPORA["unipen-characters"].read(tmp_path / "empty"))


@pytest.mark.parametrize(
    "name", ["../secret.dat", "/etc/passwd", "inner/../../secret.dat", "..\\secret.dat", "C:\\a.dat", "", "link.dat"]
)
def test_an_include_never_leaves_the_folder(tmp_path: Path, name: str) -> None:
    file(tmp_path, PEN, "secret.dat")
    path = file(tmp_path, f'.INCLUDE {name}\n{FIRST}"a"{PEN}', "inner/a.dat")
    (tmp_path / "inner" / "link.dat").symlink_to(tmp_path / "secret.dat")
    with pytest.raises(DataError, match=r"does not lie in its folder|leads out of its folder"):
        read_unipen(path)


def test_includes_are_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = file(tmp_path, ".INCLUDE b.dat\n")
    file(tmp_path, ".INCLUDE a.dat\n", "b.dat")
    with pytest.raises(DataError, match="within itself"):
        read_unipen(path)
    file(tmp_path, ".INCLUDE c.dat\n" * 40, "b.dat")
    file(tmp_path, ".INCLUDE d.dat\n" * 40, "c.dat")
    file(tmp_path, ".COMMENT\n", "d.dat")
    with pytest.raises(DataError, match="more than 1,000 files"):
        read_unipen(path)
    monkeypatch.setattr(unipen, "MOST_INCLUDES", 2)
    file(tmp_path, f".INCLUDE {'x' * 5000}\n" + f'{FIRST}"a"{PEN}')
    missing, _ = read_unipen(path)
    assert isinstance(missing, Refused)


# Damage


@pytest.mark.parametrize(
    ("segment", "reason"),
    [
        ("0-1", "has the strokes 0-1, but there are 1, counted from 0"),
        ("7", "has the strokes 7, but there are 1"),
        ("0-999999999", "but there are 1"),
        ("1-0", "has the strokes 1-0"),
        ("0:0-0:2", "has the points 0:0-0:2, but stroke 0 has 2"),
        ("0:2", "has the points 0:2"),
        ("0:1-0:0", "has the points 0:1-0:0"),
        ("0-", "are no numbers and ranges"),
        ("0,,0", "are no numbers and ranges"),
        ("0:1:2", "are no numbers and ranges"),
        ("99999999999999999999", "are no numbers and ranges"),
        ("", "does not say which strokes"),
        ("?", "does not say which strokes"),
    ],
)
def test_a_delineation_outside_the_strokes_is_refused(tmp_path: Path, segment: str, reason: str) -> None:
    bad, good = read_unipen(file(tmp_path, f'.SEGMENT WORD {segment} ? "bad"\n.SEGMENT WORD 0 ? "good"{PEN}'))
    assert isinstance(bad, Refused) and bad.name == "a:1" and reason in bad.reason
    assert isinstance(good, Ink)


@pytest.mark.parametrize(
    ("numbers", "reason"),
    [("1 2 3", "3 numbers, which are not points of 2"), ("1 x", "not numbers"), ("1 nan", "not finite"),
     ("1 1e300", "not finite or beyond"), ("1,2", "not numbers")],
)  # fmt: skip
def test_damaged_points_are_refused(tmp_path: Path, numbers: str, reason: str) -> None:
    text = f'{FIRST}"a"\n.SEGMENT CHARACTER 1 ? "b"\n.PEN_DOWN\n{numbers}\n.PEN_DOWN\n1 2\n'
    bad, good = read_unipen(file(tmp_path, text))
    assert isinstance(bad, Refused) and reason in bad.reason
    assert isinstance(good, Ink)


def test_only_the_raised_pen_is_refused(tmp_path: Path) -> None:
    (bad,) = read_unipen(file(tmp_path, f'{FIRST}"a"\n.PEN_UP\n1 2\n'))
    assert isinstance(bad, Refused) and "no point" in bad.reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("no keyword", "is not UNIPEN"),
        (" .VERSION 1.0", "is not UNIPEN"),
        (".VERSION 1.0", "has none at all"),
        (".COORD X P\n", "X and Y are needed"),
        (".COORD\n", "coordinates none"),
        (".POINTS_PER_SECOND fast\n", "POINTS_PER_SECOND fast: expected a number"),
        (".X_POINTS_PER_INCH -3\n", "at least 0"),
        (".DT\n", "expected a number"),
        (".DT nan\n", "expected a number"),
    ],
)
def test_files_that_cannot_be_understood_are_refused(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(DataError, match=r"a\.dat") as caught:
        read_unipen(file(tmp_path, text))
    assert reason in str(caught.value)


def test_a_file_cut_short_anywhere_gives_whole_drawings_or_reasons(tmp_path: Path) -> None:
    whole = WORDS.strip()
    complete = {ink.text: points(ink) for ink in read_unipen(file(tmp_path, whole)) if isinstance(ink, Ink)}
    for place in range(len(whole)):
        try:
            for item in read_unipen(file(tmp_path, whole[:place])):
                # The last number may have lost digits, or its point a stroke's end: nothing in the file tells.
                if isinstance(item, Ink) and item.text != '"\\ \t':
                    assert np.shape(points(item)[0]) == np.shape(complete[item.text][0])
        except DataError as error:
            assert "a.dat" in str(error)


def test_other_encodings_and_any_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "a.dat"
    path.write_bytes(f'\ufeff.WRITER_ID w\r\n{FIRST}"é"\r\n.PEN_DOWN\r\n0 0\r1 1'.encode())
    (ink,) = read_strokes(path)
    assert isinstance(ink, Ink) and (ink.text, ink.writer, len(ink.strokes[0])) == ("é", "w", 2)
    path.write_bytes(f'{FIRST}"é"{PEN}'.encode("latin-1"))
    (ink,) = read_strokes(path)
    assert isinstance(ink, Ink) and ink.text == "é"


# Our own files


numbers = st.floats(-1e9, 1e9) | st.integers(-5000, 5000).map(float)
strokes = st.integers(2, 3).flatmap(
    lambda columns: st.lists(st.lists(numbers, min_size=columns, max_size=columns), min_size=1, max_size=4).map(
        np.array
    )
)
texts = st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=8) | st.sampled_from(
    ("JISx8d95", '"', "\\", "\\JISx8d95", ".PEN_UP", "\n.PEN_UP\n", "手")
)
names = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=8).filter(
    lambda name: name != "?"
)
inks = st.builds(Ink, names, texts, st.lists(strokes, min_size=1, max_size=3).map(tuple), st.none() | names, names)


@settings(deadline=None)
@given(st.lists(inks, min_size=1, max_size=4))
def test_what_is_written_is_read_again(tmp_path_factory: pytest.TempPathFactory, written: list[Ink]) -> None:
    path = tmp_path_factory.mktemp("unipen") / "mine.unipen"
    write_unipen(written, path)
    found: list[Any] = list(read_strokes(path))
    assert [ink.name for ink in found] == [f"mine:{number}" for number in range(1, len(written) + 1)]
    for one, other in zip(found, written, strict=True):
        assert (one.text, one.writer, one.source) == (other.text, other.writer, other.source)
        assert points(one) == points(other)


def test_what_unipen_cannot_hold_is_refused(tmp_path: Path) -> None:
    point = (np.zeros((1, 2)),)
    write_unipen([Ink("a", "a", (*point, np.empty((0, 2))))], tmp_path / "a.dat")
    (ink,) = read_unipen(tmp_path / "a.dat")
    assert isinstance(ink, Ink) and (len(ink.strokes), ink.writer, ink.source) == (1, None, "a")
    for bad in (
        Ink("a", "a", ()), Ink("a", "a\r", point), Ink("a", "\ud800", point), Ink("a", "a", point, "two  spaces"),
        Ink("a", "a", point, "?"), Ink("a", "a", point, None, " x"), Ink("a", "a", point, "a\nb"),
    ):  # fmt: skip
        with pytest.raises(DataError):
            write_unipen([bad], tmp_path / "b.dat")
        assert not (tmp_path / "b.dat").exists()
