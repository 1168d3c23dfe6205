"""What is known of a text before it is read - its language, a lexicon, a pattern - and the decoding that makes of it.

One settings object, `Prior`, serves the reader and the commands; `line_decoder` opens what it names, once for many
lines.
"""

import difflib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from tenarai.errors import DataError, SettingsError
from tenarai.text.alphabet import default_alphabet
from tenarai.text.confidence import CANDIDATES, TEMPERATURE, weighed
from tenarai.text.corpus import is_text, open_language
from tenarai.text.ctc import Decoding, best_path, restricted
from tenarai.text.decode import Decoder, Entries, decode
from tenarai.text.lexicon import Lexicon, lexicon_of, open_lexicon
from tenarai.text.mixture import Mixture
from tenarai.text.ngram import LanguageModel, Ngram, open_ngram
from tenarai.text.pattern import compile_pattern
from tenarai.text.rescore import Foreteller, Rescoring
from tenarai.text.script import is_japanese

Language = str | Path | Ngram | Foreteller
Words = str | Path | Iterable[str] | Lexicon
Script = Literal["ja", "latin"]

DEFAULT_LANGUAGE: Final = "auto"
SHIPPED: Final = ("ja", "classical", "latin")
NAMES: Final = ("auto", "none", *SHIPPED)

_SURE = 0.9  # where every character of the best path has this confidence, no search finds another text
_KNOWN = 0.5  # part of its text, or of a line's letters, that a model and a reader have in common at least
_MUCH = 50_000  # characters of a user's text that count as much as the shipped model; less counts less
_A_LETTER = 3  # Latin letters of a mixed line that one Japanese letter weighs as much as


@dataclass(frozen=True, slots=True)
class Fusion:
    """How much language model and lexicon count beside the picture, see `text.decode`. Chosen by
    `benchmarks/decoding --tune` on writers and hands that training held out.

    weight, bonus: of a language model, and for each character with it; word_bonus: for each character with a lexicon
    alone; unknown: what a word costs that the lexicon lacks; share: of a recurrent model beside the n-gram.
    temperature: how much is taken back of what the network is too sure of, see `text.confidence`.
    """

    weight: float
    bonus: float
    word_bonus: float = 0.5
    unknown: float = 3.0
    share: float = 0.25
    beam: int = 16
    top_k: int = 10
    cut: float = 5.0
    skip: float = 0.99
    temperature: float = TEMPERATURE

    def decoder(
        self, model: LanguageModel | None, lexicon: Lexicon | None, alternatives: int, again: Foreteller | None = None
    ) -> Decoder:
        """A search that these guide, forbidding no text."""
        return Decoder(
            beam=self.beam,
            top_k=self.top_k,
            cut=self.cut,
            skip=self.skip,
            language_model=model,
            language_weight=self.weight,
            rescoring=None if again is None else Rescoring(again, self.share),
            length_bonus=self.bonus if model or again else self.word_bonus,
            lexicon=lexicon,
            unknown_word=self.unknown if lexicon else None,
            alternatives=alternatives,
        )


FUSION: Final[Mapping[Script, Fusion]] = {
    "ja": Fusion(0.35, 0.8, beam=8),
    "latin": Fusion(0.65, 1.6, beam=12, cut=4.5, temperature=1.6),
}


@dataclass(frozen=True, slots=True, eq=False)
class Prior:
    """What is known of a text before it is read.

    language: "none"; "auto", the shipped model of each line's script; "ja", "classical" or "latin"; the path of a text
    in UTF-8, which is learnt and asked beside the shipped model of the line's script; that of a .ngram or of an ARPA
    file, or an open model, which are asked alone; or an open recurrent model, which weighs again what the shipped one
    found.
    lexicon: words that are likelier than others, in scripts with spaces; or, where most letters are Japanese, the
    entries of which a line is one. The path of a list, one a line, the words themselves, or an open lexicon.
    pattern: a line is of this form: an expression or a name, see `text.pattern`.
    judge: the shipped model that says how sure a line is where `language` names none for its letters, "auto" that of
    its script. It changes no text.
    """

    language: Language = DEFAULT_LANGUAGE
    lexicon: Words | None = None
    pattern: str | None = None
    judge: Literal["auto", "ja", "classical", "latin"] = "auto"


@dataclass(frozen=True, slots=True, eq=False)
class LineDecoder:
    """A prior with everything open. `strict`: a line that no allowed text fits into is an error, not empty."""

    characters: tuple[str, ...]
    model: Ngram | None = None
    beside: bool = False  # the shipped model of the line's script is asked too
    lexicon: Lexicon | None = None
    entries: Entries = "words"
    pattern: str | None = None
    again: Foreteller | None = None  # weighs again what is found with the shipped one
    auto: bool = False  # the shipped one is asked alone
    strict: bool = True
    judge: Ngram | None = None  # says how sure a line is that no model has been asked about, for the shipped one
    fusion: Mapping[Script, Fusion] = field(default_factory=lambda: FUSION)

    @property
    def constrained(self) -> bool:
        """Whether not every text is allowed."""
        return self.pattern is not None or (self.lexicon is not None and self.entries == "entry")

    def decode(
        self, log_probs: NDArray[np.float32], alternatives: int = 5, allowed: Collection[str] | None = None
    ) -> Decoding:
        """The text of a line: `log_probs (frames, classes) float32` as for `text.decode.decode`, with the `allowed`
        characters only unless None. Raises DataError when `strict` and nothing that is allowed fits."""
        if self.constrained:
            return self._allowed(log_probs, alternatives, allowed)
        if allowed is not None:
            log_probs = restricted(log_probs, self.characters, allowed)
        looked_at = max(alternatives, CANDIDATES)
        plain = best_path(log_probs, self.characters, looked_at)
        script = script_of(plain.text)
        model = self._model(plain.text, script)
        found = self._searched(log_probs, plain, model, script, looked_at)
        # Where the text is to be what the picture shows, language still tells which of it can hardly be right.
        judge = None if script is None else model or self.judge or shipped_language(script)
        return weighed(found, judge, alternatives, self.fusion[script].temperature if script else TEMPERATURE)

    def _searched(
        self, log_probs: NDArray[np.float32], plain: Decoding, model: Ngram | Mixture | None, script: Script | None,
        alternatives: int,
    ) -> Decoding:  # fmt: skip
        """The best path, or what a search finds where it is not sure."""
        if all(span.confidence > _SURE for span in plain.spans):
            return plain
        lexicon = self._lexicon(plain.text)
        again = self.again if self.again is not None and _knows(self.again.labels, plain.text) else None
        if model is None and lexicon is None:
            return plain
        decoder = self.fusion[script or "latin"].decoder(model, lexicon, alternatives, again)
        columns = None if model is None else _columns(model, self.characters)
        if model is None or columns is None:
            return decode(log_probs, self.characters, decoder, plain)
        # Of thousands of characters a Latin model knows some 160: they and those of the best path are looked at.
        unknown = sorted(set(plain.text).difference(model.labels))
        labels = [*columns, *map(self.characters.index, unknown)]
        return decode(log_probs[:, labels], [self.characters[label] for label in labels], decoder, plain)

    def _allowed(self, log_probs: NDArray[np.float32], alternatives: int, allowed: Collection[str] | None) -> Decoding:
        """Where lexicon or pattern demand what may hardly be visible: a search that looks far."""
        text = best_path(log_probs, self.characters, 0).text
        script = script_of(text)
        fusion, model = self.fusion[script or "latin"], self._model(text, script)
        decoder = Decoder(
            language_model=model,
            language_weight=fusion.weight,
            length_bonus=fusion.bonus if model else 0.0,
            lexicon=self.lexicon,
            entries=self.entries,
            unknown_word=fusion.unknown if self.entries == "words" else None,
            pattern=self.pattern,
            alphabet=None if allowed is None else frozenset(allowed),
            alternatives=alternatives,
        )
        try:
            return decode(log_probs, self.characters, decoder)
        except DataError:
            if self.strict:
                raise
            return Decoding("", (), 0.0, None)

    def _model(self, text: str, script: Script | None) -> Ngram | Mixture | None:
        """The model that has something to say of a line with this best path."""
        if script is None or (self.model is None and self.again is None and not self.auto):
            return None
        own = self.model if self.model is not None and _knows(self.model.labels, text) else None
        if not (self.auto or self.beside):
            return own
        return shipped_language(script) if own is None else _mixed(own, script)

    def _lexicon(self, text: str) -> Lexicon | None:
        if self.lexicon is None or self.entries == "entry" or _knows(self.lexicon.letters, text):
            return self.lexicon
        return None


@lru_cache(maxsize=8)
def _columns(model: Ngram | Mixture, characters: tuple[str, ...]) -> tuple[int, ...] | None:
    """The blank and the labels that a model knows; None when they are most of all."""
    known = [label for label, character in enumerate(characters) if not character or character in model.labels]
    return tuple(known) if len(known) * 2 < len(characters) else None


@lru_cache(maxsize=8)
def _mixed(model: Ngram, script: Script) -> Mixture:
    size = float(model.record.get("text", {}).get("characters", 0))
    share = max(0.01, min(0.5, size / (size + _MUCH)))
    return Mixture((model, shipped_language(script)), (share, 1 - share))


def _knows(letters: Collection[str], text: str) -> bool:
    """Whether enough letters of a line are among these to say something of it."""
    line = [character for character in text if character.isalpha()]
    return bool(line) and sum(c in letters or c.lower() in letters for c in line) >= _KNOWN * len(line)


def script_of(text: str) -> Script | None:
    """The script that most of a line is in; None for a line without letters."""
    japanese = sum(map(is_japanese, text))
    others = sum(character.isalpha() for character in text) - japanese
    if japanese == others == 0:
        return None
    return "ja" if japanese * _A_LETTER >= others else "latin"


def line_decoder(prior: Prior, characters: Sequence[str], strict: bool = True) -> LineDecoder:
    """Opens what a prior names, for a reader of these characters, "" the blank.

    Raises SettingsError for a language or pattern that there is not, DataError for a file that cannot be used and for
    a language model or lexicon of other characters.
    """
    known = tuple(characters)
    language, again = _asked(prior.language)
    if again is not None:
        _check_alphabet(again, known, "The language model")
    auto = isinstance(prior.language, str) and prior.language == "auto"
    lexicon = None if prior.lexicon is None else _lexicon(prior.lexicon)
    entries: Entries = "words"
    if lexicon is not None:
        _check_letters(lexicon, known)
        entries = "entry" if 2 * sum(map(is_japanese, lexicon.letters)) > len(lexicon.letters) else "words"
    if prior.pattern is not None:
        compile_pattern(prior.pattern, known)
    named = isinstance(prior.language, str | Path) and prior.language not in NAMES
    return LineDecoder(
        known,
        _model(language, known),
        again is not None or (named and is_text(Path(str(prior.language)))),
        lexicon,
        entries,
        prior.pattern,
        again,
        auto,
        strict,
        None if prior.judge == "auto" else shipped_language(prior.judge),
    )


def _model(language: str | Path | Ngram, characters: tuple[str, ...]) -> Ngram | None:
    if isinstance(language, str) and language in ("none", "auto"):
        return None
    if isinstance(language, Ngram):
        model, name = language, "The language model"
    else:
        model, name = named_language(language, characters), str(language)
    _check_alphabet(model, characters, name)
    return model


def named_language(language: str | Path, characters: Sequence[str] | None = None) -> Ngram:
    """A shipped language model by its name, one of SHIPPED, or that of a file: see `text.corpus.open_language`."""
    if language in SHIPPED:
        return shipped_language(str(language))
    path, name = Path(language), str(language)
    if not path.exists():
        near = difflib.get_close_matches(name, NAMES, n=1)
        advice = f"did you mean {near[0]!r}?" if near else f"name {', '.join(NAMES)}, or give a text file."
        raise SettingsError(f"There is no language and no file {name!r}: {advice}")
    return open_language(path, characters or default_alphabet().characters)


@lru_cache(maxsize=len(SHIPPED))
def shipped_language(name: str) -> Ngram:
    """A language model inside the package, by its name; opened once."""
    return open_ngram(Path(str(files("tenarai") / "weights" / f"{name}.ngram")))


def _lexicon(words: Words) -> Lexicon:
    if isinstance(words, Lexicon):
        return words
    if not isinstance(words, str | Path):
        return lexicon_of(words)
    path = Path(words)
    return _opened_lexicon(path, path.stat().st_mtime_ns) if path.exists() else open_lexicon(path)


@lru_cache(maxsize=4)
def _opened_lexicon(path: Path, _changed: int) -> Lexicon:
    return open_lexicon(path)


def _asked(language: Language) -> tuple[str | Path | Ngram, Foreteller | None]:
    """What is asked during a search, and what weighs again what it found."""
    return (language, None) if isinstance(language, str | Path | Ngram) else ("none", language)


@lru_cache(maxsize=8)
def _check_alphabet(model: Ngram | Foreteller, characters: tuple[str, ...], name: str) -> None:
    """Raises DataError for a model whose text the reader could not write."""
    shares, writes = model.distribution(""), frozenset(characters)
    letters = [(float(share), c) for c, share in zip(model.characters, shares, strict=False) if not c.isspace()]
    strange = sorted(((share, c) for share, c in letters if c not in writes), reverse=True)
    if sum(share for share, _ in strange) > (1 - _KNOWN) * sum(share for share, _ in letters):
        raise DataError(
            f"{name} is in another alphabet: this reader does not write most of its characters, such as "
            f"{' '.join(c for _, c in strange[:5])}. Give a language in the script of the pictures."
        )


@lru_cache(maxsize=8)
def _check_letters(lexicon: Lexicon, characters: tuple[str, ...]) -> None:
    if not any(lexicon.child(0, character) for character in characters if character):
        raise DataError(
            f"None of the {len(lexicon):,} words of the lexicon begins with a character that this reader writes: "
            "give words in the script of the pictures."
        )
