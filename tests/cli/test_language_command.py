"""`tenarai language`, and language, lexicon and pattern in `tenarai read` and `tenarai evaluate`."""

import json
from pathlib import Path

import onnx
import pytest
from typer.testing import CliRunner, Result

from tenarai.cli import app
from tenarai.model.shipped import shipped_model

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
READER = shipped_model()
TEXT = "chère Anna,\nmerci de ta longue lettre.\nla maison est grande\n手習いの本\n" * 5


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "letters.txt"
    path.write_text(TEXT, "utf-8")
    return path


@pytest.mark.parametrize("name", ["mine.ngram", "mine.arpa", "mine.arpa.gz"])
def test_a_model_is_trained_shown_and_measured(tmp_path: Path, text: Path, name: str) -> None:
    out = tmp_path / name
    done = run("language", "train", text, text, "-o", out, "--order", 4, "--licence", "my letters: mine")
    assert done.exit_code == 0 and f"{out}: " in done.output and "n-grams of up to 4 characters" in done.output
    shown = run("language", "show", out)
    about = json.loads(shown.stdout)
    assert about["order"] == 4
    if name.endswith(".ngram"):
        assert about["name"] == "mine" and about["licences"] == ["my letters: mine"]
        assert about["texts"] == ["letters.txt", "letters.txt"]
    measured = run("language", "perplexity", out, text)
    assert 1 < float(measured.stdout.split("\t")[1]) < 3
    read = run("read", EXAMPLES / "line-latin.png", "--language", out)
    assert read.exit_code == 0 and read.stdout.strip()


@pytest.mark.parametrize("name", ["ja", "classical", "latin"])
def test_the_shipped_models_tell_their_sources(name: str) -> None:
    about = json.loads(run("language", "show", name).stdout)
    assert about["name"] == name and about["licences"] and about["ngrams"][0] == about["characters"] + 1


def test_training_is_refused_in_a_sentence(tmp_path: Path, text: Path) -> None:
    out, empty, binary = tmp_path / "m.ngram", tmp_path / "empty.txt", tmp_path / "b.txt"
    empty.write_text("\n\n", "utf-8")
    binary.write_bytes(bytes(range(256)))
    for arguments, says in (
        ((empty, "-o", out), "there was none"),
        ((binary, "-o", out), "neither a language model nor text"),
        ((tmp_path / "none.txt", "-o", out), "cannot be read"),
        ((text, "-o", out, "--order", 99), "from 1 to 16"),
        ((text, "-o", out, "--least", "1,x"), "a list of counts"),
        ((text, "-o", tmp_path / "no" / "m.ngram"), "cannot be written"),
    ):
        done = run("language", "train", *arguments)
        assert done.exit_code == 2 and says in done.output and done.output.count("\n") == 1, done.output
    assert not out.exists()


@pytest.mark.parametrize("language", ["auto", "none", "ja", "classical", "latin"])
def test_reading_with_a_language(language: str) -> None:
    done = run("read", EXAMPLES / "line-japanese.png", "--language", language)
    assert done.exit_code == 0 and "手紙" in done.stdout


def test_reading_with_a_text_and_a_list_of_words(tmp_path: Path, text: Path) -> None:
    words = tmp_path / "words.txt"
    words.write_text("thank\nyou\nfor\nthe\nlong\nletter\ndear\nanna\n", "utf-8")
    done = run("read", EXAMPLES / "line-latin.png", "--language", text, "--lexicon", words)
    assert done.exit_code == 0 and "letter" in done.stdout


def test_a_picture_of_a_field_is_read_by_its_pattern() -> None:
    done = run("read", EXAMPLES / "line-japanese.png", "--pattern", "[ぁ-ん]{3,20}", "-f", "json")
    assert done.exit_code == 0
    (line,) = json.loads(done.stdout)["regions"][0]["lines"]
    assert line["text"] and all("ぁ" <= character <= "ん" for character in line["text"])


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--language", "auot"), "did you mean 'auto'"),
        (("--pattern", "[a-"), "a [ is not closed"),
        (("--pattern", "𓀀+"), "admits no text"),
        (("--lexicon", "no-such-list.txt"), "no-such-list.txt"),
        (("--language", "ja", "--characters"), "leave them out with --characters"),
        (("--pattern", "a+", "--explain"), "--pattern reads each picture as one line"),
    ],
)
def test_what_cannot_be_used_is_told_once_and_ends_with_2(options: tuple[str, ...], says: str) -> None:
    done = run("read", EXAMPLES / "line-latin.png", EXAMPLES / "line-japanese.png", *options)
    assert done.exit_code == 2 and says in done.output and done.output.count("\n") == 1, done.output


def test_files_that_are_no_language_end_with_2(tmp_path: Path) -> None:
    contents = {
        b"": "holds no text",
        bytes(range(256)): "neither a language model nor text",
        "привет, мир и все люди\n".encode() * 9: "another alphabet",
    }
    for content, says in contents.items():
        path = tmp_path / f"{len(content)}.txt"
        path.write_bytes(content)
        done = run("read", EXAMPLES / "line-latin.png", "--language", path)
        assert done.exit_code == 2 and says in done.output and done.output.count("\n") == 1, done.output
    words = tmp_path / "words.txt"
    words.write_text("привет\n", "utf-8")
    done = run("read", EXAMPLES / "line-latin.png", "--lexicon", words)
    assert done.exit_code == 2 and "None of the 1 words" in done.output


def test_a_picture_that_no_allowed_text_fits_into_ends_with_1() -> None:
    done = run("read", EXAMPLES / "line-latin.png", "--pattern", r"(\d{4}-){99}")
    assert done.exit_code == 1 and "No text that the pattern allows fits" in done.output


def test_evaluation_with_a_language() -> None:
    rates = []
    for options in ((), ("--language", "auto")):
        done = run("evaluate", EXAMPLES, "--json", *options)
        assert done.exit_code == 0, done.output
        rates.append(json.loads(done.stdout)["cer"])
    assert rates[1] <= rates[0] + 0.02
    assert run("evaluate", EXAMPLES, "--language", "jp").exit_code == 2


# Recurrent models


@pytest.fixture(scope="module")
def recurrent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model file of the language of a few lines."""
    from tenarai.train.recipe import make_recipe
    from tenarai.train.run import fit

    folder = tmp_path_factory.mktemp("recurrent")
    (folder / "lines.txt").write_text("Thank you for the long letter.\nDear Anna,\n" * 20, "utf-8")
    recipe = {
        "name": "letters",
        "kind": "language",
        "network": {"embedding": 8, "hidden": 32, "cutoffs": [12]},
        "data": {"texts": ["lines.txt"], "pieces": 16, "length": 24, "licences": ["my letters: mine"]},
        "run": {"steps": 80, "steps_an_epoch": 80, "rate": 0.02, "warm_up": 5, "average": 0.8, "device": "cpu"},
    }
    return fit(make_recipe(recipe, "letters"), folder / "run", folder, progress=False)


def test_a_recurrent_model_is_shown_measured_and_read_with(recurrent: Path, tmp_path: Path) -> None:
    about = json.loads(run("language", "show", recurrent).stdout)
    assert (about["name"], about["kind"], about["licences"]) == ("letters", "language", ["my letters: mine"])
    text = tmp_path / "letter.txt"
    text.write_text("Thank you for the long letter.\n", "utf-8")
    _, perplexity, bits = run("language", "perplexity", recurrent, text).stdout.split("\t")
    assert float(perplexity) < 3 and 2 ** float(bits) == pytest.approx(float(perplexity), abs=0.01)
    for options in (("read", EXAMPLES / "line-latin.png"), ("evaluate", EXAMPLES)):
        done = run(*options, "--language", recurrent)
        assert done.exit_code == 0 and done.stdout.strip(), done.output


def test_models_of_either_kind_make_up_text(recurrent: Path) -> None:
    first = run("language", "generate", recurrent, "--start", "Tha", "-n", 40, "--temperature", 0.2)
    assert first.exit_code == 0 and first.stdout.startswith("Thank you") and len(first.stdout) == 44
    assert run("language", "generate", recurrent, "-n", 40).stdout != first.stdout
    texts = [run("language", "generate", "ja", "--length", 30, "--seed", seed).stdout for seed in (3, 3, 4)]
    assert texts[0] == texts[1] != texts[2] and len(texts[0]) == 31


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("generate", "ja", "--temperature", -1), "A temperature lies from 0 to 100"),
        (("generate", "ja", "--length", 0), "characters are made up, not 0"),
        (("generate", "no-such.model"), "There is no language and no file"),
        (("generate", READER), "is a recogniser; to foretell text, a language model is needed"),
        (("perplexity", READER, EXAMPLES / "line-latin.gt.txt"), "a language model is needed"),
    ],
)
def test_what_makes_up_no_text_is_told_in_a_sentence(arguments: tuple[object, ...], says: str) -> None:
    done = run("language", *arguments)
    assert done.exit_code == 2 and says in done.output and done.output.count("\n") == 1, done.output


def test_a_recurrent_model_that_cannot_be_used_is_told_once(recurrent: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.model"
    cut.write_bytes(recurrent.read_bytes()[:5000])
    greek = tmp_path / "greek.model"
    graph = onnx.load(str(recurrent))
    entry = next(p for p in graph.metadata_props if p.key == "tenarai-model")
    told = json.loads(entry.value)
    told["alphabet"] = told["alphabet"][0] + "".join(chr(0x3B1 + i) for i in range(len(told["alphabet"]) - 1))
    entry.value = json.dumps(told)
    greek.write_bytes(graph.SerializeToString())
    for path, says in ((cut, "cut short or damaged"), (greek, "another alphabet"), (READER, "a language model is")):
        done = run("read", EXAMPLES / "line-latin.png", EXAMPLES / "line-japanese.png", "--language", path)
        assert done.exit_code == 2 and says in done.output and done.output.count("\n") == 1, done.output
    done = run("read", EXAMPLES / "line-latin.png", "--model", recurrent)
    assert done.exit_code == 2 and "is a language model; to read lines" in done.output
