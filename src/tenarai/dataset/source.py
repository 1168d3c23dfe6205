"""One way to ask for samples, wherever they are: in a store, or in a corpus as its makers give it."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from tenarai.dataset.corpora import find
from tenarai.dataset.manifest import MANIFEST
from tenarai.dataset.pages import LAYOUTS
from tenarai.dataset.pairs import LinePair, at_hand, read_pairs
from tenarai.dataset.sample import UNWRITTEN, Refused, Sample
from tenarai.errors import DataError


def read_samples(path: Path, corpus: str | None = None) -> Iterator[Sample | Refused]:
    """The samples of a store, or of a corpus; `corpus` names it where its files do not tell.

    Raises DataError when the path is missing, is of no known corpus, or its store is damaged.
    """
    if corpus is None and (path / MANIFEST).exists():
        from tenarai.dataset.store import read_store  # needs pyarrow, which a corpus does not

        return read_store(path)
    return find(path, corpus).read(path)


def read_lines(path: Path, corpus: str | None = None) -> list[LinePair]:
    """Lines with their text: a folder of pictures with .gt.txt, a .jsonl file, pages with layout files, a store, or a
    corpus of lines.

    Raises DataError when there is none, or what is there cannot be understood; on pages a line that nobody has
    transcribed is passed over, and one that cannot be cut out is not.
    """
    if corpus is None and holds_layouts(path):
        corpus = "pages"
    if corpus is None and not (path / MANIFEST).exists():
        return read_pairs(path)
    pairs = []
    for s in read_samples(path, corpus):
        if isinstance(s, Sample):
            pairs += [pair_of(s)] if s.kind in ("line", "word") else []
        elif corpus == "pages" and s.reason != UNWRITTEN:
            raise DataError(f"{path}: {s.name}: {s.reason}")
    if not pairs:
        raise DataError(f"{path} holds no line: name a folder, a .jsonl file, or a store or corpus of lines.")
    return pairs


def pair_of(s: Sample) -> LinePair:
    """A sample of a line, as lines with their text are asked for."""
    return LinePair(s.name, s.text, partial(at_hand, s.picture), s.writer, s.direction, split=s.split, page=s.page)


def holds_layouts(path: Path) -> bool:
    """Whether a path is a layout file, or a folder of them that holds no lines in another form."""
    if path.is_file():
        return path.suffix.lower() in LAYOUTS
    if not path.is_dir() or (path / MANIFEST).exists():
        return False
    names = [file.name.lower() for file in path.iterdir()]
    return any(n.endswith(LAYOUTS) for n in names) and not any(n.endswith((".jsonl", ".gt.txt")) for n in names)
