"""Boxes of characters on pages: real pages of CODH, both tables written here, and what is wrong with boxes."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tenarai.dataset.kuzushiji import read_kuzushiji
from tenarai.dataset.sample import Refused, Sample
from tenarai.errors import DataError
from tenarai.image.read import read_picture

PAGES = Path(__file__).resolve().parents[3] / "shared" / "data" / "kuzushiji_page_boxes"
HEADER = "Unicode,Image,X,Y,Block ID,Char ID,Width,Height"
WIDTH, HEIGHT = 60, 40

Box = tuple[int, int, int, int]


def page(file: Path, seed: int = 0) -> np.ndarray:
    """A gray page in which no two places are alike."""
    gray = np.random.default_rng(seed).integers(0, 256, (HEIGHT, WIDTH), np.uint8)
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(gray).save(file)
    return gray


def codh(file: Path, *rows: tuple[str, str, object, object, object, object]) -> Path:
    lines = [f"{code},{name},{x},{y},B0001,C{n:04},{w},{h}" for n, (code, name, x, y, w, h) in enumerate(rows, 1)]
    file.write_text("\n".join([HEADER, *lines]) + "\n", "utf-8")
    return file


def kaggle(folder: Path, *rows: tuple[str, str]) -> Path:
    (folder / "train.csv").write_text("image_id,labels\n" + "".join(f"{a},{b}\n" for a, b in rows), "utf-8")
    return folder


# Real pages


def test_all_boxes_of_the_real_pages() -> None:
    found = list(read_kuzushiji(PAGES))
    assert all(isinstance(sample, Sample) for sample in found)
    assert len(found) == 219 + 245 and len({sample.name for sample in found}) == len(found)
    assert {sample.page for sample in found if isinstance(sample, Sample)} == {
        file.stem for file in PAGES.glob("*/*.webp")
    }


def test_the_first_column_of_a_real_page() -> None:
    first, second, *_ = read_kuzushiji(PAGES / "train" / "coordinate.csv")
    assert isinstance(first, Sample) and isinstance(second, Sample)
    assert (first.text, second.text) == ("自", "序")  # as its columns.jsonl has it
    assert first.name == "100241706_00004_2/0001" and first.page == "100241706_00004_2"
    assert first.box == (1852, 1736, 1852 + 104, 1736 + 219) and first.picture.shape == (219, 104)
    assert (first.writer, first.split, first.kind, first.licence) == (None, None, "character", "CC BY-SA 4.0")
    gray = read_picture(PAGES / "train" / "100241706_00004_2.webp")
    assert np.array_equal(first.picture, gray[1736:1955, 1852:1956])
    # Dark ink on paper, as it is: nothing is inverted.
    assert np.median(first.picture) > 128 > first.picture.min()


# The two tables


@settings(max_examples=20, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.characters(min_codepoint=0x3041, max_codepoint=0x2FFFF, exclude_categories=["Cs", "Cn", "Co"]),
            st.integers(0, WIDTH - 1), st.integers(0, HEIGHT - 1), st.integers(1, WIDTH), st.integers(1, HEIGHT),
        ),
        min_size=1, max_size=6,
    )
)  # fmt: skip
def test_both_tables_give_the_same_characters(
    tmp_path_factory: pytest.TempPathFactory, written: list[tuple[str, int, int, int, int]]
) -> None:
    folder = tmp_path_factory.mktemp("tables")
    gray = page(folder / "p1.png")
    places = [(f"U+{ord(c):04X}", x, y, min(w, WIDTH - x), min(h, HEIGHT - y)) for c, x, y, w, h in written]
    codh(folder / "coordinate.csv", *((code, "p1", *box) for code, *box in places))  # type: ignore[arg-type]
    one = list(read_kuzushiji(folder / "coordinate.csv"))
    kaggle(folder, ("p1", " ".join(str(word) for place in places for word in place)))
    other = list(read_kuzushiji(folder / "train.csv"))
    assert len(one) == len(other) == len(written)
    for sample, same, (character, *_), (_, x, y, w, h) in zip(one, other, written, places, strict=True):
        assert isinstance(sample, Sample) and isinstance(same, Sample)
        assert sample.text == same.text == character and sample.name == same.name
        assert sample.box == same.box == (x, y, x + w, y + h)
        assert np.array_equal(sample.picture, gray[y : y + h, x : x + w]) and (sample.split, same.split) == (
            None,
            "train",
        )
        assert sample.picture.base is None  # a character that is kept does not keep its page


def test_a_folder_of_books_as_codh_has_them(tmp_path: Path) -> None:
    for book in ("100241706", "200003076"):
        page(tmp_path / book / "images" / f"{book}_00001_1.jpg")
        codh(tmp_path / book / f"{book}_coordinate.csv", ("U+3042", f"{book}_00001_1", 1, 2, 3, 4))
    found = list(read_kuzushiji(tmp_path))
    assert [sample.name for sample in found] == ["100241706_00001_1/0001", "200003076_00001_1/0001"]


def test_kaggle_as_unpacked_with_pages_of_drawings(tmp_path: Path) -> None:
    page(tmp_path / "train_images" / "umgy007-003.jpg")
    (tmp_path / "sample_submission.csv").write_text("image_id,labels\ntest_1,U+003F 1 1\n")
    kaggle(tmp_path, ("hnsd-drawing", ""), ("umgy007-003", "U+306F 0 0 9 9 U+304C 9 9 9 9"))
    assert [(s.name, getattr(s, "text", "")) for s in read_kuzushiji(tmp_path)] == [
        ("umgy007-003/0001", "は"),
        ("umgy007-003/0002", "が"),
    ]


def test_each_page_is_decoded_once_though_its_rows_are_scattered(tmp_path: Path) -> None:
    for name in "ab":
        page(tmp_path / f"{name}.png")
    read = read_kuzushiji(codh(tmp_path / "coordinate.csv", *(("U+3042", name, 0, 0, 5, 5) for name in "abab")))
    found = []
    for sample in read:
        found.append(sample)
        (tmp_path / f"{sample.name[0]}.png").unlink(missing_ok=True)  # it is not needed again
    assert all(isinstance(sample, Sample) for sample in found)
    assert [sample.name for sample in found] == ["a/0001", "a/0002", "b/0001", "b/0002"]


def test_a_byte_order_mark_is_no_part_of_the_first_column(tmp_path: Path) -> None:
    page(tmp_path / "a.png")
    table = codh(tmp_path / "coordinate.csv", ("U+3042", "a", 0, 0, 5, 5))
    table.write_bytes(b"\xef\xbb\xbf" + table.read_bytes())
    assert [type(sample) for sample in read_kuzushiji(table)] == [Sample]


# What is wrong


@pytest.mark.parametrize(
    "box",
    [
        (-1, 0, 5, 5), (0, -1, 5, 5), (56, 0, 5, 5), (0, 36, 5, 5), (0, 0, 0, 5), (0, 0, 5, 0), (9, 9, -5, 5),
        (10**30, 0, 1, 1),
    ],
)  # fmt: skip
def test_a_box_that_is_not_on_the_page_is_refused_and_the_rest_goes_on(tmp_path: Path, box: Box) -> None:
    page(tmp_path / "a.png")
    table = codh(tmp_path / "coordinate.csv", ("U+3042", "a", *box), ("U+3044", "a", 55, 35, 5, 5))
    refused, sample = read_kuzushiji(table)
    assert isinstance(refused, Refused) and refused.name == "a/0001"
    assert "does not lie on the page of 60 x 40 pixels" in refused.reason
    assert isinstance(sample, Sample) and sample.name == "a/0002" and sample.text == "い"


@pytest.mark.parametrize("code", ["U+D800", "U+110000", "3042", "あ", "", "U+", "U+0007"])
def test_a_code_of_no_character_is_refused(tmp_path: Path, code: str) -> None:
    page(tmp_path / "a.png")
    (refused,) = read_kuzushiji(codh(tmp_path / "coordinate.csv", (code, "a", 0, 0, 5, 5)))
    assert isinstance(refused, Refused) and repr(code) in refused.reason


def test_numbers_that_are_none_are_refused(tmp_path: Path) -> None:
    page(tmp_path / "a.png")
    (refused,) = read_kuzushiji(codh(tmp_path / "coordinate.csv", ("U+3042", "a", "x", 0, 5.5, 5)))
    assert isinstance(refused, Refused) and "x, 0, 5.5, 5, expected four whole numbers" in refused.reason


def test_a_short_row_and_half_a_label_are_refused(tmp_path: Path) -> None:
    page(tmp_path / "a.png")
    (tmp_path / "coordinate.csv").write_text(HEADER + "\nU+3042,a,1\n")
    (refused,) = read_kuzushiji(tmp_path)
    assert isinstance(refused, Refused) and refused.name == "a/0001"
    refused, sample = read_kuzushiji(kaggle(tmp_path, ("a", "U+3042 1 1 2"), ("a", "U+3042 1 1 2 2")) / "train.csv")
    assert isinstance(refused, Refused) and "4 words, expected 5 for each" in refused.reason
    assert isinstance(sample, Sample)


@pytest.mark.parametrize("name", ["missing", "../outside", "/etc/passwd", "broken", ""])
def test_a_page_without_a_picture_is_refused_once_with_what_is_lost(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "book"
    page(tmp_path / "outside.png"), page(folder / "a.png")
    (folder / "broken.jpg").write_bytes(b"no picture")
    rows = [("U+3042", name, 0, 0, 5, 5)] * 3
    refused, sample = read_kuzushiji(codh(folder / "coordinate.csv", *rows, ("U+3044", "a", 0, 0, 5, 5)))
    assert isinstance(refused, Refused) and refused.name == name and "3 characters are lost" in refused.reason
    assert "\n" not in refused.reason and isinstance(sample, Sample)


def test_other_tables_and_places_are_one_sentence(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(DataError, match="coordinate"):
            read_kuzushiji(place)
    table = tmp_path / "x_coordinate.csv"
    for content in (b"", b"a,b\n1,2\n", b"\xff\xfe\x00", b'Unicode,"Ima\n' + b"x" * 200_000):
        table.write_bytes(content)
        with pytest.raises(DataError, match=r"^[^\n]*x_coordinate\.csv[^\n]*expected[^\n]*$"):
            list(read_kuzushiji(tmp_path))
