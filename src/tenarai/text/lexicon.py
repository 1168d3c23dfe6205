"""Reading with a list of words: a line that is one entry of it, or running text made of its words.

The second is word beam search (Scheidl, Fiel & Sablatnig 2018): characters of words lead along a prefix tree, and free
text - spaces, punctuation, digits - may stand between words. For scripts with spaces.
"""

import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tenarai.errors import DataError, SettingsError
from tenarai.text.trie import ROOT, Trie, first_children

LONGEST_WORD = 255  # characters

_NO_WORD = 0xFFFFFFFF
_FAR = 0xFF
_DISCOUNT = 0.75
_OUTSIDE = -1
_A_LETTER = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class Lexicon:
    """Words in code point order, numbered from 0, as a prefix tree over code points.

    word: (nodes,) uint32, the number of the word that ends in a node, or 2^32 - 1. least: (nodes,) uint8, how many
    characters the nearest end of a word is away, 0 where one ends. letters: every character that words are made of.
    """

    trie: Trie
    word: NDArray[np.uint32]
    least: NDArray[np.uint8]
    size: int
    letters: frozenset[str]
    _word: "memoryview[int]" = field(init=False, repr=False)
    _least: "memoryview[int]" = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_word", self.word.data)
        object.__setattr__(self, "_least", self.least.data)

    def __len__(self) -> int:
        return self.size

    def child(self, node: int, character: str) -> int:
        """The node behind a character, ROOT when no word goes on so."""
        return self.trie.child(node, ord(character)) if len(character) == 1 else ROOT

    def ends(self, node: int) -> bool:
        """Whether a word ends in this node."""
        return self._word[node] != _NO_WORD

    def least_to_end(self, node: int) -> int:
        """How many characters the nearest end of a word is away."""
        return self._least[node]

    def number(self, word: str) -> int | None:
        """The number of a word, None when it is not listed."""
        node = ROOT
        for character in word:
            node = self.child(node, character)
            if node == ROOT:
                return None
        found = self._word[node]
        return None if found == _NO_WORD else found

    def __contains__(self, word: object) -> bool:
        return isinstance(word, str) and self.number(word) is not None


def lexicon_of(words: Iterable[str]) -> Lexicon:
    """A lexicon of these words, in any order, repeats and empty ones dropped.

    A million words take some seconds and about 15 bytes a node of the tree. Raises DataError when there is no word, or
    one that is too long or not Unicode.
    """
    ordered = sorted(set(words) - {""})  # Python orders strings by code point
    if not ordered:
        raise DataError("A lexicon needs at least one word, but there was none.")
    lengths = np.fromiter(map(len, ordered), np.int64, len(ordered))
    if lengths.max() > LONGEST_WORD:
        long = ordered[int(lengths.argmax())]
        raise DataError(f"Words have up to {LONGEST_WORD} characters, but one has {len(long)}: {long[:40]!r}.")
    try:
        codes = np.frombuffer("".join(ordered).encode("utf-32-le"), np.uint32)
    except UnicodeEncodeError as error:
        raise DataError(f"A word of the lexicon holds {error.object[error.start]!r}, half a character.") from None
    return _built(codes, lengths)


def open_lexicon(path: Path) -> Lexicon:
    """A lexicon from a UTF-8 text file, a word a line. Raises DataError when it cannot be read."""
    try:
        text = path.read_text("utf-8-sig")
    except FileNotFoundError:
        raise DataError(f"There is no {path}: expected a list of words, one a line.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read as a list of words in UTF-8: {error}.") from None
    return lexicon_of(line.strip() for line in text.split("\n"))


def _built(codes: NDArray[np.uint32], lengths: NDArray[np.int64]) -> Lexicon:
    """The tree of sorted words, level by level: a node begins where a word parts from the one before it."""
    begins = np.cumsum(lengths) - lengths
    words = np.arange(len(lengths))  # those that reach the level
    node = np.zeros(len(lengths), np.int64)
    parents, labels, word = [], [np.zeros(1, np.uint32)], [np.array([_NO_WORD], np.uint32)]
    first = 1
    for depth in range(int(lengths.max())):
        words = words[lengths[words] > depth]
        above, letter = node[words], codes[begins[words] + depth]
        new = np.concatenate(([True], (above[1:] != above[:-1]) | (letter[1:] != letter[:-1])))
        here = np.cumsum(new) - 1
        node[words] = first + here
        parents.append(above[new])
        labels.append(letter[new])
        ending = np.full(int(here[-1]) + 1, _NO_WORD, np.uint32)
        done = lengths[words] == depth + 1
        ending[here[done]] = words[done]
        word.append(ending)
        first += len(ending)
    inner = first - len(word[-1])
    parent, all_words = np.concatenate(parents), np.concatenate(word)
    letters = frozenset(map(chr, np.unique(codes).tolist()))
    trie = Trie(np.concatenate(labels), first_children(parent, inner))
    return Lexicon(trie, all_words, _least(parents, word), len(lengths), letters)


def _least(parents: list[NDArray[np.int64]], word: list[NDArray[np.uint32]]) -> NDArray[np.uint8]:
    """For every node how far the nearest end of a word is, from the deepest level up."""
    starts = np.cumsum([0, *(len(level) for level in word)])
    least = np.full(int(starts[-1]), _FAR, np.uint8)
    for depth in range(len(word) - 1, -1, -1):
        level = least[starts[depth] : starts[depth + 1]]
        if depth + 1 < len(word):
            below = least[starts[depth + 1] : starts[depth + 2]]
            np.minimum.at(level, parents[depth] - starts[depth], below + np.uint8(1))
        level[word[depth] != _NO_WORD] = 0
    return least


@dataclass(frozen=True, slots=True, eq=False)
class EntryGuide:
    """The line is one entry of the lexicon and nothing else."""

    lexicon: Lexicon

    @property
    def start(self) -> int:
        return ROOT

    def step(self, state: int, character: str) -> tuple[int, float] | None:
        node = self.lexicon.child(state, character)
        return None if node == ROOT else (node, 0.0)

    def end(self, state: int) -> float:
        return 0.0 if self.lexicon.ends(state) else -math.inf

    def least(self, state: int) -> int:
        return self.lexicon.least_to_end(state)


@dataclass(frozen=True, slots=True, eq=False)
class Bigrams:
    """How often words follow each other: absolute discounting (Ney et al. 1994) over single words, add-one over the
    lexicon. pairs: (n,) uint64 sorted, first word x size + second, with the beginning of a text as word `size`."""

    lexicon: Lexicon
    pairs: "memoryview[int]"
    counts: "memoryview[int]"
    follows: "memoryview[int]"  # for every word, and the beginning, how many words follow it in all
    kinds: "memoryview[int]"  # and how many different ones
    single: "memoryview[float]"  # log probability of every word by itself

    def score(self, before: int, word: int) -> float:
        """Natural log of P(word | the word before), by their numbers."""
        single, follows = math.exp(self.single[word]), self.follows[before]
        if not follows:
            return self.single[word]
        key = before * len(self.lexicon) + word
        at = bisect_left(self.pairs, key)
        count = self.counts[at] if at < len(self.pairs) and self.pairs[at] == key else 0
        share = max(count - _DISCOUNT, 0.0) + _DISCOUNT * self.kinds[before] * single
        return math.log(share / follows)


def bigrams_of(lexicon: Lexicon, texts: Iterable[Sequence[str]]) -> Bigrams:
    """Word bigrams of texts that are split into words; words that the lexicon lacks break the chain."""
    size = len(lexicon)
    single, keys = np.ones(size), list[int]()
    for text in texts:
        before: int | None = size
        for word in text:
            number = lexicon.number(word)
            if number is not None:
                single[number] += 1
                if before is not None:
                    keys.append(before * size + number)
            before = number
    pairs, counts = np.unique(np.array(keys, np.uint64), return_counts=True)
    first = (pairs // np.uint64(size)).astype(np.int64)
    follows = np.bincount(first, counts, size + 1).astype(np.int64)
    kinds = np.bincount(first, minlength=size + 1)
    logs = np.log(single / single.sum())
    return Bigrams(lexicon, pairs.data, counts.data, follows.data, kinds.data, logs.data)


WordState = tuple[int, int]  # node inside a word, ROOT between words; number of the word before


@dataclass(frozen=True, slots=True, eq=False)
class WordGuide:
    """Running text of the lexicon's words. Between words, and at both ends, any character may stand that is no letter
    of a word; and none that is a letter or digit unless `free` names it.

    `bigrams` score a word when it is complete (mode NGrams of the paper), times `weight`; None lets all words be alike.
    """

    lexicon: Lexicon
    bigrams: Bigrams | None = None
    weight: float = 0.5
    free: frozenset[str] = frozenset("0123456789")

    def __post_init__(self) -> None:
        if not 0 <= self.weight <= 10:
            raise SettingsError(f"The weight of word bigrams lies from 0 to 10, not {self.weight}.")

    @property
    def start(self) -> WordState:
        return ROOT, len(self.lexicon) if self.bigrams else 0

    def step(self, state: WordState, character: str) -> tuple[WordState, float] | None:
        node, before = state
        child = self.lexicon.child(node, character)
        if child != ROOT:
            return (child, before), 0.0
        if character in self.lexicon.letters and character.isalpha():
            return None
        if character.isalnum() and character not in self.free:
            return None
        if node == ROOT:
            return state, 0.0
        if not self.lexicon.ends(node):
            return None
        return (ROOT, self._number(node)), self._worth(before, node)

    def end(self, state: WordState) -> float:
        node, before = state
        if node == ROOT:
            return 0.0
        return self._worth(before, node) if self.lexicon.ends(node) else -math.inf

    def least(self, state: WordState) -> int:
        return 0 if state[0] == ROOT else self.lexicon.least_to_end(state[0])

    def _number(self, node: int) -> int:
        # Without bigrams the word before does not matter, and states that differ in it alone would be computed anew.
        return int(self.lexicon.word[node]) if self.bigrams else 0

    def _worth(self, before: int, node: int) -> float:
        return self.weight * self.bigrams.score(before, int(self.lexicon.word[node])) if self.bigrams else 0.0


OpenState = tuple[int, int]  # the node of the word so far, and that of its small letters; _OUTSIDE where there is none


@dataclass(frozen=True, slots=True, eq=False)
class OpenWordGuide:
    """Running text in which words of the lexicon are likelier than others, but all can be read.

    A word that the lexicon has neither as it is nor in small letters costs `unknown` (a natural logarithm), and a tenth
    of it for each letter from the one on that leaves every word of the list.
    """

    lexicon: Lexicon
    unknown: float

    def __post_init__(self) -> None:
        if not 0 <= self.unknown <= 100:
            raise SettingsError(f"What an unknown word costs lies from 0 to 100, not {self.unknown}.")

    @property
    def start(self) -> OpenState:
        return ROOT, ROOT

    def step(self, state: OpenState, character: str) -> tuple[OpenState, float]:
        exact, small = self._child(state[0], character), self._child(state[1], character.lower())
        if exact > ROOT or small > ROOT:
            return (exact, small), 0.0
        if character.isalpha():
            left = 0.0 if state == (_OUTSIDE, _OUTSIDE) else self.unknown
            return (_OUTSIDE, _OUTSIDE), -left - _A_LETTER * self.unknown
        return self.start, self.end(state)

    def end(self, state: OpenState) -> float:
        known = state in ((ROOT, ROOT), (_OUTSIDE, _OUTSIDE)) or any(
            node > ROOT and self.lexicon.ends(node) for node in state
        )
        return 0.0 if known else -self.unknown

    def least(self, state: OpenState) -> int:
        return 0

    def _child(self, node: int, character: str) -> int:
        return (self.lexicon.child(node, character) if node != _OUTSIDE else ROOT) or _OUTSIDE
