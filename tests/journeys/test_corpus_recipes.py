"""The recipes of corpora that cannot be shipped, from end to end on small files of their exact formats: train on the
training part, then get the figure of the test part with one command."""

import json
import sys
import tarfile
from io import BytesIO
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from tenarai.cli import app

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "dataset"))

import etl_encoder  # noqa: E402
import test_iam  # noqa: E402

SMALL = ["network.channels=[8,16]", "network.blocks=[0,0]", "network.features=32", "network.side=24"]
SHORT = [
    "run.steps=90", "run.steps_an_epoch=30", "run.warm_up=5", "run.rate=5e-3", "run.average=0.8", "run.pixels=18432",
    "run.validation_lines=40",
]  # fmt: skip


def shape(number: int, rows: int, columns: int, seed: int) -> np.ndarray:
    """The sign of a class, `(rows, columns)` 0 or 1: bars in other places for every class, a little moved."""
    rng = np.random.default_rng((number, seed))
    picture = np.zeros((rows, columns), np.uint8)
    for bit in range(4):
        if number >> bit & 1:
            at = int((bit + 1) * rows / 5 + rng.integers(-1, 2))
            cv2.line(picture, (columns // 5, at), (4 * columns // 5, at), 1, max(1, rows // 16))
    cv2.line(picture, (columns // 2, rows // 5), (columns // 2, 4 * rows // 5), 1, max(1, rows // 16))
    return picture


def run(*arguments: object) -> str:
    result = CliRunner().invoke(app, [str(a) for a in arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


def figure(recipe: str, corpora: Path, test: Path, *more: str, changes: list[str] | None = None) -> dict[str, Any]:
    """Trains a small network by the recipe and gives the figures of the test part."""
    sets = [part for change in (SMALL + SHORT if changes is None else changes) for part in ("--set", change)]
    out = corpora / "run"
    run("train", ROOT / "recipes" / f"{recipe}.toml", "--corpora", corpora, "--out", out, *sets)
    found: dict[str, Any] = json.loads(run("evaluate", test, "--model", out / f"{recipe}.model", "--json", *more))
    return found


KATAKANA = "アイウエオカ"


def test_etl1_katakana_by_sheets(tmp_path: Path) -> None:
    (tmp_path / "etl1").mkdir()
    records = [
        etl_encoder.record("ETL1", character, 15 * shape(label + 1, 63, 64, sheet), sheet=sheet)
        for sheet in range(1001, 1021)
        for label, character in enumerate(KATAKANA)
    ]
    (tmp_path / "etl1" / "ETL1C_07").write_bytes(etl_encoder.file_of("ETL1", records))
    found = figure("etl1-katakana", tmp_path, tmp_path / "etl1")
    # Sheets 1010 and 1020 are the test part.
    assert found["pictures"] == 2 * len(KATAKANA) and found["classes"] == len(KATAKANA)
    assert found["accuracy"] > 0.7, found


def test_etl9_by_data_sets(tmp_path: Path) -> None:
    (tmp_path / "etl9g").mkdir()
    records = [
        etl_encoder.record("ETL9B", character, shape(label + 1, 63, 64, data_set), sheet=20 * data_set - 3)
        for data_set in range(1, 21)
        for label, character in enumerate("亜唖娃阿哀愛")
    ]
    (tmp_path / "etl9g" / "ETL9B_1").write_bytes(etl_encoder.file_of("ETL9B", records))
    changes = [*SMALL, *SHORT, 'data.samples=[{path="etl9g", corpus="etl9b"}]']
    found = figure("etl9", tmp_path, tmp_path / "etl9g", changes=changes)
    assert found["pictures"] == 12 and found["accuracy"] > 0.7, found


def test_k49_is_scored_balanced(tmp_path: Path) -> None:
    (tmp_path / "k49").mkdir()
    for part, copies in (("train", 20), ("test", 4)):
        labels = np.array([label for label in range(8) for _ in range(copies * (1 + label % 2))], np.uint8)
        pictures = np.stack([255 * shape(int(label) + 1, 28, 28, i) for i, label in enumerate(labels)])
        np.savez_compressed(tmp_path / "k49" / f"k49-{part}-imgs.npz", pictures)
        np.savez_compressed(tmp_path / "k49" / f"k49-{part}-labels.npz", labels)
    found = figure("k49", tmp_path, tmp_path / "k49")
    assert found["pictures"] == 4 * 12 and found["balanced"] > 0.7


def test_kuzushiji_kanji_by_way_of_a_store_that_is_split(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "kkanji.tar", "w") as archive:
        for label, character in enumerate("一丁七万丈三"):
            for copy in range(20):
                data = cv2.imencode(".png", 255 * shape(label + 1, 64, 64, copy))[1].tobytes()
                member = tarfile.TarInfo(f"kkanji2/U+{ord(character):04X}/{label}{copy:03}.png")
                member.size = len(data)
                archive.addfile(member, BytesIO(data))
    store = tmp_path / "kkanji"
    run("dataset", "standardise", tmp_path / "kkanji.tar", store)
    run("dataset", "split", store, "--test", "0.3", "--validation", "0.1")
    changes = [*SMALL, *SHORT, 'data.samples=[{path="kkanji"}]']
    found = figure("kkanji", tmp_path, store, changes=changes)
    assert 10 < found["pictures"] < 70 and found["classes"] == 6 and found["accuracy"] > 0.6


@pytest.mark.parametrize("test_line", ["a01-000x-00"])
def test_iam_lines_by_the_task(tmp_path: Path, test_line: str) -> None:
    root = test_iam.iam(tmp_path / "iam", test_iam.sheets())
    ids = sorted(p.stem for p in (root / "lines").rglob("*.png"))
    assert test_line in ids
    test_iam.split(root, trainset=[i for i in ids if i != test_line], testset=[test_line])
    (tmp_path / "text").write_text("He sat on a rock, then\nA MOVE to stop\n")
    changes = [
        "network.height=16", "network.channels=[4,4,4,4]", "network.blocks=[0,0,0,0]", "network.features=8",
        "network.hidden=8", "network.layers=1", "network.neck=8", "data.latin_fonts=[]", "run.steps=4",
        "run.steps_an_epoch=2", "run.pixels=8000", "run.validation_lines=4", "run.warm_up=1",
    ]  # fmt: skip
    found = figure("iam", tmp_path, root, "--as", "iam-lines", changes=changes)
    assert found["lines"] == 1 and 0 < found["cer"] <= 1.5
