"""What a search may know beside the picture: a guide walks along with every hypothesis, a character at a time.

A language model, a lexicon and a pattern are guides; several together are one. The search knows guides only.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

Step = tuple[Any, float]


class Guide(Protocol):
    """States are hashable values that stand for everything that matters about the text so far.

    Scores are natural logarithms, at most 0: the search relies on it to leave out early what cannot win.
    """

    @property
    def start(self) -> Hashable:
        """The state of the empty text."""

    def step(self, state: Any, character: str) -> Step | None:
        """The state with the character appended, and what that adds to the score; None when it may not follow."""

    def end(self, state: Any) -> float:
        """What ending here adds to the score; -inf when the text may not end here."""

    def least(self, state: Any) -> int:
        """How many characters must follow at least before the text may end: 0 where it may."""


@dataclass(frozen=True, slots=True)
class Together:
    """Several guides as one: what all of them allow, their scores summed."""

    guides: tuple[Guide, ...]

    @property
    def start(self) -> tuple[Hashable, ...]:
        return tuple(guide.start for guide in self.guides)

    def step(self, state: tuple[Any, ...], character: str) -> Step | None:
        states, score = [], 0.0
        for guide, one in zip(self.guides, state, strict=True):
            step = guide.step(one, character)
            if step is None:
                return None
            states.append(step[0])
            score += step[1]
        return tuple(states), score

    def end(self, state: tuple[Any, ...]) -> float:
        return sum(guide.end(one) for guide, one in zip(self.guides, state, strict=True))

    def least(self, state: tuple[Any, ...]) -> int:
        return max(guide.least(one) for guide, one in zip(self.guides, state, strict=True))


def together(guides: Sequence[Guide]) -> Guide | None:
    """One guide of several; None of none."""
    if len(guides) < 2:
        return guides[0] if guides else None
    return Together(tuple(guides))
