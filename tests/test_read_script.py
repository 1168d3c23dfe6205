"""Scripts: the classical model beside the modern one, forced and chosen."""

import json
from pathlib import Path

import pytest

import tenarai
from tenarai.dataset.pages import cut
from tenarai.errors import SettingsError
from tenarai.evaluate.report import Reading, evaluate
from tenarai.image.read import read_picture
from tenarai.image.standard import Standard
from tenarai.model.export import write_model
from tenarai.model.file import Header
from tenarai.model.recogniser import DOWN, Recogniser, Sizes
from tenarai.model.shipped import shipped_model
from tenarai.page.layout import Box, Line
from tenarai.text.alphabet import Alphabet
from tenarai.text.language import SHIPPED, LineDecoder, Prior, shipped_language
from tenarai.text.script import is_japanese
from tenarai.transcribe import straight_line

EXAMPLES = Path(__file__).parents[1] / "examples"
KUZUSHIJI = Path(__file__).parents[2] / "shared" / "data" / "kuzushiji_page_boxes" / "train"
COLUMN_CER = 0.45  # of training columns: that the right model is asked, not how good it is

needs_pages = pytest.mark.skipif(not KUZUSHIJI.exists(), reason="the public pages are not here")


@pytest.fixture(scope="module")
def reader() -> tenarai.Reader:
    return tenarai.load()


@pytest.fixture(scope="module")
def columns() -> list[tuple[str, object]]:
    rows = [json.loads(row) for row in (KUZUSHIJI / "columns.jsonl").read_text("utf-8").splitlines()]
    page = rows[0]["page"]
    picture = read_picture(KUZUSHIJI / f"{page}.webp")
    return [(row["text"], cut(picture, Box(*row["box"]))[0]) for row in rows if row["page"] == page]


def cer(reader: tenarai.Reader, columns: list, script: str) -> float:  # type: ignore[type-arg]
    read = [reader.read_line(picture, direction="vertical", script=script).text for _, picture in columns]
    return evaluate([Reading(str(n), columns[n][0], text) for n, text in enumerate(read)]).cer


@needs_pages
def test_old_columns_are_left_to_the_classical_model(reader: tenarai.Reader, columns: list) -> None:  # type: ignore[type-arg]
    classical, auto, modern = (cer(reader, columns, script) for script in ("classical", "auto", "modern"))
    assert classical < COLUMN_CER < modern
    assert auto < 0.5 * (classical + modern)


def test_modern_columns_stay_with_the_modern_model(reader: tenarai.Reader) -> None:
    file = EXAMPLES / "letter-vertical.png"
    assert reader.read(file) == reader.read(file, script="modern")
    truth = file.with_suffix(".gt.txt").read_text("utf-8").strip()
    assert evaluate([Reading("page", truth, reader.read(file).text)]).cer < 0.1


def test_latin_has_no_japanese_letters(reader: tenarai.Reader) -> None:
    text = reader.read_line(EXAMPLES / "line-japanese.png", script="latin").text
    assert not any(map(is_japanese, text))
    assert reader.read_line(EXAMPLES / "line-latin.png", script="latin").text
    with pytest.raises(SettingsError, match="Latin script has none of the characters of 'kana'"):
        reader.read_line(EXAMPLES / "line-latin.png", script="latin", alphabet="kana")
    only = reader.read_line(EXAMPLES / "line-latin.png", script="latin", alphabet="letters").text
    assert all(character.isascii() and (character.isalpha() or character == " ") for character in only)


@pytest.fixture(scope="module")
def learnt(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The shipped models as `tenarai learn` would write them when nothing helped: in files of one's own."""
    folder = tmp_path_factory.mktemp("learnt")
    files = {"modern": folder / "mine.model", "classical": folder / "mine-classical.model"}
    for name, file in files.items():
        file.write_bytes(shipped_model("reader" if name == "modern" else name).read_bytes())
    return files


def asked_languages(reader: tenarai.Reader, script: str, language: str = "auto") -> list[tuple[str, str]]:
    """Which language each model of the reader would ask, in the order in which they read."""
    models = reader._models(script, None, Prior(language))  # type: ignore[arg-type]
    found = ([models.modern] if models.modern else []) + ([models.classical()] if models.classical else [])
    return [(one.runtime.header.name, language_of(one.decoder)) for one in found]


def language_of(decoder: LineDecoder | None) -> str:
    assert decoder is not None
    return "auto" if decoder.model is None else next(n for n in SHIPPED if shipped_language(n) is decoder.model)


def test_a_modern_model_of_ones_own_keeps_the_classical_one_beside_it(learnt: dict[str, Path]) -> None:
    own = tenarai.load(learnt["modern"])
    assert asked_languages(own, "auto") == [("reader", "auto"), ("classical", "classical")]
    assert asked_languages(own, "classical") == [("classical", "classical")]
    assert asked_languages(own, "modern") == [("reader", "auto")]
    other = tenarai.load(learnt["modern"], classical=learnt["classical"])
    assert other.classical.header.name == "classical" and other._classical_file == learnt["classical"]


def test_a_classical_model_of_ones_own_reads_alone_with_its_language(learnt: dict[str, Path]) -> None:
    own = tenarai.load(learnt["classical"])
    for script in ("auto", "classical"):
        assert asked_languages(own, script) == [("classical", "classical")]
        assert asked_languages(own, script, "ja") == [("classical", "ja")]
    assert asked_languages(own, "modern") == [("classical", "auto")]
    assert asked_languages(tenarai.load("classical"), "auto") == [("classical", "classical")]


def test_a_model_without_kana_reads_alone(tmp_path: Path) -> None:
    sizes = Sizes(4, 16, (4, 4, 4, 4), (0, 0, 0, 0), features=8, hidden=8, layers=2, neck=8)
    header = Header("recogniser", "latin", sizes.to_dict(), Alphabet.of("abc"), Standard(16), DOWN)
    write_model(Recogniser(sizes).eval(), header, tmp_path / "latin.model")
    alone = tenarai.load(tmp_path / "latin.model")
    with pytest.raises(SettingsError, match="classical"):
        alone.read_line(EXAMPLES / "line-latin.png", script="classical")
    both = tenarai.load(tmp_path / "latin.model", classical="classical")
    assert both.read_line(EXAMPLES / "line-latin.png", script="classical", direction="vertical")


def test_there_is_no_such_script(reader: tenarai.Reader) -> None:
    with pytest.raises(SettingsError, match="'kuzushiji'"):
        reader.read_line(EXAMPLES / "line-latin.png", script="kuzushiji")  # type: ignore[arg-type]


def test_lines_outside_of_the_picture_have_no_text(reader: tenarai.Reader) -> None:
    picture = read_picture(EXAMPLES / "line-latin.png")
    assert straight_line(picture, Line(Box(-50, -50, -10, -10), "horizontal"), 40) is None
    height, width = picture.shape
    page = reader.read(
        picture, lines=[Line(Box(0, 0, width, height), "horizontal"), Line(Box(-50, -50, -10, -10), "horizontal")]
    )
    assert page.lines[0].text and not page.lines[1].text
