"""`tenarai evaluate`: a model on pictures whose text is known."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from tenarai.cli.shared import AlphabetOption, JsonOption, LanguageOption, LexiconOption, ModelOption


def evaluate(
    data: Annotated[
        list[Path],
        typer.Argument(help="Folders of line pictures with .gt.txt, .jsonl files; for characters, any corpus."),
    ],
    model: ModelOption = None,
    policy: Annotated[str, typer.Option(help="How text is normalised before it is compared.")] = "standard",
    boilerplate: Annotated[bool, typer.Option(help="Count lines marked as boilerplate too.")] = False,
    corpus: Annotated[
        str | None,
        typer.Option("--as", help="The corpus that it is, for what is not read as lines or told by its files."),
    ] = None,
    alphabet: AlphabetOption = None,
    language: LanguageOption = None,
    lexicon: LexiconOption = None,
    as_json: JsonOption = False,
) -> None:
    """Read lines whose text is known and print the error rates, per writer and direction, with the confusions.

    With a model of single characters: read the test part of corpora (or all, where they have none) and print accuracy,
    balanced accuracy, calibration error and confusions.
    """
    from tenarai.model.file import read_header

    if model is not None and read_header(model).kind == "classifier":
        _evaluate_characters(data, model, corpus, alphabet, as_json)
        return
    from tenarai.dataset.source import read_lines
    from tenarai.evaluate.lines import read_all_lines
    from tenarai.evaluate.report import evaluate as figures
    from tenarai.evaluate.report import render
    from tenarai.reader import load
    from tenarai.text.language import Prior

    reader = load(model)
    pairs = [pair for source in data for pair in read_lines(source, corpus)]
    # A corpus with parts of its own is measured on its test part.
    pairs = [pair for pair in pairs if pair.split == "test"] or pairs
    prior = Prior(lexicon=lexicon) if language is None else Prior(language, lexicon)
    readings = read_all_lines(reader, pairs, boilerplate=boilerplate, alphabet=alphabet, prior=prior)
    evaluation = figures(readings, policy)
    _show(evaluation, render, as_json)


def _evaluate_characters(
    data: list[Path], model: Path, corpus: str | None, alphabet: str | None, as_json: bool
) -> None:
    from tenarai.evaluate.characters import evaluate_characters, read_guesses, render_characters, test_samples
    from tenarai.model.runtime import CharacterRuntime
    from tenarai.text.script import characters_of

    runtime = CharacterRuntime(model)
    allowed = None if alphabet is None else characters_of(alphabet)
    guesses = read_guesses(runtime, test_samples(data, corpus), allowed)
    _show(evaluate_characters(guesses, runtime.header.alphabet.labels), render_characters, as_json)


def _show(evaluation: Any, render: Callable[[Any], Any], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(evaluation.to_json(), ensure_ascii=False, indent=1))
    else:
        from rich.console import Console

        Console().print(render(evaluation))
