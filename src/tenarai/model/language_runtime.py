"""A recurrent language model with ONNX Runtime: how likely a text is, a character at a time. No torch.

Asked as an n-gram is (`text.ngram.LanguageModel`), so that it guides a beam, alone or in a `text.mixture.Mixture`;
its states are the texts themselves. Whole candidates are scored by `foretold`, those that begin alike at once.
"""

import math
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tenarai.errors import DataError, ModelFileError
from tenarai.model.runtime import opened
from tenarai.text.language import Language
from tenarai.text.ngram import BOUNDARY

Values = npt.NDArray[np.float32]

LINE_END, UNKNOWN = 0, 1  # labels; the second also stands for whatever was before a piece of text cut from anywhere
UNKNOWN_CHARACTER = "\ufffd"
KINDS_UNKNOWN = 5000  # an unknown character is any one of so many

_CACHED = 2048  # states remembered, some 15 kB each
_AT_ONCE = 16  # lines whose perplexity is measured together
_MODEL = b"\x08"  # how a model file begins, and no text


class LanguageRuntime:
    """An open language model; safe to share between threads. Raises ModelFileError for a file that is damaged or of
    another kind.

    characters: all that it foretells, BOUNDARY, which ends a line, first. labels: of each of them.
    """

    def __init__(self, path: Path, threads: int = 1) -> None:
        self.session, self.header = opened(path, ("language",), "foretell text", threads)
        alphabet = self.header.alphabet.characters
        if len(alphabet) < 3 or alphabet[UNKNOWN] != UNKNOWN_CHARACTER:
            raise ModelFileError(f"The header of the model file {path} is damaged: its alphabet is no language's.")
        self.characters = (BOUNDARY, *alphabet[2:])
        self.labels = {BOUNDARY: LINE_END, **{c: label for label, c in enumerate(alphabet) if label > UNKNOWN}}
        rows, _, hidden = self.session.get_inputs()[1].shape
        self._fresh = np.zeros((rows, 1, hidden), np.float32)
        self._known: dict[str, tuple[Values, Values]] = {}

    @property
    def root(self) -> str:
        """The state of a piece of text cut from anywhere."""
        return ""

    @property
    def start(self) -> str:
        """The state at the beginning of a line."""
        return BOUNDARY

    def about(self) -> dict[str, Any]:
        """What it says of itself."""
        told = self.header.to_json()
        alphabet = told.pop("alphabet")
        return {"characters": len(alphabet) - 1, **told}

    def run(self, labels: npt.NDArray[np.int64], states: Values) -> tuple[Values, Values]:
        """One pass over labels `(batch, length) int64` from states `(2 x layers, batch, hidden) float32`: natural logs
        `(batch, length, classes) float32` of what follows each label, and the states behind the last ones."""
        log_probs, after = self.session.run(None, {"labels": labels, "state": states})
        return log_probs, after

    def step(self, state: str, character: str) -> tuple[str, float]:
        """The state behind a character, and the natural log of its probability there; BOUNDARY ends a line."""
        log_probs, _ = self._behind(state)
        return state + character, self._of(log_probs, self.labels.get(character, UNKNOWN))

    def distribution(self, context: str) -> npt.NDArray[np.float64]:
        """P of every character after a context, and of an unknown one: (characters + 1,). A context that begins with
        BOUNDARY is that of a line from its beginning."""
        shares = np.exp(self._behind(context)[0].astype(np.float64))
        unknown = shares[UNKNOWN] / KINDS_UNKNOWN
        return np.concatenate([np.delete(shares, UNKNOWN), [unknown]])

    def foretold(self, texts: Sequence[str], whole: bool = False) -> list[npt.NDArray[np.float64]]:
        """Natural log of P of every character of each text `(length,)`, as pieces cut from anywhere; of `whole` lines,
        with that of their end behind them `(length + 1,)`. What begins alike is looked at once."""
        rows = [text + BOUNDARY * whole for text in texts]
        found = [np.zeros(len(row)) for row in rows]
        at = dict.fromkeys(range(len(rows)), 0)  # of each text that goes on, its place in the batch
        log_probs, states = self.run(np.array([[LINE_END if whole else UNKNOWN]]), self._fresh)
        for place in range(max(map(len, rows), default=0)):
            at = {text: row for text, row in at.items() if place < len(rows[text])}
            groups: dict[tuple[int, int], int] = {}
            for text, row in at.items():
                label = self.labels.get(rows[text][place], UNKNOWN)
                found[text][place] = self._of(log_probs[row, -1], label)
                if place + 1 < len(rows[text]):
                    at[text] = groups.setdefault((row, label), len(groups))
            if groups:
                parents, labels = (np.array(column) for column in zip(*groups, strict=True))
                log_probs, states = self.run(labels[:, None], states[:, parents])
        return found

    def perplexity(self, lines: Iterable[str]) -> float:
        """exp of the mean surprise a character, line ends and unknown ones counted. Raises DataError for no line."""
        # Lines of like length together: then none is waited for.
        ordered = sorted(lines, key=len)
        if not ordered:
            raise DataError("Perplexity is measured on text, but no line was given.")
        parts = (self.foretold(ordered[i : i + _AT_ONCE], whole=True) for i in range(0, len(ordered), _AT_ONCE))
        scores = np.concatenate([row for part in parts for row in part])
        return math.exp(-float(scores.mean()))

    def _of(self, log_probs: Values, label: int) -> float:
        """Natural log of the probability of one character: of unknown ones, its part."""
        score = min(float(log_probs[label]), 0.0)
        return score - math.log(KINDS_UNKNOWN) if label == UNKNOWN else score

    def _behind(self, context: str) -> tuple[Values, Values]:
        """What follows a context `(classes,)`, and the state there. The longest beginning that was seen is gone on
        from: one character more is one step."""
        found = self._known.get(context)
        if found is not None:
            return found
        known = next((n for n in range(len(context) - 1, -1, -1) if context[:n] in self._known), -1)
        before = self._known.get(context[:known]) if known >= 0 else None
        labels = [self.labels.get(character, UNKNOWN) for character in context[max(known, 0) :]]
        if before is None:
            labels = labels if context.startswith(BOUNDARY) else [UNKNOWN, *labels]
        states = self._fresh if before is None else before[1]
        log_probs, states = self.run(np.array([labels]), states)
        if len(self._known) >= _CACHED:
            self._known.clear()
        made = self._known[context] = log_probs[0, -1], states
        return made


def opened_language(language: Language) -> Language:
    """The recurrent model of a file of one; every other language as it is given: text knows nothing of model files.
    Opened again, a file that has not changed costs nothing. Raises ModelFileError for a model file of another kind."""
    if not isinstance(language, str | Path) or not is_model(Path(language)):
        return language
    state = Path(language).stat()
    return _opened(Path(language), state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=2)
def _opened(path: Path, _changed: int, _size: int) -> LanguageRuntime:
    return LanguageRuntime(path)


def is_model(path: Path) -> bool:
    """Whether a file is a model file, and no text."""
    try:
        with path.open("rb") as file:
            return file.read(1) == _MODEL
    except OSError:
        return False
