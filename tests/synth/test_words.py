"""Text to write: what is drawn can be written, is as long as a line, and bad files are named."""

import lzma
import string
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenarai.errors import DataError
from tenarai.synth import words
from tenarai.synth.words import Texts, is_older, read_texts, shipped_texts
from tenarai.text.alphabet import default_alphabet

KNOWN = "".join(default_alphabet().characters)
RARE = "鬱彙憂"


def texts_of(tmp_path: Path, *lines: str, known: str = KNOWN) -> Texts:
    path = tmp_path / "text.txt"
    path.write_text("\n".join(lines), "utf-8")
    return read_texts([path], RARE, known)


@pytest.fixture(scope="module")
def shipped() -> Texts:
    return read_texts(shipped_texts(), RARE, KNOWN)


# Reading


def test_shipped_texts_hold_both_scripts(shipped: Texts) -> None:
    assert len(shipped.japanese) > 500 and len(shipped.latin) > 20
    assert shipped.rare == RARE
    assert default_alphabet().missing("".join(shipped.japanese + shipped.latin)) == ""


def test_lines_are_sorted_by_script(tmp_path: Path) -> None:
    found = texts_of(
        tmp_path,
        "手習いの本を読む。",
        "A plain English line.",
        "Linux のカーネルを読む",
        "",
        "ab",
        "Une ligne française.",
    )
    assert found.japanese == ("手習いの本を読む。", "Linuxのカーネルを読む")
    assert found.latin == ("A plain English line.", "Une ligne française.")


def test_japanese_split_into_words_is_joined(tmp_path: Path) -> None:
    found = texts_of(
        tmp_path, "きみ に ちょっと した もの を もって き た よ 。", "彼 は Tom Sawyer を 読 ん だ ( 本 ) ！"
    )
    assert found.japanese == ("きみにちょっとしたものをもってきたよ。", "彼はTom Sawyerを読んだ（本）！")


def test_what_has_one_look_gets_one_code_point(tmp_path: Path) -> None:
    found = texts_of(tmp_path, "２０２６年１１月、ＡＢＣ株式会社", "　値段は５０％～８０％です!", "“引用”だよ?")
    assert found.japanese == ("2026年11月、ABC株式会社", "値段は50%〜80%です！", "「引用」だよ？")


def test_english_punctuation_is_closed_up(tmp_path: Path) -> None:
    assert texts_of(tmp_path, "Well , he said ( so ) .").latin == ("Well, he said (so).",)


def test_lines_are_cut_at_unknown_characters(tmp_path: Path) -> None:
    found = texts_of(
        tmp_path, "手習い𝄞の本鿿を", "plain text 🙂 and more", "一🙂二", known="手習いの本を plaintextdmore"
    )
    assert found.japanese == ("手習い", "の本")
    assert found.latin == ("plain text", "and more")
    with pytest.raises(DataError, match="hold no line"):
        texts_of(tmp_path, "一🙂二")


@pytest.mark.parametrize("known", ["]a-z^\\手習", "-手習a", "^手習a"])
def test_any_character_may_be_known(tmp_path: Path, known: str) -> None:
    """The known characters go into a pattern: its own signs must stand for themselves."""
    found = texts_of(tmp_path, f"{known}手習手習", known=known)
    assert "".join(found.japanese) == f"{known}手習手習"


@pytest.mark.parametrize(
    ("line", "older"),
    [
        ("母上の名、仮名もてその神燈に記されたり。", True),
        ("どこに彼女の夫はゐるのだ。", True),
        ("あわてて、何かに、つまずいたのであろう。", False),
        ("どこに彼女の夫はゐるのだ。" + "今はもう誰も知らないことである。" * 6, False),
    ],
)
def test_older_japanese_is_told_by_its_marks(line: str, older: bool) -> None:
    assert is_older(line) == older


def test_packed_text_is_read(tmp_path: Path) -> None:
    path = tmp_path / "text.xz"
    path.write_bytes(lzma.compress("手習いの本".encode()))
    assert read_texts([path], "", KNOWN).japanese == ("手習いの本",)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("bad.txt", "手習い".encode("shift_jis")),
        ("bad.xz", b"not packed"),
        ("bad.xz", lzma.compress(b"abc" * 100)[:-20]),
        ("missing.txt", None),
    ],
)
def test_bad_files_are_named(tmp_path: Path, name: str, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=name.replace(".", r"\.")):
        read_texts([tmp_path / name], "", KNOWN)


def test_files_without_a_line_are_named(tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_text("\n\n", "utf-8")
    with pytest.raises(DataError, match=r"empty\.txt hold no line"):
        read_texts([tmp_path / "empty.txt"], "", KNOWN)


# Drawing


def test_figures_are_made_of_known_characters() -> None:
    rng = np.random.default_rng(0)
    drawn = {words._figures(rng) for _ in range(4000)}
    assert default_alphabet().missing("".join(drawn)) == ""
    assert all(0 < len(text) <= 30 and text == text.strip() for text in drawn)
    assert len(drawn) > 2000
    for sign in ("年", "〒", "様", "丁目", "（月）", ":", ",", "令和", "〇"):
        assert any(sign in text for text in drawn), sign


def test_names_and_places_are_made_of_known_characters() -> None:
    every = words.SURNAMES + words.GIVEN_NAMES + words.PLACES + words.UNITS
    assert default_alphabet().missing("".join(every)) == ""
    assert all(every) and len(words.SURNAMES) > 15


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10**6), st.integers(12, 40))
def test_japanese_lines_are_no_longer_than_a_line(seed: int, longest: int) -> None:
    texts = Texts(("手習いの本を読む。" * 20,), ("some more words",), RARE)
    text = texts.draw_japanese(np.random.default_rng(seed), longest)
    running = set(text) <= set("手習いの本を読む。somerwd")
    assert 1 <= len(text) <= (longest if running else 30)
    assert default_alphabet().missing(text) == ""


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10**6), st.integers(10, 60))
def test_latin_lines_are_no_longer_than_a_line(seed: int, longest: int) -> None:
    texts = Texts(
        ("手習い",), ("The quick brown fox jumps over the lazy dog. " * 4, "Zwölf Boxkämpfer jagen Viktor."), RARE
    )
    text = texts.draw_latin(np.random.default_rng(seed), longest)
    assert 1 <= len(text) <= longest
    assert text == text.strip()
    assert default_alphabet().missing(text) == ""


def test_latin_lines_are_cut_between_words() -> None:
    line = "alpha bravo charlie delta echo foxtrot golf hotel india juliett"
    texts = Texts((), (line,), "")
    whole = set(line.split())
    for seed in range(200):
        *first, last = texts.draw_latin(np.random.default_rng(seed), 60).split()
        for word in first:
            assert word.lower() in whole or set(word) <= set(string.digits + string.punctuation)
        # A figure put in may push the last word over the end of the line.
        assert any(word.startswith(last.lower()) for word in whole) or set(last) <= set(
            string.digits + string.punctuation
        )


def test_latin_lines_come_in_every_case() -> None:
    texts = Texts((), ("some words that are written in small letters only and go on",), "")
    drawn = [texts.draw_latin(np.random.default_rng(seed)) for seed in range(300)]
    assert any(text.isupper() for text in drawn) and any(text.islower() for text in drawn)
    assert any(text.istitle() and " " in text for text in drawn)
    lengths = [len(text) for text in drawn]
    assert np.std(lengths) > 5


def test_every_rare_character_is_drawn(shipped: Texts) -> None:
    rng = np.random.default_rng(0)
    drawn = [shipped.draw_japanese(rng) for _ in range(1500)]
    assert set(RARE) <= set("".join(drawn))
    alone = [text for text in drawn if len(text) == 1]
    assert len(alone) > 60
    assert all(default_alphabet().missing(text) == "" for text in drawn)


def test_the_same_seed_draws_the_same_texts(shipped: Texts) -> None:
    def drawn(seed: int) -> list[str]:
        rng = np.random.default_rng(seed)
        return [draw(rng) for _ in range(20) for draw in (shipped.draw_japanese, shipped.draw_latin)]

    assert drawn(1) == drawn(1) != drawn(2)
    assert all(a != b for a, b in pairwise(drawn(3)[::2]) if len(a) > 3)
