"""Where training lines come from: all kinds, repeatable, and never a line of a held-out writer or font."""

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from hypothesis import given
from hypothesis import strategies as st

from tenarai.errors import DataError
from tenarai.synth.words import is_older
from tenarai.text.alphabet import Alphabet, default_alphabet
from tenarai.train.maker import (
    LineMaker,
    example_lines,
    general_maker,
    held_out_writers,
    is_column,
    latin_share,
)
from tenarai.train.recipe import DataSettings, LineCorpus

ALPHABET = default_alphabet()
HEIGHT = 24


def maker(corpora: Path, validation: bool = False, **settings: object) -> LineMaker:
    return LineMaker(DataSettings(**settings), ALPHABET, HEIGHT, corpora, validation)  # type: ignore[arg-type]


def put_text(corpora: Path, *lines: str) -> tuple[str, ...]:
    (corpora / "text.txt").write_text("\n".join(lines), "utf-8")
    return ("text.txt",)


def written(text: str, size: tuple[int, int] = (40, 160)) -> bytes:
    gray = np.full(size, 255, np.uint8)
    cv2.putText(gray, text.encode("ascii", "replace").decode(), (5, size[0] - 12), 0, 0.8, 0, 2)
    return cv2.imencode(".png", gray)[1].tobytes()


def put_lines(corpora: Path, rows: list[dict[str, object]]) -> None:
    folder = corpora / "lines"
    folder.mkdir()
    with (folder / "all.jsonl").open("w", encoding="utf-8") as file:
        for i, row in enumerate(rows):
            (folder / f"{i}.png").write_bytes(written(str(row["text"])))
            file.write(json.dumps({"file": f"{i}.png", **row}) + "\n")


def put_font(path: Path, characters: str, wide: int) -> None:
    """A font whose every glyph is a box so many units wide."""
    pen = TTGlyphPen(None)
    pen.moveTo((50, 0))
    for point in ((50, 700), (50 + wide, 700), (50 + wide, 0)):
        pen.lineTo(point)
    pen.closePath()
    other = TTGlyphPen(None)
    other.moveTo((0, 0))
    for point in ((0, 50), (50, 50)):
        other.lineTo(point)
    other.closePath()
    names = [".notdef", "box"]
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder(names)
    builder.setupCharacterMap({ord(c): "box" for c in characters})
    builder.setupGlyf({".notdef": other.glyph(), "box": pen.glyph()})
    builder.setupHorizontalMetrics(dict.fromkeys(names, (1000, 0)))
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": path.stem, "styleName": "Regular"})
    builder.setupOS2(sTypoAscender=800, sTypoDescender=-200, usWinAscent=800, usWinDescent=200)
    builder.setupPost()
    path.parent.mkdir(exist_ok=True)
    builder.save(str(path))


# Lines


@pytest.fixture(scope="module")
def strokes() -> LineMaker:
    return LineMaker(DataSettings(), ALPHABET, HEIGHT, Path())


def test_lines_are_at_reading_height_and_can_be_encoded(strokes: LineMaker) -> None:
    rng = np.random.default_rng(0)
    texts = set()
    for _ in range(40):
        line = strokes.draw(rng)
        assert line.picture.dtype == np.uint8 and line.picture.shape[0] == HEIGHT
        assert line.text and ALPHABET.decode(ALPHABET.encode(line.text)) == line.text
        texts.add(line.text)
    assert len(texts) > 35


def test_the_same_seed_draws_the_same_lines(strokes: LineMaker) -> None:
    again = LineMaker(DataSettings(), ALPHABET, HEIGHT, Path())
    for seed in range(6):
        one, same = strokes.draw(np.random.default_rng(seed)), again.draw(np.random.default_rng(seed))
        assert one.text == same.text
        np.testing.assert_array_equal(one.picture, same.picture)
    assert strokes.draw(np.random.default_rng(1)).text != strokes.draw(np.random.default_rng(2)).text


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"latin": 0.0, "vertical": 1.0}, lambda p: p.vertical or len(p.text) == 1),
        ({"latin": 0.0, "vertical": 0.0}, lambda p: not p.vertical),
        ({"latin": 1.0}, lambda p: not p.vertical and max(p.text) < "\u3000"),
    ],
)
def test_the_settings_decide_the_kinds(tmp_path: Path, settings: dict[str, object], expected: Callable) -> None:
    rng = np.random.default_rng(0)
    made = maker(tmp_path, **settings)
    assert all(expected(made.photo(rng)) for _ in range(25))


def test_capitals_outside_the_alphabet_are_not_drawn(tmp_path: Path) -> None:
    """The capital of µ is a Greek letter that no label stands for."""
    put_font(tmp_path / "fonts" / "greek.ttf", "5 µΜMmgabcz", 700)
    made = maker(tmp_path, texts=put_text(tmp_path, "5 µm ab µg cab"), latin=1.0, latin_fonts=("fonts",))
    rng = np.random.default_rng(0)
    drawn = "".join(made.photo(rng).text for _ in range(60))
    assert "µ" in drawn and ALPHABET.missing(drawn) == ""


# What is missing is said


def test_text_that_nothing_can_write_is_an_error_and_no_endless_loop(tmp_path: Path) -> None:
    made = maker(tmp_path, texts=put_text(tmp_path, "éééé éééé"), latin=1.0)
    with pytest.raises(DataError, match="neither strokes nor fonts"):
        made.photo(np.random.default_rng(0))


@pytest.mark.parametrize(
    ("line", "latin", "lacking"), [("only Latin here", 0.3, "Japanese"), ("手習いの本を読む", 0.3, "Latin")]
)
def test_a_script_without_text_is_an_error(tmp_path: Path, line: str, latin: float, lacking: str) -> None:
    with pytest.raises(DataError, match=f"no {lacking} line"):
        maker(tmp_path, texts=put_text(tmp_path, line), latin=latin)


@pytest.mark.parametrize(("line", "latin"), [("only Latin here", 1.0), ("手習いの本を読む", 0.0)])
def test_one_script_alone_can_be_trained(tmp_path: Path, line: str, latin: float) -> None:
    made = maker(tmp_path, texts=put_text(tmp_path, line), latin=latin)
    rng = np.random.default_rng(0)
    assert all(made.photo(rng).text for _ in range(10))


def test_missing_corpora_are_named(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for given_data, name in (
        ({"texts": ("gone.txt",)}, "gone.txt"),
        ({"japanese_fonts": ("empty",)}, "empty"),
        ({"lines": (LineCorpus(path="empty"),)}, "empty"),
        ({"lines": (LineCorpus(path="gone.jsonl"),)}, "gone.jsonl"),
    ):
        with pytest.raises(DataError, match=name):
            maker(tmp_path, **given_data)


# Held out


@given(st.lists(st.sampled_from([f"w{i:02d}" for i in range(12)]), max_size=40), st.integers(0, 15))
def test_so_many_writers_are_held_out_by_name_alone(writers: list[str], count: int) -> None:
    held = held_out_writers(writers, count)
    assert held <= set(writers) and len(held) == min(count, len(set(writers)))
    assert held_out_writers(writers[::-1] * 2, count) == held


ROWS = [{"text": f"line {w}{n}", "writer": f"w{w}", "boilerplate": n == 2} for w in "abcdef" for n in range(3)]


@pytest.mark.parametrize("count", [1, 2, 5])
def test_held_out_writers_are_never_trained_on(tmp_path: Path, count: int) -> None:
    put_lines(tmp_path, ROWS)
    lines = (LineCorpus(path="lines", validation_writers=count),)
    training = {line.text for line in maker(tmp_path, lines=lines).real}
    validation = {line.text for line in maker(tmp_path, True, lines=lines).real}
    writers = [{text[5] for text in part} for part in (training, validation)]
    assert writers[0] & writers[1] == set() and writers[0] | writers[1] == set("abcdef")
    assert len(writers[1]) == count
    # Sentences that everybody copied are trained on, but figures are not made of them.
    assert len(training) == 3 * (6 - count) and len(validation) == 2 * count


def test_boilerplate_can_be_left_out_of_training(tmp_path: Path) -> None:
    put_lines(tmp_path, ROWS)
    real = maker(tmp_path, lines=(LineCorpus(path="lines", boilerplate=False),)).real
    assert len(real) == 12 and not any(line.text.endswith("2") for line in real)


def test_real_lines_with_unknown_characters_are_left_out_and_counted(tmp_path: Path) -> None:
    put_lines(tmp_path, [{"text": t} for t in ("known", "un🙂known", "", "cafe\u0301", "꧁🙂")])
    with pytest.warns(UserWarning, match=r"2 of 4 lines are left out: 2 have .* the alphabet lacks \(🙂 ꧁\)"):
        made = maker(tmp_path, lines=(LineCorpus(path="lines"),))
    assert [line.text for line in made.real] == ["known", "café"]


def test_no_more_than_a_few_unknown_characters_are_named(tmp_path: Path) -> None:
    put_lines(tmp_path, [{"text": "known"}, {"text": "🙂🙃🙄🙅🙆🙇🙈🙉🙊"}])
    with pytest.warns(UserWarning, match=r"\(🙂 🙃 🙄 🙅 🙆 🙇 🙈 🙉 \.\.\.\)"):
        maker(tmp_path, lines=(LineCorpus(path="lines"),))


def test_real_lines_of_another_alphabet_are_an_error(tmp_path: Path) -> None:
    put_lines(tmp_path, [{"text": "привет"}, {"text": "🙂"}])
    with pytest.raises(DataError, match=r"None of the 2 lines can be trained on: 2 have .* \(п р и в е т 🙂\)"):
        maker(tmp_path, lines=(LineCorpus(path="lines"),))


def test_real_lines_are_drawn_and_distorted(tmp_path: Path) -> None:
    put_lines(tmp_path, [{"text": "one"}, {"text": "two"}])
    made = maker(tmp_path, lines=(LineCorpus(path="lines"),), latin=1.0, real=1.0)
    rng = np.random.default_rng(0)
    drawn = [made.draw(rng) for _ in range(12)]
    assert {line.text for line in drawn} == {"one", "two"}
    assert len({line.picture.tobytes() for line in drawn}) == 12
    # As it is read, a line is always the same.
    plain = [made.plain_line(made.real[0]) for _ in range(2)]
    np.testing.assert_array_equal(plain[0].picture, plain[1].picture)
    assert plain[0].text == "one" and plain[0].picture.shape[0] == HEIGHT


def test_held_out_fonts_are_never_trained_on(tmp_path: Path) -> None:
    for name in ("a.ttf", "b.ttf", "held.ttf"):
        put_font(tmp_path / "fonts" / name, "国手習", 700)
    settings = {"japanese_fonts": ("fonts",), "validation_fonts": ("held.ttf",)}
    assert [f.path.name for f in maker(tmp_path, **settings).japanese] == ["a.ttf", "b.ttf"]
    assert [f.path.name for f in maker(tmp_path, True, **settings).japanese] == ["held.ttf"]
    everyday = {"japanese_fonts": ("fonts",)}
    assert len(maker(tmp_path, **everyday).japanese) == len(maker(tmp_path, True, **everyday).japanese) == 3


# Direction


@pytest.mark.parametrize(
    ("direction", "text", "size", "expected"),
    [
        ("vertical", "手習い", (30, 200), True),
        ("horizontal", "手習い", (200, 30), False),
        ("auto", "手習い", (200, 30), True),
        ("auto", "手習い", (30, 200), False),
        ("auto", "手", (200, 30), False),
        ("auto", "I.", (200, 30), False),
    ],
)
def test_columns_are_known_by_their_corpus_or_their_shape(
    direction: str, text: str, size: tuple[int, int], expected: bool
) -> None:
    assert is_column(direction, text, np.full(size, 255, np.uint8)) is expected


def test_an_unreadable_picture_is_left_out_and_named(tmp_path: Path) -> None:
    put_lines(tmp_path, [{"text": "one"}, {"text": "two"}])
    (tmp_path / "lines" / "0.png").write_bytes(b"not a picture")
    with pytest.warns(UserWarning, match=r"1 of 2 lines are left out: 1 cannot be read, the first is 0\.png"):
        made = maker(tmp_path, lines=(LineCorpus(path="lines"),))
    assert [line.text for line in made.real] == ["two"]
    (tmp_path / "lines" / "1.png").write_bytes(b"")
    with pytest.raises(DataError, match="None of the 2 lines can be trained on: 2 cannot be read"):
        maker(tmp_path, lines=(LineCorpus(path="lines"),))


@pytest.mark.parametrize(("characters", "share"), [("abc", 1.0), ("あい", 0.0), ("aあ", 0.3)])
def test_a_model_of_one_script_is_kept_by_lines_of_that_script(characters: str, share: float) -> None:
    assert latin_share(Alphabet.of(characters)) == share


def test_what_a_classical_model_is_held_to_are_columns_of_older_text() -> None:
    made, rng = general_maker(ALPHABET, HEIGHT, classical=True), np.random.default_rng(0)
    assert len(made.texts.japanese) > 50 and all(map(is_older, made.texts.japanese))
    drawn = [made.photo(rng) for _ in range(30)]
    assert all(photo.vertical or len(photo.text) == 1 for photo in drawn)
    modern = general_maker(ALPHABET, HEIGHT)
    assert not all(map(is_older, modern.texts.japanese)) and modern.texts.latin and modern.data.latin > 0


def test_example_lines_are_the_same_always_and_none_without_characters_to_write() -> None:
    first, second = (example_lines(default_alphabet(), 24) for _ in range(2))
    assert len(first) > 20 and all(line.shape[0] == 24 and line.dtype == np.uint8 for line in first)
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    assert example_lines(Alphabet.of("ΩΨ"), 24) == []
