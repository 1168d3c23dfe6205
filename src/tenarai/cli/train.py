"""`tenarai synth`, `tenarai train`, `tenarai model`: how models are made, and what they are."""

import json
from pathlib import Path
from typing import Annotated

import typer

from tenarai.cli.shared import named_model
from tenarai.errors import SettingsError


def synth(
    out: Annotated[Path, typer.Argument(help="Folder for the pictures, each with its .gt.txt or, of pages, its .xml.")],
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="How many.")] = 20,
    recipe: Annotated[
        Path | None, typer.Option(help="Draw lines or pages as this recipe does; pen strokes only if left out.")
    ] = None,
    corpora: Annotated[Path, typer.Option(help="The folder that the recipe's paths are in.")] = Path(),
    seed: Annotated[int, typer.Option(help="The same seed writes the same lines or pages.")] = 0,
    standard: Annotated[bool, typer.Option(help="As the model sees them, not as photographed.")] = False,
    sheet: Annotated[bool, typer.Option(help="Also write sheet.png, all of them on one picture.")] = False,
    pages: Annotated[bool, typer.Option("--pages", help="Whole pages with PAGE XML instead of lines.")] = False,
) -> None:
    """Write made-up handwriting with its text, lines or pages: what the models learn from."""
    from tenarai.synth.folder import write_lines, write_pages, write_sheet
    from tenarai.text.alphabet import default_alphabet
    from tenarai.train.maker import LineMaker
    from tenarai.train.pages import PageMaker
    from tenarai.train.recipe import DetectorRecipe, Recipe, read_recipe

    plain = DetectorRecipe(name="strokes", kind="detector") if pages else Recipe(name="strokes")
    chosen = read_recipe(recipe) if recipe else plain
    if isinstance(chosen, DetectorRecipe):
        page_maker = PageMaker(chosen.data.model_copy(update={"pages": ()}), corpora)
        names = write_pages(page_maker.cleaned if standard else page_maker.drawn, out, count, seed)
    elif isinstance(chosen, Recipe) and not pages:
        maker = LineMaker(chosen.data, default_alphabet(), chosen.network.height, corpora)
        names = write_lines(maker.draw if standard else maker.photo, out, count, seed)
    else:
        raise SettingsError(f"{recipe} is a recipe of kind {chosen.kind}; {'pages' if pages else 'lines'} are not.")
    if sheet:
        write_sheet([out / name for name in names], out / "sheet.png")
    typer.echo(f"{len(names)} {'pages' if isinstance(chosen, DetectorRecipe) else 'lines'} in {out}", err=True)


def train(
    recipe: Annotated[Path, typer.Argument(help="A recipe (TOML); recipes/ holds those of the shipped models.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the run: checkpoints, journal, model.")],
    corpora: Annotated[Path, typer.Option(help="The folder that the recipe's paths are in.")] = Path(),
    resume: Annotated[bool, typer.Option(help="Go on with the run in the folder.")] = False,
    start: Annotated[Path | None, typer.Option(help="A model file or checkpoint whose weights to start from.")] = None,
    export: Annotated[bool, typer.Option(help="Only write the model file of the run's last epoch.")] = False,
    change: Annotated[list[str] | None, typer.Option("--set", help="section.key=value laid over the recipe.")] = None,
) -> None:
    """Train a model by a recipe and write it as a model file."""
    from tenarai.train.recipe import read_recipe
    from tenarai.train.run import export_checkpoint, fit

    chosen = read_recipe(recipe, tuple(change or ()))
    path = export_checkpoint(chosen, out) if export else fit(chosen, out, corpora, resume=resume, start=start)
    typer.echo(str(path))


def show(
    model: Annotated[
        Path | None,
        typer.Argument(parser=named_model, help="A model file, default or classical; default if left out."),
    ] = None,
) -> None:
    """Print what a model file says of itself."""
    from tenarai.model.file import read_header
    from tenarai.model.shipped import shipped_model

    header = read_header(model or shipped_model()).to_json()
    alphabet = header.pop("alphabet")
    header["characters"] = len(alphabet)
    typer.echo(json.dumps(header, ensure_ascii=False, indent=1))


def compact(
    model: Annotated[Path, typer.Argument(help="A model file for lines.")],
    out: Annotated[Path, typer.Argument(help="The model file to write.")],
) -> None:
    """Write a model for lines with weights of 7 bits: nearly twice as fast to read with, a quarter as large."""
    from tenarai.model.export import read_network, write_model
    from tenarai.train.maker import example_lines

    network, header = read_network(model)
    lines = example_lines(header.alphabet, header.standard.height) if header.kind == "recogniser" else ()
    write_model(network, header, out, compact=True, lines=lines)
    typer.echo(f"{out}: {out.stat().st_size / 1e6:.1f} MB, was {model.stat().st_size / 1e6:.1f} MB", err=True)


def average(
    first: Annotated[Path, typer.Argument(help="A model file.")],
    second: Annotated[Path, typer.Argument(help="One that went on from it, or from the same start.")],
    out: Annotated[Path, typer.Argument(help="The model file to write.")],
    share: Annotated[float, typer.Option(min=0, max=1, help="How much of the second.")] = 0.5,
) -> None:
    """Write the model between two: what either has learnt, without most of what it forgot."""
    from tenarai.model.export import average as averaged

    averaged(first, second, share, out)
