"""Who is trained on and who is tested: nobody on two sides, and nobody moved by newcomers."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from store_samples import OTHER, START, samples

from tenarai.dataset.sample import Sample
from tenarai.dataset.split import Rule, split_store
from tenarai.dataset.standardise import ShardSize, add
from tenarai.dataset.store import open_store, read_store
from tenarai.errors import DataError, SettingsError

PICTURE = np.full((8, 8), 255, np.uint8)


def written(writers: range, each: int = 3, source: str = "set") -> Iterator[Sample]:
    for writer in writers:
        for n in range(each):
            yield Sample(f"{writer}-{n}", PICTURE, "あ", source, "character", f"w{writer}", f"p{writer}-{n}")


def parts(store: Path) -> dict[str, str | None]:
    return {sample.name: sample.split for sample in read_store(store)}


def test_writers_never_cross(tmp_path: Path) -> None:
    add(tmp_path / "s", "set", START, written(range(300)), size=ShardSize(100))
    counts = split_store(tmp_path / "s", Rule())
    sides = defaultdict(set)
    for sample in read_store(tmp_path / "s"):
        sides[sample.writer].add(sample.split)
    assert all(len(side) == 1 and None not in side for side in sides.values())
    # 300 writers at one tenth: 30 expected, with a deviation of 5.
    assert 15 <= counts.parts["test"] / 3 <= 45 and 15 <= counts.parts["validation"] / 3 <= 45
    assert sum(counts.parts.values()) == 900 and counts.kept == counts.by_name == 0


def test_newcomers_move_nobody(tmp_path: Path) -> None:
    add(tmp_path / "s", "set", START, written(range(50)))
    split_store(tmp_path / "s", Rule())
    before = parts(tmp_path / "s")
    add(tmp_path / "s", "more", OTHER, written(range(50, 200)))
    assert sum(split is None for split in parts(tmp_path / "s").values()) == 450
    split_store(tmp_path / "s", Rule())
    after = parts(tmp_path / "s")
    assert before == {name: after[name] for name in before} and None not in after.values()


@given(st.text(max_size=5), st.floats(0, 0.5), st.floats(0, 0.49), st.text())
def test_a_rule(salt: str, test: float, validation: float, writer: str) -> None:
    rule = Rule("writer", test, validation, salt)
    drawn = rule.drawn(writer)
    assert drawn == Rule("writer", test, validation, salt).drawn(writer)
    # More for testing takes from training alone; nobody goes from testing to validation.
    assert {drawn, replace(rule, test=test / 2).drawn(writer)} <= {drawn, "train"}
    assert replace(rule, test=0, validation=0).drawn(writer) == "train"


def test_the_draw_is_for_ever() -> None:
    """These are in people's stores: a change of the checksum would move their writers."""
    drawn = {n: Rule().drawn(f"w{n}") for n in range(40)}
    assert {n: part for n, part in drawn.items() if part != "train"} == {
        6: "validation",
        7: "validation",
        12: "test",
        14: "test",
        16: "validation",
        24: "test",
        31: "validation",
        33: "validation",
        38: "test",
    }


@pytest.mark.parametrize(("test", "validation"), [(-0.1, 0.1), (0.5, 0.5), (10, 10), (float("nan"), 0.1)])
def test_rules_that_are_none(test: float, validation: float) -> None:
    with pytest.raises(SettingsError, match="parts of the whole"):
        Rule("writer", test, validation)


def test_the_split_of_the_corpus_goes_before_and_comes_back(tmp_path: Path) -> None:
    own = [replace(sample, split="test", writer=None) for sample in samples(200)]
    add(tmp_path / "s", "set", START, own)
    counts = split_store(tmp_path / "s", Rule())
    assert set(parts(tmp_path / "s").values()) == {"test"} and counts.kept == 200
    forced = split_store(tmp_path / "s", Rule(force=True))
    assert forced.kept == 0 and forced.by_name == 200 and forced.parts["train"] > 100
    split_store(tmp_path / "s", Rule())
    assert set(parts(tmp_path / "s").values()) == {"test"}


def test_the_rest_of_a_writer_follows_where_the_corpus_puts_some(tmp_path: Path) -> None:
    given = list(written(range(100)))
    for place, sample in enumerate(given):
        if sample.name.endswith("-0"):
            given[place] = replace(sample, split="test")
        if sample.name in ("5-1", "6-1"):
            given[place] = replace(sample, split="train")
    add(tmp_path / "s", "set", START, given)
    counts = split_store(tmp_path / "s", Rule())
    after = parts(tmp_path / "s")
    assert counts.kept == 102
    assert all(part == "test" for name, part in after.items() if name not in ("5-1", "5-2", "6-1", "6-2"))
    assert after["5-2"] == after["6-2"] == "train"


def test_by_page(tmp_path: Path) -> None:
    add(tmp_path / "s", "set", START, written(range(100)))
    split_store(tmp_path / "s", Rule(by="page"))
    sides = {sample.page: sample.split for sample in read_store(tmp_path / "s")}
    assert {sides[f"p{writer}-0"] == sides[f"p{writer}-1"] for writer in range(100)} == {True, False}


def test_those_without_a_writer_are_drawn_by_name_and_counted(tmp_path: Path) -> None:
    add(tmp_path / "s", "set", START, [replace(sample, writer=None) for sample in written(range(100))])
    counts = split_store(tmp_path / "s", Rule())
    assert counts.by_name == 300 and 10 < counts.parts["test"] < 60


def test_it_shows_in_the_parquet_files(tmp_path: Path) -> None:
    add(tmp_path / "s", "set", START, written(range(100)), size=ShardSize(70))
    counts = split_store(tmp_path / "s", Rule())
    files = [tmp_path / "s" / shard.file for shard in open_store(tmp_path / "s", whole=True).shards()]
    assert sorted((tmp_path / "s").glob("data/*.parquet")) == sorted(files)
    column = [value for file in files for value in pq.read_table(file, columns=["split"])["split"].to_pylist()]
    assert {part: column.count(part) for part in set(column)} == dict(counts.parts)
    assert b"huggingface" in pq.read_schema(files[0]).metadata


def test_again_changes_no_file(tmp_path: Path) -> None:
    def files() -> dict[str, tuple[bytes, int]]:
        return {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in (tmp_path / "s" / "data").iterdir()}

    add(tmp_path / "s", "set", START, written(range(100)), size=ShardSize(70))
    first, before = split_store(tmp_path / "s", Rule()), files()
    assert split_store(tmp_path / "s", Rule()) == first and files() == before
    assert add(tmp_path / "s", "set", START, ()).new == 0


def test_all_or_nothing(tmp_path: Path) -> None:
    """The last shard is damaged: the first ones are not left split."""
    add(tmp_path / "s", "set", START, written(range(100)), size=ShardSize(70))
    last = tmp_path / "s" / [shard.file for shard in open_store(tmp_path / "s").shards()][-1]
    last.write_bytes(last.read_bytes()[:-60] + bytes(60))
    files = sorted((tmp_path / "s").rglob("*"))
    with pytest.raises(DataError, match="damaged shard"):
        split_store(tmp_path / "s", Rule(force=True))
    assert sorted((tmp_path / "s").rglob("*")) == files
    with pytest.raises(DataError, match="is not a store"):
        split_store(tmp_path / "none", Rule())
