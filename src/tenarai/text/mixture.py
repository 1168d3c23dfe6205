"""Several language models as one: P(c | h) is a weighted mean of theirs (linear interpolation, Jelinek & Mercer 1980).

A small text knows its own names and words, a large one the language: together they foretell better than either.
"""

import math
from dataclasses import dataclass, field
from typing import Any

from tenarai.errors import SettingsError
from tenarai.text.ngram import LanguageModel

States = tuple[Any, ...]

_CACHED = 1 << 18  # steps remembered


@dataclass(frozen=True, slots=True, eq=False)
class Mixture:
    """Asked as an `Ngram` is; safe to share between threads. `shares` are those of the models in the mean and sum to 1.
    A character that only some models know has from the others what they give to any unknown one."""

    models: tuple[LanguageModel, ...]
    shares: tuple[float, ...]
    labels: frozenset[str] = field(init=False, repr=False)
    _steps: dict[tuple[States, str], tuple[States, float]] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        fits = len(self.models) == len(self.shares) and min(self.shares, default=0) > 0
        if not fits or abs(sum(self.shares) - 1) > 1e-6:
            raise SettingsError(
                f"A mixture is one of language models, with shares above 0 that sum to 1, not {len(self.models)} with "
                f"{self.shares}."
            )
        object.__setattr__(self, "labels", frozenset().union(*(model.labels for model in self.models)))

    @property
    def root(self) -> States:
        return tuple(model.root for model in self.models)

    @property
    def start(self) -> States:
        return tuple(model.start for model in self.models)

    def step(self, state: States, character: str) -> tuple[States, float]:
        """The state behind a character, and the natural log of its probability there; BOUNDARY ends a line."""
        found = self._steps.get((state, character))
        if found is None:
            if len(self._steps) >= _CACHED:
                self._steps.clear()
            steps = [model.step(one, character) for model, one in zip(self.models, state, strict=True)]
            mean = sum(share * math.exp(score) for share, (_, score) in zip(self.shares, steps, strict=True))
            found = self._steps[state, character] = tuple(one for one, _ in steps), min(math.log(mean), 0.0)
        return found
