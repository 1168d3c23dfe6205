"""`tenarai language`: language models made of text, looked at and measured."""

import json
import math
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tenarai.cli.shared import plainly
from tenarai.errors import SettingsError

if TYPE_CHECKING:
    from tenarai.model.language_runtime import LanguageRuntime
    from tenarai.text.ngram import Ngram

language_app = typer.Typer(help="Make language models of text; measure them; let them write.", no_args_is_help=True)

TextsArgument = Annotated[list[Path], typer.Argument(help="Texts in UTF-8, a sentence, paragraph or line a row.")]
ModelArgument = Annotated[str, typer.Argument(help="ja or latin (the shipped ones), a .ngram, ARPA or model file.")]


@language_app.command()
@plainly
def train(
    texts: TextsArgument,
    out: Annotated[Path, typer.Option("--out", "-o", help="The model's file; ARPA if it ends in .arpa or .arpa.gz.")],
    order: Annotated[int, typer.Option(help="The longest n-gram, in characters.")] = 5,
    least: Annotated[
        str, typer.Option(help="How often n-grams of 1, 2, 3, ... characters occur at least; the last for all longer.")
    ] = "1,1,1,2",
    prune: Annotated[float, typer.Option(help="Drop n-grams that lower perplexity by less than this part.")] = 0.0,
    licence: Annotated[
        list[str] | None, typer.Option(help="A text's source and licence, kept in the file; may be repeated.")
    ] = None,
) -> None:
    """Train a character n-gram on texts: seconds for millions of characters. Name a text twice and it counts twice."""
    from tenarai.text.alphabet import default_alphabet
    from tenarai.text.arpa import write_arpa
    from tenarai.text.corpus import as_read, read_text
    from tenarai.text.kneser_ney import Training, train_ngram

    try:
        counts = tuple(int(count) for count in least.split(","))
    except ValueError:
        raise SettingsError(f"--least is a list of counts such as 1,1,2, not {least!r}.") from None
    known = frozenset(default_alphabet().characters)
    lines = [as_read(line, known) for line in chain.from_iterable(map(read_text, texts))]
    record = {"name": out.name.partition(".")[0], "texts": [path.name for path in texts], "licences": licence or []}
    model = train_ngram(lines, Training(order, counts, prune), record=record)
    if out.name.endswith((".arpa", ".arpa.gz")):
        write_arpa(model, out)
    else:
        model.save(out, small=True)
    typer.echo(
        f"{out}: {len(model):,} n-grams of up to {model.order} characters, {out.stat().st_size:,} bytes", err=True
    )


@language_app.command()
@plainly
def show(model: ModelArgument) -> None:
    """Print what a language model says of itself."""
    opened = _opened(model)
    typer.echo(json.dumps(opened.about(), ensure_ascii=False, indent=1))


@language_app.command()
@plainly
def perplexity(model: ModelArgument, texts: TextsArgument) -> None:
    """Print how well a model foretells texts, as perplexity and as bits a character: lower is better. Measure on text
    that it was not trained on."""
    from tenarai.text.alphabet import default_alphabet
    from tenarai.text.corpus import as_read, read_text

    opened, known = _opened(model), frozenset(default_alphabet().characters)
    for path in texts:
        found = opened.perplexity([as_read(line, known) for line in read_text(path)])
        typer.echo(f"{path}\t{found:.3f}\t{math.log2(found):.3f}")


@language_app.command()
@plainly
def generate(
    model: ModelArgument,
    length: Annotated[int, typer.Option("--length", "-n", help="How many characters.")] = 200,
    temperature: Annotated[float, typer.Option(help="Below 1 likelier text, above 1 wilder; 0 the likeliest.")] = 1.0,
    start: Annotated[str, typer.Option(help="How the text begins.")] = "",
    seed: Annotated[int, typer.Option(min=0, help="The same seed makes up the same text.")] = 0,
) -> None:
    """Print text that a model makes up, as long as asked: lines to look at, or to write with `tenarai synth`."""
    from tenarai.text.generate import generated

    typer.echo(generated(_opened(model), length, temperature, start, seed))


def _opened(model: str) -> "Ngram | LanguageRuntime":
    """A language model of either kind, by name or file."""
    from tenarai.model.language_runtime import LanguageRuntime, opened_language
    from tenarai.text.language import named_language

    found = opened_language(model)
    return found if isinstance(found, LanguageRuntime) else named_language(model)
