"""The whole flow on pictures with known text."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from rapidfuzz.distance import Levenshtein

import tenarai
from tenarai.errors import ModelFileError, PictureError, SettingsError
from tenarai.page.layout import Page
from tenarai.synth.hand import Hand
from tenarai.synth.line import compose_strokes
from tenarai.synth.strokes import KanjiVG

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "examples"
SAMPLE_CER = 0.08  # the samples' worst; to be lowered with every better model, never raised
COMPOSED = ROOT.parent / "shared" / "data" / "lines_japanese_composed"


@pytest.fixture(scope="module")
def reader() -> tenarai.Reader:
    return tenarai.load()


def gray(name: str) -> np.ndarray:
    picture = cv2.imread(str(EXAMPLES / name), cv2.IMREAD_GRAYSCALE)
    assert picture is not None
    return picture


def truth(name: str) -> str:
    return (EXAMPLES / name).with_suffix(".gt.txt").read_text("utf-8").strip()


def error_rate(reference: str, read: str) -> float:
    reference, read = reference.replace(" ", ""), read.replace(" ", "")
    return Levenshtein.distance(reference, read) / len(reference)


@pytest.mark.parametrize("name", sorted(p.name for p in EXAMPLES.glob("*.png")))
def test_samples_are_read(reader: tenarai.Reader, name: str) -> None:
    page = reader.read(EXAMPLES / name)
    assert len(page.lines) == len(truth(name).splitlines())
    assert error_rate(truth(name), page.text) < SAMPLE_CER, page.text
    assert {line.direction for line in page.lines} == {"vertical" if "vertical" in name else "horizontal"}


def test_columns_run_right_to_left(reader: tenarai.Reader) -> None:
    lines = reader.read(EXAMPLES / "letter-vertical.png").lines
    lefts = [line.box.left for line in lines]
    assert lefts == sorted(lefts, reverse=True)


def test_polarity_is_found(reader: tenarai.Reader) -> None:
    picture = gray("line-japanese.png")
    page = reader.read(255 - picture, explain=True)
    assert error_rate(reader.read(picture).text, page.text) < 0.1
    assert "inverted" in str(page.note("polarity"))
    assert "inverted" not in str(reader.read(picture, explain=True).note("polarity"))


def test_a_skewed_page_is_levelled_and_boxes_come_back_to_it(reader: tenarai.Reader) -> None:
    picture = gray("note-horizontal.png")
    height, width = picture.shape
    angle = 0.05
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), -np.degrees(angle), 1.0)
    falling = cv2.warpAffine(picture, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
    page = reader.read(falling, explain=True)
    assert float(page.note("skew") or 0) == pytest.approx(angle, abs=0.015)
    straight = reader.read(picture)
    assert error_rate(straight.text, page.text) < 0.2
    for turned, line in zip(page.lines, straight.lines, strict=True):
        x, y = line.characters[0].box.center
        expected = matrix @ np.array([x, y, 1])
        assert np.hypot(*(np.array(turned.characters[0].box.center) - expected)) < 40


def test_characters_lie_on_their_ink(reader: tenarai.Reader) -> None:
    picture = gray("line-japanese.png")
    line = reader.read_line(picture, direction="horizontal")
    centres = [c.box.center[0] for c in line.characters]
    assert centres == sorted(centres)
    assert "".join(c.text for c in line.characters).strip() == line.text
    assert all(c.box.left >= 0 and c.box.right <= picture.shape[1] + 1 for c in line.characters)
    ink = np.flatnonzero((picture < 120).any(axis=0))
    assert abs(centres[0] - ink[0]) < 60 and abs(centres[-1] - ink[-1]) < 60
    for character in line.characters:
        assert character.confidence is not None and 0 < character.confidence <= 1
        assert [p for _, p in character.alternatives] == sorted((p for _, p in character.alternatives), reverse=True)


@pytest.mark.parametrize("vertical", [False, True])
def test_characters_have_the_boxes_that_they_were_drawn_in(reader: tenarai.Reader, vertical: bool) -> None:
    shared = []
    for seed in range(4):
        rng = np.random.default_rng(seed)
        composed = compose_strokes("手紙の文字を読む", (KanjiVG(),), Hand.sample(rng, 0.3), rng, vertical=vertical)
        assert composed is not None
        line = reader.read_line(255 - composed.ink, direction="vertical" if vertical else "horizontal")
        if line.text == composed.text:
            drawn = (tenarai.Box(*box) for _, *box in composed.boxes)
            shared += [c.box.iou(box) for c, box in zip(line.characters, drawn, strict=True)]
    assert len(shared) >= 16
    assert np.mean(shared) > 0.6
    assert np.min(shared) > 0


def test_auto_direction_of_a_line(reader: tenarai.Reader) -> None:
    column = COMPOSED / "zen-kurenaido_v_0000.webp"
    row = COMPOSED / "zen-kurenaido_h_0000.webp"
    assert reader.read_line(column).direction == "vertical"
    assert reader.read_line(row).direction == "horizontal"
    assert reader.read_line(column).text == reader.read_line(column, direction="vertical").text


def test_scale_of_the_picture_hardly_matters(reader: tenarai.Reader) -> None:
    picture = gray("line-japanese.png")
    for factor in (0.5, 2.0, 3.0):
        scaled = cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        assert error_rate(reader.read(picture).text, reader.read(scaled).text) < 0.2


def test_the_camera_turn_is_undone_and_told(reader: tenarai.Reader, tmp_path: Path) -> None:
    with Image.open(EXAMPLES / "line-japanese.png") as image:
        turned = image.convert("L").transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6
    turned.save(tmp_path / "turned.jpg", exif=exif, quality=90)
    page = reader.read(tmp_path / "turned.jpg", explain=True)
    assert page.note("turn") == pytest.approx(np.pi / 2)
    assert error_rate(reader.read(EXAMPLES / "line-japanese.png").text, page.text) < 0.2


@pytest.mark.parametrize("value", [0, 128, 255])
def test_blank_paper_has_no_text(reader: tenarai.Reader, value: int) -> None:
    blank = np.full((300, 400), value, np.uint8)
    page = reader.read(blank, explain=True)
    assert page.text == "" and page.lines == () and page.note("blank") == "yes"
    line = reader.read_line(blank)
    assert line.text == "" and line.confidence is None and line.characters == ()


def test_noise_without_writing_does_not_crash(reader: tenarai.Reader) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (200, 300)).astype(np.uint8)
    assert isinstance(reader.read(noise), Page)


def test_text_does_not_depend_on_company_or_threads(reader: tenarai.Reader) -> None:
    files = sorted(COMPOSED.glob("*_000[0-4]?.webp"))[:40]
    alone = [reader.read(file).text for file in files]
    together = [page.text for page in reader.read_many(files) if isinstance(page, Page)]
    threaded = [page.text for page in tenarai.load(threads=3).read_many(reversed(files)) if isinstance(page, Page)]
    assert alone == together == threaded[::-1]


def test_a_bad_picture_becomes_a_record_and_the_rest_goes_on(reader: tenarai.Reader, tmp_path: Path) -> None:
    cut = tmp_path / "cut.png"
    cut.write_bytes((EXAMPLES / "line-latin.png").read_bytes()[:5000])
    empty = tmp_path / "empty.jpg"
    empty.touch()
    found = list(reader.read_many([cut, EXAMPLES / "line-latin.png", empty, tmp_path / "none.png"]))
    assert [isinstance(p, tenarai.Unread) for p in found] == [True, False, True, True]
    assert [p.source for p in found] == [
        str(cut),
        str(EXAMPLES / "line-latin.png"),
        str(empty),
        str(tmp_path / "none.png"),
    ]
    for record in found:
        if isinstance(record, tenarai.Unread):
            assert record.reason.count("\n") == 0 and Path(record.source).name in record.reason


def test_read_raises_for_what_is_no_picture(reader: tenarai.Reader, tmp_path: Path) -> None:
    text = tmp_path / "letter.jpg"
    text.write_text("Dear Anna")
    with pytest.raises(PictureError, match=r"letter\.jpg"):
        reader.read(text)


def test_unknown_direction_is_refused(reader: tenarai.Reader) -> None:
    with pytest.raises(SettingsError, match="auto"):
        reader.read(np.zeros((9, 9), np.uint8), direction="diagonal")  # type: ignore[arg-type]


def test_a_model_that_is_no_model(tmp_path: Path) -> None:
    fake = tmp_path / "x.model"
    fake.write_bytes(b"PK\x03\x04 not a model")
    with pytest.raises(ModelFileError):
        tenarai.load(fake)


def test_a_page_survives_its_plain_form(reader: tenarai.Reader) -> None:
    page = reader.read(EXAMPLES / "line-mixed.png", explain=True)
    assert Page.from_dict(page.to_dict()) == page
    assert replace(page, source="x") != page


def test_least_confidence_marks_the_same_in_lines_pages_and_many(reader: tenarai.Reader) -> None:
    plain = reader.read_line(EXAMPLES / "line-latin.png")
    line = reader.read_line(EXAMPLES / "line-latin.png", least_confidence=0.999)
    doubts = [c.confidence is not None and c.confidence < 0.999 and c.text != " " for c in plain.characters]
    assert any(doubts) and line.confidence == plain.confidence
    assert line.text == "".join("〓" if d else c.text for c, d in zip(plain.characters, doubts, strict=True))
    page = reader.read(EXAMPLES / "line-latin.png", least_confidence=0.999)
    (again,) = reader.read_many([EXAMPLES / "line-latin.png"], least_confidence=0.999)
    assert isinstance(again, Page) and page.text == again.text and "〓" in page.text
    with pytest.raises(SettingsError, match="0 to 1"):
        reader.read_line(EXAMPLES / "line-latin.png", least_confidence=-1)
    with pytest.raises(SettingsError, match="0 to 1"):
        reader.read(EXAMPLES / "line-latin.png", least_confidence=7)
