"""Language models as text: the ARPA format of SRILM and KenLM (`ngram-format(5)`), read and written.

A token is one character; `<s>` and `</s>` are a line's beginning and end, `<unk>` is any unknown character, `<space>`
and the like stand for the characters that would break the format.
"""

import gzip
import math
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO, cast

import numpy as np
from numpy.typing import NDArray

from tenarai.errors import DataError
from tenarai.text.ngram import BOUNDARY, LONGEST_ORDER, Level, Ngram, assembled
from tenarai.text.trie import ROOT

OPENS, CLOSES, UNKNOWN = "<s>", "</s>", "<unk>"
_SPELLED = {" ": "<space>", "\t": "<tab>", "\r": "<cr>"}
_MEANT = {name: character for character, name in _SPELLED.items()}
_NEVER = -99.0  # log10, by custom, of what is never predicted
_LN10 = math.log(10)

Entries = dict[str, tuple[float, float]]  # n-gram -> log10 probability, log10 back-off weight


def write_arpa(model: Ngram, path: Path) -> None:
    """Writes the model as ARPA, gzipped when the name ends in .gz. Raises DataError when it cannot be written."""
    try:
        with _opened(path, "wt") as file:
            for line in _lines(model):
                file.write(line + "\n")
    except OSError as error:
        raise DataError(f"{path} cannot be written: {error.strerror}.") from None


def _opened(path: Path, mode: str) -> TextIO:
    return cast(TextIO, (gzip.open if path.suffix == ".gz" else open)(path, mode, encoding="utf-8", newline="\n"))


def _lines(model: Ngram) -> Iterator[str]:
    levels = [list(level) for level in _levels(model)]
    yield "\\data\\"
    for length, level in enumerate(levels, 1):
        # Two more single tokens: the unknown one, and the boundary as the beginning of a line.
        yield f"ngram {length}={len(level) + (2 if length == 1 else 0)}"
    for length, level in enumerate(levels, 1):
        yield f"\n\\{length}-grams:"
        if length == 1:
            yield f"{model.unknown / _LN10:.7g}\t{UNKNOWN}"
        for gram, node in level:
            probability, backoff = float(model.log_prob[node]) / _LN10, 0.0
            inner = length < len(levels)
            if inner:
                backoff = float(model.backoff[node]) / _LN10
            if gram == BOUNDARY:
                yield f"{_NEVER:g}\t{OPENS}" + (f"\t{backoff:.7g}" if inner else "")
                yield f"{probability:.7g}\t{CLOSES}"
                continue
            tail = f"\t{backoff:.7g}" if inner and gram[-1] != BOUNDARY else ""
            yield f"{probability:.7g}\t{' '.join(_tokens(gram))}{tail}"
    yield "\n\\end\\"


def _levels(model: Ngram) -> Iterator[Iterator[tuple[str, int]]]:
    """For every length the n-grams and their nodes."""
    nodes = [("", ROOT)]
    for _ in range(model.order):
        nodes = [
            (gram + model.characters[model.trie.labels[child]], child)
            for gram, node in nodes
            for child in range(*model.trie.children(node))
        ]
        yield iter(nodes)


def _tokens(gram: str) -> list[str]:
    last = len(gram) - 1
    return [
        (CLOSES if i == last else OPENS) if character == BOUNDARY else _SPELLED.get(character, character)
        for i, character in enumerate(gram)
    ]


def read_arpa(path: Path) -> Ngram:
    """The model of an ARPA file, gzipped or not, whose tokens are characters.

    n-grams that others lead to but that the file leaves out are filled in with what backing off gives.
    Raises DataError that names the line for a file that is missing, damaged or of words.
    """
    try:
        with _opened(path, "rt") as file:
            levels = _Parser(path).parsed(line.rstrip("\r\n") for line in file)
    except FileNotFoundError:
        raise DataError(f"There is no {path}: expected a language model in the ARPA format.") from None
    except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
        raise DataError(f"{path} cannot be read as an ARPA language model: {error}.") from None
    unknown = levels[0].pop(UNKNOWN, (_NEVER, 0.0))[0]
    levels[0].setdefault(BOUNDARY, (_NEVER, 0.0))
    while len(levels) > 1 and not levels[-1]:
        levels.pop()
    _fill(levels, unknown)
    return _assembled(levels, unknown, path)


@dataclass(slots=True)
class _Parser:
    """Where it stands in the file, for its complaints."""

    path: Path
    number: int = 0

    def parsed(self, lines: Iterator[str]) -> list[Entries]:
        levels: list[Entries] = []
        counts: list[int] = []
        head, ended = False, False
        for line in lines:
            self.number += 1
            line = line.strip(" \t")
            if not line or (not head and line != "\\data\\"):
                continue
            if line == "\\data\\":
                head = True
            elif line == "\\end\\":
                ended = True
                break
            elif line.startswith("\\") and line.endswith("-grams:"):
                levels.append({})
                if line != f"\\{len(levels)}-grams:" or len(levels) > LONGEST_ORDER:
                    raise self.wrong(f"\\{len(levels)}-grams: was expected (up to {LONGEST_ORDER})")
            elif levels:
                self._entry(levels, line)
            elif line.startswith("ngram "):
                counts.append(self._count(line))
            else:
                raise self.wrong("a count of n-grams was expected")
        if not ended or not levels or len(counts) != len(levels):
            raise DataError(f"{self.path} is no whole ARPA language model: it ends without \\end\\ or lacks a section.")
        return levels

    def _count(self, line: str) -> int:
        try:
            return int(line.partition("=")[2])
        except ValueError:
            raise self.wrong("a count of n-grams was expected") from None

    def _entry(self, levels: list[Entries], line: str) -> None:
        length = len(levels)
        # Not str.split(): the ideographic space is a character as any other.
        fields = line.replace("\t", " ").split(" ")
        try:
            probability, tokens = float(fields[0]), fields[1 : length + 1]
            backoff = float(fields[length + 1]) if len(fields) == length + 2 else 0.0
        except (ValueError, IndexError):
            raise self.wrong(f"a log probability, {length} tokens and perhaps a weight were expected") from None
        if len(tokens) != length or len(fields) > length + 2 or not math.isfinite(probability + backoff):
            raise self.wrong(f"a log probability, {length} tokens and perhaps a weight were expected")
        if UNKNOWN in tokens or "<UNK>" in tokens:
            if length == 1:
                levels[0][UNKNOWN] = (min(probability, 0.0), 0.0)
            return
        gram = "".join(map(self._character, tokens))
        if BOUNDARY in gram[1:-1] or (length > 1 and (tokens[0] == CLOSES or tokens[-1] == OPENS)):
            raise self.wrong("<s> stands first and </s> last only")
        if gram == BOUNDARY:  # one node: its probability is that of the end, its weight that of the beginning
            known = levels[0].get(gram, (_NEVER, 0.0))
            levels[0][gram] = (known[0], backoff) if tokens[0] == OPENS else (min(probability, 0.0), known[1])
        else:
            levels[-1][gram] = (min(probability, 0.0), backoff)

    def _character(self, token: str) -> str:
        if token in (OPENS, CLOSES):
            return BOUNDARY
        character = _MEANT.get(token, token)
        if len(character) != 1:
            raise self.wrong(f"{token[:20]!r} is not one character: this model is one of words")
        return character

    def wrong(self, what: str) -> DataError:
        return DataError(f"{self.path}, line {self.number}: {what}.")


def _fill(levels: list[Entries], unknown: float) -> None:
    """Adds what n-grams begin and end with, so that the tree holds together; the shorter ones are filled first where
    their value is needed."""
    for depth in range(len(levels) - 1, 0, -1):
        for gram in list(levels[depth]):
            for part in (gram[:-1], gram[1:]):
                levels[depth - 1].setdefault(part, (math.nan, 0.0))
    for depth, level in enumerate(levels):
        for gram, (probability, backoff) in level.items():
            if math.isnan(probability):
                level[gram] = (_backed_off(levels, gram, unknown) if depth else unknown, backoff)


def _backed_off(levels: list[Entries], gram: str, unknown: float) -> float:
    shorter = levels[len(gram) - 2].get(gram[1:])
    weight = levels[len(gram) - 2].get(gram[:-1], (0.0, 0.0))[1]
    if shorter is not None and not math.isnan(shorter[0]):
        return weight + shorter[0]
    return weight + (_backed_off(levels, gram[1:], unknown) if len(gram) > 2 else unknown)


def _assembled(levels: list[Entries], unknown: float, path: Path) -> Ngram:
    # Python orders strings by code point, as the tree wants its nodes.
    ordered = [sorted(level) for level in levels]
    numbers: list[dict[str, int]] = [{"": 0}, *({gram: i for i, gram in enumerate(grams)} for grams in ordered)]
    built = []
    for depth, grams in enumerate(ordered):
        values = np.array([levels[depth][gram] for gram in grams], np.float64).reshape(-1, 2) * _LN10
        built.append(
            Level(
                parent=_ints(numbers[depth][gram[:-1]] for gram in grams),
                label=_ints(numbers[1][gram[-1]] for gram in grams),
                suffix=_ints(numbers[depth][gram[1:]] for gram in grams),
                log_prob=np.minimum(values[:, 0], 0.0),
                backoff=values[:, 1],
            )
        )
    return assembled(ordered[0], built, unknown * _LN10, {"read from": path.name})


def _ints(values: Iterator[int]) -> NDArray[np.int64]:
    return np.fromiter(values, np.int64)
