"""MNIST, EMNIST and the three sets of the Kuzushiji-MNIST project: single characters in small gray pictures.

    for sample in read_kmnist("kmnist/"):
        sample.picture, sample.text, sample.split

All of them store bright ink on black and come out as dark ink on white. None names its writers.
Clanuwat et al., Deep Learning for Classical Japanese Literature (arXiv:1812.01718); Cohen et al., EMNIST
(arXiv:1702.05373).
"""

import csv
import hashlib
import re
import tarfile
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tenarai.dataset.idx import read_labelled
from tenarai.dataset.sample import Refused, Sample, Split
from tenarai.errors import DataError, PictureError
from tenarai.image.read import Limits, read_picture

KMNIST = "おきすつなはまやれを"  # the characters of classes 0 to 9
K49 = "あいうえおかきくけこさしすせそたちつてとなにぬねのはひふへほまみむめもやゆよらりるれろわゐゑをんゝ"
EMNIST_KINDS = ("balanced", "byclass", "bymerge", "digits", "letters", "mnist")

KUZUSHIJI_LICENCE = "CC BY-SA 4.0"

# Checksums of the .gz files. Those of KMNIST are of the release of 2019-02-05, which mended faults of its pictures.
KMNIST_MD5 = {
    "train-images-idx3-ubyte.gz": "bdb82020997e1d708af4cf47b453dcf7",
    "train-labels-idx1-ubyte.gz": "e144d726b3acfaa3e44228e80efcd344",
    "t10k-images-idx3-ubyte.gz": "5c965bf0a639b31b8f53240b1b52f4d7",
    "t10k-labels-idx1-ubyte.gz": "7320c461ea6c1c855c0b718fb2a4b134",
}
MNIST_MD5 = {
    "train-images-idx3-ubyte.gz": "f68b3c2dcbeaaa9fbdd348bbdeb94873",
    "train-labels-idx1-ubyte.gz": "d53e105ee54ea40749a09fcbcd1e9432",
    "t10k-images-idx3-ubyte.gz": "9fb629c4189551a2d022fa330f9573f3",
    "t10k-labels-idx1-ubyte.gz": "ec29112dd5afa0611ce80d1b7f02629c",
}

_NAME = re.compile(
    r"(?P<set>emnist-[a-z]+-|kmnist-|k49-)?(?P<part>train|test|t10k)-(?:images[-.]idx3-ubyte(?:\.gz)?|imgs\.npz)"
)
_KANJI = re.compile(r"(?:.*/)?U\+(?P<code>[0-9A-F]{4,6})/(?P<file>[^/]+\.png)")
_KANJI_LIMITS = Limits(max_bytes=1 << 20, max_pixels=1 << 20)  # the pictures have 64 x 64 pixels


@dataclass(frozen=True, slots=True)
class _Part:
    images: Path
    labels: Path
    split: Split


@dataclass(frozen=True, slots=True)
class _Set:
    """What the sets differ in: the name of the corpus, its characters by class, and how its pictures lie."""

    source: str
    characters: Mapping[int, str]
    licence: str
    prefix: str = ""  # of the samples' names
    transposed: bool = False


def read_mnist(path: str | Path) -> Iterator[Sample | Refused]:
    """The digits of MNIST, from the folder of its files or from one file of pictures with its labels beside it.

    `path` and what is raised are the same for all sets in IDX or NPZ files: DataError at once when there are no such
    files, and while reading when one is damaged, of another set, or has a class that the set has not.
    """
    parts = _parts(Path(path), ("",))
    for part in parts:
        for file in (part.images, part.labels):
            if _md5(file) in KMNIST_MD5.values():
                raise DataError(
                    f"{file} is of KMNIST, whose files have the names of MNIST's: read it with read_kmnist."
                )
    digits = _Set("MNIST", dict(enumerate("0123456789")), "CC BY-SA 3.0")
    return _samples(parts, digits)


def read_emnist(path: str | Path, kind: str | None = None) -> Iterator[Sample | Refused]:
    """The letters and digits of one of EMNIST's six kinds, its transposed pictures turned upright.

    The kinds hold the same pictures in different classes, so a folder with several needs to be told which. The
    characters are those of `emnist-<kind>-mapping.txt` in the same folder; of a class that joins a capital and a small
    letter, as all of "letters" do, the text is the first that the file names, the capital.
    """
    path = Path(path)
    found = sorted({match["kind"] for match in map(_emnist_name, _files(path)) if match})
    if kind is None and len(found) > 1:
        raise DataError(f"{path} has the kinds {', '.join(found)} of EMNIST, the same pictures in each: name one.")
    kind = kind or (found[0] if found else "balanced")
    if kind not in EMNIST_KINDS:
        raise DataError(f"EMNIST has no kind {kind!r}: it has {', '.join(EMNIST_KINDS)}.")
    parts = _parts(path, (f"emnist-{kind}-",))
    characters = _emnist_characters(parts[0].images.with_name(f"emnist-{kind}-mapping.txt"))
    return _samples(parts, _Set("EMNIST", characters, "none stated (NIST Special Database 19)", f"{kind}/", True))


def read_kmnist(path: str | Path) -> Iterator[Sample | Refused]:
    """The ten hiragana of Kuzushiji-MNIST.

    A .gz file that has the official name but not the checksum of the current release comes first, as Refused; its
    pictures follow all the same. A `kmnist_classmap.csv` in the folder must agree with the classes known here.
    """
    parts = _parts(Path(path), ("", "kmnist-"))
    _check_classmap(parts[0].images.with_name("kmnist_classmap.csv"), KMNIST)
    outdated = []
    for file in [file for part in parts for file in (part.images, part.labels)]:
        if file.name in MNIST_MD5 and _md5(file) == MNIST_MD5[file.name]:
            raise DataError(f"{file} is of MNIST, whose files have the names of KMNIST's: read it with read_mnist.")
        if is_current(file) is False:
            outdated.append(Refused(file.name, _OUTDATED))
    return _samples(parts, _Set("KMNIST", dict(enumerate(KMNIST)), KUZUSHIJI_LICENCE), outdated)


_OUTDATED = (
    "Its checksum is not that of the release of 2019-02-05: download KMNIST again, or name the version with any figure."
)


def is_current(file: str | Path) -> bool | None:
    """Whether a .gz file of KMNIST is that of the release of 2019-02-05; None when it has no published checksum."""
    expected = KMNIST_MD5.get(Path(file).name)
    return None if expected is None else _md5(Path(file)) == expected


def read_k49(path: str | Path) -> Iterator[Sample | Refused]:
    """The 48 hiragana and ゝ of Kuzushiji-49, unbalanced: see `balanced_accuracy`.

    A `k49_classmap.csv` in the folder must agree with the classes known here.
    """
    parts = _parts(Path(path), ("k49-",))
    _check_classmap(parts[0].images.with_name("k49_classmap.csv"), K49)
    return _samples(parts, _Set("Kuzushiji-49", dict(enumerate(K49)), KUZUSHIJI_LICENCE))


def balanced_accuracy(truth: Sequence[Hashable], predicted: Sequence[Hashable]) -> float:
    """The mean over the classes of `truth` of the share of each that was recognised, 0.0 to 1.0: K49's metric.

    Raises DataError when the two are empty or not of one length.
    """
    if len(truth) != len(predicted) or not truth:
        raise DataError(
            f"There are {len(truth)} true classes and {len(predicted)} predicted: expected as many, above 0."
        )
    total = Counter(truth)
    right = Counter(one for one, other in zip(truth, predicted, strict=True) if one == other)
    return sum(right[one] / count for one, count in total.items()) / len(total)


def read_kuzushiji_kanji(path: str | Path) -> Iterator[Sample | Refused]:
    """The kanji of Kuzushiji-Kanji, from `kkanji.tar` or from the folder it unpacks to; it assigns no parts.

    Nothing is ever unpacked to disk. Raises DataError when there is no such thing, the tar is damaged or compressed, or
    it holds no folder `U+XXXX` with pictures.
    """
    path = Path(path)
    if path.is_dir():
        return _kanji(path, lambda: _folder_pictures(path))
    if path.is_file():
        return _kanji(path, lambda: _tar_pictures(path))
    raise DataError(f"There is no {path}: expected kkanji.tar, or the folder kkanji2 that it unpacks to.")


def _files(path: Path) -> list[Path]:
    """The file, or those of the folder: .gz first, which have checksums, before what was unpacked from them."""
    if path.is_file():
        return [path]
    if path.is_dir():
        return sorted(path.iterdir(), key=lambda file: (file.suffix != ".gz", file.name))
    raise DataError(f"There is no {path}: expected a folder of IDX or NPZ files, or one file of pictures.")


def _parts(path: Path, sets: tuple[str, ...]) -> list[_Part]:
    """The parts of a set, train first, each from the first file that holds it; `sets` are the beginnings of names."""
    found: dict[Split, _Part] = {}
    for file in _files(path):
        match = _NAME.fullmatch(file.name)
        if match and ((match["set"] or "") in sets or (file == path and not match["set"])):
            split: Split = "train" if match["part"] == "train" else "test"
            if split not in found:
                found[split] = _Part(file, _labels(file), split)
    if not found:
        names = f"{sets[-1]}train-images-idx3-ubyte.gz or {sets[-1]}train-imgs.npz"
        raise DataError(f"{path} has no pictures of this set: expected files named as its makers do, as {names}.")
    return sorted(found.values(), key=lambda part: part.split != "train")


def _labels(images: Path) -> Path:
    """The file of labels beside one of pictures, whether or not both were unpacked."""
    name = images.name.replace("images", "labels").replace("idx3", "idx1").replace("imgs", "labels")
    for known in (name, f"{name}.gz", name.removesuffix(".gz")):
        if images.with_name(known).is_file():
            return images.with_name(known)
    raise DataError(f"{images} has no labels: expected {name} beside it.")


def _md5(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    except OSError as error:
        raise DataError(f"{file} cannot be read: {error.strerror}.") from None


def _samples(parts: Sequence[_Part], kind: _Set, first: Sequence[Refused] = ()) -> Iterator[Sample | Refused]:
    yield from first
    for part in parts:
        for number, (pixels, label) in enumerate(read_labelled(part.images, part.labels)):
            text = kind.characters.get(label)
            if text is None:
                raise DataError(f"{part.labels}: record {number} has class {label}, which {kind.source} has not.")
            upright = pixels.T if kind.transposed else pixels
            yield Sample(
                name=f"{kind.prefix}{part.split}/{number:06}",
                picture=np.ascontiguousarray(255 - upright),
                text=text,
                source=kind.source,
                kind="character",
                split=part.split,
                licence=kind.licence,
            )


def _emnist_name(file: Path) -> re.Match[str] | None:
    return re.match(r"emnist-(?P<kind>[a-z]+)-(?:train|test)-images", file.name)


def _emnist_characters(file: Path) -> dict[int, str]:
    """Rows of a class number and the code points of its characters, in decimal."""
    try:
        rows = [row.split() for row in file.read_text("ascii").splitlines() if row.strip()]
        return {int(row[0]): chr(int(row[1])) for row in rows}
    except OSError as error:
        raise DataError(f"{file} cannot be read ({error.strerror}): it says which class is which character.") from None
    except (ValueError, IndexError, OverflowError):
        raise DataError(f"{file} is not a mapping of EMNIST: expected rows such as '10 65', class and code.") from None


def _check_classmap(file: Path, characters: str) -> None:
    """Raises DataError when a class map, of columns index, codepoint and char, says something else."""
    if not file.exists():
        return
    try:
        with file.open(encoding="utf-8-sig", newline="") as opened:
            rows = {int(row["index"]): row["char"] for row in csv.DictReader(opened)}
    except (OSError, ValueError, KeyError, TypeError, csv.Error):
        raise DataError(f"{file} is not a class map: expected the columns index, codepoint and char.") from None
    for index, character in enumerate(characters):
        if rows.get(index) != character:
            raise DataError(f"{file} says {rows.get(index)!r} for class {index}, expected {character!r}: wrong set?")
    if len(rows) != len(characters):
        raise DataError(f"{file} has {len(rows)} classes, expected {len(characters)}: it is of another set.")


def _kanji(path: Path, pictures: Callable[[], Iterator[tuple[str, bytes | str]]]) -> Iterator[Sample | Refused]:
    """Samples of (name in the set, content of the file or why there is none)."""
    empty = True
    for name, content in pictures():
        match = _KANJI.fullmatch(name)
        if match is None:
            continue
        empty = False
        code = int(match["code"], 16)
        short = f"U+{match['code']}/{match['file']}"
        if isinstance(content, str):
            yield Refused(short, content)
        elif code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
            yield Refused(short, f"U+{match['code']} is not a character of Unicode.")
        else:
            try:
                picture = 255 - read_picture(content, limits=_KANJI_LIMITS)
            except PictureError as error:
                yield Refused(short, str(error))
            else:
                yield Sample(short, picture, chr(code), "Kuzushiji-Kanji", "character", licence=KUZUSHIJI_LICENCE)
    if empty:
        raise DataError(
            f"{path} holds no pictures in folders U+XXXX: expected kkanji.tar or the folder kkanji2 from it."
        )


def _folder_pictures(path: Path) -> Iterator[tuple[str, bytes | str]]:
    folders = [folder for folder in sorted([*path.glob("U+*"), *path.glob("*/U+*")]) if folder.is_dir()]
    for folder in folders or [path]:
        for file in sorted(folder.glob("*.png")):
            try:
                large = file.stat().st_size > _KANJI_LIMITS.max_bytes
                content = _TOO_LARGE if large else file.read_bytes()
            except OSError as error:
                content = f"It cannot be read: {error.strerror}."
            yield f"{folder.resolve().name}/{file.name}", content


_TOO_LARGE = f"It has more than {_KANJI_LIMITS.max_bytes:,} bytes, a picture of this set has some thousand."


def _tar_pictures(path: Path) -> Iterator[tuple[str, bytes | str]]:
    try:
        # As a plain stream: the set comes uncompressed, and what is not compressed cannot grow beyond the file.
        with tarfile.open(path, "r|") as archive:
            while (member := archive.next()) is not None:
                archive.members.clear()  # type: ignore[attr-defined]  # it would grow with the file
                if not member.isreg() or member.issparse():
                    if not member.isdir():
                        yield member.name, "It is a link or a special file, not a picture."
                elif member.size > _KANJI_LIMITS.max_bytes:
                    yield member.name, _TOO_LARGE
                elif (file := archive.extractfile(member)) is not None:
                    yield member.name, file.read()
            # tarfile takes a header that is cut short or damaged for the end; a sound tar ends in two empty blocks.
            if archive.fileobj is None or archive.fileobj.read(512) != bytes(512):
                raise DataError(f"{path} is damaged or cut short: download it again.")
    except (tarfile.TarError, OSError, EOFError, ValueError) as error:
        raise DataError(
            f"{path} is not an uncompressed tar, or it is cut short ({error}): download it again."
        ) from None
