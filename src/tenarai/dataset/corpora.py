"""The corpora by name: who reads them, under which licence they come, and where to get them.

Adding one is a line in `_ALL` and a reader that gives `Sample | Refused`; readers are imported when they are used.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from tenarai.dataset.manifest import Ink
from tenarai.dataset.sample import Refused, Sample, Split
from tenarai.errors import DataError, PictureError

Items = Iterator[Sample | Refused]

Direction = Literal["auto", "horizontal", "vertical"]

LOOKED_AT = 5000  # paths of a folder from which its corpus is told


@dataclass(frozen=True, slots=True)
class Corpus:
    """`read(path)` gives the samples, polarity already put right; `ink` is how the corpus itself has it,
    "either" where the reader finds it for every picture. `kind` tells what they are, `home` where to get the corpus or
    what it consists of.

    `names` finds the corpus among the paths of a source, which begin with the name of the folder. `published` corpora
    have samples of one name each wherever they are read; others are somebody's own and called as their folder is.
    """

    name: str
    read: Callable[[Path], Items]
    kind: str
    ink: Ink
    licence: str
    home: str
    names: re.Pattern[str]
    published: bool = True


def find(source: Path, name: str | None = None) -> Corpus:
    """The corpus of this name; without one, the corpus whose names are found in the source.

    Raises DataError when the source is missing, the name is unknown, or no corpus or several fit.
    """
    if name is not None and name.lower() not in CORPORA:
        raise DataError(f"There is no corpus {name!r}: --as takes {', '.join(CORPORA)}.")
    if not source.exists():
        told = f"{name} as it comes from {CORPORA[name.lower()].home}" if name else "the file or folder of a corpus"
        raise DataError(f"There is no {source}: give {told}.")
    if name is not None:
        return CORPORA[name.lower()]
    paths = _paths(source)
    found = [corpus for corpus in CORPORA.values() if any(corpus.names.search(path) for path in paths)]
    found = [corpus for corpus in found if corpus.published] or found[:1]
    if len(found) == 1:
        return found[0]
    if found:
        told = " and ".join(corpus.name for corpus in found)
        raise DataError(f"The files of {source} have the names of {told}: say by --as which of them it is.")
    raise DataError(f"The names in {source} tell no corpus: say by --as what it is, {', '.join(CORPORA)}.")


def _paths(source: Path) -> list[str]:
    if source.is_file():
        return [source.name]
    try:
        paths = [path for path in islice(source.rglob("*"), LOOKED_AT) if path.is_file()]
        return [f"{source.resolve().name}/{path.relative_to(source).as_posix()}" for path in paths]
    except OSError as error:
        raise DataError(f"{source} cannot be read: {error.strerror}.") from None


def _etl(path: Path, kind: str | None = None) -> Items:
    """The ETL Character Database: one of its files, or a folder of them. A damaged file of a folder is refused."""
    from tenarai.dataset.etl import kind_of

    if not path.is_dir():
        yield from _etl_file(path, kind)
        return
    for file in sorted(file for file in path.rglob("*") if kind_of(file) and file.is_file()):
        try:
            yield from _etl_file(file, kind)
        except DataError as error:
            yield Refused(file.name, str(error))


def _etl_file(path: Path, kind: str | None) -> Items:
    from tenarai.dataset.etl import NOBODY, UNKNOWN, read_etl, split_of

    for batch in read_etl(path, kind):
        for place in range(len(batch)):
            name = f"{path.name}/{batch.records[place]}"
            text, writer = str(batch.characters[place]), int(batch.writers[place])
            sheet, part = int(batch.sheets[place]), int(batch.sets[place])
            if not text:
                yield Refused(name, "Its code has no character.")
                continue
            yield Sample(
                name,
                batch.pictures[place],
                text,
                batch.kind,
                "character",
                str(writer) if writer >= 0 else None,
                (f"{part}-{sheet}" if part else str(sheet)) if sheet and writer != NOBODY else None,
                split_of(batch.kind, writer) if writer != UNKNOWN else None,
                AIST,
            )


PARTS: dict[str, Split] = {
    "train": "train", "training": "train", "test": "test", "validation": "validation", "valid": "validation",
    "val": "validation", "dev": "validation",
}  # fmt: skip
DIRECTIONS: dict[str, Direction] = {"auto": "auto", "horizontal": "horizontal", "vertical": "vertical"}


def _part_of(file: Path) -> Split | None:
    """The part that a file's name ends in, as train.jsonl and tomoe-train.jsonl.gz do."""
    return PARTS.get(re.split(r"[-_.]", file.name.split(".")[0].lower())[-1])


def _lines(path: Path) -> Items:
    """Line pictures with `.gt.txt`, or JSON lines, of which a train.jsonl or test.jsonl says in which part they are."""
    from tenarai.dataset.pairs import read_pairs
    from tenarai.image.read import read_picture

    listed = sorted(path.glob("*.jsonl")) if path.is_dir() else []
    seen: Counter[str] = Counter()
    for file in listed or [path]:
        split = _part_of(file) if file.suffix == ".jsonl" else None
        for pair in read_pairs(file):
            seen[pair.name] += 1
            name = pair.name if seen[pair.name] == 1 else f"{pair.name}#{seen[pair.name]}"
            if pair.boilerplate and split != "train":
                yield Refused(name, "It is marked as boilerplate, which is for training only.")
                continue
            direction = DIRECTIONS.get(pair.direction)
            if direction is None:
                yield Refused(name, f"Its direction is {pair.direction!r}, not {', '.join(DIRECTIONS)}.")
                continue
            try:
                picture = read_picture(pair.load())
            except (DataError, PictureError) as error:
                yield Refused(name, str(error))
                continue
            yield Sample(name, picture, pair.text, "lines", "line", pair.writer, pair.page, split, "", None, direction)


def _strokes(path: Path) -> Items:
    """Pen strokes, drawn as pictures: a file, a folder of such files, or Omniglot's folders."""
    from tenarai.dataset.strokes import read_strokes, samples

    files = sorted(file for file in path.iterdir() if _STROKE_FILE.search(file.name)) if path.is_dir() else []
    for file in files or [path]:
        for item in samples(read_strokes(file)):
            yield _placed(item, f"{file.name}/" if files else "", file)


def _unipen(path: Path, level: str | None = None) -> Items:
    """UNIPEN, drawn as pictures: a file, or a folder of them. A damaged file of a folder is refused."""
    from tenarai.dataset.strokes import samples
    from tenarai.dataset.unipen import read_unipen, unipen_files

    if not path.is_dir():
        yield from (_placed(item, "", path) for item in samples(read_unipen(path, level)))
        return
    for file in unipen_files(path):
        name = file.relative_to(path).as_posix()
        try:
            yield from (_placed(item, f"{name}/", file) for item in samples(read_unipen(file, level)))
        except DataError as error:
            yield Refused(name, str(error))


def _placed(item: Sample | Refused, folder: str, file: Path) -> Sample | Refused:
    """A sample by its whole name, in the part that the name of its file says."""
    name = f"{folder}{item.name}"
    return replace(item, name=name) if isinstance(item, Refused) else replace(item, name=name, split=_part_of(file))


def _reader(module: str, function: str, **options: Any) -> Callable[[Path], Items]:
    """A reader that is imported when it is used."""

    def read(path: Path) -> Items:
        items: Items = getattr(import_module(f"tenarai.dataset.{module}"), function)(path, **options)
        return items

    return read


def _names(*patterns: str) -> re.Pattern[str]:
    """A pattern of whole paths or of their last parts."""
    return re.compile(rf"(?:^|/)(?:{'|'.join(patterns)})$", re.IGNORECASE)


AIST = "ETL Character Database terms of AIST (free use, no redistribution)"
CODH = "CC BY-SA 4.0"
IAM = "IAM: non-commercial research, by registration"
_AT_AIST = "http://etlcdb.db.aist.go.jp/ after registration"
_AT_CODH = "http://codh.rois.ac.jp/kmnist/"
_AT_IAM = "https://fki.tic.heia-fr.ch/databases/iam-handwriting-database after registration"
_ETL = _names(r"etl(?:[1-7]|[89][bg]2?)[a-z]*[-_.]?\d+")
_ETL_KINDS = ("ETL1", "ETL2", "ETL3", "ETL4", "ETL5", "ETL6", "ETL7", "ETL8B", "ETL8G", "ETL9B", "ETL9G")
_IDX = r"(?:train|t10k)-images[-.]idx3-ubyte(?:\.gz)?"
_NPZ = r"(?:train|test)-imgs\.npz"
_KANJI = _names(r"kkanji2?\.tar", r"kkanji2?/U\+[0-9A-F]{4,6}/[^/]+\.png")
_STROKE_FILE = re.compile(r"\.(?:jsonl|jsonl\.gz|inkml)$", re.IGNORECASE)
_CLASS = re.compile(r"^[^/]+/[^/]+/[^/]+\.(?:png|jpe?g|webp|tiff?|bmp)$", re.IGNORECASE)
_TABLE = re.compile(rf"{_CLASS.pattern}|\.(?:csv|tsv|parquet)$", re.IGNORECASE)
_NEVER = re.compile(r"(?!)")  # for what is found under another name

# Somebody's own come last, those whose files are the more telling first.
# fmt: off
_ALL = (
    Corpus("etl", _etl, "character", "bright", AIST, _AT_AIST, _ETL),
    *(Corpus(kind.lower(), partial(_etl, kind=kind), "character", "bright", AIST, _AT_AIST, _NEVER)
      for kind in _ETL_KINDS),
    Corpus("kmnist", _reader("kmnist", "read_kmnist"), "character", "bright", CODH, _AT_CODH,
           _names(_IDX, _NPZ, f"kmnist-{_NPZ}")),
    Corpus("k49", _reader("kmnist", "read_k49"), "character", "bright", CODH, _AT_CODH, _names(f"k49-{_NPZ}")),
    Corpus("kkanji", _reader("kmnist", "read_kuzushiji_kanji"), "character", "bright", CODH, _AT_CODH, _KANJI),
    Corpus("mnist", _reader("kmnist", "read_mnist"), "character", "bright", "CC BY-SA 3.0",
           "https://ossci-datasets.s3.amazonaws.com/mnist/", _names(_IDX)),
    Corpus("emnist", _reader("kmnist", "read_emnist"), "character", "bright", "none stated (NIST)",
           "https://www.nist.gov/itl/products-and-services/emnist-dataset", _names(r"emnist-[a-z]+-train-images.*")),
    Corpus("kuzushiji", _reader("kuzushiji", "read_kuzushiji"), "character", "dark", CODH,
           "http://codh.rois.ac.jp/char-shape/book/", _names(r".*coordinate\.csv")),
    Corpus("iam-lines", _reader("iam", "read_iam_lines"), "line", "dark", IAM, _AT_IAM, _names(r"ascii/lines\.txt")),
    Corpus("iam-words", _reader("iam", "read_iam_words"), "word", "dark", IAM, _AT_IAM, _names(r"ascii/words\.txt")),
    Corpus("strokes", _strokes, "character or line", "dark", "",
           "pen strokes as .jsonl.gz (or .jsonl), .inkml, or Omniglot's folders",
           _names(r".*\.jsonl\.gz", r".*\.inkml", r"\d{4}_\d\d\.txt"), published=False),
    Corpus("unipen", _unipen, "character or line", "dark", "", "UNIPEN 1.0, what its segments below PARAGRAPH say",
           _names(r".*\.(?:unp|upn|unipen)", r"train_r01_v07/data/.*\.dat"), published=False),
    Corpus("unipen-characters", partial(_unipen, level="CHARACTER"), "character", "dark", "",
           "the same, cut into characters", _NEVER, published=False),
    Corpus("lines", _lines, "line", "dark", "", "pictures of lines with a .gt.txt beside each, or listed in a .jsonl",
           _names(r".*\.gt\.txt", r".*\.jsonl"), published=False),
    Corpus("pages", _reader("pages", "read_pages"), "line", "either", "",
           "pages with PAGE XML, ALTO, hOCR, VIA, COCO or tenarai's JSON and TSV",
           _names(r".*\.xml", r".*\.json", r".*\.hocr"), published=False),
    Corpus("page-characters", _reader("pages", "read_pages", characters=True), "character or word", "either", "",
           "the same, cut into characters or words", _NEVER, published=False),
    Corpus("own", _reader("own", "read_own"), "character or line", "either", "",
           "a folder for each class, a table (.csv, .tsv) of files and texts, or Parquet", _TABLE, published=False),
)
# fmt: on
CORPORA = {corpus.name: corpus for corpus in _ALL}
