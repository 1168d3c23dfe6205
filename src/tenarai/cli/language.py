"""`tenarai language`: language models made of text, looked at and measured."""

import json
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer

from tenarai.cli.shared import plainly
from tenarai.errors import SettingsError

language_app = typer.Typer(help="Make language models of text; look at them; measure them.", no_args_is_help=True)

TextsArgument = Annotated[list[Path], typer.Argument(help="Texts in UTF-8, a sentence, paragraph or line a row.")]
ModelArgument = Annotated[str, typer.Argument(help="ja or latin (the shipped ones), a .ngram or an ARPA file.")]


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
    from tenarai.text.language import named_language

    opened = named_language(model)
    about = {"order": opened.order, "characters": len(opened.characters) - 1, "ngrams": len(opened), **opened.record}
    typer.echo(json.dumps(about, ensure_ascii=False, indent=1))


@language_app.command()
@plainly
def perplexity(model: ModelArgument, texts: TextsArgument) -> None:
    """Print how well a model foretells texts: lower is better. Measure on text that it was not trained on."""
    from tenarai.text.alphabet import default_alphabet
    from tenarai.text.corpus import as_read, read_text
    from tenarai.text.language import named_language

    opened, known = named_language(model), frozenset(default_alphabet().characters)
    for path in texts:
        lines = [as_read(line, known) for line in read_text(path)]
        typer.echo(f"{path}\t{opened.perplexity(lines):.3f}")
