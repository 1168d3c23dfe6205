"""The same source gives the same bytes, whatever interrupts; only what is under way is ever lost."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from etl_encoder import file_of, record
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from store_samples import OTHER, START, growing, items, samples

from tenarai.dataset.manifest import MANIFEST
from tenarai.dataset.sample import Refused, Sample
from tenarai.dataset.standardise import Item, ShardSize, Standardised, add, standardise
from tenarai.dataset.store import REFUSED, open_store, read_store
from tenarai.errors import DataError

HERE = Path(__file__).parent


def contents(store: Path) -> dict[str, bytes]:
    return {path.relative_to(store).as_posix(): path.read_bytes() for path in store.rglob("*") if path.is_file()}


def etl_file(path: Path, sheets: int = 40) -> Path:
    """ETL8B: `sheets` times the same five records, the writers and pictures of which do not matter here."""
    random = np.random.default_rng(1)
    five = [record("ETL8B", character, random.random((63, 64)) < 0.2, name="ABCD") for character in "あ亜愛悪い"]
    path.write_bytes(file_of("ETL8B", five * sheets))
    return path


def test_again_changes_nothing(tmp_path: Path) -> None:
    first = add(tmp_path / "store", "set", START, items(100), size=ShardSize(30))
    before = contents(tmp_path / "store")
    assert (first.new, first.source.samples, first.source.refused, len(first.source.shards)) == (86, 86, 14, 3)
    second = add(tmp_path / "store", "set", START, iter(()), size=ShardSize(30))
    assert second == replace(first, new=0) and contents(tmp_path / "store") == before
    add(tmp_path / "twin", "set", START, items(100), size=ShardSize(30))
    assert contents(tmp_path / "twin") == before


@settings(max_examples=8, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(st.lists(st.integers(0, 60), min_size=1, max_size=3), st.integers(7, 25), st.integers(2, 9))
def test_interrupted_anywhere_it_comes_out_the_same(
    tmp_path_factory: pytest.TempPathFactory, stops: list[int], rows: int, refused: int
) -> None:
    def until(stop: int) -> Iterator[Item]:
        for n, item in enumerate(items(60, refused)):
            if n == stop:
                raise KeyboardInterrupt
            yield item

    folder = tmp_path_factory.mktemp("stores")
    add(folder / "whole", "set", START, items(60, refused), size=ShardSize(rows))
    for stop in stops:
        try:
            add(folder / "store", "set", START, until(stop), size=ShardSize(rows))
        except KeyboardInterrupt:
            kept = open_store(folder / "store").sources.get("set", START)
            assert kept.samples == len(list(read_store(folder / "store"))) and kept.items > stop - rows * refused
    add(folder / "store", "set", START, items(60, refused), size=ShardSize(rows))
    assert contents(folder / "store") == contents(folder / "whole")


def test_killed_it_loses_one_shard_at_most_and_goes_on(tmp_path: Path) -> None:
    source = etl_file(tmp_path / "ETL8B2C1", 600)
    command = [sys.executable, "-m", "tenarai", "dataset", "standardise", str(source), "--rows", "150"]
    subprocess.run([*command, str(tmp_path / "whole")], check=True, capture_output=True)
    run = subprocess.Popen([*command, str(tmp_path / "store")], stderr=subprocess.PIPE)
    try:
        while len(list((tmp_path / "store").glob("data/*.parquet"))) < 4:
            assert run.poll() is None, run.stderr and run.stderr.read()
            time.sleep(0.002)
    finally:
        run.send_signal(signal.SIGKILL)
        run.wait()
    written = len(list((tmp_path / "store").glob("data/*.parquet")))
    kept = open_store(tmp_path / "store", whole=True).sources["ETL8B2C1"]
    assert not kept.complete and written - 1 <= len(kept.shards) < 20
    assert sum(1 for _ in read_store(tmp_path / "store")) == 150 * len(kept.shards)
    done = subprocess.run([*command, str(tmp_path / "store")], check=True, capture_output=True, text=True)
    assert f"3,000 samples, {3_000 - kept.samples:,} of them new" in done.stdout
    assert contents(tmp_path / "store") == contents(tmp_path / "whole")


def test_a_full_disk_is_one_sentence_and_what_was_written_stays(tmp_path: Path) -> None:
    """The room is a limit on the size of a file; the fourth shard is over it."""
    limit = 100_000
    program = f"""
import resource, sys
from pathlib import Path
from store_samples import START, growing
from tenarai.dataset.standardise import ShardSize, add
from tenarai.errors import DataError
resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))
try:
    add(Path(sys.argv[1]), "set", START, growing(), size=ShardSize(20))
except DataError as error:
    sys.exit(str(error))
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "store")], capture_output=True, text=True, cwd=HERE
    )
    (sentence,) = done.stderr.splitlines()
    assert "cannot be written (" in sentence and "run the same again" in sentence
    kept = open_store(tmp_path / "store", whole=True).sources["set"]
    assert not kept.complete and 0 < kept.samples < 100
    assert len(list(read_store(tmp_path / "store"))) == kept.samples
    assert not list((tmp_path / "store").rglob(".*"))
    add(tmp_path / "store", "set", START, growing(), size=ShardSize(20))
    add(tmp_path / "whole", "set", START, growing(), size=ShardSize(20))
    assert contents(tmp_path / "store") == contents(tmp_path / "whole")


def test_memory_does_not_grow_with_the_corpus(tmp_path: Path) -> None:
    """Peak memory of some thousand samples and of four times as many."""
    program = """
import resource, sys
from pathlib import Path
import numpy as np
from store_samples import START
from tenarai.dataset.sample import Refused, Sample
from tenarai.dataset.standardise import ShardSize, add
picture = np.random.default_rng(0).integers(0, 256, (60, 60), np.uint8)
def items(n):
    for i in range(n):
        yield Refused("x" * 500, "y" * 500) if i % 2 else Sample(str(i), picture, "a", "set", "character")
add(Path(sys.argv[1]), "set", START, items(int(sys.argv[2])), size=ShardSize(1000))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
    peaks = []
    for number in (4_000, 16_000):
        command = [sys.executable, "-c", program, str(tmp_path / str(number)), str(number)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=HERE)
        peaks.append(int(done.stdout))
    # 12,000 more items are 22 MB of pictures and 6 MB of refusals.
    assert peaks[1] - peaks[0] < 12_000


def test_where_the_reader_stops_the_rest_is_kept(tmp_path: Path) -> None:
    def damaged() -> Iterator[Item]:
        yield from items(40)
        raise DataError("set: record 41 is damaged.")

    with pytest.raises(DataError, match="record 41"):
        add(tmp_path / "store", "set", START, damaged(), size=ShardSize(30))
    kept = open_store(tmp_path / "store").sources["set"]
    assert (kept.samples, kept.items, kept.complete) == (35, 40, False)
    done = add(tmp_path / "store", "set", OTHER, items(50), anew=True)
    assert done.source.complete and len(list(read_store(tmp_path / "store"))) == done.source.samples == 43


def test_other_content_under_a_name_is_never_taken_silently(tmp_path: Path) -> None:
    store = tmp_path / "store"
    add(store, "set", START, items(50))
    before = contents(store)
    with pytest.raises(DataError, match="--anew"):
        add(store, "set", OTHER, items(20))
    assert contents(store) == before


def test_anew_takes_the_place_only_when_it_is_whole(tmp_path: Path) -> None:
    store, size = tmp_path / "store", ShardSize(10)

    def stops() -> Iterator[Item]:
        yield from items(25)
        raise KeyboardInterrupt

    add(store, "set", START, items(50), size=size)
    with pytest.raises(KeyboardInterrupt):
        add(store, "set", OTHER, stops(), anew=True, size=size)
    assert len(list(read_store(store))) == 43 and open_store(store).pending["set"].samples == 20
    done = add(store, "set", OTHER, items(30), anew=True, size=size)
    assert (done.new, done.source.samples) == (6, 26) and len(list(read_store(store))) == 26
    listed = {shard.file for shard in done.source.shards}
    assert set(contents(store)) == listed | {MANIFEST, REFUSED}
    assert {json.loads(line)["run"] for line in (store / REFUSED).read_text().splitlines()} == {"cdcdcdcd"}


def test_sources_that_overlap_are_told_apart_by_name(tmp_path: Path) -> None:
    """First a file of a corpus, later the folder with that file in it."""
    store = tmp_path / "store"
    add(store, "part", START, samples(20))
    done = add(store, "all", OTHER, samples(50))
    assert (done.new, done.source.refused) == (30, 20)
    assert sorted(sample.name for sample in read_store(store)) == [f"{n:05d}" for n in range(50)]
    third = add(store, "another", replace(START, identity="ef" * 32), samples(5, "another corpus"))
    assert third.source.samples == 5


def test_refusals_are_listed_with_their_reasons(tmp_path: Path) -> None:
    good = next(samples(1))
    given: list[Item] = [
        Refused("page\udcff", "It is damaged."),
        replace(good, name="empty", text=""),
        replace(good, name="flat", picture=np.zeros((0, 4), np.uint8)),
        replace(good, name="colour", picture=np.zeros((4, 4, 3), np.uint8)),
        replace(good, name="surrogate", text="\ud800"),
        good,
    ]
    done = add(tmp_path / "store", "set", START, given)
    assert (done.source.samples, done.source.refused) == (1, 5)
    rows = [json.loads(line) for line in (tmp_path / "store" / REFUSED).read_text("utf-8").splitlines()]
    assert [row["name"] for row in rows] == ["page\udcff", "empty", "flat", "colour", "surrogate"]
    assert all(row["source"] == "set" and row["reason"].endswith(".") for row in rows)


def test_a_source_of_refusals_alone_is_an_error_and_leaves_no_trace_of_a_source(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"all 2 were refused, a because: It is damaged\."):
        add(tmp_path / "store", "set", START, [Refused("a", "It is damaged."), Refused("b", "So is it.")])
    with pytest.raises(DataError, match="it is empty"):
        add(tmp_path / "store", "set", START, [])
    assert add(tmp_path / "store", "set", OTHER, samples(3)).source.samples == 3


def test_polarity_is_looked_at_in_the_finished_pictures(tmp_path: Path) -> None:
    paper = np.full((40, 40), 230, np.uint8)
    paper[18:22, 8:32] = 20
    dark = [Sample(str(n), paper, "一", "set", "character") for n in range(50)]
    bright = [replace(sample, picture=255 - sample.picture) for sample in dark]
    assert not add(tmp_path / "dark", "set", START, dark).inverted
    done = add(tmp_path / "bright", "set", START, bright)
    assert done.inverted and done.source.look_inverted == done.source.looked_at == 33
    assert not Standardised("set", replace(START, looked_at=3, look_inverted=3), 3).inverted


def test_the_identity_is_the_content_and_not_the_date(tmp_path: Path) -> None:
    source, store = etl_file(tmp_path / "ETL8B2C1"), tmp_path / "store"
    assert standardise(source, store).new == 200
    before = contents(store)
    os.utime(source, (1, 1))
    assert standardise(source, store).new == 0 and contents(store) == before
    raw = bytearray(source.read_bytes())
    raw[600] ^= 1
    source.write_bytes(raw)
    with pytest.raises(DataError, match="--anew"):
        standardise(source, store)


def test_licence_ink_and_name_can_be_given(tmp_path: Path) -> None:
    source = etl_file(tmp_path / "ETL8B2C1", 1)
    standardise(source, tmp_path / "plain")
    done = standardise(source, tmp_path / "store", licence="mine", ink="dark", name="a/b ü")
    assert done.source.ink == "dark" and done.source.shards[0].file.startswith("data/a_b_ü-00000-")
    for plain, other in zip(read_store(tmp_path / "plain"), read_store(tmp_path / "store"), strict=True):
        np.testing.assert_array_equal(other.picture, 255 - plain.picture)
        assert other.licence == "mine" and plain.licence.startswith("ETL Character Database")


def test_a_store_inside_its_source_is_refused(tmp_path: Path) -> None:
    etl_file(tmp_path / "ETL8B2C1")
    for store in (tmp_path / "store", tmp_path):
        with pytest.raises(DataError, match="inside its source"):
            standardise(tmp_path, store)


def test_a_wrong_file_makes_no_store(tmp_path: Path) -> None:
    wrong = tmp_path / "ETL8B2C1"
    wrong.write_bytes(b"not at all")
    with pytest.raises(DataError, match="ETL8B"):
        standardise(wrong, tmp_path / "store")
    assert not (tmp_path / "store").exists()
