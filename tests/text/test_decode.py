"""All options of decoding together, and each against what it stands for."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from ctc_frames import log_softmax, random_frames, small_frames
from hypothesis import given, settings
from numpy.typing import NDArray

from tenarai.errors import AlphabetError, DataError, SettingsError
from tenarai.text.align import text_scores
from tenarai.text.ctc import best_path
from tenarai.text.decode import Decoder, decode
from tenarai.text.kneser_ney import Training, train_ngram
from tenarai.text.lexicon import bigrams_of, lexicon_of

CHARACTERS = ("", *"abcdent 0123456789-/")
LABELS = {character: label for label, character in enumerate(CHARACTERS)}


def written(text: str, sure: float = 6.0, seed: int = 0) -> NDArray[np.float32]:
    """Frame scores as a network gives them: a peak for every character, blanks around it, a little noise."""
    rows = []
    for character in text:
        for label in (LABELS[character], 0):
            row = np.zeros(len(CHARACTERS))
            row[label] = sure
            rows.append(row)
    noise = np.random.default_rng(seed).normal(scale=0.5, size=(len(rows), len(CHARACTERS)))
    return log_softmax(np.array(rows).reshape(-1, len(CHARACTERS)) + noise)


def doubtful(text: str, *pairs: tuple[int, str]) -> NDArray[np.float32]:
    """The same, but at these places another character looks a little likelier."""
    log_probs = written(text).astype(np.float64)
    for place, other in pairs:
        log_probs[2 * place, LABELS[other]] = log_probs[2 * place, LABELS[text[place]]] + 0.5
    return log_softmax(log_probs)


@settings(deadline=None)
@given(small_frames(most=12))
def test_without_options_it_is_the_best_path(log_probs: NDArray[np.float32]) -> None:
    assert decode(log_probs, ("", "a", "b", "c")) == best_path(log_probs, ("", "a", "b", "c"))


def test_a_search_gives_places_confidence_and_other_texts() -> None:
    log_probs = doubtful("bad cat", (1, "e"))
    found = decode(log_probs, CHARACTERS, Decoder(n_best=4, alternatives=3))
    assert found.text == "bed cat" and found.others[0].text == "bad cat"
    assert len(found.others) == 3
    scores = [found.score, *(other.score for other in found.others)]
    assert scores == sorted(scores, reverse=True)
    for one in (found, *found.others):
        assert "".join(span.character for span in one.spans) == one.text
        assert all(a.end <= b.start for a, b in zip(one.spans, one.spans[1:], strict=False))
        assert one.confidence is not None and 0 < one.confidence <= 1
        exact = text_scores(log_probs, [[LABELS[c] for c in one.text]])[0]
        assert one.score == pytest.approx(exact, abs=0.1)
    assert found.spans[1].start == 2 and found.spans[1].end == 3
    assert found.spans[1].alternatives[0][0] == "a" and len(found.spans[1].alternatives) == 3


def test_a_language_model_corrects_what_the_picture_leaves_open() -> None:
    model = train_ngram(["a bad cat", "a bad dent", "bad ant"] * 5, Training(4))
    log_probs = doubtful("bad cat", (1, "e"))
    assert decode(log_probs, CHARACTERS).text == "bed cat"
    assert decode(log_probs, CHARACTERS, Decoder(language_model=model)).text == "bad cat"
    assert decode(log_probs, CHARACTERS, Decoder(language_model=model, language_weight=0)).text == "bed cat"
    whole = decode(log_probs, CHARACTERS, Decoder(language_model=model, whole=True))
    assert whole.text == "bad cat"
    assert whole.score < decode(log_probs, CHARACTERS, Decoder(beam=16)).score


def test_a_bonus_lengthens_and_a_penalty_shortens() -> None:
    log_probs = random_frames(20, len(CHARACTERS), 1)
    lengths = [len(decode(log_probs, CHARACTERS, Decoder(length_bonus=bonus)).text) for bonus in (-4, 0.0, 4)]
    assert lengths[0] < lengths[1] < lengths[2]


def test_a_lexicon_reads_words_or_an_entry() -> None:
    lexicon = lexicon_of(["bad", "cat", "dent", "bad cat"])
    log_probs = doubtful("bad cat", (1, "e"), (6, "d"))
    assert decode(log_probs, CHARACTERS, Decoder(lexicon=lexicon)).text == "bad cat"
    assert decode(log_probs, CHARACTERS, Decoder(lexicon=lexicon, entries="entry")).text == "bad cat"
    assert decode(written("dent"), CHARACTERS, Decoder(lexicon=lexicon, entries="entry")).text == "dent"
    # What the list lacks is read as its nearest entry, however unlikely.
    assert decode(written("00 00"), CHARACTERS, Decoder(lexicon=lexicon, entries="entry")).text in lexicon
    words = lexicon_of(["bad", "bed", "cat", "dad"])
    bigrams = bigrams_of(words, [["dad", "cat"], ["bad", "cat"], ["bad", "cat"]])
    picture = doubtful("bad cat", (1, "e"))
    assert decode(picture, CHARACTERS, Decoder(lexicon=words)).text == "bed cat"
    assert decode(picture, CHARACTERS, Decoder(lexicon=words, bigrams=bigrams, word_weight=2)).text == "bad cat"


def test_a_pattern_reads_a_field() -> None:
    log_probs = doubtful("2024-01-05", (4, "/"), (0, "d"), (8, "t"))
    found = decode(log_probs, CHARACTERS, Decoder(pattern=r"\d{4}-\d{2}-\d{2}"))
    assert found.text == "2024-01-05"
    assert decode(log_probs, CHARACTERS, Decoder(pattern="date", n_best=3)).others
    # A dash that the picture does not show at all is read where it hurts least.
    flat = written("20240105")
    flat[:, LABELS["-"]] = -60
    assert decode(flat, CHARACTERS, Decoder(pattern=r"\d{4}-\d{2}-\d{2}")).text.count("-") == 2


def test_options_work_together() -> None:
    model = train_ngram(["bad cat"] * 3, Training(3))
    lexicon = lexicon_of(["bad", "bed", "cat"])
    everything = Decoder(
        language_model=model, lexicon=lexicon, pattern="[a-z]{3} .{3}", alphabet=frozenset("abcdet "), n_best=2
    )
    found = decode(doubtful("bad cat", (1, "e")), CHARACTERS, everything)
    assert found.text == "bad cat" and found.others[0].text == "bed cat"


def test_an_alphabet_alone_stays_a_best_path() -> None:
    log_probs = doubtful("00", (0, "d"))
    assert decode(log_probs, CHARACTERS).text == "d0"
    assert decode(log_probs, CHARACTERS, Decoder(alphabet=frozenset("0123456789"))).text == "00"
    with pytest.raises(AlphabetError, match="none"):
        decode(log_probs, CHARACTERS, Decoder(alphabet=frozenset("手")))


def test_nothing_written_is_read_as_nothing() -> None:
    for frames in (0, 5):
        blank = np.full((frames, len(CHARACTERS)), -30.0, np.float32)
        blank[:, 0] = 0.0
        for decoder in (Decoder(), Decoder(beam=4), Decoder(n_best=3), Decoder(lexicon=lexicon_of(["bad"]))):
            found = decode(blank, CHARACTERS, decoder)
            assert (found.text, found.spans, found.confidence) == ("", (), None)


def test_what_does_not_fit_is_refused_in_a_sentence() -> None:
    with pytest.raises(DataError, match="No text that the pattern allows fits into the 4 frames"):
        decode(written("20"), CHARACTERS, Decoder(pattern="[0-9]{5}"))
    with pytest.raises(DataError, match="No text that the lexicon allows"):
        decode(written("20"), CHARACTERS, Decoder(lexicon=lexicon_of(["bedded"]), entries="entry"))
    with pytest.raises(SettingsError, match="admits no text"):
        decode(written("20"), CHARACTERS, Decoder(pattern="手"))
    with pytest.raises(DataError, match="classes"):
        decode(written("20"), CHARACTERS[:-1], Decoder(beam=2))


@pytest.mark.parametrize(
    "make",
    [
        lambda: Decoder(n_best=0),
        lambda: Decoder(beam=0),
        lambda: Decoder(entries="lines"),  # type: ignore[arg-type]
        lambda: Decoder(bigrams=bigrams_of(lexicon_of(["a"]), [])),
        lambda: replace(Decoder(), cut=-1.0),
    ],
)
def test_settings_out_of_range_are_refused(make: Callable[[], Decoder]) -> None:
    with pytest.raises(SettingsError):
        make()


def test_decoding_is_the_same_every_time() -> None:
    model = train_ngram(["bad cat dent"], Training(3))
    log_probs = random_frames(40, len(CHARACTERS), 2)
    decoder = Decoder(language_model=model, n_best=5)
    assert decode(log_probs, CHARACTERS, decoder) == decode(log_probs.copy(), CHARACTERS, decoder)


def test_unknown_words_may_be_read_at_a_price() -> None:
    lexicon = lexicon_of(["bad", "cat"])
    log_probs = doubtful("bad dent", (1, "e"))
    assert decode(log_probs, CHARACTERS, Decoder(lexicon=lexicon, unknown_word=0)).text == "bed dent"
    assert decode(log_probs, CHARACTERS, Decoder(lexicon=lexicon, unknown_word=2)).text == "bad dent"
    with pytest.raises(SettingsError, match="unknown"):
        Decoder(lexicon=lexicon, bigrams=bigrams_of(lexicon, []), unknown_word=2)
