"""Reading lines by ONNX Runtime: the same text alone, in company, and on any number of threads."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from tenarai.errors import AlphabetError, SettingsError
from tenarai.image.clean import Gray
from tenarai.image.standard import Standard
from tenarai.model.export import write_model
from tenarai.model.file import Header
from tenarai.model.recogniser import DOWN, Recogniser, Sizes
from tenarai.model.runtime import NARROWEST, LineRuntime
from tenarai.text.alphabet import Alphabet
from tenarai.text.language import Prior, line_decoder

HEIGHT = 24


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network of random weights, large enough that it reads something else in every line."""
    torch.manual_seed(1)
    alphabet = Alphabet.of("abcdefghijklmnopqrstuvwxyz")
    sizes = Sizes(len(alphabet), HEIGHT, (4, 4, 6, 6), (0, 0, 0, 0), features=12, hidden=8, layers=1, neck=8)
    network = Recogniser(sizes)
    for weight in network.parameters():
        weight.data.mul_(4)
    path = tmp_path_factory.mktemp("model") / "random.model"
    header = Header("recogniser", "random", sizes.to_dict(), alphabet, Standard(HEIGHT), DOWN)
    write_model(network, header, path)
    return path


def lines(count: int = 24) -> list[Gray]:
    rng = np.random.default_rng(0)
    return [rng.integers(0, 256, (HEIGHT, int(width)), np.uint8) for width in rng.integers(1, 500, count)]


def test_a_line_reads_the_same_alone_and_in_any_company(model: Path) -> None:
    runtime, pictures = LineRuntime(model), lines()
    alone = [LineRuntime(model).read(picture) for picture in pictures]
    assert len({decoding.text for decoding in alone}) > len(pictures) / 2  # else the test would say nothing
    assert list(runtime.read_all(pictures)) == alone
    assert list(runtime.read_all(pictures[::-1])) == alone[::-1]
    assert list(runtime.read_all(pictures[3:5])) == alone[3:5]


@pytest.mark.parametrize("threads", [2, 4])
def test_threads_do_not_matter(model: Path, threads: int) -> None:
    pictures = lines(40)
    several = LineRuntime(model, threads)
    assert several.threads == threads
    assert list(several.read_all(iter(pictures))) == list(LineRuntime(model).read_all(pictures))


@pytest.mark.parametrize("guided", [False, True])
def test_characters_that_the_model_does_not_know_are_refused(model: Path, guided: bool) -> None:
    runtime, (picture,) = LineRuntime(model), lines(1)
    decoder = line_decoder(Prior(), runtime.header.alphabet.characters) if guided else None
    with pytest.raises(AlphabetError, match="This model knows none of the characters 'ДЖ'"):
        runtime.read(picture, allowed=frozenset("ДЖ"), decoder=decoder)
    assert {*runtime.read(picture, allowed=frozenset("Дa")).text} <= {"a"}


def test_log_probs_are_probabilities_of_every_frame(model: Path) -> None:
    runtime = LineRuntime(model)
    for picture in lines(6):
        scores = runtime.log_probs(picture)
        width = max(NARROWEST * DOWN, runtime.header.standard.padded_width(picture.shape[1]))
        assert scores.shape == (width // DOWN, 27) and scores.dtype == np.float32
        np.testing.assert_allclose(np.exp(scores).sum(1), 1, atol=1e-4)


def test_pixels_are_where_the_frames_look(model: Path) -> None:
    runtime = LineRuntime(model)
    padding = runtime.header.standard.padding
    assert runtime.pixels(padding / DOWN, padding / DOWN) == (0, 0)
    left, right = runtime.pixels(10, 13)
    assert right - left == 3 * DOWN
    # A mark on an empty line changes the frames around its own place the most.
    empty = np.full((HEIGHT, 400), 255, np.uint8)
    marked = empty.copy()
    marked[4:20, 200:212] = 0
    changed = np.abs(np.exp(runtime.log_probs(marked)) - np.exp(runtime.log_probs(empty))).sum(1)
    peak = int(changed.argmax())
    left, right = runtime.pixels(peak, peak + 1)
    assert left >= 200 - 4 * DOWN and right <= 212 + 4 * DOWN


def test_spans_lie_on_the_line(model: Path) -> None:
    runtime = LineRuntime(model)
    for picture in lines(6):
        decoding = runtime.read(picture, alternatives=2)
        frames = len(runtime.log_probs(picture))
        assert all(0 <= span.start < span.end <= frames for span in decoding.spans)
        assert all(len(span.alternatives) <= 2 for span in decoding.spans)


@pytest.mark.parametrize("width", [1, 2, 15, 16, 17])
@pytest.mark.parametrize("level", [0, 255])
def test_the_narrowest_lines_are_read(model: Path, width: int, level: int) -> None:
    runtime = LineRuntime(model)
    picture = np.full((HEIGHT, width), level, np.uint8)
    assert runtime.log_probs(picture).shape == (NARROWEST, 27)
    assert isinstance(runtime.read(picture).text, str)


def test_no_lines_give_no_text(model: Path) -> None:
    assert list(LineRuntime(model).read_all([])) == list(LineRuntime(model, 3).read_all([])) == []


def test_lines_of_another_height_are_refused(model: Path) -> None:
    with pytest.raises(SettingsError, match="24 pixels high, not 30"):
        LineRuntime(model).read(np.zeros((30, 50), np.uint8))


def test_reading_imports_no_torch(model: Path) -> None:
    script = (
        "import sys, numpy as np; from pathlib import Path; from tenarai.model.runtime import LineRuntime;"
        f"LineRuntime(Path({str(model)!r})).read(np.full(({HEIGHT}, 50), 255, np.uint8));"
        "print([m for m in ('torch', 'onnx', 'lightning') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
