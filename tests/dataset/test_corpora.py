"""Which corpus a folder is, and what the adapters make of ETL files, line pictures and pen strokes."""

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
from etl_encoder import SHAPES, file_of, record
from PIL import Image

from tenarai.dataset.corpora import CORPORA, find
from tenarai.dataset.sample import Refused, Sample
from tenarai.errors import DataError
from tenarai.image.clean import find_inverted

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"


def laid(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"")
    return folder


@pytest.mark.parametrize(
    ("names", "corpus"),
    [
        (("ETL1/ETL1C_01", "ETL1/ETL1INFO"), "etl"),
        (("ETL8B2C1",), "etl"),
        (("ETL9G_01", "ETL9G_02"), "etl"),
        (("kmnist-train-imgs.npz", "kmnist-train-labels.npz"), "kmnist"),
        (("train-imgs.npz",), "kmnist"),
        (("k49-test-imgs.npz",), "k49"),
        (("kkanji.tar",), "kkanji"),
        (("kkanji2/U+4E00/a.png",), "kkanji"),
        (("emnist-balanced-train-images-idx3-ubyte.gz",), "emnist"),
        (("100241706/100241706_coordinate.csv", "100241706/images/a.jpg"), "kuzushiji"),
        (("ascii/lines.txt", "lines/a01/a01-000u/a01-000u-00.png", "xml/a01-000u.xml"), "iam-lines"),
        (("tomoe-train.jsonl.gz",), "strokes"),
        (("Latin/character01/0001_01.txt",), "strokes"),
        (("digits.unp",), "unipen"),
        (("train_r01_v07/data/1a/aga/a.dat", "train_r01_v07/include/aga/a.dat"), "unipen"),
        (("a.png", "a.gt.txt"), "lines"),
        (("train.jsonl", "pictures/a.png"), "lines"),
        (("page1.xml", "page1.png"), "pages"),
        (("page1.png.hocr", "page1.png"), "pages"),
        (("あ/1.png", "い/2.png"), "own"),
        (("U+3042/1.png",), "own"),
        (("table.csv", "1.png"), "own"),
    ],
)
def test_a_corpus_is_known_by_its_names(tmp_path: Path, names: tuple[str, ...], corpus: str) -> None:
    assert find(laid(tmp_path / "source", *names)).name == corpus


def test_what_is_not_known_must_be_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"kmnist and mnist: say by --as"):
        find(laid(tmp_path / "idx", "train-images-idx3-ubyte.gz"))
    assert find(tmp_path / "idx", "MNIST").name == "mnist"
    with pytest.raises(DataError, match=r"tell no corpus: say by --as what it is, etl, "):
        find(laid(tmp_path / "pictures", "a.png"))
    with pytest.raises(DataError, match="no corpus 'iam'"):
        find(tmp_path, "iam")
    with pytest.raises(DataError, match=r"There is no .*: give k49 as it comes from http"):
        find(tmp_path / "nothing", "k49")


@pytest.mark.parametrize("name", CORPORA)
def test_every_reader_is_there_and_refuses_an_empty_folder(tmp_path: Path, name: str) -> None:
    corpus = CORPORA[name]
    assert corpus.name == name and corpus.home and bool(corpus.licence) == corpus.published
    if name.startswith("etl"):
        assert list(corpus.read(tmp_path)) == []
        return
    with pytest.raises(DataError) as caught:
        list(corpus.read(tmp_path))
    assert "\n" not in str(caught.value)


def etl(path: Path, kind: str = "ETL8B", sheets: int = 1) -> Path:
    picture = np.zeros(SHAPES[kind][:2], int)
    picture[20:24, 5:60] = 1
    path.write_bytes(file_of(kind, [record(kind, "亜", picture, sheet=n + 1) for n in range(sheets)]))
    return path


def test_etl(tmp_path: Path) -> None:
    (sample,) = CORPORA["etl"].read(etl(tmp_path / "ETL8B2C1"))
    assert isinstance(sample, Sample)
    assert (sample.name, sample.text, sample.source, sample.kind) == ("ETL8B2C1/1", "亜", "ETL8B", "character")
    assert (sample.writer, sample.page, sample.split) == ("1", "1-1", "train")
    assert sample.licence.startswith("ETL") and sample.box is None
    assert sample.picture[0, 0] == 255 and sample.picture[21, 30] == 0


def test_a_code_of_etl_without_a_character(tmp_path: Path) -> None:
    picture = np.zeros((63, 64), int)
    records = [record("ETL6", "ア", picture, sheet=3), record("ETL6", "", picture, code=0x90, sheet=3)]
    (tmp_path / "ETL6C_01").write_bytes(file_of("ETL6", records))
    sample, refused = CORPORA["etl"].read(tmp_path / "ETL6C_01")
    assert isinstance(sample, Sample) and (sample.page, sample.writer) == ("3", "3")
    assert refused == Refused("ETL6C_01/2", "Its code has no character.")


def test_an_etl_file_without_its_name(tmp_path: Path) -> None:
    """Its writers are unknown, so that it is in no part."""
    sample = next(CORPORA["etl8g"].read(etl(tmp_path / "renamed", "ETL8G")))
    assert isinstance(sample, Sample) and sample.source == "ETL8G"
    assert sample.writer is None and sample.split is None


def test_a_damaged_file_of_a_folder_does_not_end_the_others(tmp_path: Path) -> None:
    etl(tmp_path / "ETL8B2C1", sheets=2)
    (tmp_path / "ETL8B2C2").write_bytes(b"short")
    etl(tmp_path / "ETL8B2C3", sheets=2)
    laid(tmp_path, "ETL8INFO")
    items = list(CORPORA["etl"].read(tmp_path))
    assert [item.name for item in items if isinstance(item, Refused)] == ["ETL8B2C2"]
    assert len(items) == 5
    with pytest.raises(DataError, match="ETL8B2C2"):
        list(CORPORA["etl"].read(tmp_path / "ETL8B2C2"))


def test_lines(tmp_path: Path) -> None:
    Image.new("L", (50, 20), 255).save(tmp_path / "a.png")
    (tmp_path / "broken.png").write_bytes(b"not a picture")
    rows = [
        {"file": "a.png", "text": "one", "writer": "w1", "direction": "horizontal"},
        {"file": "a.png", "text": "the same picture again"},
        {"file": "broken.png", "text": "two"},
        {"file": "a.png", "text": "three", "direction": "up"},
        {"file": "a.png", "text": "page 4", "boilerplate": True},
    ]
    for part in ("my-test", "train"):
        (tmp_path / f"{part}.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    items = list(CORPORA["lines"].read(tmp_path))
    samples = [item for item in items if isinstance(item, Sample)]
    assert [(item.name, item.text, item.split) for item in samples] == [
        ("a.png", "one", "test"),
        ("a.png#2", "the same picture again", "test"),
        ("a.png#5", "one", "train"),
        ("a.png#6", "the same picture again", "train"),
        ("a.png#8", "page 4", "train"),
    ]
    assert (samples[0].writer, samples[0].direction, samples[0].kind) == ("w1", "horizontal", "line")
    reasons = [item.reason for item in items if isinstance(item, Refused)]
    assert len(reasons) == 5 and "boilerplate" in reasons[2]


def test_strokes(tmp_path: Path) -> None:
    row = {"char": "一", "writer": "w", "set": "mine", "strokes": [[[0, 50], [100, 52]]]}
    for part in ("a-train", "b"):
        (tmp_path / f"{part}.jsonl.gz").write_bytes(gzip.compress(json.dumps(row).encode() + b"\nnot a row\n"))
    items = list(CORPORA["strokes"].read(tmp_path))
    first, _, second, _ = items
    assert isinstance(first, Sample) and isinstance(second, Sample)
    assert (first.text, first.split, second.split) == ("一", "train", None)
    assert first.name.startswith("a-train.jsonl.gz/") and len({item.name for item in items}) == 4
    assert first.picture.min() < 100 and first.picture.max() == 255


@pytest.mark.parametrize(
    ("folder", "name"),
    [("kmnist_6k2k", "kmnist"), ("kuzushiji_page_boxes/train", "kuzushiji"), ("lines_copiste", "lines")],
)
def test_real_corpora_are_found(folder: str, name: str) -> None:
    corpus = find(DATA / folder)
    assert corpus.name == name
    first = next(item for item in corpus.read(DATA / folder) if isinstance(item, Sample))
    assert not find_inverted(first.picture)
