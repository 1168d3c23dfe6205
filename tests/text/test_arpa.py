"""ARPA: written by the format's description, read back the same, and other people's files."""

import gzip
import math
from pathlib import Path

import numpy as np
import pytest

from tenarai.errors import DataError
from tenarai.text.arpa import read_arpa, write_arpa
from tenarai.text.kneser_ney import Training, train_ngram

LINES = ["手習いの本", "手習い\u3000を始める", "本を読む", "a b\tc", "手"]

# Written by hand, as SRILM would: -99 for <s>, weights only where something follows.
SMALL = """
\\data\\
ngram 1=5
ngram 2=3

\\1-grams:
-1.0\t<unk>
-99\t<s>\t-0.3
-0.5\t</s>
-0.6\ta\t-0.2
-0.7\t<space>\t-0.1

\\2-grams:
-0.1\t<s> a
-0.2\ta <space>
-0.3\t<space> </s>

\\end\\
"""


@pytest.mark.parametrize("name", ["model.arpa", "model.arpa.gz"])
@pytest.mark.parametrize("training", [Training(1, (1,)), Training(3, (1,)), Training(5, (1, 1, 2), 0.01)])
def test_a_model_comes_back(tmp_path: Path, name: str, training: Training) -> None:
    model = train_ngram(LINES, training)
    write_arpa(model, tmp_path / name)
    again = read_arpa(tmp_path / name)
    assert again.characters == model.characters and again.order == model.order and len(again) == len(model)
    for context in ("", "手", "手習", "\n手", "本を", "?"):
        np.testing.assert_allclose(again.distribution(context), model.distribution(context), rtol=1e-5)


def test_a_file_as_others_write_it(tmp_path: Path) -> None:
    (tmp_path / "small.arpa").write_text(SMALL, "utf-8")
    model = read_arpa(tmp_path / "small.arpa")
    tenth = math.log(10)
    assert model.characters == ("\n", " ", "a") and model.order == 2
    assert model.score("\n", "a") == pytest.approx(-0.1 * tenth)
    assert model.score("\n", " ") == pytest.approx((-0.3 - 0.7) * tenth)
    assert model.score("a", "a") == pytest.approx((-0.2 - 0.6) * tenth)
    assert model.score("a", "x") == pytest.approx((-0.2 - 1.0) * tenth)
    assert model.line_score("a ") == pytest.approx((-0.1 - 0.2 - 0.3) * tenth)


def test_what_the_file_says_is_written_so(tmp_path: Path) -> None:
    write_arpa(train_ngram(LINES, Training(2, (1,))), tmp_path / "model.arpa")
    rows = (tmp_path / "model.arpa").read_text("utf-8").split("\n")
    single = rows[rows.index("\\1-grams:") + 1 : rows.index("\\2-grams:") - 1]
    assert f"ngram 1={len(single)}" in rows
    assert {row.split("\t")[1] for row in single} >= {"<unk>", "<s>", "</s>", "<space>", "<tab>", "\u3000", "手"}
    assert "<s> 手" in {row.split("\t")[1] for row in rows if row.count("\t") == 1}


def test_ngrams_left_out_of_a_file_are_filled_in(tmp_path: Path) -> None:
    text = SMALL.replace("ngram 2=3", "ngram 2=1\nngram 3=1")
    text = text.replace("-0.1\t<s> a\n", "").replace("-0.3\t<space> </s>\n", "\n\\3-grams:\n-0.05\t<s> a <space>\n")
    (tmp_path / "small.arpa").write_text(text, "utf-8")
    model = read_arpa(tmp_path / "small.arpa")
    assert model.score("\na", " ") == pytest.approx(-0.05 * math.log(10), rel=1e-5)
    assert model.score("\n", "a") == pytest.approx((-0.3 - 0.6) * math.log(10), rel=1e-5)


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("\\end\\", "", "no whole"),
        ("\\data\\", "", "no whole"),
        ("-0.2\ta <space>", "-0.2\tab <space>", "line 15.*one of words"),
        ("-0.2\ta <space>", "x\ta <space>", "line 15"),
        ("-0.2\ta <space>", "-0.2\ta", "line 15"),
        ("-0.2\ta <space>", "nan\ta <space>", "line 15"),
        ("-0.2\ta <space>", "-0.2\t</s> a", "<s> stands first"),
        ("\\2-grams:", "\\3-grams:", "line 13"),
        ("ngram 2=3", "ngram 2=x", "line 4"),
    ],
)
def test_damaged_files_are_refused_by_line(tmp_path: Path, old: str, new: str, what: str) -> None:
    assert old in SMALL
    (tmp_path / "bad.arpa").write_text(SMALL.replace(old, new), "utf-8")
    with pytest.raises(DataError, match=what):
        read_arpa(tmp_path / "bad.arpa")


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="There is no"):
        read_arpa(tmp_path / "none.arpa")
    (tmp_path / "bytes.arpa").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match="cannot be read"):
        read_arpa(tmp_path / "bytes.arpa")
    (tmp_path / "cut.gz").write_bytes(gzip.compress(SMALL.encode())[:40])
    with pytest.raises(DataError, match="cannot be read"):
        read_arpa(tmp_path / "cut.gz")
