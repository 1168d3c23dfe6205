"""IAM, a small tree of it written here in its formats: every trap of its tables, its XML, its split and pictures."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from xml.sax.saxutils import quoteattr

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tenarai.dataset.iam import (
    MARGIN,
    IamForm,
    check_writers,
    read_iam_forms,
    read_iam_lines,
    read_iam_parts,
    read_iam_words,
)
from tenarai.dataset.sample import Refused, Sample
from tenarai.errors import DataError

WORDS_HEADER = """#--- words.txt ---------------------------------------------------------------#
#
# iam database word information
#
# format: a01-000u-00-00 ok 154 1 408 768 27 51 AT A
#
#     a01-000u-00-00  -> word id for line 00 in form a01-000u
#     154             -> graylevel to binarize the line containing this word
#     1               -> number of components for this word
#
"""
WIDTH, HEIGHT = 600, 500


@dataclass
class Word:
    text: str
    boxes: list[tuple[int, int, int, int]]  # x, y, width, height of components
    tag: str = "NN"
    state: str = "ok"


@dataclass
class Written:
    text: str  # as on paper
    words: list[Word]
    state: str = "ok"


@dataclass
class Sheet:
    name: str
    writer: str
    lines: list[Written] = field(default_factory=list)


def word(text: str, x: int, y: int, state: str = "ok", tag: str = "NN") -> Word:
    """A word of two components, the second lower and further to the right."""
    return Word(text, [(x, y, 10, 12), (x + 14, y + 5, 9, 20)], tag, state)


def sheets() -> list[Sheet]:
    gaitskell = [word(text, 40 + 60 * n, 200) for n, text in enumerate(["He", "sat", "on", "a", "rock", ","])]
    return [
        Sheet("a01-000u", "000", [Written("He sat on a rock,", gaitskell), Written("then", [word("then", 40, 260)])]),
        Sheet("a01-000x", "001", [Written('He said: "yes"', [
            word("He", 40, 200), word("said", 100, 200), word(":", 160, 200, tag=":"), word('"', 190, 200, tag='"'),
            word("yes", 220, 200, "err"), word('"', 280, 200),
        ], "err")]),
        Sheet("a01-003u", "000", [Written("M Ps met", [word("M Ps", 40, 200, tag="NPTS"), word("met", 120, 200)])]),
    ]  # fmt: skip


def union(boxes: list[tuple[int, int, int, int]]) -> tuple[int, int, int, int]:
    """x, y, width, height."""
    if not boxes:
        return -1, -1, -1, -1
    x, y = min(b[0] for b in boxes), min(b[1] for b in boxes)
    return x, y, max(b[0] + b[2] for b in boxes) - x, max(b[1] + b[3] for b in boxes) - y


def cut(form: np.ndarray, x: int, y: int, width: int, height: int) -> np.ndarray:
    """A box of the form with some paper to its right and below; the first pixels for a box that is none."""
    return form[max(y, 0) : y + height + 4, max(x, 0) : x + width + 4]


def xml_of(sheet: Sheet) -> str:
    def text(value: str) -> str:
        # The database escaped twice: " became &quot; and that &amp;quot;.
        return quoteattr(value.replace("&", "&amp;").replace('"', "&quot;"))

    rows = [
        '<?xml version="1.0" encoding="ISO-8859-1"?>',
        '<!DOCTYPE form SYSTEM "http://www.iam.unibe.ch/~fki/iamdb/form-metadata.dtd">',
        f'<form created="2002-01-14" height="{HEIGHT}" id="{sheet.name}" skew="287" status="final" '
        f'width="{WIDTH}" writer-id="{sheet.writer}">',
        '<machine-printed-part><machine-print-line text="He sat on a rock, then"/></machine-printed-part>',
        "<handwritten-part>",
    ]
    for n, line in enumerate(sheet.lines):
        rows.append(f'<line asx="0" id="{sheet.name}-{n:02}" segmentation="{line.state}" text={text(line.text)}>')
        for m, one in enumerate(line.words):
            rows.append(f'<word id="{sheet.name}-{n:02}-{m:02}" tag={text(one.tag)} text={text(one.text)}>')
            rows += [f'<cmp x="{x}" y="{y}" width="{w}" height="{h}"/>' for x, y, w, h in one.boxes]
            rows.append("</word>")
        rows.append("</line>")
    return "\n".join([*rows, "</handwritten-part></form>", ""])


def paper(sheet: Sheet) -> np.ndarray:
    """Print in the upper part, and gray ink where the components are."""
    form = np.full((HEIGHT, WIDTH), 240, np.uint8)
    form[60:80, 40:560] = 0
    for line in sheet.lines:
        for one in line.words:
            for x, y, w, h in one.boxes:
                form[y : y + h, x : x + w] = 30 + len(one.text)
    return form


def save(file: Path, gray: np.ndarray) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(gray).save(file)


def iam(root: Path, written: list[Sheet]) -> Path:
    words, lines, forms = [WORDS_HEADER], ["#--- lines.txt ---#\n#\n"], ["# a01-000u 000 2 prt 7 5 52 36\n"]
    for folder in ("ascii", "xml", "task"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    for sheet in written:
        form = paper(sheet)
        group = sheet.name.split("-")[0]
        save(root / "formsA-D" / f"{sheet.name}.png", form)
        (root / "xml" / f"{sheet.name}.xml").write_text(xml_of(sheet), "iso-8859-1")
        forms.append(f"{sheet.name} {sheet.writer} 2 prt 7 5 52 36\n")
        for n, line in enumerate(sheet.lines):
            name = f"{sheet.name}-{n:02}"
            x, y, w, h = union([box for one in line.words for box in one.boxes])
            tokens = "|".join(one.text for one in line.words)
            lines.append(f"{name} {line.state} 154 19 {x} {y} {w} {h} {tokens}\n")
            save(root / "lines" / group / sheet.name / f"{name}.png", cut(form, x, y, w, h))
            for m, one in enumerate(line.words):
                x, y, w, h = union(one.boxes)
                words.append(f"{name}-{m:02} {one.state} 154 {x} {y} {w} {h} {one.tag} {one.text}\n")
                crop = cut(form, x, y, w, h)
                save(root / "words" / group / sheet.name / f"{name}-{m:02}.png", crop)
    for table, rows in (("words", words), ("lines", lines), ("forms", forms)):
        (root / "ascii" / f"{table}.txt").write_text("".join(rows), "iso-8859-1")
    return root


def split(root: Path, **parts: list[str]) -> Path:
    for part in ("trainset", "validationset1", "validationset2", "testset"):
        (root / "task" / f"{part}.txt").write_text("".join(f"{line}\r\n" for line in parts.get(part, [])))
    return root


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return iam(tmp_path / "iam", sheets())


def by_name(found: object) -> dict[str, Sample]:
    return {item.name: item for item in found if isinstance(item, Sample)}  # type: ignore[attr-defined]


def refused(found: object) -> dict[str, str]:
    return {item.name: item.reason for item in found if isinstance(item, Refused)}  # type: ignore[attr-defined]


# Words


def test_words_with_writer_box_and_page(root: Path) -> None:
    found = by_name(read_iam_words(root))
    assert len(found) == 6 + 1 + 5 + 2
    first = found["a01-000u-00-00"]
    assert (first.text, first.kind, first.writer, first.page) == ("He", "word", "000", "a01-000u")
    assert (first.source, first.split, first.direction) == ("IAM", None, "horizontal")
    assert first.box == (40, 200, 40 + 23, 200 + 25)  # around both components
    assert first.picture.dtype == np.uint8 and first.picture.min() == 32 and first.picture.max() == 240
    assert "non-commercial" in first.licence


def test_a_row_has_nine_fields_whatever_its_header_says(root: Path) -> None:
    found = by_name(read_iam_words(root))
    assert found["a01-000u-00-05"].text == ","
    assert found["a01-000x-00-03"].text == '"'  # whose tag is a mark too
    assert found["a01-003u-00-00"].text == "M Ps"  # the text is all that is left of the row, with its spaces


def test_the_beginning_of_an_id_is_not_the_writer(root: Path) -> None:
    writers = {name[:8]: sample.writer for name, sample in by_name(read_iam_words(root)).items()}
    assert writers == {"a01-000u": "000", "a01-000x": "001", "a01-003u": "000"}


def test_words_cut_wrongly_come_only_when_asked_for(root: Path) -> None:
    assert "a01-000x-00-04" not in by_name(read_iam_words(root))
    assert not refused(read_iam_words(root))  # left out is not damaged
    assert by_name(read_iam_words(root, segmented="all"))["a01-000x-00-04"].text == "yes"
    with pytest.raises(DataError, match="segmented is 'err'"):
        read_iam_words(root, segmented="err")  # type: ignore[arg-type]


def test_a_word_without_components_is_refused(tmp_path: Path) -> None:
    written = sheets()
    written[0].lines[0].words[1].boxes.clear()
    root = iam(tmp_path, written)
    assert set(refused(read_iam_words(root))) == {"a01-000u-00-01"}
    assert "no components" in refused(read_iam_words(root))["a01-000u-00-01"]
    assert len(by_name(read_iam_words(root))) == 13


def test_words_without_the_xml_have_the_writer_of_forms_txt(root: Path) -> None:
    with_xml = by_name(read_iam_words(root))
    (root / "xml").rename(root / "elsewhere")
    without = by_name(read_iam_words(root))
    assert {n: (s.writer, s.box, s.text) for n, s in without.items()} == {
        n: (s.writer, s.box, s.text) for n, s in with_xml.items()
    }
    (root / "ascii" / "forms.txt").unlink()
    assert {sample.writer for sample in by_name(read_iam_words(root)).values()} == {None}


def test_the_broken_pictures_of_the_set_are_refused_and_the_rest_goes_on(tmp_path: Path) -> None:
    written = [
        Sheet("a01-117", "010", [Written("a", [word("a", 40, 200 + 40 * n)]) for n in range(6)]),
        Sheet("r06-022", "020", [Written("b", [word("b", 40, 200 + 40 * n)]) for n in range(4)]),
    ]
    root = iam(tmp_path, written)
    (root / "words" / "a01" / "a01-117" / "a01-117-05-00.png").write_bytes(b"")
    broken = root / "words" / "r06" / "r06-022" / "r06-022-03-00.png"
    broken.write_bytes(broken.read_bytes()[:50])
    (root / "words" / "a01" / "a01-117" / "a01-117-01-00.png").unlink()
    (root / "lines" / "r06" / "r06-022" / "r06-022-00.png").write_bytes(b"no picture")
    found = list(read_iam_words(root))
    assert set(refused(found)) == {"a01-117-05-00", "r06-022-03-00", "a01-117-01-00"} and len(by_name(found)) == 7
    assert all("\n" not in reason for reason in refused(found).values())
    assert set(refused(read_iam_lines(root))) == {"r06-022-00"}


# Lines


def test_lines_in_natural_spacing(root: Path) -> None:
    found = by_name(read_iam_lines(root))
    assert {name: sample.text for name, sample in found.items()} == {
        "a01-000u-00": "He sat on a rock,",
        "a01-000u-01": "then",
        "a01-000x-00": 'He said: "yes"',  # of a literal &quot; in the parsed text
        "a01-003u-00": "M Ps met",
    }
    first = found["a01-000u-00"]
    assert (first.kind, first.writer, first.page, first.box) == ("line", "000", "a01-000u", (40, 200, 363, 225))
    assert first.picture.shape == (29, 327)


def test_lines_in_tokens_as_other_systems_take_them(root: Path) -> None:
    found = by_name(read_iam_lines(root, spacing="tokens"))
    assert found["a01-000u-00"].text == "He sat on a rock ,"
    assert found["a01-000x-00"].text == 'He said : " yes "'
    assert found["a01-000u-00"].writer == "000"
    with pytest.raises(DataError, match="spacing is 'wide'"):
        read_iam_lines(root, spacing="wide")  # type: ignore[arg-type]


def test_err_lines_belong_to_the_lines_unless_left_out(root: Path) -> None:
    assert "a01-000x-00" in by_name(read_iam_lines(root))
    assert set(by_name(read_iam_lines(root, segmented="ok"))) == {"a01-000u-00", "a01-000u-01", "a01-003u-00"}


def test_natural_spacing_without_the_xml_is_one_sentence(root: Path) -> None:
    (root / "xml").rename(root / "elsewhere")
    with pytest.raises(DataError, match=r"no folder xml, and natural spacing is only there"):
        read_iam_lines(root)
    found = by_name(read_iam_lines(root, spacing="tokens"))
    assert found["a01-000u-00"].box == (40, 200, 363, 225) and found["a01-000u-00"].writer == "000"


def test_letters_beyond_ascii_are_latin_1(tmp_path: Path) -> None:
    root = iam(tmp_path, [Sheet("a01-000u", "000", [Written("café & £5", [word("café", 40, 200)])])])
    (sample,) = read_iam_lines(root)
    assert isinstance(sample, Sample) and sample.text == "café & £5"
    (sample,) = read_iam_words(root)
    assert isinstance(sample, Sample) and sample.text == "café"


@settings(max_examples=30, deadline=None)
@given(st.text(st.characters(min_codepoint=33, max_codepoint=255, exclude_categories=["Cc"]), min_size=1, max_size=12))
def test_any_text_of_latin_1_is_read_as_written(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    written = [Sheet("b02-001", "100", [Written(text, [word(text, 40, 200)])])]
    root = iam(tmp_path_factory.mktemp("iam"), written)
    if text.strip():
        assert [sample.text for sample in by_name(read_iam_words(root)).values()] == [text]
        assert [sample.text for sample in by_name(read_iam_lines(root)).values()] == [text]


@pytest.mark.parametrize(
    "row",
    [
        "a01-000u-00", "../../etc/passwd ok 154 19 1 1 1 1 x", "a01-000u-00 yes 154 19 1 1 1 1 x",
        "a01-000u-00 ok 154 19 1 1 one 1 x", "a01-000u-00 ok 154 19 1 1 1 1  ",
        f"a01-000u-00 ok 154 19 {'9' * 400} 1 1 1 x",
        "a01-000u-00-00 ok 154 19 1 1 1 1 x",
    ],
)  # fmt: skip
def test_a_damaged_row_is_refused_and_the_rest_goes_on(root: Path, row: str) -> None:
    table = root / "ascii" / "lines.txt"
    table.write_text(table.read_text("iso-8859-1") + row + "\n", "iso-8859-1")
    found = list(read_iam_lines(root))
    assert len(by_name(found)) == 4 and list(refused(found)) == [row.split(" ")[0][:40]]
    assert "lines.txt" in found[-1].reason  # type: ignore[union-attr]


# The XML


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text[: len(text) // 2],
        lambda text: text.replace('id="a01-000u"', 'id="a01-000x"'),
        lambda text: text.replace("writer-id", "writer"),
        lambda text: text.replace('x="40"', 'x="forty"'),
        lambda text: text.replace('width="10"', 'width="-10"'),
        lambda text: "",
        lambda text: text.replace(
            '-metadata.dtd">',
            '-metadata.dtd" [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>',
        ).replace('text="then"', 'text="&c;&c;"'),
        lambda text: text.replace(
            '-metadata.dtd">', '-metadata.dtd" [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
        ).replace("<handwritten-part>", "<handwritten-part>&e;"),
    ],
)
def test_a_damaged_or_hostile_xml_loses_its_own_form_alone(root: Path, spoil: Callable[[str], str]) -> None:
    file = root / "xml" / "a01-000u.xml"
    file.write_text(spoil(file.read_text("iso-8859-1")), "iso-8859-1")
    for read, names, left in (
        (read_iam_lines, {"a01-000u-00", "a01-000u-01"}, 2),
        (read_iam_words, {f"a01-000u-00-0{n}" for n in range(6)} | {"a01-000u-01-00"}, 7),
    ):
        found = list(read(root))  # type: ignore[operator]
        assert set(refused(found)) == names and len(by_name(found)) == left
        assert all("a01-000u.xml" in reason and "root:" not in reason for reason in refused(found).values())
    assert set(refused(read_iam_forms(root))) == {"a01-000u"}


def test_a_line_that_the_xml_lacks_is_refused(root: Path) -> None:
    (root / "xml" / "a01-003u.xml").unlink()
    file = root / "xml" / "a01-000u.xml"
    file.write_text(file.read_text("iso-8859-1").replace('id="a01-000u-01"', 'id="a01-000u-09"'), "iso-8859-1")
    reasons = refused(read_iam_lines(root))
    assert set(reasons) == {"a01-000u-01", "a01-003u-00"}
    assert "does not have it" in reasons["a01-000u-01"] and "a01-003u.xml" in reasons["a01-003u-00"]


# Forms


def test_forms_are_cropped_to_the_handwriting(root: Path) -> None:
    found = {form.name: form for form in read_iam_forms(root) if isinstance(form, IamForm)}
    form = found["a01-000u"]
    left, top, right, bottom = 40 - MARGIN, 200 - MARGIN, 363 + MARGIN, 285 + MARGIN
    assert form.box == (left, top, right, bottom) and form.picture.shape == (bottom - top, right - left)
    assert form.picture.min() > 0  # the print above, which says the same, is black
    assert form.page.text == "He sat on a rock,\nthen" and (form.page.height, form.page.width) == form.picture.shape
    assert (form.writer, form.split, form.page.source) == ("000", None, "a01-000u")
    for line, whole in zip(form.page.lines, [(40, 200, 363, 225), (40, 260, 63, 285)], strict=True):
        box = line.box.shifted(left, top)
        assert (box.left, box.top, box.right, box.bottom) == whole and line.direction == "horizontal"
        ink = form.picture[int(line.box.top) : int(line.box.bottom), int(line.box.left) : int(line.box.right)]
        assert (ink[0] < 240).any() and (ink[-1] < 240).any() and (ink[:, 0] < 240).any() and (ink[:, -1] < 240).any()
    (region,) = form.page.regions
    assert (region.box.left, region.box.top) == (MARGIN, MARGIN)
    assert found["a01-000x"].page.text == 'He said: "yes"'


def test_a_word_without_components_is_left_out_of_the_box_of_its_line(tmp_path: Path) -> None:
    written = sheets()
    written[0].lines[0].words[0].boxes.clear()
    form = next(iter(read_iam_forms(iam(tmp_path, written))))
    assert isinstance(form, IamForm) and form.box[0] == 40 - MARGIN  # of "then", in the second line
    assert form.page.lines[0].box.left == MARGIN + 60 and form.page.lines[0].text == "He sat on a rock,"


def test_forms_that_cannot_be_trusted_are_refused(tmp_path: Path) -> None:
    written = sheets()
    written[1].lines.append(Written("nowhere", [Word("nowhere", [])]))
    root = iam(tmp_path, written)
    save(root / "formsA-D" / "a01-000u.png", np.full((HEIGHT // 2, WIDTH // 2), 240, np.uint8))
    (root / "formsA-D" / "a01-003u.png").write_bytes(b"")
    reasons = refused(read_iam_forms(root))
    assert "300 x 250 pixels, its XML says 600 x 500" in reasons["a01-000u"]
    assert "No word of a01-000x-01 has components" in reasons["a01-000x"]
    assert set(reasons) == {"a01-000u", "a01-000x", "a01-003u"}
    (root / "formsA-D" / "a01-003u.png").unlink()
    assert "no picture forms*/a01-003u.png" in refused(read_iam_forms(root))["a01-003u"]


def test_components_beyond_the_form_are_refused(tmp_path: Path) -> None:
    written = [Sheet("a01-000u", "000", [Written("x", [Word("x", [(590, 200, 11, 5)])])])]
    assert "outside its 600 x 500 pixels" in refused(read_iam_forms(iam(tmp_path, written)))["a01-000u"]


# The split


def test_the_split_is_that_of_the_task_files(root: Path) -> None:
    split(root, trainset=["a01-000u-00"], validationset1=["a01-003u-00"], testset=["a01-000x-00"])
    assert read_iam_parts(root) == {
        "train": ("a01-000u-00",), "validation1": ("a01-003u-00",), "validation2": (), "test": ("a01-000x-00",)
    }  # fmt: skip
    expected = {"a01-000u-00": "train", "a01-000u-01": None, "a01-003u-00": "validation", "a01-000x-00": "test"}
    assert {name: sample.split for name, sample in by_name(read_iam_lines(root)).items()} == expected
    assert {name[:11]: sample.split for name, sample in by_name(read_iam_words(root)).items()} == expected
    forms = {form.name: form.split for form in read_iam_forms(root) if isinstance(form, IamForm)}
    assert forms == {"a01-000u": "train", "a01-000x": "test", "a01-003u": "validation"}


def test_the_split_may_lie_in_the_folder_of_its_archive(root: Path) -> None:
    split(root, trainset=["a01-000u-00"])
    (root / "task").rename(root / "largeWriterIndependentTextLineRecognitionTask")
    assert read_iam_parts(root)["train"] == ("a01-000u-00",)


def test_writers_in_two_parts_are_listed(root: Path) -> None:
    split(root, trainset=["a01-000u-00"], validationset1=["a01-003u-00"], testset=["a01-000x-00"])
    assert check_writers(root) == {"000": ("train", "validation1")}
    split(root, trainset=["a01-000u-00", "a01-003u-00"], testset=["a01-000x-00"])
    assert check_writers(root) == {}
    # A split by the beginning of the id, which keeps 000u from 003u, has one writer on both sides.
    assert check_writers(root, {"one": ["a01-000u-00-00", "a01-000x"], "other": ["a01-003u"]}) == {
        "000": ("one", "other")
    }


def test_nothing_is_taken_for_disjoint_unseen(root: Path) -> None:
    split(root, trainset=["a01-000u-00"], testset=["a01-000x-00"])
    (root / "xml" / "a01-000x.xml").unlink()
    with pytest.raises(DataError, match=r"a01-000x\.xml"):
        check_writers(root)
    with pytest.raises(DataError, match="'000' in test is not the id"):
        check_writers(root, {"test": ["000"]})


def test_a_damaged_split_is_one_sentence(root: Path) -> None:
    with pytest.raises(DataError, match=r"has no trainset\.txt"):
        read_iam_parts(root)
    split(root, trainset=["a01-000u-00"], testset=["a01-000u-00"])
    with pytest.raises(DataError, match=r"a01-000u-00, which is in trainset\.txt too"):
        read_iam_lines(root)
    split(root, trainset=["<html>"])
    with pytest.raises(DataError, match=r"trainset\.txt holds '<html>'"):
        read_iam_parts(root)
    split(root, trainset=["a01-000u-00"])
    (root / "task" / "testset.txt").unlink()
    with pytest.raises(DataError, match=r"testset\.txt cannot be read"):
        read_iam_parts(root)


@pytest.mark.parametrize("read", [read_iam_words, read_iam_lines, read_iam_forms, read_iam_parts, check_writers])
def test_a_place_without_iam_is_one_sentence(tmp_path: Path, read: Callable[[Path], object]) -> None:
    for place in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(DataError, match=r"^[^\n]*(expected|unpack)[^\n]*\.$"):
            read(place)
