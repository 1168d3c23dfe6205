"""How sure each character of a line is, once the text around it is known.

The network's share for a character says how clearly it is seen. Where a language model has been asked, a character
that is hard to see may be sure all the same, or doubtful though it is plain: each candidate's share is multiplied by
what the model gives it between its neighbours, and the candidates share anew what they had. A temperature (Guo et al.
2017) takes back what networks are too sure of. Weight and temperature were chosen on held-out writers.
"""

import math
from collections.abc import Sequence
from dataclasses import replace

from tenarai.text.ctc import Decoding, Span, line_confidence
from tenarai.text.ngram import LanguageModel

CANDIDATES = 6  # looked at beside the character itself
WEIGHT = 0.4  # of the language model's log probabilities
AHEAD = 4  # characters behind, which tell a candidate that does not lead to them
TEMPERATURE = 1.2
_SURE = 0.995  # from which nothing is asked
_LEAST = 1e-9


def weighed(
    decoding: Decoding, model: LanguageModel | None, alternatives: int, temperature: float = TEMPERATURE
) -> Decoding:
    """A line whose characters are as sure as picture and language make them together, with so many alternatives each.
    The text stays. Without a model the temperature alone is applied."""
    if not decoding.spans:
        return decoding
    if all(span.confidence > _SURE for span in decoding.spans):
        model = None  # nobody asks it
    states = [] if model is None else [model.root]
    for span in decoding.spans[:-1]:
        if model is not None:
            states.append(model.step(states[-1], span.character)[0])
    spans = tuple(
        _weighed(span, _scores(decoding.spans, place, model, states), alternatives, temperature)
        for place, span in enumerate(decoding.spans)
    )
    return replace(decoding, spans=spans, confidence=line_confidence(spans))


def _scores(spans: Sequence[Span], place: int, model: LanguageModel | None, states: Sequence[object]) -> list[float]:
    """What the language adds to each candidate of a span, itself first."""
    span = spans[place]
    if span.confidence > _SURE:
        return []
    found = []
    for character in (span.character, *(other for other, _ in span.alternatives[:CANDIDATES])):
        total = 0.0
        if model is not None:
            state, total = model.step(states[place], character)
            for after in spans[place + 1 : place + 1 + AHEAD]:
                state, more = model.step(state, after.character)
                total += more
        found.append(WEIGHT * total)
    return found


def _weighed(span: Span, added: Sequence[float], alternatives: int, temperature: float) -> Span:
    if not added:
        return replace(span, alternatives=span.alternatives[:alternatives])
    shares = [span.confidence, *(share for _, share in span.alternatives[:CANDIDATES])]
    scores = [(math.log(max(share, _LEAST)) + more) / temperature for share, more in zip(shares, added, strict=True)]
    best = max(scores)
    weights = [math.exp(score - best) for score in scores]
    scale = min(1.0, sum(shares)) / sum(weights)
    others = [(span.alternatives[i][0], scale * weight) for i, weight in enumerate(weights[1:])]
    others.sort(key=lambda other: -other[1])
    return replace(span, confidence=scale * weights[0], alternatives=tuple(others[:alternatives]))
