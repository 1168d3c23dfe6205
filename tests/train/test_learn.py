"""Learning a hand: what is held out, what is left out, that the rest stays, and that a stopped run goes on the same."""

import dataclasses
import itertools
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

import tenarai
from tenarai.cli.outputs import SUFFIXES
from tenarai.dataset.sample import Refused
from tenarai.errors import DataError, SettingsError
from tenarai.image.standard import Standard
from tenarai.model.export import read_network
from tenarai.model.recogniser import Recogniser, Sizes
from tenarai.model.shipped import shipped_model
from tenarai.page.formats import write_layout
from tenarai.page.layout import Page
from tenarai.text.alphabet import HIRAGANA, KATAKANA, Alphabet
from tenarai.train import learn as learning
from tenarai.train.corrections import Correction, grown, log_probs, read_corrections, sort_out
from tenarai.train.learn import held_out, learn
from tenarai.train.maker import LineMaker, RealLine, TrainingLine, composed
from tenarai.train.recipe import DataSettings
from tenarai.train.tuning import LearnSettings, Replay, measure

STANDARD = Standard(height=16)
ALPHABET = Alphabet.of(" abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,'、。" + HIRAGANA + KATAKANA)
SETTINGS = LearnSettings(steps=4, rounds=2, lines=2, replay=2, rate=1e-3)


@pytest.fixture(scope="module")
def network() -> Recogniser:
    torch.manual_seed(3)
    sizes = Sizes(len(ALPHABET), 16, (4, 4, 4, 4), (0, 0, 0, 0), features=8, hidden=8, layers=2, neck=8, dropout=0.1)
    return Recogniser(sizes).eval()


@pytest.fixture(scope="module")
def maker() -> LineMaker:
    data = DataSettings(latin=0.3, longest_japanese=5, longest_latin=8, unruly=0, wear=0)
    return LineMaker(data, ALPHABET, 16, Path())


@pytest.fixture(autouse=True)
def few_composed_lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(learning, "REPLAY_LINES", 8)
    monkeypatch.setattr(learning, "CHECK_LINES", 6)
    # A random network finds no text likely: everything fits here but where a test asks.
    monkeypatch.setattr(learning, "sort_out", lambda corrections, *_: (list(corrections), []))
    yield


@pytest.fixture
def everything_helps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Held-out lines seem to be read better after every round: what is learnt is then kept."""
    calls = itertools.count()
    monkeypatch.setattr(learning, "measure", lambda n, lines, a, s: (-float(next(calls)), [""] * len(lines)))


def corrections(maker: LineMaker, count: int) -> list[Correction]:
    rng = np.random.default_rng(1)
    found = []
    for i in range(count):
        line = maker.draw(rng)
        found.append(Correction(f"line {i}", RealLine(255 - line.picture, line.text, False), line))
    return found


def write_pair(folder: Path, name: str, text: str, picture: np.ndarray | None = None) -> None:
    if picture is None:
        picture = np.full((40, 120), 255, np.uint8)
        cv2.putText(picture, "abc", (8, 30), cv2.FONT_HERSHEY_SIMPLEX, 1, 0, 2)
    cv2.imwrite(str(folder / f"{name}.png"), picture)
    (folder / f"{name}.gt.txt").write_text(text, "utf-8")


# What is held out


@pytest.mark.parametrize("count", [*range(2, 20), 100])
def test_every_line_is_held_out_once_and_of_few_each_by_itself(count: int) -> None:
    parts = held_out(count, 1)
    assert len(parts) == (count if count < 8 else 4) and sorted(i for part in parts for i in part) == list(range(count))
    assert all(0 < len(part) < count for part in parts)
    assert held_out(count, 1) == parts and (count < 8 or parts != held_out(count, 2))


# Reading corrections


def test_pairs_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    write_pair(tmp_path, "a", "ab c\n")
    write_pair(tmp_path, "b", "")
    write_pair(tmp_path, "c", "one\ntwo")
    write_pair(tmp_path, "d", "ab\u200bc")
    write_pair(tmp_path, "e", "abc", np.full((40, 120), 255, np.uint8))
    (tmp_path / "f.png").write_bytes(b"no picture")
    (tmp_path / "f.gt.txt").write_text("abc", "utf-8")
    found, refused = read_corrections(tmp_path, 16)
    assert [(c.name, c.plain.text, c.plain.picture.shape[0]) for c in found] == [("a.png", "ab c", 16)]
    reasons = {r.name: r.reason for r in refused}
    assert list(reasons) == ["b.png", "c.png", "d.png", "e.png", "f.png"]
    for name, said in zip("bcdef", ("no text", "several lines", "U+200B", "blank", ""), strict=True):
        assert said in reasons[f"{name}.png"]


@pytest.fixture(scope="module")
def page_folder(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Page]:
    """A picture of a line, and what is read of it."""
    folder = tmp_path_factory.mktemp("page")
    page = np.full((120, 300), 255, np.uint8)
    cv2.putText(page, "hello there", (10, 60), cv2.FONT_HERSHEY_SIMPLEX, 1, 0, 2)
    cv2.imwrite(str(folder / "page.png"), page)
    return folder, dataclasses.replace(tenarai.load().read(folder / "page.png"), source="page.png")


@pytest.mark.parametrize("form", ["json", "pagexml", "alto", "hocr", "tsv", "via", "coco"])
def test_a_page_with_its_corrected_layout_gives_its_lines(
    page_folder: tuple[Path, Page], tmp_path: Path, form: str
) -> None:
    folder, read = page_folder
    (tmp_path / "page.png").write_bytes((folder / "page.png").read_bytes())
    layout = tmp_path / f"page.png{SUFFIXES[form]}"
    layout.write_bytes(write_layout(read, form))
    for source in (tmp_path, layout):
        found, refused = read_corrections(source, 16)
        assert [c.plain.text for c in found] == [line.text for line in read.lines] != [] and not refused


@pytest.mark.parametrize("forms", [("json", "tsv"), ("json", "pagexml"), ("hocr", "alto")])
def test_a_page_in_two_layouts_is_refused(
    page_folder: tuple[Path, Page], tmp_path: Path, forms: tuple[str, ...]
) -> None:
    folder, read = page_folder
    (tmp_path / "page.png").write_bytes((folder / "page.png").read_bytes())
    for form in forms:
        (tmp_path / f"page.png{SUFFIXES[form]}").write_bytes(write_layout(read, form))
    with pytest.raises(DataError, match=r"have lines of page\.png: leave the corrected one"):
        read_corrections(tmp_path, 16)
    # What another layout has beside them is no second text of the same lines.
    (region,) = read.regions
    below = [dataclasses.replace(line, box=line.box.shifted(0, 60), polygon=()) for line in region.lines]
    apart = dataclasses.replace(read, regions=(dataclasses.replace(region, lines=tuple(below)),))
    (tmp_path / f"page.png{SUFFIXES[forms[1]]}").write_bytes(write_layout(apart, forms[1]))
    found, refused = read_corrections(tmp_path, 16)
    assert len(found) + len(refused) == 2 * len(read.lines)


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no line"):
        read_corrections(tmp_path, 16)


def test_texts_that_do_not_fit_are_found_by_the_shipped_model() -> None:
    network, header = read_network(shipped_model())
    assert isinstance(network, Recogniser)
    network.eval()
    data = DataSettings(latin=0, unruly=0, wear=0, longest_japanese=9)
    maker = LineMaker(data, header.alphabet, header.standard.height, Path())
    rng = np.random.default_rng(5)  # running text, no row of rare kanji, which are misread and then told as wrong
    lines = [maker.draw(rng) for _ in range(6)]
    given = [TrainingLine(line.picture, line.text) for line in lines]
    given[2] = TrainingLine(lines[2].picture, lines[3].text)
    given[4] = TrainingLine(lines[4].picture, lines[4].text * 30)
    found = [Correction(str(i), RealLine(255 - g.picture, g.text, False), g) for i, g in enumerate(given)]
    fitting, refused = sort_out(found, network, header.alphabet, header.standard)
    assert [r.name for r in refused] == ["2", "4"] and [c.name for c in fitting] == ["0", "1", "3", "5"]
    assert "longer" in refused[1].reason and "something else" in refused[0].reason


# The alphabet


def test_new_characters_leave_known_scores_as_they_are(network: Recogniser, maker: LineMaker) -> None:
    larger, alphabet = grown(network, ALPHABET, ["aŵb", "ŷŵ"])
    assert "".join(alphabet.characters[len(ALPHABET) :]) == "ŵŷ" and alphabet.characters[1:4] == (" ", "a", "b")
    line = maker.draw(np.random.default_rng(2))
    before, after = (log_probs(n, line, STANDARD) for n in (network, larger))
    assert after.shape[1] == before.shape[1] + 2
    known = after[:, : len(ALPHABET)]
    np.testing.assert_allclose(known - known[:, :1], before - before[:, :1], atol=1e-4)


# Learning


@pytest.mark.usefixtures("everything_helps")
def test_what_is_not_tuned_stays(network: Recogniser, maker: LineMaker) -> None:
    settings = dataclasses.replace(SETTINGS, parts=("neck", "classes"))
    given = {name: value.clone() for name, value in network.state_dict().items()}
    learnt = learn(corrections(maker, 3), network, ALPHABET, STANDARD, settings)
    assert learnt.network is not None and learnt.steps == 4 and learnt.before.held_out.lines == 3
    for name, value in learnt.network.state_dict().items():
        assert torch.equal(value, given[name]) == (not name.startswith(("neck", "classes"))), name
        assert torch.equal(network.state_dict()[name], given[name])


def test_a_writer_is_read_better_and_the_same_each_time(network: Recogniser, maker: LineMaker) -> None:
    lines = corrections(maker, 8)
    settings = dataclasses.replace(SETTINGS, steps=30, rate=2e-2)
    learnt = learn(lines, network, ALPHABET, STANDARD, settings)
    assert learnt.network is not None and learnt.before.held_out.lines == 8
    plain = [line.plain for line in lines]
    losses = [measure(n, plain, ALPHABET, STANDARD)[0] for n in (network, learnt.network)]
    assert losses[1] < 0.95 * losses[0]
    again = learn(lines, network, ALPHABET, STANDARD, settings)
    assert again.network is not None
    for name, value in learnt.network.state_dict().items():
        assert torch.equal(value, again.network.state_dict()[name])
    assert learnt.to_json()["before"] == again.to_json()["before"]


@pytest.mark.parametrize("count", [2, 5, 8, 16])
def test_the_old_model_stays_when_nothing_helps(
    network: Recogniser, maker: LineMaker, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    calls = itertools.count()
    monkeypatch.setattr(learning, "measure", lambda n, lines, a, s: (float(next(calls)), [""] * len(lines)))
    lines = corrections(maker, count)
    lines[0] = dataclasses.replace(lines[0], plain=TrainingLine(lines[0].plain.picture, "ŵ"))
    learnt = learn(lines, network, ALPHABET, STANDARD, SETTINGS)
    assert learnt.network is None and learnt.alphabet == ALPHABET and learnt.new == "" and learnt.steps == 0
    assert learnt.to_json()["model"] == "old" and learnt.before == learnt.after


@pytest.mark.parametrize("count", [8, 16])
def test_a_lower_loss_is_not_taken_with_more_errors(
    network: Recogniser, maker: LineMaker, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    lines = corrections(maker, count)
    calls = itertools.count()

    def measured(n: Recogniser, held: list[TrainingLine], a: Alphabet, s: Standard) -> tuple[float, list[str]]:
        call = next(calls) % (SETTINGS.rounds + 1)
        return -float(call), [line.text + "!" * call for line in held]

    monkeypatch.setattr(learning, "measure", measured)
    learnt = learn(lines, network, ALPHABET, STANDARD, SETTINGS)
    assert learnt.network is None and learnt.before.held_out.cer == learnt.after.held_out.cer == 0


@pytest.mark.parametrize(("loss", "errors", "rounds"), [(-1, 1, 3), (1, -1, 3), (1, 1, 0)])
def test_few_lines_are_learnt_where_loss_or_errors_become_less(
    network: Recogniser, maker: LineMaker, monkeypatch: pytest.MonkeyPatch, loss: int, errors: int, rounds: int
) -> None:
    calls = itertools.count()
    settings = dataclasses.replace(SETTINGS, rounds=3, steps=3)

    def measured(n: Recogniser, held: list[TrainingLine], a: Alphabet, s: Standard) -> tuple[float, list[str]]:
        call = next(calls) % (settings.rounds + 1)
        return 9.0 + loss * call, [line.text + "!" * (5 + errors * call) for line in held]

    monkeypatch.setattr(learning, "measure", measured)
    learnt = learn(corrections(maker, 3), network, ALPHABET, STANDARD, settings)
    assert learnt.steps == rounds and (learnt.network is None) == (rounds == 0)


@pytest.mark.parametrize("count", [5, 8, 16])
def test_of_rounds_that_help_the_last_is_taken(
    network: Recogniser, maker: LineMaker, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    losses = itertools.cycle((9.0, 5.0, 6.0, 7.0, 9.5))  # of every course: as it was, and after each round
    monkeypatch.setattr(learning, "measure", lambda n, lines, a, s: (next(losses), [""] * len(lines)))
    settings = dataclasses.replace(SETTINGS, rounds=4)
    assert learn(corrections(maker, count), network, ALPHABET, STANDARD, settings).steps == 3


@pytest.mark.usefixtures("everything_helps")
def test_known_classes_stay_while_new_ones_are_learnt(network: Recogniser, maker: LineMaker) -> None:
    lines = corrections(maker, 3)
    lines[1] = dataclasses.replace(lines[1], plain=TrainingLine(lines[1].plain.picture, "ŵŷ"))
    settings = dataclasses.replace(SETTINGS, plain=1.0)
    learnt = learn(lines, network, ALPHABET, STANDARD, settings)
    assert learnt.network is not None
    known = len(ALPHABET)
    start, _ = grown(network, ALPHABET, ["ŵŷ"])
    for name in ("classes.weight", "classes.bias"):
        before, after = start.state_dict()[name], learnt.network.state_dict()[name]
        assert torch.equal(after[:known], before[:known])
        assert not torch.equal(after[known], before[known]) and not torch.equal(after[known + 1], before[known + 1])


@pytest.mark.usefixtures("everything_helps")
def test_what_is_kept_lies_between_the_old_and_the_new(network: Recogniser, maker: LineMaker) -> None:
    lines = corrections(maker, 3)
    kept = []
    for share in (0.0, 0.5, 1.0):
        learnt = learn(lines, network, ALPHABET, STANDARD, dataclasses.replace(SETTINGS, near=share))
        assert learnt.network is not None
        kept.append(learnt.network.column.weight)
    assert torch.equal(kept[0], network.column.weight) and not torch.equal(kept[0], kept[2])
    torch.testing.assert_close(kept[1], (kept[0] + kept[2]) / 2)


def test_composed_lines_are_shown_as_the_first_model_sees_them(network: Recogniser, maker: LineMaker) -> None:
    lines = composed(maker, 1, 7)
    replay = Replay(network, lines, 3, ALPHABET, STANDARD)
    assert [len(batch) for batch in replay.batches] == [3, 3, 1] and len(replay) == 3
    widths = [line.picture.shape[1] for batch in replay.batches for line in batch]
    assert widths == sorted(line.picture.shape[1] for line in lines)
    shown = replay[1]
    assert replay[1] is shown
    near = {"rtol": 0.05, "atol": 0.05}  # bfloat16, where the processor is fast at it
    with torch.no_grad():
        logits = network(shown.batch.pictures)
        torch.testing.assert_close(network.read(shown.columns.float()), logits, **near)
        torch.testing.assert_close(network.classes(shown.taught.float()), logits, **near)


@pytest.mark.parametrize("part", ["features", "features.3"])
def test_convolutions_are_not_tuned(part: str) -> None:
    with pytest.raises(SettingsError, match="convolutions"):
        LearnSettings(parts=(part, "reader"))


@pytest.mark.usefixtures("everything_helps")
def test_what_the_courses_have_learnt_is_averaged(
    network: Recogniser, maker: LineMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, weights_of = [], learning.Course.weights

    def noted(course: learning.Course) -> dict[str, torch.Tensor]:
        found.append(weights_of(course)["column.weight"].clone())
        return weights_of(course)

    monkeypatch.setattr(learning.Course, "weights", noted)
    learnt = learn(corrections(maker, 3), network, ALPHABET, STANDARD, dataclasses.replace(SETTINGS, near=0.5))
    assert learnt.network is not None and learnt.steps == 4 and len(found) == 6
    last = torch.stack(found[1::2])  # of two rounds
    assert not torch.equal(last[0], last[1])
    torch.testing.assert_close(learnt.network.column.weight, (last.mean(0) + network.column.weight) / 2)


def test_a_classical_model_is_held_to_columns_and_checked_on_them(
    network: Recogniser, maker: LineMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []
    monkeypatch.setattr(learning, "composed", lambda *asked: made.append(asked[0]) or composed(*asked))
    for classical, said in ((True, "columns of older text"), (False, "general check set")):
        made.clear()
        learnt = learn(corrections(maker, 2), network, ALPHABET, STANDARD, SETTINGS, classical=classical)
        assert said in learnt.to_json()["check"] and len(made) == 2
        assert all((one.data.vertical, one.data.latin) == (1.0, 0.0) for one in made) == classical


@pytest.mark.usefixtures("everything_helps")
def test_new_characters_are_said(network: Recogniser, maker: LineMaker) -> None:
    lines = corrections(maker, 3)
    lines[1] = dataclasses.replace(lines[1], plain=TrainingLine(lines[1].plain.picture, "ŵ"))
    learnt = learn(lines, network, ALPHABET, STANDARD, SETTINGS)
    assert learnt.new == "ŵ" and learnt.network is not None
    assert learnt.network.sizes.classes == len(learnt.alphabet) == len(ALPHABET) + 1


def test_one_line_is_too_few(network: Recogniser, maker: LineMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = corrections(maker, 3)
    out = [Refused("line 1", "It has no text.")]
    monkeypatch.setattr(learning, "sort_out", lambda corrections, *_: (list(corrections[:1]), out))
    with pytest.raises(DataError, match=r"and 1 can be used\. Left out: line 1: It has no text\."):
        learn(lines, network, ALPHABET, STANDARD, SETTINGS)


def test_few_lines_are_learnt_in_short_courses() -> None:
    suited = [LearnSettings().suited(lines) for lines in (2, 7, 8, 20, 1000)]
    assert [settings.steps for settings in suited] == [24, 24, 60, 120, 300]
    assert [settings.share for settings in suited] == [0.5, 0.5, 0.85, 0.85, 0.85]
    assert LearnSettings(steps=9).suited(5).steps == 9


@pytest.mark.parametrize("wrong", [{"steps": 0}, {"minutes": 0.0}, {"seed": -1}])
def test_settings_out_of_range_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(SettingsError):
        LearnSettings(**wrong)  # type: ignore[arg-type]


# Stopping and going on


class StoppedError(Exception):
    pass


@pytest.mark.parametrize(("count", "stop"), [(8, 1), (8, 3), (8, 7), (5, 1), (5, 9), (2, 3)])
def test_a_stopped_run_goes_on_to_the_same_weights(
    network: Recogniser, maker: LineMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int, stop: int
) -> None:
    """Stopped in the first course, a later one, or the last one."""
    lines, checkpoint = corrections(maker, count), tmp_path / "mine.model.unfinished"
    unbroken = learn(lines, network, ALPHABET, STANDARD, SETTINGS)
    course_round, done = learning.Course.round, []

    def stopping(self: learning.Course, number: int) -> None:
        if len(done) == stop:
            raise StoppedError
        done.append(number)
        course_round(self, number)

    with monkeypatch.context() as patch:
        patch.setattr(learning.Course, "round", stopping)
        with pytest.raises(StoppedError):
            learn(lines, network, ALPHABET, STANDARD, SETTINGS, checkpoint=checkpoint)
    assert checkpoint.exists() and len(list(tmp_path.iterdir())) == 1
    other = dataclasses.replace(SETTINGS, rate=1e-2)
    with pytest.raises(SettingsError, match="other lines"):
        learn(lines, network, ALPHABET, STANDARD, other, checkpoint=checkpoint, resume=True)
    rest = learn(lines, network, ALPHABET, STANDARD, SETTINGS, checkpoint=checkpoint, resume=True)
    assert rest.steps == unbroken.steps and rest.after == unbroken.after
    assert (rest.network is None) == (unbroken.network is None)
    if rest.network is not None and unbroken.network is not None:
        for name, value in rest.network.state_dict().items():
            assert torch.equal(value, unbroken.network.state_dict()[name])


def test_there_must_be_something_to_resume(network: Recogniser, maker: LineMaker, tmp_path: Path) -> None:
    checkpoint = tmp_path / "mine.model.unfinished"
    lines = corrections(maker, 2)
    with pytest.raises(DataError, match="nothing to resume"):
        learn(lines, network, ALPHABET, STANDARD, SETTINGS, checkpoint=checkpoint, resume=True)
    checkpoint.write_bytes(b"PK\x03\x04 cut")
    with pytest.raises(SettingsError, match="damaged"):
        learn(lines, network, ALPHABET, STANDARD, SETTINGS, checkpoint=checkpoint, resume=True)


@pytest.mark.usefixtures("everything_helps")
def test_minutes_end_a_run(network: Recogniser, maker: LineMaker) -> None:
    settings = dataclasses.replace(SETTINGS, steps=2000, rounds=1000, minutes=0.001)
    learnt = learn(corrections(maker, 4), network, ALPHABET, STANDARD, settings)
    assert learnt.network is not None and 2 <= learnt.steps < 100
