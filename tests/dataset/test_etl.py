"""Every file of the ETL Character Database, written by `etl_encoder` and read back; every trap; all kinds of damage."""

import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from etl_encoder import C_NUMBERS, CO_59, G_NUMBERS, M_NUMBERS, SHAPES, file_of, levels_of, record
from hypothesis import given, settings
from hypothesis import strategies as st

from tenarai.dataset.etl import NOBODY, UNKNOWN, EtlBatch, kind_of, read_etl, split_of
from tenarai.dataset.etl_layouts import LAYOUTS, Kind
from tenarai.errors import DataError

KINDS: tuple[Kind, ...] = get_args(Kind)
FILES: dict[str, str] = {
    "ETL1": "ETL1C_01", "ETL2": "ETL2_1", "ETL3": "ETL3C_1", "ETL4": "ETL4C", "ETL5": "ETL5C", "ETL6": "ETL6C_12",
    "ETL7": "ETL7LC_1", "ETL8B": "ETL8B2C1", "ETL8G": "ETL8G_01", "ETL9B": "ETL9B_1", "ETL9G": "ETL9G_01",
}  # fmt: skip
CHARACTERS: dict[str, str] = {
    "ETL1": "09AZ¥+-*/=()・,?'アイウヲンヰヱ", "ETL3": "09AZ¥+-*/=()$.'", "ETL4": "あいんをゐゑ", "ETL5": "アンヲヰヱ",
    "ETL6": "アン゛゜「」09AZ¥%#@&<>", "ETL7": "あんを゛゜", "ETL8B": "あんっ亜一腕", "ETL9G": "あん亜腕",
}  # fmt: skip
CHARACTERS |= {"ETL8G": CHARACTERS["ETL8B"], "ETL9B": CHARACTERS["ETL9G"]}
WIDTHS = {
    **dict.fromkeys((*M_NUMBERS, *G_NUMBERS), 255),
    **dict.fromkeys(("data", "sheet", "industry", "occupation", "gathered", "scanned"), 65535),
    "serial": 0xFFFFFFFF,
}  # fmt: skip


def gray(kind: str, levels: np.ndarray) -> np.ndarray:
    """What a picture must become: 0 = paper is 255, the highest level 0, and evenly between them."""
    return np.rint(255 - levels.astype(float) * 255 / (2 ** SHAPES[kind][2] - 1)).astype(np.uint8)


def texts(kind: str) -> st.SearchStrategy[dict[str, str]]:
    if kind == "ETL2":
        styles, fonts = st.sampled_from("ABCD"), st.sampled_from(["MINCHO", "GOTHIC"])
        return st.fixed_dictionaries({"style": styles, "font": fonts, "name": st.sampled_from(["KANJI ", "HRKANA"])})
    length = {"ETL1": 2, "ETL6": 2, "ETL7": 2, "ETL8G": 8, "ETL9G": 8}.get(kind, 4)
    # Not W and E: those are the names of ヰ and ヱ, which have a test of their own.
    return st.fixed_dictionaries({"name": st.text("ABHKN.019+ ", min_size=length, max_size=length)})


def numbers(kind: str) -> st.SearchStrategy[dict[str, int]]:
    if kind in ("ETL2", "ETL3", "ETL4", "ETL5"):
        names = ["serial"] if kind == "ETL2" else ["serial", "sheet", *set(C_NUMBERS) - {"columns", "rows", "levels"}]
        return st.fixed_dictionaries({name: st.integers(0, 2**36 - 1) for name in sorted(names)})
    if kind in ("ETL8B", "ETL9B"):
        return st.fixed_dictionaries({"sheet": st.integers(1, 4000)})
    names = ["data", *M_NUMBERS] if kind in ("ETL1", "ETL6", "ETL7") else [*G_NUMBERS]
    return st.fixed_dictionaries({name: st.integers(0, WIDTHS[name]) for name in ["sheet", *names]})


def records_of(kind: str) -> st.SearchStrategy[list[tuple[str, int, dict[str, Any]]]]:
    characters = st.sampled_from(list(CO_59) if kind == "ETL2" else CHARACTERS[kind])
    fields = st.builds(lambda a, b: a | b, texts(kind), numbers(kind))
    return st.lists(st.tuples(characters, st.integers(0, 2**32), fields), min_size=1, max_size=4)


def written(path: Path, kind: str, *records: bytes) -> Path:
    path.write_bytes(file_of(kind, records))
    return path


def simple(kind: str, character: str | None = None, seed: int = 0, **fields: Any) -> bytes:
    """A record of little interest."""
    first = "上" if kind == "ETL2" else CHARACTERS[kind][0]
    return record(kind, character or first, levels_of(kind, seed), **fields)


def one(path: Path, kind: str | None = None, **options: Any) -> EtlBatch:
    (batch,) = read_etl(path, kind, **options)
    return batch


# Round trip


@pytest.mark.parametrize("kind", KINDS)
def test_round_trip(kind: Kind, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("etl") / FILES[kind]

    @settings(max_examples=12, deadline=None)
    @given(records_of(kind), st.integers(1, 5))
    def check(rows: list[tuple[str, int, dict[str, Any]]], size: int) -> None:
        levels = [levels_of(kind, seed) for _, seed, _ in rows]
        written(path, kind, *(record(kind, c, p, **f) for (c, _, f), p in zip(rows, levels, strict=True)))
        batches = list(read_etl(path, batch=size))
        assert [len(batch) for batch in batches[:-1]] == [size] * (len(batches) - 1)
        assert {(batch.kind, batch.levels, batch.path) for batch in batches} == {(kind, 2 ** SHAPES[kind][2], path)}
        pictures = np.concatenate([batch.pictures for batch in batches])
        assert pictures.dtype == np.uint8
        np.testing.assert_array_equal(pictures, np.stack([gray(kind, picture) for picture in levels]))
        assert [c for batch in batches for c in batch.characters] == [character for character, _, _ in rows]
        assert [n for batch in batches for n in batch.records] == list(range(1, len(rows) + 1))
        assert [n for batch in batches for n in batch.sheets] == [fields.get("sheet", 0) for _, _, fields in rows]
        for name in rows[0][2]:
            read = [value for batch in batches for value in batch.fields[name].tolist()]
            assert read == [fields[name] for _, _, fields in rows], name

    check()


@pytest.mark.parametrize("kind", KINDS)
def test_paper_is_white_ink_is_black_and_the_first_pixel_is_top_left(kind: Kind, tmp_path: Path) -> None:
    rows, columns, bits, _ = SHAPES[kind]
    paper = np.zeros((rows, columns), np.uint8)
    ink = paper + (2**bits - 1)
    corner = paper.copy()
    corner[0, 0] = 2**bits - 1
    end = paper.copy()
    end[-1, -1] = 1
    character = "上" if kind == "ETL2" else CHARACTERS[kind][0]
    path = written(tmp_path / FILES[kind], kind, *(record(kind, character, p) for p in (paper, ink, corner, end)))
    white, black, first, last = one(path).pictures
    assert (white == 255).all()
    assert (black == 0).all()
    assert np.argwhere(first != 255).tolist() == [[0, 0]]
    assert np.argwhere(last != 255).tolist() == [[rows - 1, columns - 1]]


@pytest.mark.parametrize("kind", KINDS)
def test_every_level_is_kept_apart(kind: Kind, tmp_path: Path) -> None:
    rows, columns, bits, _ = SHAPES[kind]
    ramp = (np.arange(rows * columns) % 2**bits).astype(np.uint8).reshape(rows, columns)
    character = "上" if kind == "ETL2" else CHARACTERS[kind][0]
    picture = one(written(tmp_path / FILES[kind], kind, record(kind, character, ramp))).pictures[0]
    assert len(np.unique(picture)) == 2**bits
    np.testing.assert_array_equal(picture, gray(kind, ramp))


def test_the_sample_records_that_aist_prints(tmp_path: Path) -> None:
    path = written(
        tmp_path / "ETL4C", "ETL4",
        simple("ETL4", code=0xB1, serial=500100, sheet=5001, ebcdic=0x81, name="H  A", y=1, sex=1, age=23,
               industry=9144, occupation=11, gathered=741202, scanned=741216, lens=133),
    )  # fmt: skip
    batch = one(path)
    assert batch.characters.tolist() == ["あ"]
    assert batch.fields["scanned"].tolist() == [741216]
    assert batch.fields["name"].tolist() == ["H  A"]
    path = written(
        tmp_path / "ETL9G_01", "ETL9G", simple("ETL9G", code=12321, name="A.TSUGU ", serial=1, gathered=8212)
    )
    assert one(path).characters.tolist() == ["亜"]
    path = written(tmp_path / "ETL9B_2", "ETL9B", simple("ETL9B", code=12349, sheet=801, name="AYA."))
    batch = one(path)
    assert (batch.characters[0], batch.sets[0], batch.records[0]) == ("綾", 41, 1)


# Characters


@pytest.mark.parametrize(
    ("kind", "code", "name", "character"),
    [
        ("ETL1", 0xA8, "WI", "ヰ"), ("ETL1", 0xB2, "WI", "ヰ"), ("ETL1", 0xAA, "WE", "ヱ"), ("ETL1", 0xB4, "WE", "ヱ"),
        ("ETL1", 0xB2, "YI", "イ"), ("ETL1", 0xB4, "YE", "エ"), ("ETL1", 0xB3, "WU", "ウ"), ("ETL1", 0xA9, "WU", "ウ"),
        ("ETL1", 0x5C, "\\ ", "¥"), ("ETL1", 0x57, "W ", "W"), ("ETL1", 0xA5, ". ", "・"),
        ("ETL3", 0x2B, "S  +", "+"), ("ETL4", 0xA8, "H WI", "ゐ"), ("ETL4", 0xAA, "H WE", "ゑ"),
        ("ETL4", 0xB2, "H YI", "い"), ("ETL5", 0xA8, "K WI", "ヰ"), ("ETL5", 0xAA, "K WE", "ヱ"),
        ("ETL5", 0xDD, "K  N", "ン"), ("ETL6", 0xA2, "(K", "「"), ("ETL6", 0xDE, ",,", "゛"),
        ("ETL6", 0xB1, " A", "ア"), ("ETL6", 0x41, "A ", "A"), ("ETL6", 0x80, "++", ""), ("ETL6", 0x00, "+1", ""),
        ("ETL7", 0xB1, " A", "あ"), ("ETL7", 0xDF, ",0", "゜"), ("ETL7", 0xA6, "WO", "を"),
        ("ETL8G", 0x2422, "A.HIRA  ", "あ"), ("ETL8B", 0x2443, "TSU.", "っ"), ("ETL9G", 0x4F53, "WAN.UDE ", "腕"),
    ],
)  # fmt: skip
def test_characters(kind: Kind, code: int, name: str, character: str, tmp_path: Path) -> None:
    batch = one(written(tmp_path / FILES[kind], kind, simple(kind, code=code, name=name)))
    assert batch.characters.tolist() == [character]
    assert batch.fields["name"].tolist() == [name]


def test_a_slot_of_co_59_without_a_character_is_no_damage(tmp_path: Path) -> None:
    path = written(tmp_path / "ETL2_5", "ETL2", simple("ETL2"), simple("ETL2", code=15 * 64 + 17))
    assert one(path).characters.tolist() == ["上", ""]


# Kinds


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("ETL1C_01", "ETL1"), ("ETL1C-13", "ETL1"), ("ETL2_5", "ETL2"), ("ETL2-1", "ETL2"), ("ETL3C_2", "ETL3"),
        ("etl4.001", "ETL4"), ("ETL4C", "ETL4"), ("etl5c", "ETL5"), ("ETL6C_12", "ETL6"), ("ETL7LC_1", "ETL7"),
        ("ETL7SC_2", "ETL7"), ("ETL8B2C1", "ETL8B"), ("ETL8B2-3", "ETL8B"), ("ETL8B_2", "ETL8B"),
        ("ETL8G_33", "ETL8G"), ("ETL9B_5", "ETL9B"), ("ETL9G_50", "ETL9G"), ("etl9g_50.bin", "ETL9G"),
        ("ETL1INFO", None), ("ETL8INFO", None), ("ETL9INFO", None), ("ETL10_1", None), ("ETL11_01", None),
        ("ETL9G_01.zip", None), ("ETL8", None), ("notes.txt", None), ("", None),
    ],
)  # fmt: skip
def test_kinds_by_name(name: str, kind: Kind | None) -> None:
    assert kind_of(name) == kind


@pytest.mark.parametrize("kind", ["ETL2", "ETL8B", "ETL9B"])
def test_kinds_by_size(kind: Kind, tmp_path: Path) -> None:
    assert one(written(tmp_path / "unnamed", kind, simple(kind), simple(kind))).kind == kind


@pytest.mark.parametrize(
    ("kind", "fitting"),
    [("ETL7", "ETL1, ETL6, ETL7"), ("ETL5", "ETL3, ETL4, ETL5"), ("ETL9G", "ETL8G, ETL9G"), ("ETL8G", "ETL8G, ETL9G")],
)
def test_a_size_that_fits_several_kinds_is_refused_unless_it_is_told(kind: Kind, fitting: str, tmp_path: Path) -> None:
    path = written(tmp_path / "unnamed", kind, simple(kind))
    with pytest.raises(DataError, match=f"its size fits {fitting}: pass its kind"):
        read_etl(path)
    assert one(path, kind).kind == kind


def test_an_8g_file_read_as_9g_would_be_shifted_by_8_pixels_and_is_refused(tmp_path: Path) -> None:
    data = simple("ETL8G", seed=5)
    path = written(tmp_path / "ETL8G_01", "ETL8G", data)
    with pytest.raises(DataError, match="is named as an ETL8G file, not ETL9G"):
        read_etl(path, "ETL9G")
    unnamed = written(tmp_path / "unnamed", "ETL8G", data)
    right, shifted = one(unnamed, "ETL8G").pictures[0], one(unnamed, "ETL9G").pictures[0]
    np.testing.assert_array_equal(right.ravel()[8:], shifted.ravel()[:-8])


@pytest.mark.parametrize(
    ("name", "kind", "data", "message"),
    [
        ("missing", None, None, "cannot be read: No such file"),
        ("ETL9G_01", None, b"", "is empty: an ETL9G file has records of 8199 bytes"),
        ("ETL9B_1", None, bytes(576), "is empty: an ETL9B file has records of 576 bytes"),
        ("unnamed", None, b"", "its size fits none of them: pass its kind"),
        ("unnamed", None, bytes(1000), "its size fits none of them: pass its kind"),
        ("unnamed", "ETL10", bytes(576), "There is no kind 'ETL10' .* it has ETL1, ETL2"),
        ("ETL1INFO", None, b"ETL1C_01 ...", "is the description of a data set"),
        ("ETL9G.zip", None, b"PK", "is an archive: unpack it"),
    ],
)
def test_refused_files(name: str, kind: str | None, data: bytes | None, message: str, tmp_path: Path) -> None:
    path = tmp_path / name
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(DataError, match=message):
        read_etl(path, kind)


def test_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ETL9G_01").mkdir()
    with pytest.raises(DataError, match="is not a file"):
        read_etl(tmp_path / "ETL9G_01")


# Damage


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_ends_within_a_record_is_refused_at_once(
    kind: Kind, tmp_path_factory: pytest.TempPathFactory
) -> None:
    size = SHAPES[kind][3]
    dummy = kind in ("ETL8B", "ETL9B")
    data = file_of(kind, [simple(kind)] * 2)
    path = tmp_path_factory.mktemp("etl") / FILES[kind]

    @settings(max_examples=15, deadline=None)
    @given(st.integers(1, len(data) - 1).filter(lambda cut: cut % size))
    def check(cut: int) -> None:
        path.write_bytes(data[:cut])
        whole = cut // size
        with pytest.raises(DataError) as caught:
            read_etl(path)
        number = whole + (not dummy)
        assert str(caught.value).startswith(
            f"{path} ends {cut % size} bytes into record {number}, which begins at byte {whole * size}: {kind} has "
        )

    check()


def test_a_file_of_another_kind_under_a_known_name_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "ETL9G_01", "ETL1", simple("ETL1"), simple("ETL1"))
    with pytest.raises(DataError, match="ends 4104 bytes into record 1, which begins at byte 0: ETL9G has records"):
        read_etl(path)


@pytest.mark.parametrize("kind", KINDS)
def test_a_damaged_record_is_named_and_can_be_passed(kind: Kind, tmp_path: Path) -> None:
    size = SHAPES[kind][3]
    path = written(tmp_path / FILES[kind], kind, *(simple(kind, seed=seed) for seed in range(5)))
    place = (4 if kind in ("ETL8B", "ETL9B") else 3) * size  # of record 4
    data = bytearray(path.read_bytes())
    data[place : place + size] = bytes(size)
    path.write_bytes(data)
    batches = read_etl(path)
    assert next(batches).records.tolist() == [1, 2, 3]
    with pytest.raises(DataError, match=f"record 4 at byte {place} cannot be a record of {kind}"):
        next(batches)
    behind = one(path, start=5)
    assert behind.records.tolist() == [5]
    np.testing.assert_array_equal(behind.pictures[0], gray(kind, levels_of(kind, 4)))


@pytest.mark.parametrize("kind", ["ETL8B", "ETL9B"])
def test_the_dummy_is_passed_and_must_be_there(kind: Kind, tmp_path: Path) -> None:
    path = written(tmp_path / FILES[kind], kind, simple(kind, seed=1))
    batch = one(path)
    assert batch.records.tolist() == [1]
    np.testing.assert_array_equal(batch.pictures[0], gray(kind, levels_of(kind, 1)))
    path.write_bytes(simple(kind) * 2)
    with pytest.raises(DataError, match="record 0 at byte 0 is not the empty one"):
        next(read_etl(path))


def test_a_file_that_shrinks_while_it_is_read(tmp_path: Path) -> None:
    path = written(tmp_path / "ETL1C_01", "ETL1", *[simple("ETL1")] * 4)
    batches = read_etl(path, batch=2)
    next(batches)
    path.write_bytes(path.read_bytes()[: 2052 * 3 + 10])
    assert next(batches).records.tolist() == [3]
    with pytest.raises(DataError, match="record 4 at byte 6156 is gone while reading"):
        next(batches)


def test_whole_files_have_the_number_of_records_that_aist_lists(tmp_path: Path) -> None:
    path = written(tmp_path / "ETL9G_07", "ETL9G", simple("ETL9G"))
    assert len(one(path)) == 1
    with pytest.raises(DataError, match="ends after record 1, at byte 8199; file 7 of ETL9G has 12144"):
        read_etl(path, whole=True)
    with pytest.raises(DataError, match="file 51 of ETL9G has 0"):
        read_etl(path.rename(tmp_path / "ETL9G_51"), whole=True)
    path = tmp_path / "ETL8B2C3"
    with path.open("wb") as file:
        file.truncate(512 * (1 + 50560 + 956))
    read_etl(path, whole=True)
    assert len(one(written(tmp_path / "ETL6C_01", "ETL6", simple("ETL6")), whole=True)) == 1  # AIST does not say


def test_the_listed_records_add_up_to_the_data_sets() -> None:
    totals = {kind: sum(layout.records) for kind, layout in LAYOUTS.items() if layout.records}
    assert totals == {
        "ETL1": 141_319, "ETL2": 52_796, "ETL4": 6_120, "ETL5": 10_608, "ETL7": 16_800, "ETL8B": 152_960 + 956,
        "ETL8G": 152_960 + 956, "ETL9B": 607_200 + 3_036, "ETL9G": 607_200,
    }  # fmt: skip


@pytest.mark.parametrize(("start", "batch"), [(0, 1), (1, 0), (-3, 5)])
def test_start_and_batch_count_from_1(start: int, batch: int, tmp_path: Path) -> None:
    path = written(tmp_path / "ETL1C_01", "ETL1", simple("ETL1"))
    with pytest.raises(DataError, match="count records from 1"):
        read_etl(path, start=start, batch=batch)
    assert list(read_etl(path, start=2)) == []


# Writers, data sets, models


def sparse(path: Path, kind: str, last: int, first: int, make: Callable[[int], bytes]) -> Path:
    """A file of `last` records, of which those from `first` are written and the rest are a hole."""
    size = SHAPES[kind][3]
    dummy = kind in ("ETL8B", "ETL9B")
    with path.open("wb") as file:
        file.seek((first - 1 + dummy) * size)
        file.write(b"".join(make(number) for number in range(first, last + 1)))
    return path


@pytest.mark.parametrize(
    ("name", "record", "expected"),
    [
        ("ETL9G_01", 1, 1), ("ETL9G_01", 3036, 1), ("ETL9G_01", 3037, 2), ("ETL9G_11", 1, 41), ("ETL9G_50", 12144, 200),
        ("ETL8G_01", 956, 1), ("ETL8G_01", 957, 2), ("ETL8G_02", 1, 6), ("ETL8G_32", 4780, 160),
    ],
)  # fmt: skip
def test_g_files_count_data_sets_by_place(name: str, record: int, expected: int, tmp_path: Path) -> None:
    kind = name[:5]
    # Sheet 1 everywhere: the sheets of a G file begin anew in every file.
    path = sparse(tmp_path / name, kind, record, record, lambda _: simple(kind, sheet=1))
    batch = one(path, start=record)
    assert (batch.sets.tolist(), batch.writers.tolist()) == ([expected], [expected])


@pytest.mark.parametrize(
    ("kind", "sheet", "expected"),
    [
        ("ETL9B", 1, 1), ("ETL9B", 20, 1), ("ETL9B", 21, 2), ("ETL9B", 801, 41), ("ETL9B", 3203, 161),
        ("ETL9B", 4000, 200), ("ETL8B", 1, 1), ("ETL8B", 10, 1), ("ETL8B", 11, 2), ("ETL8B", 1600, 160),
    ],
)  # fmt: skip
def test_b_files_count_data_sets_by_sheet(kind: Kind, sheet: int, expected: int, tmp_path: Path) -> None:
    batch = one(written(tmp_path / FILES[kind], kind, simple(kind, sheet=sheet)))
    assert (batch.sets.tolist(), batch.writers.tolist()) == ([expected], [expected])


@pytest.mark.parametrize(
    ("name", "ordinary", "models"), [("ETL8B2C3", 50560, 956), ("ETL9B_5", 121440, 3036), ("ETL8G_33", 0, 956)]
)
def test_model_pictures_at_the_end_are_told_apart(name: str, ordinary: int, models: int, tmp_path: Path) -> None:
    kind = str(kind_of(name))
    first = max(ordinary - 2, 1)
    data = simple(kind, sheet=37)
    path = sparse(tmp_path / name, kind, ordinary + models, first, lambda _: data)
    batches = list(read_etl(path, start=first, whole=True))
    flags = np.concatenate([batch.models for batch in batches])
    writers = np.concatenate([batch.writers for batch in batches])
    sets = np.concatenate([batch.sets for batch in batches])
    assert flags.sum() == models
    assert not flags[: ordinary - first + 1].any()
    assert (writers[flags] == NOBODY).all()
    assert (sets[flags] == 0).all()
    assert (writers[~flags] > 0).all()
    assert split_of(batches[0].kind, int(writers[-1])) == "train"


def test_other_files_of_the_kind_have_no_models(tmp_path: Path) -> None:
    path = sparse(tmp_path / "ETL8B2C1", "ETL8B", 51200, 51200, lambda _: simple("ETL8B"))
    assert not one(path, start=51200).models.any()


@pytest.mark.parametrize("kind", ["ETL8B", "ETL8G", "ETL9B", "ETL9G"])
def test_without_its_number_a_file_has_no_known_writers(kind: Kind, tmp_path: Path) -> None:
    batch = one(written(tmp_path / "unnamed", kind, simple(kind)), kind)
    assert (batch.sets.tolist(), batch.writers.tolist()) == ([0], [UNKNOWN])
    with pytest.raises(DataError, match=f"writers of this {kind} file are unknown: name it as AIST does"):
        split_of(kind, UNKNOWN)


@pytest.mark.parametrize("kind", ["ETL1", "ETL3", "ETL4", "ETL6"])
def test_a_sheet_is_a_writer(kind: Kind, tmp_path: Path) -> None:
    path = written(tmp_path / FILES[kind], kind, *(simple(kind, sheet=sheet, age=30) for sheet in (1001, 1002, 1001)))
    assert one(path).writers.tolist() == [1001, 1002, 1001]


@pytest.mark.parametrize(("kind", "other"), [("ETL7", "ETL7SC_1"), ("ETL5", "ETL5C")])
def test_a_person_who_filled_two_sheets_is_one_writer(kind: Kind, other: str, tmp_path: Path) -> None:
    person = {"sex": 2, "age": 31, "industry": 9144, "occupation": 11}
    people = [person, *(person | {name: value + 1} for name, value in person.items())]
    first = written(tmp_path / FILES[kind], kind, *(simple(kind, sheet=n, **p) for n, p in enumerate(people)))
    here = one(first).writers.tolist()
    there = one(written(tmp_path / other, kind, simple(kind, sheet=900, gathered=7708, **person))).writers.tolist()
    assert there == here[:1]
    assert len(set(here)) == len(people)


def test_print_has_no_writer(tmp_path: Path) -> None:
    batch = one(written(tmp_path / "ETL2_1", "ETL2", simple("ETL2")))
    assert batch.writers.tolist() == [NOBODY]
    assert split_of("ETL2", NOBODY) == "train"


@pytest.mark.parametrize(("kind", "sets"), [("ETL9G", 200), ("ETL9B", 200), ("ETL8G", 160), ("ETL8B", 160)])
def test_a_tenth_of_the_data_sets_is_test_and_a_tenth_validation(kind: Kind, sets: int) -> None:
    parts = [split_of(kind, number) for number in range(1, sets + 1)]
    assert (parts.count("test"), parts.count("validation")) == (sets // 10, sets // 10)
    assert [number for number, part in enumerate(parts, 1) if part == "test"] == list(range(10, sets + 1, 10))
    assert [number for number, part in enumerate(parts, 1) if part == "validation"] == list(range(5, sets + 1, 10))


def test_8b_and_9b_are_split_as_8g_and_9g() -> None:
    assert all(split_of("ETL9G", n) == split_of("ETL9B", n) for n in range(1, 201))
    assert all(split_of("ETL8G", n) == split_of("ETL8B", n) for n in range(1, 161))


def test_persons_are_split_about_evenly() -> None:
    parts = [split_of("ETL7", (age << 32) + (trade << 16)) for age in range(15, 65) for trade in range(40)]
    assert 0.07 < parts.count("test") / len(parts) < 0.13
    assert 0.07 < parts.count("validation") / len(parts) < 0.13


@pytest.mark.parametrize("kind", KINDS)
def test_all_records_of_a_writer_lie_in_one_part(kind: Kind, tmp_path: Path) -> None:
    """Over batches and over files: the part depends on nothing but the writer."""
    path = written(tmp_path / FILES[kind], kind, *(simple(kind, sheet=1 + n // 2) for n in range(40)))
    parts: dict[int, set[str]] = {}
    for batch in read_etl(path, batch=7):
        for writer in batch.writers:
            parts.setdefault(int(writer), set()).add(split_of(kind, writer))
    assert all(len(part) == 1 for part in parts.values())


# Memory


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "ETL9B_1"
    path.write_bytes(bytes(576) + simple("ETL9B") * 8000)  # 32 MB of pictures
    tracemalloc.start()
    try:
        total = sum(len(batch) for batch in read_etl(path))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert total == 8000
    assert peak < 8_000_000
