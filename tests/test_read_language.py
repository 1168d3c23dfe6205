"""Reading with a language, a lexicon or a pattern: through the whole reader, alone and beside other lines."""

from pathlib import Path

import pytest

import tenarai
from tenarai.errors import DataError, SettingsError
from tenarai.page.layout import Page
from tenarai.text.kneser_ney import train_ngram

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "examples"
COMPOSED = ROOT.parent / "shared" / "data" / "lines_japanese_composed"


@pytest.fixture(scope="module")
def reader() -> tenarai.Reader:
    return tenarai.load()


def test_text_does_not_depend_on_company_or_threads_with_a_language(reader: tenarai.Reader) -> None:
    files = [*sorted(COMPOSED.glob("yuji-mai_*_000[0-9].webp")), EXAMPLES / "line-latin.png"]
    alone = [reader.read(file, language="auto") for file in files]
    threaded = list(tenarai.load(threads=3).read_many(reversed(files), language="auto"))
    assert [page.lines for page in alone] == [page.lines for page in threaded[::-1] if isinstance(page, Page)]
    assert any(page.text != reader.read(file, language="none").text for page, file in zip(alone, files, strict=True))


def test_characters_lie_on_the_line_with_a_language(reader: tenarai.Reader) -> None:
    line = reader.read_line(COMPOSED / "yuji-mai_h_0003.webp", direction="horizontal", language="auto")
    assert "".join(c.text for c in line.characters) == line.text
    lefts = [c.box.left for c in line.characters]
    assert lefts == sorted(lefts)
    assert all(c.confidence is not None and 0 < c.confidence <= 1 for c in line.characters)


def test_an_open_model_and_a_list_of_words(reader: tenarai.Reader) -> None:
    model = train_ngram(["Thank you for the long letter, dear Anna."] * 3)
    line = reader.read_line(EXAMPLES / "line-latin.png", language=model, lexicon=["thank", "you", "letter"])
    assert line.text
    page = reader.read(EXAMPLES / "note-horizontal.png", lexicon=["東京都", "京都府"])
    assert all(line.text in ("東京都", "京都府") for line in page.lines)


def test_lines_in_which_no_entry_fits_are_left_out_of_a_page(reader: tenarai.Reader) -> None:
    entry = "寿限無寿限無五劫の擦り切れ" * 15
    assert reader.read(EXAMPLES / "note-horizontal.png", lexicon=[entry]).lines == ()
    with pytest.raises(DataError, match="No text that the lexicon allows"):
        reader.read_line(EXAMPLES / "line-japanese.png", lexicon=[entry])


def test_a_pattern_overrules_the_model_of_single_characters(reader: tenarai.Reader) -> None:
    picture = next(COMPOSED.glob("kiloji_h_0000.webp"))
    assert reader.read_line(picture, pattern=r"\d{3}-\d{4}").text[3] == "-"
    with pytest.raises(SettingsError, match="cannot be used"):
        reader.read_line(picture, pattern="(")


def test_a_language_that_there_is_not_ends_the_reading_of_many(reader: tenarai.Reader) -> None:
    with pytest.raises(SettingsError, match="did you mean 'latin'"):
        list(reader.read_many([EXAMPLES / "line-latin.png"], language="latn"))
