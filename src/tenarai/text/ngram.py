"""A character n-gram language model in back-off form, as compact arrays that are mapped from one file.

P(c | h) is what the model holds for the text hc, or else the back-off weight of h times P(c | h without its first
character) (Katz 1987). The texts are nodes of a prefix tree; each node also knows the node of its text without the
first character, so that a walk never looks anything up twice. Training: `text.kneser_ney`; exchange: `text.arpa`.
"""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from tenarai.errors import DataError, SettingsError
from tenarai.text.packed import read_packed, write_packed
from tenarai.text.quantised import quantised, restored
from tenarai.text.trie import ROOT, Trie, first_children

BOUNDARY = "\n"  # begins and ends every line; as a context the one, as a character the other
KIND = "language model"
LONGEST_ORDER = 16

_CACHED = 1 << 20  # steps remembered, some 100 MB


@dataclass(frozen=True, slots=True, eq=False)
class Level:
    """All n-grams of one length, sorted: `parent` is the number of the n-gram without its last character and `suffix`
    that of the one without its first, both among those one shorter (0 for single characters); `label` is the number of
    the last character. Each (n-grams,); `log_prob` and `backoff` are natural logarithms."""

    parent: NDArray[np.integer]
    label: NDArray[np.integer]
    suffix: NDArray[np.integer]
    log_prob: NDArray[np.floating]
    backoff: NDArray[np.floating]


@dataclass(frozen=True, slots=True, eq=False)
class Ngram:
    """A model open for questions; safe to share between threads.

    characters: in code point order, BOUNDARY among them. order: the longest n-gram. trie: nodes are n-grams, the root
    is the empty one. suffix (nodes,) uint32, of nodes with children at least; log_prob (nodes,) float32 and backoff
    (inner nodes,) float32, natural logarithms. unknown: log probability of any one character that the model never saw,
    before back-off. record: how it was made.
    """

    characters: tuple[str, ...]
    order: int
    trie: Trie
    suffix: NDArray[np.uint32]
    log_prob: NDArray[np.float32]
    backoff: NDArray[np.float32]
    unknown: float
    record: Mapping[str, Any] = field(default_factory=dict)
    labels: dict[str, int] = field(init=False, repr=False)
    _suffix: "memoryview[int]" = field(init=False, repr=False)
    _log_prob: "memoryview[float]" = field(init=False, repr=False)
    _backoff: "memoryview[float]" = field(init=False, repr=False)
    _steps: dict[tuple[int, str], tuple[int, float]] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "labels", {c: label for label, c in enumerate(self.characters)})
        for name in ("suffix", "log_prob", "backoff"):
            object.__setattr__(self, f"_{name}", getattr(self, name).data)

    def __len__(self) -> int:
        """How many n-grams it holds."""
        return len(self.trie) - 1

    def about(self) -> dict[str, Any]:
        """What it says of itself; `ngrams` of each length are in the record."""
        return {"order": self.order, "characters": len(self.characters) - 1, "ngrams": len(self), **self.record}

    @property
    def root(self) -> int:
        """The state of a piece of text cut from anywhere."""
        return ROOT

    @property
    def start(self) -> int:
        """The state at the beginning of a line."""
        return self.trie.child(ROOT, self.labels[BOUNDARY])

    def step(self, state: int, character: str) -> tuple[int, float]:
        """The state behind a character, and the natural log of its probability there; BOUNDARY ends a line."""
        found = self._steps.get((state, character))
        if found is None:
            if len(self._steps) >= _CACHED:
                self._steps.clear()
            found = self._steps[state, character] = self._step(state, character)
        return found

    def _step(self, state: int, character: str) -> tuple[int, float]:
        label, score, node = self.labels.get(character, -1), 0.0, state
        while True:
            child = self.trie.child(node, label) if label >= 0 else ROOT
            if child != ROOT:
                return self._shortened(node, label, child), score + self._log_prob[child]
            if node == ROOT:
                return ROOT, score + self.unknown
            score += self._backoff[node]
            node = self._suffix[node]

    def _shortened(self, parent: int, label: int, node: int) -> int:
        """The longest end of an n-gram that says something about what follows: few states, much found again."""
        while node != ROOT:
            first, end = self.trie.children(node)
            if first < end or (node < len(self._backoff) and self._backoff[node] != 0):
                return node
            if parent == ROOT:
                return ROOT
            parent = self._suffix[parent]
            node = self.trie.child(parent, label)
        return ROOT

    def state(self, context: str) -> int:
        """The state behind a piece of text; only its last `order` - 1 characters matter."""
        state = ROOT
        for character in context[max(0, len(context) - self.order + 1) :]:
            state, _ = self.step(state, character)
        return state

    def score(self, context: str, character: str) -> float:
        """Natural log of P(character | context)."""
        return self.step(self.state(context), character)[1]

    def distribution(self, context: str) -> NDArray[np.float64]:
        """P of every character after a context, and of an unknown one: (characters + 1,), sums to 1."""
        chain, node = [], self.state(context)
        while node != ROOT:
            chain.append(node)
            node = int(self.suffix[node])
        shares = np.full(len(self.characters) + 1, math.exp(self.unknown))
        for node in (ROOT, *reversed(chain)):
            if node != ROOT:
                shares *= math.exp(self.backoff[node])
            first, end = self.trie.children(node)
            shares[self.trie.labels[first:end]] = np.exp(self.log_prob[first:end].astype(np.float64))
        return shares

    def line_score(self, line: str) -> float:
        """Natural log of P(line), its end included."""
        state, total = self.start, 0.0
        for character in (*line, BOUNDARY):
            state, score = self.step(state, character)
            total += score
        return total

    def perplexity(self, lines: Iterable[str]) -> float:
        """exp of the mean surprise a character, line ends and unknown ones counted. Raises DataError for no line."""
        total, count = 0.0, 0
        for line in lines:
            total += self.line_score(line)
            count += len(line) + 1
        if not count:
            raise DataError("Perplexity is measured on text, but no line was given.")
        return math.exp(-total / count)

    def save(self, path: Path, small: bool = False) -> None:
        """One self-describing file; see `text.packed`. A small one has rounded probabilities, takes a fifth of the
        space and is unpacked when it is opened, not mapped. Raises DataError when it cannot be written."""
        header = {
            "order": self.order,
            "characters": "".join(self.characters),
            "unknown": self.unknown,
            "record": dict(self.record),
        }
        arrays = quantised(self.trie, self.suffix, self.log_prob, self.backoff) if small else None
        if arrays is not None:
            write_packed(path, KIND, header, arrays, deflated=True)
            return
        arrays = {
            "labels": self.trie.labels,
            "first": self.trie.first,
            "suffix": self.suffix,
            "log_prob": self.log_prob,
            "backoff": self.backoff,
        }
        write_packed(path, KIND, header, arrays)


def open_ngram(path: Path) -> Ngram:
    """The model of a file that `Ngram.save` wrote, mapped, not loaded, unless it is a small one.

    Raises DataError for a file that is missing, damaged, of another kind or of a later version.
    """
    header, arrays = read_packed(path, KIND)
    try:
        if "counts" in arrays:
            trie, suffix, log_prob, backoff = restored(arrays)
        else:
            trie = Trie(arrays["labels"], arrays["first"])
            suffix, log_prob, backoff = arrays["suffix"], arrays["log_prob"], arrays["backoff"]
        model = Ngram(
            characters=tuple(header["characters"]),
            order=int(header["order"]),
            trie=trie,
            suffix=suffix,
            log_prob=log_prob,
            backoff=backoff,
            unknown=float(header["unknown"]),
            record=dict(header["record"]),
        )
    except (KeyError, TypeError, ValueError, IndexError):
        raise _contradicts(path) from None
    if not _sound(model):
        raise _contradicts(path)
    return model


def _sound(model: Ngram) -> bool:
    """Whether every walk through the arrays stays inside them and comes to an end."""
    nodes, inner, known = len(model.trie), len(model.trie.first) - 1, len(model.characters)
    suffix = model.suffix
    return bool(
        model.trie.sound()
        and len(suffix) == len(model.log_prob) == nodes
        and len(model.backoff) == inner
        and BOUNDARY in model.labels
        and len(model.labels) == known
        and 1 <= model.order <= LONGEST_ORDER
        and (model.trie.labels < known).all()
        and model.trie.children(ROOT) == (1, known + 1)
        and (suffix[1:] < np.arange(1, nodes)).all()
        # Only inner nodes have a back-off weight, and only they are backed off to.
        and (suffix < max(inner, 1)).all()
        and max(model.unknown, model.log_prob.max()) <= 0
        and np.isfinite(model.log_prob).all()
        and np.isfinite(model.backoff).all()
    )


def _contradicts(path: Path) -> DataError:
    return DataError(f"{path} contradicts itself: make the language model again.")


def assembled(characters: Sequence[str], levels: Sequence[Level], unknown: float, record: Mapping[str, Any]) -> Ngram:
    """The model of n-grams sorted into levels, the single characters first."""
    starts = np.cumsum([1, *(len(level.label) for level in levels)])
    if starts[-1] >= 1 << 32:
        raise DataError(f"A language model holds fewer than 2^32 n-grams, but {starts[-1]} were given: prune them.")
    shorter = [0, *starts[:-1].tolist()]  # where the level before each begins; before the first, the root
    parents = np.concatenate([level.parent + start for level, start in zip(levels, shorter, strict=False)])
    suffixes = np.concatenate([level.suffix + start for level, start in zip(levels, shorter, strict=False)])
    inner = int(starts[-2])
    kind = np.uint16 if len(characters) <= 1 << 16 else np.uint32
    labels = np.concatenate([[0], *(level.label for level in levels)]).astype(kind)
    return Ngram(
        characters=tuple(characters),
        order=len(levels),
        trie=Trie(labels, first_children(parents, inner)),
        suffix=np.concatenate([[0], suffixes]).astype(np.uint32),
        log_prob=np.concatenate([[0.0], *(level.log_prob for level in levels)]).astype(np.float32),
        backoff=np.concatenate([[0.0], *(level.backoff for level in levels[:-1])]).astype(np.float32),
        unknown=unknown,
        record=record,
    )


class LanguageModel(Protocol):
    """What a guide asks of a language model; states are hashable. `labels`: the characters that it knows."""

    @property
    def labels(self) -> Collection[str]: ...

    @property
    def root(self) -> Any: ...

    @property
    def start(self) -> Any: ...

    def step(self, state: Any, character: str) -> tuple[Any, float]: ...


@dataclass(frozen=True, slots=True, eq=False)
class NgramGuide:
    """A language model as a guide (shallow fusion): `weight` times its log probability counts in a search.

    `whole`: the line begins and ends as the lines of training did; else it is a piece of running text.
    """

    model: LanguageModel
    weight: float = 0.5
    whole: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.weight <= 10:
            raise SettingsError(f"The weight of a language model lies from 0 to 10, not {self.weight}.")

    @property
    def start(self) -> Any:
        return self.model.start if self.whole else self.model.root

    def step(self, state: Any, character: str) -> tuple[Any, float]:
        state, score = self.model.step(state, character)
        return state, self.weight * score

    def end(self, state: Any) -> float:
        return self.weight * self.model.step(state, BOUNDARY)[1] if self.whole else 0.0

    def least(self, state: Any) -> int:
        return 0
