"""The store's files as other programs open them, and what it refuses."""

import io
import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from store_samples import samples

from tenarai.dataset.manifest import MANIFEST, Manifest, Source, read_manifest
from tenarai.dataset.sample import Sample
from tenarai.dataset.standardise import ShardSize, add
from tenarai.dataset.store import REFUSED, count, evenly, open_store, read_store, row_of, table, writing
from tenarai.errors import DataError


def filled(store: Path, number: int = 100, rows: int = 30) -> Path:
    add(store, "set", Source("test", "0" * 64, "dark"), samples(number), size=ShardSize(rows))
    return store


def test_what_goes_in_comes_out_in_order(tmp_path: Path) -> None:
    back = list(read_store(filled(tmp_path / "store")))
    assert len(back) == 100
    for before, after in zip(samples(100), back, strict=True):
        np.testing.assert_array_equal(before.picture, after.picture)
        for name in ("name", "text", "source", "kind", "writer", "page", "split", "licence", "box", "direction"):
            assert getattr(before, name) == getattr(after, name)


@settings(deadline=None)
@given(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1),
    st.none() | st.text(st.characters(exclude_categories=["Cs"])),
    st.none() | st.tuples(*[st.integers(-(2**31), 2**31 - 1)] * 4),
    st.integers(1, 40),
    st.integers(1, 40),
)
def test_any_sample_fits_a_row(
    text: str, writer: str | None, box: tuple[int, int, int, int] | None, height: int, width: int
) -> None:
    picture = np.random.default_rng(height * width).integers(0, 256, (height, width), np.uint8)
    sample = Sample("n", picture, text, "s", "line", writer, box=box, split="train")
    (row,) = table([row_of(sample)]).to_pylist()
    assert (row["text"], row["writer"], row["box"]) == (text, writer, None if box is None else list(box))
    assert row["split"] == row["corpus_split"] == "train"
    with Image.open(io.BytesIO(row["picture"]["bytes"])) as image:
        assert (image.format, image.mode) == ("PNG", "L")
        np.testing.assert_array_equal(np.asarray(image), picture)


def test_the_parquet_files_open_alone(tmp_path: Path) -> None:
    """As pyarrow, pandas and HuggingFace datasets see them: plain columns, and a schema that calls the picture one."""
    store = filled(tmp_path / "store")
    files = sorted(store.glob("data/*.parquet"))
    assert [pq.read_metadata(file).num_rows for file in files] == [30, 30, 30, 10]
    schema = pq.read_schema(files[0])
    assert schema.names == [
        "picture", "text", "kind", "direction", "writer", "page", "source", "name", "split", "corpus_split",
        "licence", "box",
    ]  # fmt: skip
    assert [field.name for field in schema.field("picture").type] == ["bytes", "path"]
    features = json.loads(schema.metadata[b"huggingface"])["info"]["features"]
    assert features["picture"] == {"_type": "Image"} and list(features) == schema.names
    column = pq.ParquetFile(files[0]).metadata.row_group(0).column(0)
    assert column.path_in_schema == "picture.bytes"
    assert column.compression == "UNCOMPRESSED" and column.statistics is None


def test_choosing(tmp_path: Path) -> None:
    store = filled(tmp_path / "store")
    add(store, "other", Source("test", "1" * 64, "dark"), samples(9, "other"))
    assert len(list(read_store(store, splits=["test"]))) == 10 + 1
    assert {sample.source for sample in read_store(store, sources=["other"])} == {"other"}
    assert [sample.source for sample in read_store(store, splits=["test"], sources=["other"])] == ["other"]
    assert not list(read_store(store, kinds=["line"]))


def test_counts(tmp_path: Path) -> None:
    counts = count(filled(tmp_path / "store"))
    assert counts.samples == 100 and counts.characters == dict.fromkeys("あいう漢A", 20)
    assert counts.splits == {"test": 10, None: 90}
    assert counts.writers["set", None] == 34 and len(counts.writers) == 8
    assert counts.sources == {"set": 100} and counts.licences == {"CC0": 100}


@pytest.mark.parametrize(("number", "rows"), [(5, 2), (100, 30), (3000, 2500)])
def test_a_handful_from_all_over(tmp_path: Path, number: int, rows: int) -> None:
    chosen = evenly(filled(tmp_path / "store", number, rows), 40)
    names = [int(sample.name) for sample in chosen]
    assert names == sorted(set(names)) and len(names) == min(40, number)
    assert names[0] == 0 and names[-1] == number - 1


def test_what_is_no_store_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    for path in (tmp_path, tmp_path / "notes.txt", tmp_path / "nothing"):
        with pytest.raises(DataError, match="is not a store"):
            open_store(path)
    with pytest.raises(DataError, match="holds other files"), writing(tmp_path):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_shards_whose_manifest_is_lost_are_not_swept_away(tmp_path: Path) -> None:
    store = filled(tmp_path / "store")
    (store / MANIFEST).unlink()
    with pytest.raises(DataError, match="holds other files"), writing(store):
        pass
    assert len(list(store.glob("data/*.parquet"))) == 4


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda plain: {**plain, "version": 2}, "version 2, and this tenarai knows version 1"),
        (lambda plain: {**plain, "version": True and "1"}, "version '1'"),
        (lambda plain: {"version": 1, "sources": []}, "damaged at sources"),
        (lambda plain: [plain], "damaged or not of a store"),
        (lambda plain: {**plain, "extra": 1}, "damaged at extra"),
        (lambda plain: changed_shard(plain, file="../../etc/passwd"), "damaged at sources.set.shards.0.file"),
        (lambda plain: changed_shard(plain, rows=29), "is damaged"),
        (
            lambda plain: changed_shard(plain, file="data/gone-00000-01234567.parquet"),
            "gone-00000-01234567.parquet cannot",
        ),
    ],
)
def test_another_version_or_a_damaged_manifest(tmp_path: Path, change, told: str) -> None:  # type: ignore[no-untyped-def]
    store = filled(tmp_path / "store")
    (store / MANIFEST).write_text(json.dumps(change(json.loads((store / MANIFEST).read_text()))))
    for attempt in (lambda: open_store(store), lambda: list(read_store(store)), lambda: filled(store)):
        with pytest.raises(DataError, match=told) as caught:
            attempt()
        assert str(caught.value).count("\n") == 0


def changed_shard(plain, **change):  # type: ignore[no-untyped-def]
    plain["sources"]["set"]["shards"][0] |= change
    return plain


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"version": 1}x'])
def test_a_manifest_that_is_not_json(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / MANIFEST).write_bytes(raw)
    with pytest.raises(DataError, match="damaged"):
        read_manifest(tmp_path)


def test_a_damaged_shard(tmp_path: Path) -> None:
    store = filled(tmp_path / "store")
    file = sorted(store.glob("data/*.parquet"))[1]
    whole = file.read_bytes()
    file.write_bytes(whole[:-1])
    with pytest.raises(DataError, match="not as it was written"):
        open_store(store)
    middle = len(whole) // 2
    file.write_bytes(whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :])
    open_store(store)
    with pytest.raises(DataError, match="not as it was written"):
        open_store(store, whole=True)
    file.write_bytes(bytes(len(whole)))
    with pytest.raises(DataError, match="damaged shard"):
        list(read_store(store))


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    with writing(tmp_path / "store") as manifest:
        assert manifest == Manifest()
        with pytest.raises(DataError, match="Another run"), writing(tmp_path / "store"):
            pass
    with writing(tmp_path / "store"):
        pass


def test_leftovers_are_swept(tmp_path: Path) -> None:
    store = filled(tmp_path / "store")
    before = {path: path.read_bytes() for path in store.rglob("*") if path.is_file()}
    (store / "data" / ".set-00004.part").write_bytes(b"half")
    (store / "data" / "set-00004-01234567.parquet").write_bytes(b"written, but not in the manifest")
    (store / REFUSED).write_bytes(
        b'{"source": "set", "run": "00000000", "shard": 9, "name": "a", "reason": "kept: the source is complete"}\n'
        b'{"source": "gone", "run": "00000000", "shard": 0, "name": "b", "reason": "of no source"}\n{"source": "set"'
    )
    (store / "notes.txt").write_text("mine")
    filled(store)
    after = {path: path.read_bytes() for path in store.rglob("*") if path.is_file()}
    assert after.pop(store / "notes.txt") == b"mine" and after.pop(store / REFUSED).count(b"\n") == 1
    assert after == before


def test_a_place_where_no_folder_can_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(DataError, match=r"store cannot be written \(Not a directory\)"):
        filled(tmp_path / "file" / "store")
