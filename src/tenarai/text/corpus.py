"""Language models from whatever a user has: a text, trained in seconds, or the file of a model."""

from collections.abc import Collection, Iterator
from functools import lru_cache
from pathlib import Path

from tenarai.errors import DataError
from tenarai.text.arpa import read_arpa
from tenarai.text.kneser_ney import Training, train_ngram
from tenarai.text.ngram import Ngram, open_ngram
from tenarai.text.normalise import nfc, nfkc
from tenarai.text.packed import MAGIC

LARGEST = 200_000_000  # bytes of a text that is trained on while somebody waits
SMALL = 2_000_000  # characters: of less text, every n-gram is kept

_ARPA = b"\\data\\"
_GZIP = b"\x1f\x8b"


def open_language(path: Path, characters: Collection[str]) -> Ngram:
    """The language model of a file: one that tenarai wrote, ARPA (gzipped or not), or a text in UTF-8 to train on, for
    a reader of these characters. Opened again, a file that has not changed costs nothing.

    Raises DataError for what is none of these, and for a text without text.
    """
    try:
        state = path.stat()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}.") from None
    return _opened(path, state.st_mtime_ns, state.st_size, tuple(characters))


def is_text(path: Path) -> bool:
    """Whether a file is no language model, and so a text to learn from."""
    head = _head(path)
    return not (head.startswith((MAGIC, _GZIP)) or head.lstrip().startswith(_ARPA))


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(4096)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}.") from None


@lru_cache(maxsize=4)
def _opened(path: Path, _changed: int, size: int, characters: tuple[str, ...]) -> Ngram:
    if not is_text(path):
        return open_ngram(path) if _head(path).startswith(MAGIC) else read_arpa(path)
    if size > LARGEST:
        raise DataError(
            f"{path} holds {size:,} bytes of text, more than the {LARGEST:,} that are trained on while reading: make a "
            "model of it with tenarai language train."
        )
    return trained(list(read_text(path)), characters, name=path.name)


def trained(lines: list[str], characters: Collection[str], name: str) -> Ngram:
    """A model of lines as they are, with usual settings for so much text."""
    known = frozenset(characters)
    lines = [as_read(line, known) for line in lines]
    if not any(line.strip() for line in lines):
        raise DataError(f"{name} holds no text: a language is learnt from lines of it.")
    training = Training(6, (1,)) if sum(map(len, lines)) < SMALL else Training(5, (1, 1, 1, 2))
    return train_ngram(lines, training, record={"name": name})


def read_text(path: Path) -> Iterator[str]:
    """The lines of a text in UTF-8, empty ones left out. Raises DataError for what is none."""
    try:
        raw = path.read_bytes()
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path} is neither a language model nor text in UTF-8 (byte {error.start}): convert it first."
        ) from None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}.") from None
    if "\0" in text:
        raise DataError(f"{path} is neither a language model nor text: it holds zero bytes.")
    yield from (line for line in text.splitlines() if line.strip())


def as_read(line: str, known: frozenset[str]) -> str:
    """A line of text as a reader of these characters would write it: NFC, and what it lacks (full-width digits, the
    ideographic space) by its compatible form where it has that."""
    line = nfc(line)
    if known.issuperset(line):
        return line
    return "".join(c if c in known else _compatible(c, known) for c in line).strip()


def _compatible(character: str, known: frozenset[str]) -> str:
    other = nfkc(character)
    return other if all(c in known for c in other) else character
