"""Small files of language models: what comes back is what was put in, but for rounding; damage is told."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenarai.errors import DataError
from tenarai.text.kneser_ney import Training, train_ngram
from tenarai.text.ngram import Ngram, open_ngram
from tenarai.text.quantised import quantised, restored
from tenarai.text.trie import ROOT

texts = st.lists(st.text("abc い手", min_size=1, max_size=8), min_size=1, max_size=12)
TRAININGS = (Training(3, (1,)), Training(5, (1, 1, 2)), Training(4, (1,), 0.05), Training(1))


def parts(model: Ngram) -> tuple[np.ndarray, ...]:
    return model.trie.labels, model.trie.first, model.suffix, model.log_prob, model.backoff


@settings(deadline=None, max_examples=60)
@given(texts, st.sampled_from(TRAININGS))
def test_what_comes_back_is_what_was_put_in(lines: list[str], training: Training) -> None:
    model = train_ngram(lines, training)
    arrays = quantised(model.trie, model.suffix, model.log_prob, model.backoff)
    assert arrays is not None
    trie, suffix, log_prob, backoff = restored(arrays)
    np.testing.assert_array_equal(trie.labels, model.trie.labels)
    np.testing.assert_array_equal(trie.first, model.trie.first)
    inner = np.flatnonzero(np.diff(trie.first))
    np.testing.assert_array_equal(suffix[inner], model.suffix[inner])
    # Fewer values than bins: each keeps its own, but for those that stand at one edge.
    assert np.abs(log_prob - model.log_prob).max() < 0.7
    assert np.abs(log_prob - model.log_prob).mean() < 0.1
    assert ((backoff == 0) == (model.backoff == 0)).all() or np.abs(backoff - model.backoff).max() < 0.7


@settings(deadline=None, max_examples=40)
@given(texts, st.sampled_from(TRAININGS), st.text("abc い手?", max_size=6))
def test_walks_lead_to_the_same_states(lines: list[str], training: Training, text: str) -> None:
    """Shorter contexts of n-grams that nothing follows are not in the file, and are found all the same."""
    model = train_ngram(lines, training)
    arrays = quantised(model.trie, model.suffix, model.log_prob, model.backoff)
    assert arrays is not None
    trie, suffix, log_prob, backoff = restored(arrays)
    small = Ngram(model.characters, model.order, trie, suffix, log_prob, backoff, model.unknown)
    a = b = ROOT
    for character in text:
        (a, _), (b, _) = model.step(a, character), small.step(b, character)
        assert a == b


def test_a_weight_that_would_be_lost_keeps_the_model_whole(tmp_path: Path) -> None:
    model = train_ngram(["abc", "abd"], Training(3, (1,)))
    weights = model.backoff.copy()
    childless = np.flatnonzero(np.diff(model.trie.first) == 0)
    weights[childless[0]] = -0.5
    odd = Ngram(
        *parts(model)[:0], model.characters, model.order, model.trie, model.suffix, model.log_prob, weights, -9.0
    )
    assert quantised(odd.trie, odd.suffix, odd.log_prob, odd.backoff) is None
    odd.save(tmp_path / "odd", small=True)
    np.testing.assert_array_equal(open_ngram(tmp_path / "odd").backoff, weights)


@settings(deadline=None, max_examples=80)
@given(st.data())
def test_a_damaged_small_file_is_refused_in_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.getbasetemp() / "small.ngram"
    if not path.exists():
        train_ngram(["手習いの本", "本を読む", "abc"] * 3, Training(3)).save(path, small=True)
    whole = path.read_bytes()
    at = data.draw(st.integers(0, len(whole) - 1))
    broken = path.with_name("broken.ngram")
    broken.write_bytes(whole[:at] if data.draw(st.booleans()) else whole[:at] + b"\x07" + whole[at + 1 :])
    try:
        model = open_ngram(broken)
    except DataError as error:
        assert "\n" not in str(error)
    else:
        assert model.perplexity(["手"]) > 0  # what was hit says nothing: a space, a letter of the record


def test_arrays_that_do_not_fit_are_refused() -> None:
    model = train_ngram(["abc"], Training(2, (1,)))
    arrays = quantised(model.trie, model.suffix, model.log_prob, model.backoff)
    assert arrays is not None
    for name in ("labels", "log_prob_codes", "counts", "suffix_steps", "backoff_codes"):
        with pytest.raises((ValueError, IndexError)):
            restored({**arrays, name: arrays[name][:-1] if len(arrays[name]) > 1 else arrays[name][:0]})
