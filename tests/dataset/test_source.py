"""Lines and samples, wherever they are: in a folder, a corpus or a store."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from tenarai.dataset.source import read_lines
from tenarai.dataset.standardise import standardise
from tenarai.errors import DataError
from tenarai.image.read import read_picture


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two lines, as pictures with a text each."""
    (tmp_path / "lines").mkdir()
    for number, text in enumerate(("手習い", "a line")):
        picture = np.full((20, 60 + number), 255, np.uint8)
        picture[5:15, 5 : 30 + number] = 10 * number
        cv2.imwrite(str(tmp_path / "lines" / f"{number}.png"), picture)
        (tmp_path / "lines" / f"{number}.gt.txt").write_text(text, "utf-8")
    return tmp_path / "lines"


def test_lines_are_the_same_in_a_folder_a_corpus_and_a_store(folder: Path) -> None:
    standardise(folder, folder.parent / "store")
    plain, named, stored = read_lines(folder), read_lines(folder, "lines"), read_lines(folder.parent / "store")
    assert [[pair.text for pair in pairs] for pairs in (plain, named, stored)] == [["手習い", "a line"]] * 3
    for pairs in zip(plain, named, stored, strict=True):
        first, *others = (read_picture(pair.load()) for pair in pairs)
        for other in others:
            np.testing.assert_array_equal(other, first)


def test_a_corpus_without_lines_is_refused(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        cv2.imwrite(str(tmp_path / name / "0.png"), np.full((9, 9), 255, np.uint8))
    with pytest.raises(DataError, match="holds no line"):
        read_lines(tmp_path, "own")
