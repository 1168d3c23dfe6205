"""Line pictures with their text: folders, JSON lines, zips; and one sentence for all that is wrong with them."""

import json
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenarai.dataset.pairs import LinePair, read_pairs
from tenarai.errors import DataError


def listed(path: Path, *rows: object) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    return path


def facts(pair: LinePair) -> tuple[str, str, bytes]:
    return pair.name, pair.text, pair.load()


# Folders


def test_a_folder_of_pictures_and_their_text(tmp_path: Path) -> None:
    for name, data in (("b.png", b"B"), ("a.JPG", b"A"), ("c.tif", b"C"), ("lonely.png", b"L"), ("notes.txt", b"N")):
        (tmp_path / name).write_bytes(data)
    (tmp_path / "a.gt.txt").write_text("手習い\n", "utf-8")
    (tmp_path / "b.gt.txt").write_text("  two words \n", "utf-8")
    (tmp_path / "c.gt.txt").write_text("\ufeffBOM", "utf-8")
    (tmp_path / "d.gt.txt").write_text("no picture", "utf-8")
    pairs = read_pairs(tmp_path)
    assert [facts(p) for p in pairs] == [
        ("a.JPG", "手習い", b"A"),
        ("b.png", "two words", b"B"),
        ("c.tif", "BOM", b"C"),
    ]
    assert {(p.writer, p.direction, p.boilerplate) for p in pairs} == {(None, "auto", False)}


def test_a_folder_with_lists_is_read_by_its_lists(tmp_path: Path) -> None:
    for name in ("1.png", "2.png", "3.png"):
        (tmp_path / name).write_bytes(name.encode())
    (tmp_path / "3.gt.txt").write_text("beside", "utf-8")
    listed(tmp_path / "b.jsonl", {"file": "1.png", "text": "one"})
    listed(tmp_path / "a.jsonl", {"file": "2.png", "text": "two"})
    assert [facts(p) for p in read_pairs(tmp_path)] == [("2.png", "two", b"2.png"), ("1.png", "one", b"1.png")]


# JSON lines


def test_json_lines_with_pictures_beside(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "1.png").write_bytes(b"one")
    (tmp_path / "inner" / "2.png").write_bytes(b"two")
    path = listed(
        tmp_path / "lines.jsonl",
        {"file": "1.png", "text": "一", "writer": "w1", "direction": "vertical"},
        {"file": "inner/2.png", "text": "二", "boilerplate": True, "more": 1},
    )
    path.write_text("\n" + path.read_text("utf-8") + "  \n", "utf-8")
    one, two = read_pairs(path)
    assert facts(one) == ("1.png", "一", b"one") and facts(two) == ("inner/2.png", "二", b"two")
    assert (one.writer, one.direction, one.boilerplate) == ("w1", "vertical", False)
    assert (two.writer, two.direction, two.boilerplate) == (None, "auto", True)


def test_json_lines_with_pictures_in_a_zip(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "lines.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("w1/1.png", b"first")
        archive.writestr("w2/1.png", b"second")
        archive.writestr("all/3.png", b"third")
    (tmp_path / "4.png").write_bytes(b"fourth")
    path = listed(
        tmp_path / "lines.jsonl",
        *({"file": name, "text": "x"} for name in ("w1/1.png", "w2/1.png", "3.png", "4.png")),
    )
    # One name in two folders is two pictures; a bare name is found in any folder, or beside the list.
    assert [p.load() for p in read_pairs(path)] == [b"first", b"second", b"third", b"fourth"]


@settings(deadline=None)
@given(st.lists(st.text(st.characters(codec="utf-8")), min_size=1, max_size=5))
def test_any_text_survives(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    path = listed(tmp_path_factory.mktemp("rows") / "t.jsonl", *({"file": "a.png", "text": text} for text in texts))
    assert [p.text for p in read_pairs(path)] == texts


def test_a_byte_order_mark_is_no_part_of_the_first_row(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"file": "a.png", "text": "a"}\r\n{"file": "b.png", "text": "b"}\r\n')
    assert [p.text for p in read_pairs(path)] == ["a", "b"]


# What is refused


@pytest.mark.parametrize("name", ["../outside.png", "/etc/hostname", "inner/../../outside.png"])
def test_paths_that_lead_outside_are_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "outside.png").write_bytes(b"secret")
    (tmp_path / "in").mkdir()
    with pytest.raises(DataError, match="outside its folder"):
        read_pairs(listed(tmp_path / "in" / "t.jsonl", {"file": name, "text": "x"}))


def test_links_that_lead_outside_are_refused(tmp_path: Path) -> None:
    (tmp_path / "outside.png").write_bytes(b"secret")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "link.png").symlink_to(tmp_path / "outside.png")
    with pytest.raises(DataError, match="outside its folder"):
        read_pairs(listed(tmp_path / "in" / "t.jsonl", {"file": "link.png", "text": "x"}))


@pytest.mark.parametrize(
    "row",
    [
        '{"file": "a.png"}',
        '{"text": "a"}',
        "[1, 2]",
        '"file text"',
        "3",
        "null",
        "not json",
        '{"file": "a.png", "text": "cut',
        '{"file": "a.png", "text": null}',
        '{"file": 3, "text": "three"}',
    ],
)
def test_bad_rows_are_named_by_number(tmp_path: Path, row: str) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text('{"file": "a.png", "text": "a"}\n\n' + row + "\n", "utf-8")
    with pytest.raises(DataError, match=r"t\.jsonl: line 3 "):
        read_pairs(path)


def test_empty_sources_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no line"):
        read_pairs(tmp_path)
    (tmp_path / "alone.png").write_bytes(b"no text beside")
    with pytest.raises(DataError, match="holds no line"):
        read_pairs(tmp_path)
    with pytest.raises(DataError, match="holds no line"):
        read_pairs(listed(tmp_path / "t.jsonl"))


@pytest.mark.parametrize("name", ["missing", "missing.jsonl", "picture.png"])
def test_sources_of_another_kind_are_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "picture.png").write_bytes(b"")
    with pytest.raises(DataError, match=name):
        read_pairs(tmp_path / name)


def test_text_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"A")
    (tmp_path / "a.gt.txt").write_bytes("手".encode("euc_jp"))
    with pytest.raises(DataError, match=r"a\.gt\.txt is not UTF-8"):
        read_pairs(tmp_path)
    (tmp_path / "t.jsonl").write_bytes('{"file": "a.png", "text": "手"}'.encode("shift_jis"))
    with pytest.raises(DataError, match=r"t\.jsonl"):
        read_pairs(tmp_path / "t.jsonl")


@pytest.mark.parametrize("kept", [0, 10, 60])
def test_a_broken_zip_is_refused(tmp_path: Path, kept: int) -> None:
    path = listed(tmp_path / "t.jsonl", {"file": "1.png", "text": "x"})
    with zipfile.ZipFile(tmp_path / "t.zip", "w") as archive:
        archive.writestr("1.png", b"picture" * 10)
    whole = (tmp_path / "t.zip").read_bytes()
    (tmp_path / "t.zip").write_bytes(whole[:kept])
    with pytest.raises(DataError, match=r"t\.zip"):
        read_pairs(path)


def test_a_damaged_picture_in_a_zip_is_named(tmp_path: Path) -> None:
    path = listed(tmp_path / "t.jsonl", {"file": "1.png", "text": "x"})
    with zipfile.ZipFile(tmp_path / "t.zip", "w") as archive:
        archive.writestr("1.png", b"picture")
    (tmp_path / "t.zip").write_bytes((tmp_path / "t.zip").read_bytes().replace(b"picture", b"pixture"))
    (pair,) = read_pairs(path)
    with pytest.raises(DataError, match=r"1\.png in .*t\.zip"):
        pair.load()


def test_a_missing_picture_is_named(tmp_path: Path) -> None:
    (pair,) = read_pairs(listed(tmp_path / "t.jsonl", {"file": "gone.png", "text": "x"}))
    with pytest.raises(DataError, match=r"gone\.png"):
        pair.load()


def test_a_zip_that_promises_too_much_is_not_unpacked(tmp_path: Path) -> None:
    rows = listed(tmp_path / "rows.jsonl", {"file": "bomb.png", "text": "x", "page": "p1"})
    with (
        zipfile.ZipFile(tmp_path / "rows.zip", "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("bomb.png", "w", force_zip64=True) as member,
    ):
        for _ in range(210):
            member.write(bytes(1_000_000))
    (pair,) = read_pairs(rows)
    assert pair.page == "p1"
    with pytest.raises(DataError, match="would unpack to 210,000,000 bytes"):
        pair.load()
