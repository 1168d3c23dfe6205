"""A user's text or model file becomes a language model, or one sentence says why not."""

import gzip
import lzma
from pathlib import Path

import pytest

from tenarai.errors import DataError
from tenarai.text.alphabet import default_alphabet
from tenarai.text.arpa import write_arpa
from tenarai.text.corpus import as_read, open_language, read_text
from tenarai.text.kneser_ney import train_ngram

KNOWN = frozenset(default_alphabet().characters)
LINES = ["手習いの本", "une lettre à Zoé", "12 maisons"]


def test_a_text_a_model_and_arpa_say_the_same(tmp_path: Path) -> None:
    text, own, small, arpa, zipped = (tmp_path / n for n in ("t.txt", "m.ngram", "s.ngram", "m.arpa", "m.arpa.gz"))
    text.write_text("\n".join(LINES), "utf-8")
    model = open_language(text, KNOWN)
    model.save(own)
    model.save(small, small=True)
    write_arpa(model, arpa)
    write_arpa(model, zipped)
    assert model.record["name"] == "t.txt"
    for path, within in ((own, 1e-6), (small, 0.05), (arpa, 1e-4), (zipped, 1e-4)):
        for line in LINES:
            assert open_language(path, KNOWN).line_score(line) == pytest.approx(model.line_score(line), rel=within)


def test_text_is_learnt_as_a_reader_writes_it(tmp_path: Path) -> None:
    assert as_read("１２ｋｍ　先", KNOWN) == "12km 先"
    assert as_read("e\u0301te\u0301\u00a0!", KNOWN) == "été !"
    assert as_read("𓀀 a", KNOWN) == "𓀀 a"
    text = tmp_path / "t.txt"
    text.write_bytes("\ufeff１２\r\n\r\n手\n".encode())
    assert list(read_text(text)) == ["１２", "手"]
    assert "1" in open_language(text, KNOWN).labels and "１" not in open_language(text, KNOWN).labels


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "holds no text"),
        (b"\n \n\n", "holds no text"),
        (b"\x89PNG\r\n\x1a\n\xff\xfe", "neither a language model nor text"),
        (b"abc\0def", "neither a language model nor text"),
        ("手習い".encode("shift_jis"), "neither a language model nor text in UTF-8"),
        (gzip.compress(b"some text"), "ARPA"),
        (lzma.compress(b"some text"), "neither a language model nor text"),
        (b"tenarai\0\xff\xff", "damaged"),
        (b"\\data\\\nngram 1=1\n", "no whole ARPA"),
    ],
)
def test_what_is_neither_text_nor_model_is_told(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "letters.txt"
    path.write_bytes(content)
    with pytest.raises(DataError, match=says) as told:
        open_language(path, KNOWN)
    assert "letters.txt" in str(told.value) and "\n" not in str(told.value)


def test_a_missing_file_and_a_folder_are_told(tmp_path: Path) -> None:
    for path in (tmp_path / "none.txt", tmp_path):
        with pytest.raises(DataError, match="cannot be read"):
            open_language(path, KNOWN)


def test_too_much_text_is_to_be_trained_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tenarai.text.corpus.LARGEST", 10)
    path = tmp_path / "large.txt"
    path.write_text("too much text", "utf-8")
    with pytest.raises(DataError, match="tenarai language train"):
        open_language(path, KNOWN)


def test_a_small_model_is_small_and_nearly_as_good(tmp_path: Path) -> None:
    model = train_ngram([f"{a}{b} maison {c}" for a in "abcdefgh" for b in "lmnop" for c in "uvwxyz"] * 2)
    model.save(tmp_path / "exact")
    model.save(tmp_path / "small", small=True)
    small = open_language(tmp_path / "small", KNOWN)
    assert (tmp_path / "small").stat().st_size < (tmp_path / "exact").stat().st_size / 3
    assert small.perplexity(["al maison u"]) == pytest.approx(model.perplexity(["al maison u"]), rel=0.02)
