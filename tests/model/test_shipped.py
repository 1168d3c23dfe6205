"""The models that come along: found by name, told apart by what they read, and which one stands beside another."""

from dataclasses import replace
from pathlib import Path

import pytest

from tenarai.model.file import Header, read_header
from tenarai.model.shipped import NAMES, classical_beside, model_file, shipped_model
from tenarai.text.alphabet import Alphabet


@pytest.fixture(scope="module")
def modern() -> Header:
    return read_header(shipped_model())


@pytest.fixture(scope="module")
def classical() -> Header:
    return read_header(shipped_model("classical"))


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_a_shipped_model_in_every_folder(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).write_bytes(b"somebody's own")
    assert model_file(name) == shipped_model(NAMES[name]) and model_file(name).is_file()
    for own in (f"./{name}", Path(name), str(tmp_path / name)):
        assert model_file(own).read_bytes() == b"somebody's own"


def test_classical_models_are_told_by_name_and_recipe(modern: Header, classical: Header) -> None:
    assert classical.classical and not modern.classical
    assert replace(classical, name="mine").classical and replace(classical, training={}).classical
    for record in ({}, {"recipe": "lost"}, {"recipe": {"data": None}}, {"recipe": {"data": {"variants": 0.0}}}):
        assert not replace(classical, name="mine", training=record).classical


def test_the_classical_model_stands_beside_what_reads_modern_japanese(modern: Header, classical: Header) -> None:
    assert classical_beside(replace(modern, name="mine")) == shipped_model("classical")
    assert classical_beside(classical) is None
    assert classical_beside(replace(modern, alphabet=Alphabet.of("abc"))) is None
