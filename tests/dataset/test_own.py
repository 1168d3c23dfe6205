"""A user's own pictures: folders by class, tables, Parquet as Hugging Face keeps it, lines with their text beside."""

import io
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tenarai.dataset.own import read_classes, read_own, read_parquet, read_table
from tenarai.dataset.sample import Refused, Sample
from tenarai.errors import DataError


def png(level: int = 0) -> bytes:
    pixels = np.full((20, 30), 255, np.uint8)
    pixels[8:12, 5:25] = level
    return bytes(cv2.imencode(".png", pixels)[1])


def put(path: Path, data: bytes | str | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(png() if data is None else data.encode() if isinstance(data, str) else data)
    return path


def told(items: Any) -> list[Any]:
    return [(item.name, item.text) if isinstance(item, Sample) else item.name for item in items]


# A folder a class


def test_folders_called_by_character_or_code(tmp_path: Path) -> None:
    for name in (
        "あ/1.png",
        "U+3044/2.JPG",
        "u3046/deep/3.png",
        "か\u3099/4.png",
        "U+2000B/5.png",
        "あ/notes.txt",
        ".git/6.png",
    ):
        put(tmp_path / name)
    found = list(read_own(tmp_path))
    assert told(found) == [
        ("U+2000B/5.png", "\U0002000b"), ("U+3044/2.JPG", "い"), ("u3046/deep/3.png", "う"), ("あ/1.png", "あ"),
        ("か\u3099/4.png", "か\u3099"),
    ]  # fmt: skip
    sample = found[0]
    assert isinstance(sample, Sample) and sample.kind == "character" and sample.source == tmp_path.name
    assert sample.picture.shape == (20, 30) and sample.picture[10, 10] == 0 and sample.picture[0, 0] == 255


def test_folders_of_other_names_need_a_map(tmp_path: Path) -> None:
    for name in ("data/0/1.png", "data/1/1.png", "data/7/1.png", "data/U+D800/1.png", "data/U+FFFFFF/1.png"):
        put(tmp_path / name)
    # kmnist_classmap.csv of CODH has these columns.
    classes = put(tmp_path / "classmap.csv", "index,codepoint,char\n0,U+304A,お\n1,U+304D,き\n")
    assert told(read_classes(tmp_path / "data", classes)) == [
        ("0/1.png", "お"),
        ("1/1.png", "き"),
        "7",
        "U+D800",
        "U+FFFFFF",
    ]
    codes = put(tmp_path / "codes.csv", "name;codepoint\n0;U+304A\n7;304D\n")
    assert told(read_classes(tmp_path / "data", codes))[:2] == [("0/1.png", "お"), "1"]
    # Digits are characters too.
    assert told(read_classes(tmp_path / "data"))[0] == ("0/1.png", "0")
    with pytest.raises(DataError, match="expected a name and a char"):
        read_classes(tmp_path / "data", put(tmp_path / "bad.csv", "a,b\n1,2\n"))


def test_damaged_pictures_are_refused_one_by_one(tmp_path: Path) -> None:
    put(tmp_path / "あ" / "1.png", b"no picture")
    put(tmp_path / "あ" / "2.png", png()[:40])
    put(tmp_path / "あ" / "3.png")
    (tmp_path / "あ" / "4.png").symlink_to(put(tmp_path.parent / "outside.png"))
    assert told(read_classes(tmp_path)) == ["あ/1.png", "あ/2.png", ("あ/3.png", "あ"), "あ/4.png"]


def test_bright_ink_is_turned_dark(tmp_path: Path) -> None:
    bright = 255 - cv2.imdecode(np.frombuffer(png(), np.uint8), cv2.IMREAD_GRAYSCALE)
    put(tmp_path / "あ" / "1.png", bytes(cv2.imencode(".png", bright)[1]))
    (sample,) = read_own(tmp_path)
    assert isinstance(sample, Sample) and sample.picture[10, 10] == 0 and sample.picture[0, 0] == 255


# Tables


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("a.csv", 'filename,text\n1.png,"手, 習"\nin/2.png,い\n'),
        ("a.csv", 'id,Label,Image\r\n7,"手, 習",1.png\r\n8,い,in/2.png\r\n'),
        ("a.tsv", "\ufefffile\ttranscription\n1.png\t手, 習\nin/2.png\tい\n"),
        ("a.csv", "path;word_col\n1.png;手, 習\n\nin/2.png;い\n"),
    ],
)
def test_tables_by_the_names_of_their_columns(tmp_path: Path, name: str, table: str) -> None:
    put(tmp_path / "1.png")
    put(tmp_path / "in" / "2.png")
    found = list(read_own(put(tmp_path / name, table)))
    assert told(found) == [("1.png", "手, 習"), ("in/2.png", "い")]
    assert [item.kind for item in found if isinstance(item, Sample)] == ["line", "character"]


def test_writers_and_repeated_pictures_of_a_table(tmp_path: Path) -> None:
    put(tmp_path / "1.png")
    path = put(tmp_path / "a.csv", "file,text,writer\n1.png,a,Anna\n1.png,b,\n")
    first, second = read_table(path, kind="word")
    assert isinstance(first, Sample) and isinstance(second, Sample)
    assert (first.name, first.writer, first.kind) == ("1.png", "Anna", "word")
    assert (second.name, second.writer) == ("1.png#2", None)


def test_rows_of_a_table_that_cannot_be_used(tmp_path: Path) -> None:
    put(tmp_path / "t" / "1.png")
    put(tmp_path / "secret.png")
    path = put(tmp_path / "t" / "a.csv", "file,text\n1.png\n../secret.png,a\ngone.png,b\n1.png,\n1.png,kept\n")
    found = list(read_table(path))
    assert told(found) == ["a.csv:2", "../secret.png", "gone.png", "1.png", ("1.png#2", "kept")]
    assert isinstance(found[1], Refused) and "outside its folder" in found[1].reason


@pytest.mark.parametrize(
    "table", ["a,b\n1,2\n", "\n\n", "file\n1.png\n", 'file,text\n"1.png,a\n', b"file,text\n\xff,a\n", b""]
)
def test_tables_that_cannot_be_read_are_refused(tmp_path: Path, table: bytes | str) -> None:
    with pytest.raises(DataError, match=r"a\.csv"):
        list(read_table(put(tmp_path / "a.csv", table)))


# Parquet


def hugging_face(
    path: Path, images: list[Any], labels: list[Any], names: list[str] | None = None, text: str = "label"
) -> Path:
    """As the library datasets writes it: pictures as a struct, class names in the schema's metadata."""
    kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    table = pa.table({"image": pa.array(images, kind), text: pa.array(labels)})
    features: dict[str, Any] = {"image": {"_type": "Image"}, text: {"dtype": "string", "_type": "Value"}}
    if names is not None:
        features[text] = {"names": names, "_type": "ClassLabel"}
    meta = {"huggingface": json.dumps({"info": {"features": features}})}
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table.replace_schema_metadata(meta), path)
    return path


def test_class_labels_become_their_names(tmp_path: Path) -> None:
    images = [{"bytes": png(level), "path": None} for level in (0, 50, 0, 0)]
    path = hugging_face(tmp_path / "train.parquet", images, [1, 0, 2, -1], ["あ", "い"])
    found = list(read_own(path))
    assert told(found) == [("train:1", "い"), ("train:2", "あ"), "train:3", "train:4"]
    assert isinstance(found[1], Sample) and found[1].picture[10, 10] == 50 and found[1].kind == "character"


def test_text_columns_paths_and_damage(tmp_path: Path) -> None:
    put(tmp_path / "1.png")
    images = [
        {"bytes": png(), "path": "x.png"}, {"bytes": None, "path": "1.png"}, {"bytes": None, "path": "../x.png"},
        {"bytes": b"no", "path": None}, {"bytes": None, "path": None}, None, {"bytes": png(), "path": None},
    ]  # fmt: skip
    path = hugging_face(tmp_path / "a.parquet", images, ["手習い", "b", "c", "d", "e", "f", None], text="text")
    assert told(read_parquet(path)) == [("a:1", "手習い"), ("a:2", "b"), *(f"a:{n}" for n in range(3, 8))]


def test_plain_bytes_and_folders_of_parquet(tmp_path: Path) -> None:
    for name in ("b", "a"):
        table = pa.table({"Image": [png()], "transcription": [name], "writer_id": [7], "more": [1]})
        pq.write_table(table, tmp_path / f"{name}.parquet")
    found = list(read_own(tmp_path))
    assert told(found) == [("a:1", "a"), ("b:1", "b")] and isinstance(found[0], Sample) and found[0].writer == "7"


def test_numbers_without_names_are_refused(tmp_path: Path) -> None:
    path = hugging_face(tmp_path / "a.parquet", [{"bytes": png(), "path": None}], [3])
    (refused,) = read_parquet(path)
    assert isinstance(refused, Refused) and "number 3" in refused.reason


def test_parquet_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": [1]}), tmp_path / "columns.parquet")
    whole = io.BytesIO()
    pq.write_table(pa.table({"image": [png()] * 50, "text": ["a"] * 50}), whole)
    put(tmp_path / "cut.parquet", whole.getvalue()[:200])
    put(tmp_path / "other.parquet", b"PAR1 no")
    for name in ("columns", "cut", "other", "missing"):
        with pytest.raises(DataError, match=name):
            list(read_parquet(tmp_path / f"{name}.parquet"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="no Parquet"):
        list(read_parquet(tmp_path / "empty"))


# Lines


def test_lines_with_their_text_beside(tmp_path: Path) -> None:
    put(tmp_path / "1.png")
    put(tmp_path / "1.gt.txt", "手習い\n")
    put(tmp_path / "2.png", b"damaged")
    put(tmp_path / "2.gt.txt", "い")
    found = list(read_own(tmp_path))
    assert told(found) == [("1.png", "手習い"), "2.png"]
    row = {"file": "1.png", "text": "縦", "writer": "w", "direction": "vertical"}
    (sample,) = read_own(put(tmp_path / "list.jsonl", json.dumps(row)), kind="line")
    assert isinstance(sample, Sample)
    assert (sample.text, sample.writer, sample.direction, sample.kind) == ("縦", "w", "vertical", "line")


def test_what_is_none_of_these_is_refused(tmp_path: Path) -> None:
    put(tmp_path / "a.txt", "text")
    for path in (tmp_path, tmp_path / "a.txt", tmp_path / "missing"):
        with pytest.raises(DataError):
            list(read_own(path))
