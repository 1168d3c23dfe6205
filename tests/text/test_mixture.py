"""Several language models as one: the mean of their probabilities, in every state."""

import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenarai.errors import SettingsError
from tenarai.text.alphabet import default_alphabet
from tenarai.text.decode import Decoder
from tenarai.text.kneser_ney import Training, train_ngram
from tenarai.text.language import Prior, line_decoder
from tenarai.text.mixture import Mixture
from tenarai.text.ngram import BOUNDARY, NgramGuide

LARGE = train_ngram(["la maison", "une lettre", "la lettre est longue"] * 3, Training(4))
SMALL = train_ngram(["chère Zoé", "Zoé écrit"], Training(3))


@settings(deadline=None, max_examples=60)
@given(st.text("alteZoé ?", max_size=8), st.sampled_from("alteZoé ?\n"))
def test_a_probability_is_the_mean_of_theirs(context: str, character: str) -> None:
    mixture = Mixture((LARGE, SMALL), (0.25, 0.75))
    state, own, other = mixture.start, LARGE.start, SMALL.start
    for one in context:
        state, (own, _), (other, _) = mixture.step(state, one)[0], LARGE.step(own, one), SMALL.step(other, one)
    expected = 0.25 * math.exp(LARGE.step(own, character)[1]) + 0.75 * math.exp(SMALL.step(other, character)[1])
    assert math.exp(mixture.step(state, character)[1]) == pytest.approx(expected)
    assert mixture.step(state, character)[1] <= 0


def test_it_guides_as_one_model_does() -> None:
    mixture = Mixture((LARGE,), (1.0,))
    for whole in (False, True):
        one, alone = NgramGuide(mixture, 0.7, whole), NgramGuide(LARGE, 0.7, whole)
        a, b = one.start, alone.start
        for character in "la lettre":
            (a, x), (b, y) = one.step(a, character), alone.step(b, character)
            assert x == pytest.approx(y)
        assert one.end(a) == pytest.approx(alone.end(b))
    assert "é" not in LARGE.labels and {"é", "m", BOUNDARY} <= Mixture((LARGE, SMALL), (0.5, 0.5)).labels
    assert Decoder(language_model=mixture).searches
    for models, shares in (((), ()), ((LARGE,), (0.5,)), ((LARGE, SMALL), (1.0,)), ((LARGE, SMALL), (0.0, 1.0))):
        with pytest.raises(SettingsError, match="shares above 0 that sum to 1"):
            Mixture(models, shares)


def test_a_users_text_is_asked_beside_the_shipped_model(tmp_path: Path) -> None:
    text, model = tmp_path / "letters.txt", tmp_path / "letters.ngram"
    text.write_text("chère Zoé\n" * 9, "utf-8")
    SMALL.save(model)
    characters = default_alphabet().characters
    beside, alone = line_decoder(Prior(text), characters), line_decoder(Prior(model), characters)
    assert isinstance(beside._model("chère Zoé", "latin"), Mixture) and alone._model("chère Zoé", "latin") is not None
    assert beside._model("手習い", "ja") is not None and alone._model("手習い", "ja") is None
    assert beside._model("12", None) is None
