"""MNIST's family: real files, the sets written here in small, and every trap of their names, classes and polarity."""

import gzip
import io
import struct
import tarfile
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenarai.dataset import kmnist
from tenarai.dataset.kmnist import (
    K49,
    KMNIST,
    balanced_accuracy,
    is_current,
    read_emnist,
    read_k49,
    read_kmnist,
    read_kuzushiji_kanji,
    read_mnist,
)
from tenarai.dataset.sample import Refused, Sample
from tenarai.errors import DataError

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
MNIST_FILES, KMNIST_FILES = DATA / "mnist_test10k", DATA / "kmnist_6k2k"

Bytes = npt.NDArray[np.uint8]


def idx(path: Path, array: Bytes) -> None:
    data = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()
    path.write_bytes(gzip.compress(data, 1) if path.suffix == ".gz" else data)


def pictures(labels: list[int]) -> Bytes:
    """A picture is black with one bright pixel, in row 2 and in the column of its label."""
    made = np.zeros((len(labels), 28, 28), np.uint8)
    for number, label in enumerate(labels):
        made[number, 2, label % 28] = 200
    return made


def idx_set(folder: Path, labels: list[int], before: str = "", part: str = "train", end: str = ".gz") -> Path:
    folder.mkdir(exist_ok=True)
    idx(folder / f"{before}{part}-images-idx3-ubyte{end}", pictures(labels))
    idx(folder / f"{before}{part}-labels-idx1-ubyte{end}", np.array(labels, np.uint8))
    return folder


def npz_set(folder: Path, labels: list[int], before: str, part: str = "train") -> Path:
    np.savez_compressed(folder / f"{before}{part}-imgs.npz", pictures(labels))
    np.savez_compressed(folder / f"{before}{part}-labels.npz", np.array(labels, np.uint8))
    return folder


def samples(found: object) -> list[Sample]:
    return [sample for sample in found if isinstance(sample, Sample)]  # type: ignore[attr-defined]


# Real files


def test_the_test_part_of_mnist() -> None:
    found = list(read_mnist(MNIST_FILES))
    assert all(isinstance(sample, Sample) for sample in found)
    counts = Counter(sample.text for sample in samples(found))
    assert counts == dict(zip("0123456789", [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009], strict=True))
    first = samples(found)[0]
    assert (first.name, first.text, first.split, first.kind, first.source) == (
        "test/000000", "7", "test", "character", "MNIST",
    )  # fmt: skip
    assert len({sample.name for sample in samples(found)}) == 10000
    assert first.picture.shape == (28, 28) and first.picture.dtype == np.uint8
    # The famous first 7: paper around it, its bar across the upper half, its stem below.
    assert (first.picture[:5] == 255).all() and first.picture[7:10, 6:20].min() < 10 < 250 < first.picture[
        20, :10
    ].min()


def test_kmnist_in_numpy_form_has_both_parts_and_dark_ink() -> None:
    found = samples(read_kmnist(KMNIST_FILES))
    assert Counter((sample.split, sample.text) for sample in found) == {
        **{("train", character): 600 for character in KMNIST},
        **{("test", character): 200 for character in KMNIST},
    }
    raw = np.load(KMNIST_FILES / "test-imgs.npz")["arr_0"]
    assert np.array_equal([sample.picture for sample in found if sample.split == "test"], 255 - raw)
    edges = [np.median(np.r_[s.picture[0], s.picture[-1], s.picture[:, 0], s.picture[:, -1]]) for s in found]
    assert np.mean(np.array(edges) > 200) > 0.95
    assert {sample.licence for sample in found} == {"CC BY-SA 4.0"}


def test_files_of_mnist_are_not_taken_for_kmnist_which_has_the_same_names() -> None:
    with pytest.raises(DataError, match=r"is of MNIST.*read_mnist"):
        list(read_kmnist(MNIST_FILES))


# Parts, names, classes


def test_parts_come_from_the_names_train_first(tmp_path: Path) -> None:
    idx_set(tmp_path, [3], part="t10k")
    idx_set(tmp_path, [1, 2])
    found = samples(read_mnist(tmp_path))
    assert [(sample.name, sample.split, sample.text) for sample in found] == [
        ("train/000000", "train", "1"),
        ("train/000001", "train", "2"),
        ("test/000000", "test", "3"),
    ]
    assert all(sample.writer is None for sample in found)


def test_one_file_is_read_with_its_labels(tmp_path: Path) -> None:
    idx_set(tmp_path, [3], part="t10k", end="")
    (tmp_path / "t10k-labels-idx1-ubyte").rename(tmp_path / "labels")
    with pytest.raises(DataError, match="has no labels: expected t10k-labels-idx1-ubyte beside it"):
        read_mnist(tmp_path / "t10k-images-idx3-ubyte")
    (tmp_path / "t10k-labels-idx1-ubyte.gz").write_bytes(gzip.compress((tmp_path / "labels").read_bytes()))
    assert [sample.text for sample in samples(read_mnist(tmp_path / "t10k-images-idx3-ubyte"))] == ["3"]


def test_a_part_that_lies_there_twice_is_read_once(tmp_path: Path) -> None:
    for end in ("", ".gz"):
        idx_set(tmp_path, [1, 2], end=end)
    npz_set(tmp_path, [1, 2], "kmnist-")
    assert len(samples(read_kmnist(tmp_path))) == 2


def test_ink_is_inverted_and_nothing_else_happens_to_it(tmp_path: Path) -> None:
    (sample,) = samples(read_mnist(idx_set(tmp_path, [7])))
    expected = np.full((28, 28), 255)
    expected[2, 7] = 55
    assert np.array_equal(sample.picture, expected)


@pytest.mark.parametrize("read", [read_mnist, read_emnist, read_kmnist, read_k49, read_kuzushiji_kanji])
def test_a_place_without_the_set_is_one_sentence(tmp_path: Path, read: object) -> None:
    for place in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(DataError, match=rf"^[^\n]*{tmp_path.name}[^\n]*expected[^\n]*$"):
            list(read(place))  # type: ignore[operator]


def test_a_class_that_the_set_has_not_is_refused_with_the_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="record 1 has class 10, which MNIST has not"):
        list(read_mnist(idx_set(tmp_path, [0, 10])))


# KMNIST and Kuzushiji-49


def test_a_kmnist_file_of_another_release_is_told_first_and_read_all_the_same(tmp_path: Path) -> None:
    idx_set(tmp_path, [0, 9])
    told, again, *rest = read_kmnist(tmp_path)
    assert isinstance(told, Refused) and told.name == "train-images-idx3-ubyte.gz" and "2019-02-05" in told.reason
    assert isinstance(again, Refused) and again.name == "train-labels-idx1-ubyte.gz"
    assert [sample.text for sample in samples(rest)] == ["お", "を"] and len(rest) == 2
    assert is_current(tmp_path / "train-images-idx3-ubyte.gz") is False


def test_the_current_release_is_known_by_its_checksum(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    idx_set(tmp_path, [0])
    for name in ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"):
        # The files of the release are not at hand: the sum of these stands for theirs.
        monkeypatch.setitem(kmnist.KMNIST_MD5, name, kmnist._md5(tmp_path / name))
        assert is_current(tmp_path / name) is True
    assert [type(item) for item in read_kmnist(tmp_path)] == [Sample]
    with pytest.raises(DataError, match=r"is of KMNIST.*read_kmnist"):
        read_mnist(tmp_path)


def test_what_has_no_published_checksum_is_unknown() -> None:
    assert is_current(KMNIST_FILES / "test-imgs.npz") is None


def test_k49_has_48_hiragana_and_the_iteration_mark(tmp_path: Path) -> None:
    assert len(K49) == len(set(K49)) == 49
    assert (K49[:5], K49[43:]) == ("あいうえお", "わゐゑをんゝ")
    assert set(KMNIST) < set(K49) and len(KMNIST) == 10
    npz_set(tmp_path, list(range(49)), "k49-")
    npz_set(tmp_path, [0], "kmnist-")
    assert "".join(sample.text for sample in samples(read_k49(tmp_path))) == K49
    assert {sample.source for sample in samples(read_k49(tmp_path))} == {"Kuzushiji-49"}
    assert [sample.text for sample in samples(read_kmnist(tmp_path))] == ["お"]


def test_k49_given_as_kmnist_is_refused(tmp_path: Path) -> None:
    npz_set(tmp_path, [0], "k49-")
    with pytest.raises(DataError, match="has no pictures of this set"):
        read_kmnist(tmp_path / "k49-train-imgs.npz")


def test_a_class_map_that_agrees_is_silent_and_one_that_does_not_stops(tmp_path: Path) -> None:
    npz_set(tmp_path, [0], "kmnist-")
    rows = [f"{index},U+{ord(character):04X},{character}" for index, character in enumerate(KMNIST)]
    table = tmp_path / "kmnist_classmap.csv"
    table.write_text("\n".join(["index,codepoint,char", *rows]), "utf-8")
    assert len(samples(read_kmnist(tmp_path))) == 1
    table.write_text("\n".join(["index,codepoint,char", *rows[:3], rows[4], rows[3], *rows[5:]]), "utf-8")
    assert len(samples(read_kmnist(tmp_path))) == 1  # the order of rows says nothing
    table.write_text("\n".join(["index,codepoint,char", *rows]).replace("き", "ぎ"), "utf-8")
    with pytest.raises(DataError, match="says 'ぎ' for class 1, expected 'き'"):
        read_kmnist(tmp_path)
    table.write_text("\n".join(["index,codepoint,char", *rows, "10,U+3042,あ"]), "utf-8")
    with pytest.raises(DataError, match="has 11 classes"):
        read_kmnist(tmp_path)
    table.write_bytes(b"\xff\xfe\0a")
    with pytest.raises(DataError, match="is not a class map"):
        read_kmnist(tmp_path)


def test_balanced_accuracy_weighs_classes_and_not_samples() -> None:
    truth, predicted = ["あ"] * 8 + ["い"] * 2, ["あ"] * 8 + ["い", "あ"]
    assert balanced_accuracy(truth, predicted) == 0.75  # 8 of 8 and 1 of 2; plain accuracy is 0.9
    assert balanced_accuracy(truth, ["あ"] * 10) == 0.5
    assert balanced_accuracy([1, 2, 3], [3, 3, 3]) == pytest.approx(1 / 3)
    # A class that is only predicted has no recall and does not count.
    assert balanced_accuracy([1, 1], [1, 9]) == 0.5
    for wrong in (([], []), ([1], [1, 2])):
        with pytest.raises(DataError, match="expected as many"):
            balanced_accuracy(*wrong)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1))
def test_balanced_accuracy_is_the_mean_of_the_diagonal_of_the_normalised_confusions(
    pairs: list[tuple[int, int]],
) -> None:
    matrix = np.zeros((6, 6))
    for true, said in pairs:
        matrix[true, said] += 1
    present = matrix.sum(1) > 0
    recall = np.diag(matrix)[present] / matrix.sum(1)[present]
    truth, predicted = zip(*pairs, strict=True)
    assert balanced_accuracy(truth, predicted) == pytest.approx(recall.mean())


# EMNIST


def test_emnist_is_turned_upright_and_its_mapping_read(tmp_path: Path) -> None:
    idx_set(tmp_path, [10, 36, 0], "emnist-byclass-")
    idx_set(tmp_path, [36], "emnist-byclass-", "test")
    (tmp_path / "emnist-byclass-mapping.txt").write_text("0 48\n10 65\r\n36 97\n\n")
    found = samples(read_emnist(tmp_path))
    assert [(sample.name, sample.split, sample.text) for sample in found] == [
        ("byclass/train/000000", "train", "A"),
        ("byclass/train/000001", "train", "a"),
        ("byclass/train/000002", "train", "0"),
        ("byclass/test/000000", "test", "a"),
    ]
    # Stored in row 2, column 10: shown in row 10, column 2.
    assert np.argwhere(found[0].picture != 255).tolist() == [[10, 2]]
    assert found[0].picture.flags.c_contiguous and found[0].source == "EMNIST"


def test_a_class_of_both_cases_is_called_by_its_capital(tmp_path: Path) -> None:
    idx_set(tmp_path, [1, 26], "emnist-letters-")
    (tmp_path / "emnist-letters-mapping.txt").write_text("1 65 97\n26 90 122\n")
    assert [sample.text for sample in samples(read_emnist(tmp_path))] == ["A", "Z"]


def test_kinds_of_emnist_are_not_mixed_for_they_hold_the_same_pictures(tmp_path: Path) -> None:
    for kind in ("digits", "mnist"):
        idx_set(tmp_path, [4], f"emnist-{kind}-")
        (tmp_path / f"emnist-{kind}-mapping.txt").write_text("4 52\n")
    with pytest.raises(DataError, match="has the kinds digits, mnist of EMNIST"):
        read_emnist(tmp_path)
    assert [sample.name for sample in samples(read_emnist(tmp_path, "mnist"))] == ["mnist/train/000000"]
    with pytest.raises(DataError, match="no kind 'all'"):
        read_emnist(tmp_path, "all")
    with pytest.raises(DataError, match="has no pictures of this set"):
        read_emnist(tmp_path, "letters")


def test_emnist_without_a_sound_mapping_is_refused(tmp_path: Path) -> None:
    idx_set(tmp_path, [4], "emnist-digits-")
    with pytest.raises(DataError, match=r"emnist-digits-mapping\.txt cannot be read"):
        read_emnist(tmp_path)
    for text in ("four 52", "4", "4 99999999", "4 é"):
        (tmp_path / "emnist-digits-mapping.txt").write_text(text, "utf-8")
        with pytest.raises(DataError, match="is not a mapping of EMNIST"):
            read_emnist(tmp_path)
    (tmp_path / "emnist-digits-mapping.txt").write_text("3 51\n")
    with pytest.raises(DataError, match="class 4, which EMNIST has not"):
        list(read_emnist(tmp_path))


# Kuzushiji-Kanji


def png(level: int = 0, side: int = 64) -> bytes:
    picture = np.full((side, side), level, np.uint8)
    picture[1, 2] = 255
    return cv2.imencode(".png", picture)[1].tobytes()


KANJI = {
    "kkanji2/U+4E00/0f0e.png": png(),
    "kkanji2/U+4E00/1a.png": png(9),
    "kkanji2/U+20B9F/ff.png": png(),
    "kkanji2/README": b"hello",
}


def tar_of(path: Path, files: dict[str, bytes], form: int = tarfile.GNU_FORMAT, mode: str = "w") -> Path:
    with tarfile.open(path, mode, format=form) as archive:  # type: ignore[call-overload]
        folder = tarfile.TarInfo("kkanji2")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


@pytest.mark.parametrize("form", [tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT, tarfile.PAX_FORMAT])
def test_kanji_from_the_tar(tmp_path: Path, form: int) -> None:
    found = samples(read_kuzushiji_kanji(tar_of(tmp_path / "kkanji.tar", KANJI, form)))
    assert [(sample.name, sample.text) for sample in found] == [
        ("U+4E00/0f0e.png", "一"),
        ("U+4E00/1a.png", "一"),
        ("U+20B9F/ff.png", "𠮟"),
    ]
    assert {sample.split for sample in found} == {None} and {sample.source for sample in found} == {"Kuzushiji-Kanji"}
    assert found[0].picture.shape == (64, 64) and found[0].picture[1, 2] == 0 and found[0].picture[0, 0] == 255
    assert found[1].picture[0, 0] == 246


@pytest.mark.parametrize("inner", ["", "kkanji2", "kkanji2/U+4E00"])
def test_kanji_from_the_folder(tmp_path: Path, inner: str) -> None:
    for name, data in KANJI.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    found = samples(read_kuzushiji_kanji(tmp_path / inner))
    names = [sample.name for sample in found]
    assert names[-2:] == ["U+4E00/0f0e.png", "U+4E00/1a.png"]
    assert names[:-2] == ([] if inner.endswith("4E00") else ["U+20B9F/ff.png"])


def test_bad_kanji_are_refused_one_by_one(tmp_path: Path) -> None:
    files = {
        "kkanji2/U+4E00/broken.png": b"\x89PNG\r\n\x1a\n",
        "kkanji2/U+4E00/large.png": bytes(2_000_000),
        "kkanji2/U+4E00/wide.png": png(side=2000),
        "kkanji2/U+D800/half.png": png(),
        "../../U+4E01/away.png": png(),
        "/U+4E03/root.png": png(),
    }
    path = tar_of(tmp_path / "kkanji.tar", files)
    with tarfile.open(path, "a") as archive:
        link = tarfile.TarInfo("kkanji2/U+4E00/link.png")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    found = {item.name: item for item in read_kuzushiji_kanji(path)}
    reasons = {name: item.reason for name, item in found.items() if isinstance(item, Refused)}
    assert set(reasons) == {f"U+4E00/{name}.png" for name in ("broken", "large", "wide", "link")} | {"U+D800/half.png"}
    assert "link" in reasons["U+4E00/link.png"] and "bytes" in reasons["U+4E00/large.png"]
    assert all("\n" not in reason for reason in reasons.values())
    # Nothing is unpacked, so a path that leads away is only a name.
    assert [item.name for item in found.values() if isinstance(item, Sample)] == ["U+4E01/away.png", "U+4E03/root.png"]
    assert [file.name for file in tmp_path.iterdir()] == ["kkanji.tar"]


@pytest.mark.parametrize("cut", [1, 100, 511, 512, 900, 1024, 1025, 1600, 2200, 3000])
def test_a_tar_cut_short_is_one_sentence(tmp_path: Path, cut: int) -> None:
    path = tar_of(tmp_path / "kkanji.tar", KANJI)
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(DataError, match=r"^[^\n]+kkanji\.tar[^\n]+\.$"):
        list(read_kuzushiji_kanji(path))


def test_a_tar_damaged_in_the_middle_does_not_end_silently(tmp_path: Path) -> None:
    path = tar_of(tmp_path / "kkanji.tar", KANJI)
    data = bytearray(path.read_bytes())
    second = data.index(b"kkanji2/U+4E00/1a.png")
    data[second : second + 512] = b"x" * 512
    path.write_bytes(data)
    read = read_kuzushiji_kanji(path)
    assert next(read).name == "U+4E00/0f0e.png"
    with pytest.raises(DataError, match="damaged or cut short"):
        list(read)


def test_a_compressed_tar_or_another_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "page.tar").write_bytes(b"<html>" * 1000)
    for path in (tar_of(tmp_path / "kkanji.tar.gz", KANJI, mode="w:gz"), tmp_path / "page.tar"):
        with pytest.raises(DataError, match="is not an uncompressed tar"):
            list(read_kuzushiji_kanji(path))
    with pytest.raises(DataError, match=r"no pictures in folders U\+XXXX"):
        list(read_kuzushiji_kanji(tar_of(tmp_path / "other.tar", {"a/b.png": png()})))
