"""Text that models make up: of the likelihoods that they give, and the same for the same seed."""

import math
from collections import Counter

import numpy as np
import pytest
from numpy.typing import NDArray

from tenarai.errors import SettingsError
from tenarai.text.generate import generated
from tenarai.text.kneser_ney import train_ngram
from tenarai.text.ngram import BOUNDARY


class Coin:
    """Heads twice as often as tails, whatever was before; remembers what it was asked."""

    characters = (BOUNDARY, "h", "t")

    def __init__(self, end: float = 0.0) -> None:
        self.shares, self.asked = np.array([end, 2 / 3, 1 / 3, 0.5]), list[str]()

    def distribution(self, context: str) -> NDArray[np.float64]:
        self.asked.append(context)
        return self.shares


@pytest.mark.parametrize(("temperature", "expected"), [(1.0, 2 / 3), (0.5, 0.8), (10.0, 0.517)])
def test_characters_come_as_often_as_they_are_likely(temperature: float, expected: float) -> None:
    counts = Counter(generated(Coin(), 4000, temperature))
    assert set(counts) == {"h", "t"}
    assert counts["h"] / 4000 == pytest.approx(expected, abs=0.03)


def test_the_likeliest_at_no_temperature_and_the_same_for_the_same_seed() -> None:
    assert generated(Coin(), 5, temperature=0, start="tt") == "tthhhhh"
    texts = {generated(Coin(), 50, seed=seed) for seed in (1, 1, 2)}
    assert len(texts) == 2


def test_lines_begin_anew_and_long_ones_are_looked_back_at_a_part() -> None:
    coin = Coin(end=0.5)
    text = generated(coin, 200, start="ht")
    assert len(text) == 202 and coin.asked[0] == BOUNDARY + "ht"
    assert all(BOUNDARY not in context[1:] for context in coin.asked)
    endless = Coin()
    generated(endless, 2000)
    assert max(map(len, endless.asked)) <= 500


def test_an_ngram_writes_what_it_has_learnt() -> None:
    model = train_ngram(["手習いの本", "手紙を書く"] * 50)
    assert generated(model, 4, temperature=0, start="手習").startswith("手習いの本")
    lines = generated(model, 300, temperature=0.3, seed=4).splitlines()
    assert sum(line in ("手習いの本", "手紙を書く") for line in lines) > len(lines) / 2


@pytest.mark.parametrize("wrong", [{"length": 0}, {"length": 10**9}, {"temperature": -1}, {"temperature": math.nan}])
def test_values_out_of_range_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(SettingsError):
        generated(Coin(), **{"length": 5, **wrong})  # type: ignore[arg-type]
