"""`tenarai learn`: a model file that reads a writer better, what is said of it, and what is refused."""

import itertools
import json
from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
from typer.testing import CliRunner

from tenarai.cli import app
from tenarai.dataset.pairs import read_pairs
from tenarai.evaluate.lines import read_all_lines
from tenarai.evaluate.report import Reading, evaluate
from tenarai.image.standard import Standard
from tenarai.model.compact import is_compact
from tenarai.model.export import read_network, write_model
from tenarai.model.file import Header, read_header
from tenarai.model.recogniser import DOWN, Recogniser, Sizes
from tenarai.model.shipped import model_file, shipped_model
from tenarai.reader import load
from tenarai.synth.hand import Hand
from tenarai.synth.line import compose_strokes
from tenarai.synth.paper import Paper
from tenarai.text.alphabet import HIRAGANA, Alphabet
from tenarai.train import learn as learning
from tenarai.train.maker import LineMaker, Photo
from tenarai.train.recipe import DataSettings

runner = CliRunner()
ALPHABET = Alphabet.of("abcdefghijklmnopqrstuvwxyz ,.。、" + HIRAGANA)
SIZES = Sizes(len(ALPHABET), 16, (4, 4, 4, 4), (0, 0, 0, 0), features=8, hidden=8, layers=2, neck=8)


@pytest.fixture(autouse=True)
def few_composed_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learning, "REPLAY_LINES", 16)
    monkeypatch.setattr(learning, "CHECK_LINES", 8)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "tiny.model"
    header = Header("recogniser", "tiny", SIZES.to_dict(), ALPHABET, Standard(16), DOWN, training={"recipe": {"a": 1}})
    write_model(Recogniser(SIZES).eval(), header, path)
    return path


def drawing_lines() -> LineMaker:
    known = "".join(read_header(shipped_model()).alphabet.characters)
    data = DataSettings(latin=0, vertical=0, unruly=0, wear=0, longest_japanese=10)
    maker = LineMaker(data, Alphabet.of(known), 40, Path())
    maker.paper = Paper(1, wear=0)
    return maker


def write_leaning(folder: Path, photos: Iterable[Photo], lean: float) -> None:
    """Lines of one writer whose letters lean far to the left, which the shipped model is not used to."""
    for i, photo in enumerate(photos):
        height, width = photo.picture.shape
        turned = np.array([[1.0, lean, 0.0], [0.0, 1.0, 0.0]])
        size = (int(width + lean * height) + 1, height)
        paper = int(np.median(photo.picture))
        picture = cv2.warpAffine(photo.picture, turned, size, flags=cv2.INTER_LINEAR, borderValue=paper)
        cv2.imwrite(str(folder / f"{i}.png"), picture)
        (folder / f"{i}.gt.txt").write_text(photo.text, "utf-8")


@pytest.fixture(scope="module")
def hand(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, maker, rng = tmp_path_factory.mktemp("hand"), drawing_lines(), np.random.default_rng(8)
    drawn = (maker.photo(rng) for _ in range(1000))
    write_leaning(folder, itertools.islice((p for p in drawn if len(p.text) > 4), 6), 0.5)
    return folder


@pytest.fixture(scope="module")
def flat_hand(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six lines that share their characters, so that what is learnt from some helps with the others."""
    folder, maker, rng = tmp_path_factory.mktemp("flat"), drawing_lines(), np.random.default_rng(9)
    photos = []
    for text in ("さくらのはな", "なつのよるに", "ふゆのそらは", "はるのかわの", "よるのさくら", "そらになつの"):
        line = compose_strokes(text, maker.sources, Hand.sample(rng, 0), rng)
        assert line is not None
        photos.append(Photo(maker.paper.photograph(line.ink, rng).picture, text, False))
    write_leaning(folder, photos, 0.6)
    return folder


def test_the_shipped_model_learns_six_lines(flat_hand: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine.model"
    done = runner.invoke(app, ["learn", str(flat_hand), "-o", str(mine), "--steps", "12", "--json"])
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert said["model"] == "new" and said["lines"] == said["before"]["held_out"]["lines"] == 6
    assert 0 < said["steps"] <= 12 and said["check"] == "general check set"
    # Each line was held out in turn, and read better by the model that had not seen it.
    assert said["after"]["held_out"]["cer"] < said["before"]["held_out"]["cer"]
    assert said["after"]["general"]["cer"] < said["before"]["general"]["cer"] + 0.05
    pairs = read_pairs(flat_hand)
    before, after = (evaluate(read_all_lines(load(model), pairs)).errors.edits for model in (None, mine))
    assert after < before
    assert [p.name for p in tmp_path.iterdir()] == ["mine.model"]
    header, shipped = read_header(mine), read_header(shipped_model())
    assert header.alphabet == shipped.alphabet and header.licences == shipped.licences
    assert header.training["hands"][0]["from"] == shipped.name and header.training["hands"][0]["lines"] == 6
    assert is_compact(onnx.load(str(shipped_model()))) and not is_compact(onnx.load(str(mine)))


@pytest.mark.parametrize("compact", [False, True])
def test_the_model_grows_whatever_form_it_had(tiny: Path, hand: Path, tmp_path: Path, compact: bool) -> None:
    start, mine = tmp_path / "start.model", tmp_path / "made" / "mine.model"
    network, header = read_network(tiny)
    write_model(network, header, start, compact=compact)
    arguments = ["learn", str(hand), "-o", str(mine), "--from", str(start), "--steps", "2"]
    done = runner.invoke(app, arguments)
    assert done.exit_code in (0, 1), done.output
    assert not is_compact(onnx.load(str(mine)))
    grown = read_header(mine).alphabet
    assert grown.characters[: len(ALPHABET)] == ALPHABET.characters and len(grown) > len(ALPHABET)
    assert "New characters" in done.stdout and "general check set" in done.stdout


def test_lines_that_are_left_out_are_named(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learning, "sort_out", lambda corrections, *_: (list(corrections), []))
    for name, text in (("a", "abc"), ("b", "cab"), ("c", "a\u200bb")):
        picture = np.full((40, 120), 255, np.uint8)
        cv2.putText(picture, "abc", (8, 30), cv2.FONT_HERSHEY_SIMPLEX, 1, 0, 2)
        cv2.imwrite(str(tmp_path / f"{name}.png"), picture)
        (tmp_path / f"{name}.gt.txt").write_text(text, "utf-8")
    mine = tmp_path / "mine.model"
    done = runner.invoke(app, ["learn", str(tmp_path), "-o", str(mine), "--from", str(tiny), "--steps", "1"])
    assert done.exit_code == 1 and "left out c.png" in done.stderr and "U+200B" in done.stderr and mine.exists()


def test_the_old_model_is_written_when_nothing_helps(
    tiny: Path, hand: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = learning._Run._chosen

    def none(run: learning._Run) -> tuple[int, list[Reading], list[Reading]]:
        _, before, _ = chosen(run)
        return 0, before, before

    monkeypatch.setattr(learning._Run, "_chosen", none)
    mine = tmp_path / "mine.model"
    done = runner.invoke(app, ["learn", str(hand), "-o", str(mine), "--from", str(tiny), "--steps", "1"])
    assert "is the model as it was" in done.stdout and mine.read_bytes() == tiny.read_bytes()
    assert [p.name for p in tmp_path.iterdir()] == ["mine.model"]


def test_a_report_shows_the_held_out_lines_before_and_after(tiny: Path, hand: Path, tmp_path: Path) -> None:
    mine, report = tmp_path / "mine.model", tmp_path / "report.html"
    arguments = ["learn", str(hand), "-o", str(mine), "--from", str(tiny), "--steps", "1", "--report", str(report)]
    done = runner.invoke(app, arguments)
    assert done.exit_code in (0, 1), done.output
    page = report.read_text("utf-8")
    assert "lines held out" in page and "the model as it was" in page
    done = runner.invoke(app, [*arguments[:-1], str(tmp_path)])
    assert done.exit_code == 2 and "name the HTML file" in done.stderr


@pytest.mark.parametrize(("start", "check"), [("default", "general check set"), ("classical", "columns of older text")])
def test_learning_starts_from_a_model_by_its_name(
    hand: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, start: str, check: str
) -> None:
    monkeypatch.setattr(learning, "sort_out", lambda corrections, *_: (list(corrections[:2]), []))
    mine = tmp_path / "mine.model"
    done = runner.invoke(app, ["learn", str(hand), "-o", str(mine), "--from", start, "--steps", "1", "--json"])
    assert done.exit_code == 0, done.output
    assert check in json.loads(done.stdout)["check"] and check in done.stderr
    header, begun = read_header(mine), read_header(model_file(start))
    assert header.name == begun.name and header.classical == begun.classical == (start == "classical")
    # What has learnt is read with as what it started from is: the classical model beside a modern one alone.
    assert (load(mine)._classical_file is None) == (start == "classical")


def test_what_cannot_be_learnt_from_is_refused(tiny: Path, hand: Path, tmp_path: Path) -> None:
    empty, one = tmp_path / "empty", tmp_path / "one"
    empty.mkdir()
    one.mkdir()
    for suffix in (".png", ".gt.txt"):
        (one / f"0{suffix}").write_bytes((hand / f"0{suffix}").read_bytes())
    out = str(tmp_path / "mine.model")
    for arguments, said in (
        ([str(empty), "-o", out], "holds no line"),
        ([str(one), "-o", out], "five lines or more"),
        ([str(tmp_path / "none"), "-o", out], "There is no"),
        ([str(hand), "-o", str(tmp_path)], "is a folder"),
        ([str(hand), "-o", str(hand / "0.png" / "x.model")], "0.png is a file: name a folder to write into"),
        ([str(hand), "-o", out, "--minutes", "0"], "above 0"),
        ([str(hand), "-o", out, "--resume"], "nothing to resume"),
        ([str(hand), "-o", out, "--from", str(shipped_model("characters"))], "learnt by a recogniser"),
        ([str(hand), "-o", out, "--from", str(hand / "0.png")], "not a tenarai model"),
        ([str(hand), "-o", out, "--from", "clasical"], "clasical cannot be read"),
    ):
        done = runner.invoke(app, ["learn", *arguments])
        assert done.exit_code == 2 and said in done.stderr, done.output
        assert len(done.stderr.strip().splitlines()) == 1 and not Path(out).exists()


def test_a_run_that_was_stopped_is_resumed(
    tiny: Path, hand: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = tmp_path / "mine.model"
    arguments = ["learn", str(hand), "-o", str(mine), "--from", str(tiny), "--steps", "3"]
    course_round = learning.Course.round

    def stopped(self: learning.Course, number: int) -> None:
        if number == 2:
            raise KeyboardInterrupt
        course_round(self, number)

    with monkeypatch.context() as patch:
        patch.setattr(learning.Course, "round", stopped)
        done = runner.invoke(app, arguments)
    assert done.exit_code == 130 and [p.name for p in tmp_path.iterdir()] == ["mine.model.unfinished"]
    done = runner.invoke(app, [*arguments, "--resume"])
    assert done.exit_code in (0, 1)
    assert done.stderr.splitlines()[0] == "without 1 of 6 lines (1 of 6), round 3 of 3"
    assert [p.name for p in tmp_path.iterdir()] == ["mine.model"]
