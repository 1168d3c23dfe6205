"""What is known of a text: which model serves which line, what is refused, and that the shipped models help."""

import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from ctc_frames import log_softmax
from numpy.typing import NDArray

from tenarai.errors import DataError, SettingsError
from tenarai.text.alphabet import default_alphabet
from tenarai.text.ctc import best_path
from tenarai.text.kneser_ney import train_ngram
from tenarai.text.language import Prior, line_decoder, named_language, script_of, shipped_language
from tenarai.text.lexicon import lexicon_of

CHARACTERS = default_alphabet().characters
LABELS = default_alphabet().labels


def seen(text: str, *doubts: tuple[int, str], by: float = 0.5) -> NDArray[np.float32]:
    """Frame scores that show a text surely, but for places where another character looks a little likelier."""
    rows = np.full((2 * len(text), len(CHARACTERS)), -8.0)
    for place, character in enumerate(text):
        rows[2 * place, LABELS[character]] = rows[2 * place + 1, 0] = 6.0
    for place, other in doubts:
        rows[2 * place, LABELS[text[place]]] = 5.0
        rows[2 * place, LABELS[other]] = 5.0 + by
    return log_softmax(rows)


def read(scores: NDArray[np.float32], prior: Prior, **more: object) -> str:
    return line_decoder(prior, CHARACTERS).decode(scores, **more).text  # type: ignore[arg-type]


def test_without_a_language_the_text_is_what_the_picture_shows_and_language_says_how_sure() -> None:
    scores = seen("彼は学校に行きました。", (3, "枚"))
    shown = line_decoder(Prior("none"), CHARACTERS).decode(scores, 5)
    assert shown.text == best_path(scores, CHARACTERS).text == "彼は学枚に行きました。"
    doubtful = min(shown.spans, key=lambda span: span.confidence)
    assert doubtful.character == "枚" and doubtful.alternatives[0][0] == "校"
    assert doubtful.alternatives[0][1] > doubtful.confidence
    older = line_decoder(Prior("none", judge="classical"), CHARACTERS).decode(scores, 5)
    assert older.text == shown.text and older.confidence != shown.confidence


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("手習いの本", "ja"), ("une lettre", "latin"), ("12/3 - 45", None), ("", None), ("・・・", None),
        ("Windowsを使う", "ja"), ("Il a vu le 木 de loin", "latin"), ("カー", "ja"),
    ],
)  # fmt: skip
def test_the_script_of_a_line(text: str, script: str | None) -> None:
    assert script_of(text) == script


@pytest.mark.parametrize("name", ["auto", "ja"])
def test_the_shipped_model_corrects_a_japanese_line(name: str) -> None:
    scores = seen("彼は学校に行きました。", (3, "枚"))
    assert best_path(scores, CHARACTERS).text == "彼は学枚に行きました。"
    assert read(scores, Prior(name)) == "彼は学校に行きました。"


@pytest.mark.parametrize("name", ["auto", "latin"])
@pytest.mark.parametrize(("text", "doubt"), [("la ville de Paris", (3, "r")), ("I think that he is", (8, "b"))])
def test_the_shipped_model_corrects_a_latin_line(name: str, text: str, doubt: tuple[int, str]) -> None:
    scores = seen(text, doubt)
    assert best_path(scores, CHARACTERS).text != text
    assert read(scores, Prior(name)) == text


def test_lines_without_letters_and_sure_lines_are_left_as_they_are() -> None:
    decoder = line_decoder(Prior("auto"), CHARACTERS)
    for scores in (seen("12-34", (1, "7")), seen("qzxkjw vbn"), seen("蠻麒璧鬱")):
        assert decoder.decode(scores, 3).text == best_path(scores, CHARACTERS, 3).text


def test_a_model_keeps_silent_on_a_script_that_it_does_not_know() -> None:
    greek_like = train_ngram(["mlle zoe", "la vie"] * 3)
    scores = seen("彼は学校に行きました。", (3, "枚"))
    assert read(scores, Prior(greek_like)) == best_path(scores, CHARACTERS).text


def test_only_allowed_characters_are_read_with_a_language_too() -> None:
    scores = seen("学校", (1, "杉"), by=4)
    assert read(scores, Prior("ja"), allowed=frozenset("学校枚 ")) == "学校"


def test_a_users_text_is_learnt_and_learnt_anew_when_it_changes(tmp_path: Path) -> None:
    corpus = tmp_path / "letters.txt"
    corpus.write_text("chère Zoé\nchère amie\n" * 20, "utf-8")
    scores = seen("chère Zoé", (6, "2"))
    assert read(scores, Prior(corpus)) == read(scores, Prior(str(corpus))) == "chère Zoé"
    first = named_language(corpus, CHARACTERS)
    assert named_language(corpus, CHARACTERS) is first
    corpus.write_text("la maison blanche\n" * 30, "utf-8")
    assert named_language(corpus, CHARACTERS) is not first


def test_a_lexicon_is_words_in_latin_script() -> None:
    words = ["la", "vie", "de", "zoé"]
    assert read(seen("la vie de Zoé", (3, "r"), (10, "2")), Prior("none", lexicon=words)) == "la vie de Zoé"
    # A word that the list lacks is read as it is seen; and the list says nothing of another script.
    for scores in (seen("la Belmonte", (3, "E")), seen("彼は学校に行く", (3, "枚"))):
        assert read(scores, Prior("none", lexicon=words)) == best_path(scores, CHARACTERS).text


def test_a_lexicon_is_entries_in_japanese() -> None:
    scores = seen("京都市", (1, "部"))
    assert read(scores, Prior(lexicon=["京都市", "大阪市"])) == "京都市"
    assert read(scores, Prior(lexicon=lexicon_of(["京部市", "大阪市"]))) == "京部市"
    decoder = line_decoder(Prior(lexicon=["北海道札幌市"]), CHARACTERS, strict=False)
    assert decoder.decode(seen("京都")).text == ""
    with pytest.raises(DataError, match="No text that the lexicon allows"):
        read(seen("京都"), Prior(lexicon=["北海道札幌市"]))


def test_a_pattern_with_and_without_a_language() -> None:
    scores = seen("12O-0042", (2, "0"), by=-1)
    for language in ("none", "auto"):
        assert read(scores, Prior(language, pattern=r"\d{3}-\d{4}")) == "120-0042"


@pytest.mark.parametrize(
    ("prior", "error", "says"),
    [
        (lambda: Prior("Auto"), SettingsError, "did you mean 'auto'"),
        (
            lambda: Prior("no-such-file.txt"),
            SettingsError,
            "none, ja, classical, latin, or give a text file",
        ),
        (lambda: Prior(pattern="手{"), SettingsError, "cannot be used"),
        (lambda: Prior(pattern="𓀀"), SettingsError, "admits no text"),
        (lambda: Prior(lexicon=[]), DataError, "at least one word"),
        (lambda: Prior(lexicon=Path("no-such-list.txt")), DataError, "no-such-list"),
        (lambda: Prior(lexicon=["привет", "мир"]), DataError, "None of the 2 words"),
        (lambda: Prior(train_ngram(["привет мир", "доброе утро"])), DataError, "another alphabet"),
    ],
)
def test_what_cannot_be_used_is_told_in_a_sentence(
    prior: Callable[[], Prior], error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says) as told:
        line_decoder(prior(), CHARACTERS)
    assert "\n" not in str(told.value)


def test_decoding_does_not_depend_on_what_was_decoded_before() -> None:
    lines = [
        seen("彼は学校に行きました。", (3, "枚")),
        seen("la ville de Paris", (3, "r")),
        seen("山本さん", (0, "出")),
    ]
    decoder = line_decoder(Prior("auto"), CHARACTERS)
    once = [decoder.decode(scores) for scores in lines]
    shipped_language("ja")._steps.clear()
    again = line_decoder(Prior("auto"), CHARACTERS)
    assert once == [again.decode(scores) for scores in reversed(lines)][::-1]


def test_a_lexicon_of_a_million_words_takes_seconds(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz"))
    words = {"".join(row) for row in letters[rng.integers(0, 26, (1_060_000, 7))]}
    words = set(sorted(words)[: 1_000_000 - 2]) | {"la", "vie"}
    path = tmp_path / "words.txt"
    path.write_text("\n".join(words), "utf-8")
    start = time.process_time()
    assert read(seen("la vie", (3, "r")), Prior(lexicon=path)) == "la vie"
    assert time.process_time() - start < 30
    tracemalloc.start()
    decoder = line_decoder(Prior(lexicon=path), CHARACTERS)  # opened already: nothing is built again
    assert tracemalloc.get_traced_memory()[1] < 5e6
    tracemalloc.stop()
    assert decoder.lexicon is not None
    held = decoder.lexicon.trie.labels.nbytes + decoder.lexicon.trie.first.nbytes
    assert held + decoder.lexicon.word.nbytes + decoder.lexicon.least.nbytes < 120e6


def test_a_few_foreign_words_leave_a_lexicon_one_of_words() -> None:
    assert read(seen("la vie", (3, "r")), Prior(lexicon=["la", "vie", "maison", "王"])) == "la vie"
    assert read(seen("nous", (0, "r")), Prior(lexicon=["la", "vie", "maison", "王"])) == "rous"
