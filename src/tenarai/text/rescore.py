"""A second look at what a search found: its best texts, weighed again by a language model that is too slow to guide it.

Where an n-gram guided the search, its say is taken back and that of both put in its place: P(c | h) is the weighted
mean of what they give, as in a `text.mixture.Mixture` that had guided the search itself (Mikolov et al. 2010).
"""

import math
from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tenarai.errors import SettingsError
from tenarai.text.beam import Hypothesis
from tenarai.text.ngram import BOUNDARY, LanguageModel


class Foreteller(Hashable, Protocol):
    """A language model that scores whole texts at once: `model.language_runtime.LanguageRuntime` is one."""

    @property
    def characters(self) -> tuple[str, ...]:
        """All that it foretells."""

    @property
    def labels(self) -> Collection[str]:
        """The same, to look into."""

    def foretold(self, texts: Sequence[str], whole: bool = False) -> list[NDArray[np.float64]]:
        """Natural log of P of every character of each text; of whole lines, of their end too."""

    def distribution(self, context: str) -> NDArray[np.float64]:
        """P of every one of its characters after a context, and more behind them."""


@dataclass(frozen=True, slots=True, eq=False)
class Rescoring:
    """Who weighs texts again. `share` of it in the mean, the rest is the n-gram's, where there is one."""

    foreteller: Foreteller
    share: float = 0.5

    def __post_init__(self) -> None:
        if not 0 < self.share <= 1:
            raise SettingsError(f"The share of a language model lies above 0 and is at most 1, not {self.share}.")

    def rescored(
        self, found: Sequence[Hypothesis], characters: Sequence[str], model: LanguageModel | None, weight: float,
        whole: bool = False,
    ) -> list[Hypothesis]:  # fmt: skip
        """Hypotheses of a search that `model` guided with this weight, with their new scores, best first."""
        texts = ["".join(characters[label] for label in hypothesis.labels) for hypothesis in found]
        made = []
        for hypothesis, text, own in zip(found, texts, self.foreteller.foretold(texts, whole), strict=True):
            gain = float(own.sum()) if model is None else self._gain(own, said(model, text, whole))
            made.append(replace(hypothesis, score=hypothesis.score + weight * gain))
        return sorted(made, key=lambda hypothesis: (-hypothesis.score, hypothesis.labels))

    def _gain(self, own: NDArray[np.float64], before: NDArray[np.float64]) -> float:
        rest = math.log(1 - self.share) if self.share < 1 else -math.inf
        return float((np.logaddexp(math.log(self.share) + own, rest + before) - before).sum())


def said(model: LanguageModel, text: str, whole: bool = False) -> NDArray[np.float64]:
    """Natural log of P of every character of a text, and of its end if it is a whole line, by a language model."""
    state, scores = model.start if whole else model.root, []
    for character in text + BOUNDARY * whole:
        state, score = model.step(state, character)
        scores.append(score)
    return np.array(scores)
