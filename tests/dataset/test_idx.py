"""IDX and NPZ, written here after their own descriptions and read back; and every way in which they can be damaged."""

import gzip
import struct
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tenarai.dataset.idx import BATCH, read_labelled
from tenarai.errors import DataError

Bytes = npt.NDArray[np.uint8]


def idx(array: Bytes) -> bytes:
    header = bytes([0, 0, 8, array.ndim]) + b"".join(struct.pack(">I", size) for size in array.shape)
    return header + array.tobytes()


def written(folder: Path, pictures: Bytes, labels: Bytes, form: str = "idx") -> tuple[Path, Path]:
    images, classes = folder / f"images.{form}", folder / f"labels.{form}"
    for path, array in ((images, pictures), (classes, labels)):
        if form == "npz":
            np.savez_compressed(path, array)
        else:
            path.write_bytes(gzip.compress(idx(array), 1) if form == "gz" else idx(array))
    return images, classes


def some(count: int) -> tuple[Bytes, Bytes]:
    random = np.random.default_rng(count)
    return random.integers(0, 256, (count, 5, 4), np.uint8), random.integers(0, 10, count, np.uint8)


@settings(max_examples=30, deadline=None)
@given(st.data(), st.sampled_from(["idx", "gz", "npz"]))
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, form: str) -> None:
    shape = data.draw(st.tuples(st.integers(0, 4), st.integers(1, 30), st.integers(1, 30)))
    pictures = data.draw(arrays(np.uint8, shape))
    labels = data.draw(arrays(np.uint8, shape[0]))
    found = list(read_labelled(*written(tmp_path_factory.mktemp("idx"), pictures, labels, form)))
    assert [label for _, label in found] == labels.tolist()
    assert all((picture == expected).all() for (picture, _), expected in zip(found, pictures, strict=True))
    assert all(picture.shape == shape[1:] and picture.dtype == np.uint8 for picture, _ in found)


@pytest.mark.parametrize("form", ["idx", "gz", "npz"])
@pytest.mark.parametrize("count", [BATCH - 1, BATCH, BATCH + 1, 2 * BATCH])
def test_the_last_batch_is_read_whole(tmp_path: Path, count: int, form: str) -> None:
    pictures, labels = some(count)
    found = list(read_labelled(*written(tmp_path, pictures, labels, form)))
    assert np.array_equal([picture for picture, _ in found], pictures)
    assert [label for _, label in found] == labels.tolist()


def test_content_tells_the_format_and_not_the_name(tmp_path: Path) -> None:
    pictures, labels = some(3)
    images, classes = written(tmp_path, pictures, labels)
    unpacked = images.rename(tmp_path / "train-images-idx3-ubyte.gz")
    assert len(list(read_labelled(unpacked, classes))) == 3


@pytest.mark.parametrize("form", ["idx", "gz", "npz"])
def test_memory_does_not_grow_with_the_file(tmp_path: Path, form: str) -> None:
    pictures, labels = np.zeros((20 * BATCH, 28, 28), np.uint8), np.zeros(20 * BATCH, np.uint8)
    images, classes = written(tmp_path, pictures, labels, form)
    tracemalloc.start()
    count = sum(1 for _ in read_labelled(images, classes))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 20 * BATCH and peak < pictures.nbytes / 4


# Damage


@pytest.mark.parametrize("form", ["idx", "gz", "npz"])
@settings(max_examples=25, deadline=None)
@given(part=st.floats(0, 0.999))
def test_a_file_cut_anywhere_is_one_sentence(tmp_path_factory: pytest.TempPathFactory, form: str, part: float) -> None:
    images, classes = written(tmp_path_factory.mktemp("cut"), *some(40), form)
    data = images.read_bytes()
    images.write_bytes(data[: int(part * len(data))])
    with pytest.raises(DataError, match=r"^[^\n]+\.$"):
        list(read_labelled(images, classes))


@pytest.mark.parametrize("form", ["idx", "gz", "npz"])
@settings(max_examples=40, deadline=None)
@given(place=st.integers(0, 10**6), flipped=st.integers(1, 255))
def test_a_damaged_byte_is_a_picture_more_or_less_or_one_sentence(
    tmp_path_factory: pytest.TempPathFactory, form: str, place: int, flipped: int
) -> None:
    images, classes = written(tmp_path_factory.mktemp("flip"), *some(8), form)
    data = bytearray(images.read_bytes())
    data[place % len(data)] ^= flipped
    images.write_bytes(data)
    try:
        assert len(list(read_labelled(images, classes))) == 8
    except DataError as error:
        assert "\n" not in str(error)


def test_pictures_before_the_cut_are_given(tmp_path: Path) -> None:
    pictures, labels = some(BATCH + 10)
    images, classes = written(tmp_path, pictures, labels)
    images.write_bytes(images.read_bytes()[:-1])
    read = read_labelled(images, classes)
    assert np.array_equal([next(read)[0] for _ in range(BATCH)], pictures[:BATCH])
    with pytest.raises(DataError, match=f"ends in record {BATCH + 9} of {BATCH + 10}"):
        next(read)


def test_more_than_the_header_says_is_refused(tmp_path: Path) -> None:
    images, classes = written(tmp_path, *some(3))
    images.write_bytes(images.read_bytes() + b"x")
    with pytest.raises(DataError, match="goes on after its 3 records"):
        list(read_labelled(images, classes))


def test_pictures_and_labels_of_two_sets_are_refused(tmp_path: Path) -> None:
    images, classes = written(tmp_path, some(3)[0], some(4)[1])
    with pytest.raises(DataError, match=r"3 pictures, but .* 4 labels"):
        list(read_labelled(images, classes))


def test_labels_given_as_pictures_are_refused(tmp_path: Path) -> None:
    images, classes = written(tmp_path, *some(3))
    with pytest.raises(DataError, match=r"labels\.idx holds an array of 1 axes, expected pictures"):
        list(read_labelled(classes, classes))
    with pytest.raises(DataError, match=r"images\.idx holds an array of 3 axes, expected labels"):
        list(read_labelled(images, images))


def test_a_header_that_claims_the_world_is_refused_before_memory_is_taken(tmp_path: Path) -> None:
    images, classes = tmp_path / "images", tmp_path / "labels"
    images.write_bytes(struct.pack(">IIII", 0x0803, 2**32 - 1, 2**32 - 1, 2**32 - 1))
    classes.write_bytes(struct.pack(">II", 0x0801, 2**32 - 1))
    with pytest.raises(DataError, match="claims pictures of 4294967295 x 4294967295 pixels"):
        list(read_labelled(images, classes))


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((2, 3, 3), np.float32), "float32 of shape"),
        (np.asfortranarray(np.zeros((2, 3, 4), np.uint8)), "in C order"),
        (np.array([{"a": 1}, None], object), "object of shape"),
        (np.zeros((), np.uint8), "shape \\(\\)"),
    ],
)
def test_an_array_of_another_kind_is_refused(tmp_path: Path, array: npt.NDArray[np.generic], message: str) -> None:
    np.savez(tmp_path / "images.npz", array)
    np.savez(tmp_path / "labels.npz", np.zeros(2, np.uint8))
    with pytest.raises(DataError, match=message):
        list(read_labelled(tmp_path / "images.npz", tmp_path / "labels.npz"))


def test_an_npz_without_the_array_says_what_it_holds(tmp_path: Path) -> None:
    images, classes = written(tmp_path, *some(2), "npz")
    np.savez(images, x_train=np.zeros(2, np.uint8))
    with pytest.raises(DataError, match=r"no array named arr_0: it holds x_train\.npy"):
        list(read_labelled(images, classes))


def test_a_long_header_is_refused(tmp_path: Path) -> None:
    images, classes = written(tmp_path, *some(2), "npz")
    with zipfile.ZipFile(images, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("arr_0.npy", b"\x93NUMPY\x02\x00" + struct.pack("<I", 2**31) + bytes(1000))
    with pytest.raises(DataError, match=r"NPY version \(2, 0\)"):
        list(read_labelled(images, classes))


@pytest.mark.parametrize("content", [b"", b"\0", b"\0\0\x0d\x03", b"<html>not found</html>", b"PK", b"\x1f\x8b"])
def test_what_is_no_such_file_is_refused(tmp_path: Path, content: bytes) -> None:
    images, classes = written(tmp_path, *some(2))
    images.write_bytes(content)
    with pytest.raises(DataError, match=str(images)):
        list(read_labelled(images, classes))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    images, classes = written(tmp_path, *some(2))
    classes.unlink()
    with pytest.raises(DataError, match=r"labels\.idx cannot be read"):
        list(read_labelled(images, classes))
    with pytest.raises(DataError, match="cannot be read"):
        list(read_labelled(tmp_path, images))
