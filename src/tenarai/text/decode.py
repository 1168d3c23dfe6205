"""From frame scores to text: one set of options, one function. Without options, the best path; else a beam search that
a language model, a lexicon and a pattern guide together.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tenarai.errors import DataError, SettingsError
from tenarai.text.align import placed
from tenarai.text.beam import Beam, Hypothesis, beam_search
from tenarai.text.ctc import Decoding, best_path, check_scores, restricted
from tenarai.text.guide import Guide, together
from tenarai.text.lexicon import Bigrams, EntryGuide, Lexicon, OpenWordGuide, WordGuide
from tenarai.text.ngram import LanguageModel, NgramGuide
from tenarai.text.pattern import Pattern, compile_pattern
from tenarai.text.rescore import Rescoring
from tenarai.text.route import likeliest_path

Entries = Literal["words", "entry"]

BEAM = 16  # wide, when something asks for a search and nobody says how wide
_WIDER = 8  # times the beam is widened where it found nothing that lexicon and pattern allow


@dataclass(frozen=True, slots=True, eq=False)
class Decoder:
    """How frame scores become text. What is None is not used; with everything as it is, `decode` takes the best path.

    beam: hypotheses kept after each frame; None is no search, or BEAM where another option needs one.
    top_k, cut, skip: what a search leaves out, see `text.beam.Beam`.
    language_model, language_weight: a character n-gram, or a mixture of some, and how many times its log probability
    counts.
    rescoring: another language model that weighs what the beam holds at the end again, with the same weight.
    whole: lines begin and end as the model's lines did; else they are pieces of running text.
    length_bonus: added to the score for every character.
    lexicon, entries: words that may be read: running text of "words", or the line is one "entry".
    unknown_word: what a word costs that the lexicon lacks, for "words"; None: there can be none.
    bigrams, word_weight: how words follow each other, for "words" and no unknown ones.
    pattern: an expression or a name of `text.pattern.FIELDS`; the whole line is of this form.
    alphabet: the only characters that may be read (beside those of no option).
    n_best: texts to give; those behind the best stand in `Decoding.others`.
    alternatives: other characters listed for each span at most.
    """

    beam: int | None = None
    top_k: int = 20
    cut: float = 7.0
    skip: float = 0.999
    language_model: LanguageModel | None = None
    language_weight: float = 0.5
    rescoring: Rescoring | None = None
    whole: bool = False
    length_bonus: float = 0.0
    lexicon: Lexicon | None = None
    entries: Entries = "words"
    unknown_word: float | None = None
    bigrams: Bigrams | None = None
    word_weight: float = 0.5
    pattern: str | None = None
    alphabet: frozenset[str] | None = None
    n_best: int = 1
    alternatives: int = 5

    def __post_init__(self) -> None:
        if self.n_best < 1:
            raise SettingsError(f"At least one text is asked for, not {self.n_best}.")
        if self.beam is not None and self.beam < 1:
            raise SettingsError(f"A beam holds at least 1 hypothesis, not {self.beam}.")
        if self.entries not in ("words", "entry"):
            raise SettingsError(f"The entries of a lexicon are read as 'words' or as an 'entry', not {self.entries!r}.")
        if self.bigrams is not None and (self.bigrams.lexicon is not self.lexicon or self.entries != "words"):
            raise SettingsError("Word bigrams go with the lexicon that they were counted for, and with 'words'.")
        if self.bigrams is not None and self.unknown_word is not None:
            raise SettingsError("Word bigrams know no unknown word: leave out one of bigrams and unknown_word.")
        self.search()

    @property
    def searches(self) -> bool:
        """Whether the best path is not enough."""
        guided = self.language_model or self.rescoring or self.lexicon or self.pattern is not None
        return bool(guided) or self.beam is not None or self.n_best > 1 or self.length_bonus != 0

    def search(self) -> Beam:
        """Raises SettingsError for values out of range."""
        width = BEAM if self.beam is None else self.beam
        return Beam(max(width, self.n_best), self.top_k, self.cut, self.skip, self.length_bonus)

    def guides(self, pattern: Pattern | None) -> Guide | None:
        """Everything that a search is to know beside the picture."""
        found: list[Guide] = []
        if pattern is not None:
            found.append(pattern)
        if self.lexicon is not None:
            found.append(self._words(self.lexicon))
        if self.language_model is not None:
            found.append(NgramGuide(self.language_model, self.language_weight, self.whole))
        return together(found)

    def _words(self, lexicon: Lexicon) -> Guide:
        if self.entries == "entry":
            return EntryGuide(lexicon)
        if self.unknown_word is not None:
            return OpenWordGuide(lexicon, self.unknown_word)
        return WordGuide(lexicon, self.bigrams, self.word_weight)


PLAIN = Decoder()


def decode(
    log_probs: NDArray[np.float32], characters: Sequence[str], decoder: Decoder = PLAIN, plain: Decoding | None = None
) -> Decoding:
    """The text of a line with the places and confidences of its characters.

    log_probs: (frames, classes) float32, natural log of the softmax, blank = 0; characters: the string of every label,
    "" for the blank; plain: the best path of the same scores, where it is known: a text that is the same need not be
    placed again. After a search, `score` is the log probability of the text over all its paths, plus what the
    language model and the bonus add, counted on what `restricted` leaves where an alphabet or a pattern says which
    characters there can be.

    Raises what `best_path` raises, SettingsError for a pattern that cannot be used, and DataError when no text that
    lexicon and pattern allow fits into the frames.
    """
    check_scores(log_probs, characters, decoder.alternatives)
    pattern = None if decoder.pattern is None else _compiled(decoder.pattern, tuple(characters))
    allowed = decoder.alphabet
    if pattern is not None:
        allowed = pattern.characters if allowed is None else allowed & pattern.characters
    if allowed is not None:
        log_probs = restricted(log_probs, characters, allowed)
    if not decoder.searches:
        return best_path(log_probs, characters, decoder.alternatives)
    found = _found(log_probs, characters, decoder, pattern)
    texts = [hypothesis.labels for hypothesis in found]
    scores = [hypothesis.score for hypothesis in found]
    if plain is not None and len(found) == 1 and "".join(characters[label] for label in texts[0]) == plain.text:
        return replace(plain, score=scores[0])
    best, *others = placed(log_probs, texts, scores, characters, decoder.alternatives)
    return replace(best, others=tuple(others))


def _found(
    log_probs: NDArray[np.float32], characters: Sequence[str], decoder: Decoder, pattern: Pattern | None
) -> list[Hypothesis]:
    """The best hypotheses, one at least, weighed again where that is asked."""
    if decoder.rescoring is None:
        return _searched(log_probs, characters, decoder, pattern, decoder.n_best)
    found = _searched(log_probs, characters, decoder, pattern, decoder.search().width)
    model, weight = decoder.language_model, decoder.language_weight
    return decoder.rescoring.rescored(found, characters, model, weight, decoder.whole)[: decoder.n_best]


def _searched(
    log_probs: NDArray[np.float32], characters: Sequence[str], decoder: Decoder, pattern: Pattern | None, n_best: int
) -> list[Hypothesis]:
    """The best hypotheses of the search, one at least."""
    beam, guide = decoder.search(), decoder.guides(pattern)
    found = beam_search(log_probs, characters, beam, guide, n_best)
    if found:
        return found
    # A beam may lose what lexicon or pattern demand but the picture hardly shows: look at everything, and further.
    wide = replace(beam, width=beam.width * _WIDER, top_k=len(characters), cut=700.0, skip=1.0)
    found = beam_search(log_probs, characters, wide, guide, n_best)
    if not found and pattern is not None and decoder.lexicon is None:
        path = likeliest_path(log_probs, characters, pattern)
        found = [Hypothesis(*path)] if path else []
    if not found:
        needs = "the pattern" if decoder.lexicon is None else "the lexicon"
        raise DataError(f"No text that {needs} allows fits into the {len(log_probs)} frames of this line.")
    return found


@lru_cache(maxsize=32)
def _compiled(expression: str, characters: tuple[str, ...]) -> Pattern:
    return compile_pattern(expression, characters)
