"""`tenarai evaluate`: a model on pictures whose text is known; `tenarai compare`: two models on the same lines."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tenarai.cli.outputs import check_report, write_report
from tenarai.cli.shared import (
    AlphabetOption,
    JsonOption,
    LanguageOption,
    LexiconOption,
    ModelArgument,
    ModelOption,
    ReportOption,
    ScriptOption,
)

if TYPE_CHECKING:
    from tenarai.dataset.pairs import LinePair
    from tenarai.evaluate.report import Reading

GUESSES = 20_000  # pictures of single characters, taken for others, that a report chooses from

LinesArgument = Annotated[
    list[Path],
    typer.Argument(
        help="Folders of line pictures with .gt.txt, .jsonl files, pages with layout files; for characters, any corpus."
    ),
]
PolicyOption = Annotated[str, typer.Option(help="How text is normalised before it is compared.")]
BoilerplateOption = Annotated[bool, typer.Option(help="Count lines marked as boilerplate too.")]
CorpusOption = Annotated[
    str | None,
    typer.Option("--as", help="The corpus that it is, for what is not read as lines or told by its files."),
]
PagesOption = Annotated[
    bool,
    typer.Option("--pages", help="Find and read the lines of whole pages; DATA are pages with layout files."),
]


def evaluate(
    data: LinesArgument,
    model: ModelOption = None,
    policy: PolicyOption = "standard",
    boilerplate: BoilerplateOption = False,
    corpus: CorpusOption = None,
    pages: PagesOption = False,
    alphabet: AlphabetOption = None,
    script: ScriptOption = "auto",
    language: LanguageOption = None,
    lexicon: LexiconOption = None,
    as_json: JsonOption = False,
    report: ReportOption = None,
) -> None:
    """Read lines whose text is known and print the error rates, per writer and direction, with the confusions.

    With a model of single characters: read the test part of corpora (or all, where they have none) and print accuracy,
    balanced accuracy, calibration error and confusions.
    """
    from tenarai.model.file import read_header

    check_report(report)
    if model is not None and read_header(model).kind == "classifier":
        _evaluate_characters(data, model, corpus, alphabet, as_json, report)
        return
    from tenarai.evaluate.report import evaluate as figures
    from tenarai.evaluate.report import render

    how: dict[str, Any] = {"boilerplate": boilerplate, "alphabet": alphabet, "script": script}
    how |= {"language": language, "lexicon": lexicon}
    readings = _read(model, _pairs(data, corpus, pages), **how)
    evaluation = figures(readings, policy)
    if report is not None:
        from tenarai.evaluate.html import lines_page

        about = [("Model", _name(model)), *_about(data, policy, **how)]
        write_report(report, lines_page(readings, evaluation, _title("Reading", data), about))
    _show(evaluation, render, as_json)


def compare(
    a: ModelArgument,
    b: ModelArgument,
    data: Annotated[list[Path], typer.Argument(help="Lines with their text, as for tenarai evaluate.")],
    policy: PolicyOption = "standard",
    boilerplate: BoilerplateOption = False,
    corpus: CorpusOption = None,
    pages: PagesOption = False,
    alphabet: AlphabetOption = None,
    script: ScriptOption = "auto",
    language: LanguageOption = None,
    lexicon: LexiconOption = None,
    as_json: JsonOption = False,
    report: ReportOption = None,
) -> None:
    """Read the same lines with two models and say which is better, by how much, how surely, and on which lines."""
    from tenarai.evaluate.compare import compare as comparison_of
    from tenarai.evaluate.compare import render_comparison

    check_report(report)
    pairs = _pairs(data, corpus, pages)
    how: dict[str, Any] = {"boilerplate": boilerplate, "alphabet": alphabet, "script": script}
    how |= {"language": language, "lexicon": lexicon}
    first, second = (_read(model, pairs, **how) for model in (a, b))
    comparison = comparison_of(first, second, policy)
    if report is not None:
        from tenarai.evaluate.html import comparison_page

        names = (_name(a), _name(b))
        about = [("A", names[0]), ("B", names[1]), *_about(data, policy, **how)]
        write_report(report, comparison_page(first, second, comparison, names, _title("Two models", data), about))
    _show(comparison, render_comparison, as_json)


def _pairs(data: list[Path], corpus: str | None, pages: bool) -> "list[LinePair]":
    """Whole pages, or lines: a corpus with parts of its own is measured on its test part."""
    from tenarai.dataset.pages import read_whole_pages
    from tenarai.dataset.source import read_lines

    if pages:
        return [page for source in data for page in read_whole_pages(source)]
    pairs = [pair for source in data for pair in read_lines(source, corpus)]
    return [pair for pair in pairs if pair.split == "test"] or pairs


def _read(
    model: Path | None, pairs: "list[LinePair]", *, language: str | None, lexicon: Path | None, **how: Any
) -> "list[Reading]":
    from tenarai.evaluate.lines import read_all_lines
    from tenarai.reader import load
    from tenarai.text.language import Prior

    prior = Prior(lexicon=lexicon) if language is None else Prior(language, lexicon)
    return list(read_all_lines(load(model), pairs, prior=prior, **how))


def _evaluate_characters(
    data: list[Path], model: Path, corpus: str | None, alphabet: str | None, as_json: bool, report: Path | None
) -> None:
    from tenarai.evaluate.characters import evaluate_characters, read_guesses, render_characters, test_samples
    from tenarai.model.runtime import CharacterRuntime
    from tenarai.text.script import characters_of

    runtime = CharacterRuntime(model)
    allowed = None if alphabet is None else characters_of(alphabet)
    kept = 0 if report is None else GUESSES
    guesses = list(read_guesses(runtime, test_samples(data, corpus), allowed, kept))
    evaluation = evaluate_characters(guesses, runtime.header.alphabet.labels)
    if report is not None:
        from tenarai.evaluate.html import characters_page

        about = [("Model", _name(model)), ("Data", _names(data)), *([("Alphabet", alphabet)] if alphabet else [])]
        write_report(report, characters_page(guesses, evaluation, _title("Characters", data), about))
    _show(evaluation, render_characters, as_json)


def _name(model: Path | None) -> str:
    from tenarai.model.shipped import shipped_model

    known = model or shipped_model()
    return f"{known.stem}, shipped with tenarai" if known.parent == shipped_model().parent else str(known)


def _names(data: list[Path]) -> str:
    return ", ".join(str(source) for source in data)


def _title(what: str, data: list[Path]) -> str:
    several = f" and {len(data) - 1} more" if len(data) > 1 else ""
    return f"{what}: {data[0].resolve().name}{several}"


def _about(data: list[Path], policy: str, **how: Any) -> list[tuple[str, str]]:
    asked = {name: value for name, value in how.items() if value and value != "auto"}
    told = [(name.capitalize(), "yes" if value is True else str(value)) for name, value in asked.items()]
    return [("Data", _names(data)), ("Text policy", policy), *told]


def _show(evaluation: Any, render: Callable[[Any], Any], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(evaluation.to_json(), ensure_ascii=False, indent=1))
    else:
        from rich.console import Console

        Console().print(render(evaluation))
