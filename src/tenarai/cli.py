"""The command line: each command parses, calls, prints. Progress and complaints go to stderr, results to stdout.

Exit codes: 0 all done, 1 some inputs failed (each named), 2 the command was misused or could not start.
"""

import json
import sys
from collections.abc import Callable, Iterator
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NoReturn

import typer

from tenarai import __version__
from tenarai.cli_dataset import dataset_app
from tenarai.errors import SettingsError, TenaraiError

if TYPE_CHECKING:
    from tenarai.page.layout import Page
    from tenarai.reader import Reader, Unread

app = typer.Typer(
    help="tenarai reads handwriting: Japanese, horizontal and vertical, and Latin script.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
model_app = typer.Typer(help="Look at model files.", no_args_is_help=True)
app.add_typer(model_app, name="model")
app.add_typer(dataset_app, name="dataset")

PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp", ".gif", ".jp2", ".avif", ".ppm", ".pgm", ".pdf")

ModelOption = Annotated[Path | None, typer.Option("--model", "-m", help="A model file; the shipped one if left out.")]
DirectionOption = Annotated[
    Literal["auto", "horizontal", "vertical"], typer.Option(help="How the lines run; found if auto.")
]


def _refuse(error: TenaraiError) -> NoReturn:
    typer.echo(f"tenarai: {error}", err=True)
    raise typer.Exit(2)


def _plainly(command: Callable[..., None]) -> Callable[..., None]:
    """Errors meant for people become one sentence and exit code 2, without a trace."""

    @wraps(command)
    def guarded(*args: Any, **kwargs: Any) -> None:
        try:
            command(*args, **kwargs)
        except TenaraiError as error:
            _refuse(error)
        except ModuleNotFoundError as error:
            if (error.name or "").split(".")[0] not in ("torch", "lightning", "onnx", "kanjivg", "fontTools"):
                raise
            _refuse(SettingsError(f'This needs the package {error.name}: run pip install "tenarai[train]".'))
        except KeyboardInterrupt:
            typer.echo("tenarai: stopped; what was finished is kept.", err=True)
            raise typer.Exit(130) from None

    return guarded


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"tenarai {__version__}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


def _inputs(given: list[str]) -> Iterator[str | bytes]:
    """Files as given, the pictures of folders sorted by name, `-` for the picture on stdin."""
    for item in given:
        path = Path(item)
        if item == "-":
            yield sys.stdin.buffer.read()
        elif path.is_dir():
            yield from (str(p) for p in sorted(path.rglob("*")) if p.suffix.lower() in PICTURES and p.is_file())
        else:
            yield item


@app.command()
@_plainly
def read(
    pictures: Annotated[list[str], typer.Argument(help="Pictures, folders of them, PDFs, or - for stdin.")],
    form: Annotated[Literal["text", "json"], typer.Option("--format", "-f", help="What to write.")] = "text",
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder for one file a page; stdout if left out.")
    ] = None,
    model: ModelOption = None,
    direction: DirectionOption = "auto",
    characters: Annotated[
        bool, typer.Option("--characters", help="Single characters, or a sheet with a cell for each: prints a table.")
    ] = False,
    alphabet: Annotated[
        str | None,
        typer.Option(help="The only characters to read: hiragana, katakana, kana, kanji, digits, ... or they."),
    ] = None,
    explain: Annotated[bool, typer.Option(help="Say on stderr what was done to each picture.")] = False,
    threads: Annotated[int, typer.Option(min=1, help="Lines read at a time.")] = 1,
) -> None:
    """Read pictures of handwriting and print their text."""
    from tenarai.reader import Unread, load

    reader = load(model, threads=threads)
    inputs = list(_inputs(pictures))
    if not inputs:
        raise SettingsError(f"There is no picture in {', '.join(pictures)}.")
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
    failed = 0
    several = len(inputs) > 1
    pages = (
        _characters(reader, inputs, alphabet)
        if characters
        else reader.read_many(inputs, direction=direction, alphabet=alphabet, explain=explain)
    )
    for page in _watched(pages, several):
        if isinstance(page, Unread):
            failed += 1
            typer.echo(f"tenarai: {page.reason}", err=True)
            continue
        if explain:
            notes = ", ".join(
                f"{name} {value if isinstance(value, str) else round(value, 4)}" for name, value in page.notes
            )
            typer.echo(f"{page.source or 'stdin'}: {notes}", err=True)
        if form == "json":
            text = json.dumps(page.to_dict(), ensure_ascii=False)
        else:
            text = _character_table(page) if characters else page.text
        if out is None:
            if several and form == "text":
                typer.echo(f"# {page.source or 'stdin'}")
            typer.echo(text)
        else:
            _save(out, page, text, form)
    if failed:
        typer.echo(f"tenarai: {failed} of {len(inputs)} could not be read.", err=True)
        raise typer.Exit(1)


def _characters(reader: "Reader", inputs: list[str | bytes], alphabet: str | None) -> Iterator["Page | Unread"]:
    from tenarai.reader import Unread

    for picture in inputs:
        try:
            yield reader.read_characters(picture, alphabet)
        except TenaraiError as error:
            yield Unread(picture if isinstance(picture, str) else "", str(error))


def _character_table(page: "Page") -> str:
    """A row for each character: its row and place, what it is, how sure that is, what else it could be."""
    rows = ["row\tcell\tcharacter\tprobability\tother readings"]
    for number, line in enumerate(page.lines, 1):
        written = iter(line.characters)
        for place, text in enumerate(line.text, 1):
            if text != " ":
                c = next(written)
                others = " ".join(f"{other} {chance:.2f}" for other, chance in c.alternatives[:3] if chance >= 0.01)
                rows.append(f"{number}\t{place}\t{c.text}\t{c.confidence or 0.0:.2f}\t{others}")
    return "\n".join(rows)


def _watched(pages: Iterator[Any], shown: bool) -> Iterator[Any]:
    """A count on stderr while a person watches a long run; nothing in a pipe."""
    if not (shown and sys.stderr.isatty()):
        yield from pages
        return
    from rich.console import Console

    console = Console(stderr=True)
    with console.status("reading") as status:
        for number, page in enumerate(pages, 1):
            status.update(f"{number} read")
            yield page


def _save(out: Path, page: "Page", text: str, form: str) -> None:
    name, _, number = page.source.rpartition("#") if "#" in Path(page.source).name else (page.source, "", "")
    stem = Path(name or page.source or "stdin").name
    suffix = {"text": "txt", "json": "json"}[form]
    # The picture's own suffix stays in the name: scan.jpg and scan.png in one folder must not overwrite each other.
    path = out / (f"{stem}.{number}.{suffix}" if number else f"{stem}.{suffix}")
    path.write_text(text + "\n", encoding="utf-8")


@app.command()
@_plainly
def evaluate(
    data: Annotated[list[Path], typer.Argument(help="Folders of line pictures with .gt.txt, or .jsonl files.")],
    model: ModelOption = None,
    policy: Annotated[str, typer.Option(help="How text is normalised before it is compared.")] = "standard",
    boilerplate: Annotated[bool, typer.Option(help="Count lines marked as boilerplate too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Read lines whose text is known and print the error rates, per writer and direction, with the confusions."""
    from tenarai.dataset.pairs import read_pairs
    from tenarai.evaluate.lines import read_all_lines
    from tenarai.evaluate.report import evaluate as figures
    from tenarai.evaluate.report import render
    from tenarai.reader import load

    reader = load(model)
    samples = [
        sample for source in data for sample in read_all_lines(reader, read_pairs(source), boilerplate=boilerplate)
    ]
    evaluation = figures(samples, policy)
    if as_json:
        typer.echo(json.dumps(evaluation.to_json(), ensure_ascii=False, indent=1))
    else:
        from rich.console import Console

        Console().print(render(evaluation))


@app.command()
@_plainly
def synth(
    out: Annotated[Path, typer.Argument(help="Folder for the pictures, each with its .gt.txt.")],
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="How many lines.")] = 20,
    recipe: Annotated[
        Path | None, typer.Option(help="Draw lines as this recipe does; pen strokes only if left out.")
    ] = None,
    corpora: Annotated[Path, typer.Option(help="The folder that the recipe's paths are in.")] = Path(),
    seed: Annotated[int, typer.Option(help="The same seed writes the same lines.")] = 0,
    standard: Annotated[bool, typer.Option(help="As the model sees the lines, not as photographed.")] = False,
    sheet: Annotated[bool, typer.Option(help="Also write sheet.png, all lines on one picture.")] = False,
) -> None:
    """Write lines of made-up handwriting with their text: what the model learns from."""
    from tenarai.synth.folder import write_lines, write_sheet
    from tenarai.text.alphabet import default_alphabet
    from tenarai.train.maker import LineMaker
    from tenarai.train.recipe import Recipe, read_recipe

    chosen = read_recipe(recipe) if recipe else Recipe(name="strokes")
    if not isinstance(chosen, Recipe):
        raise SettingsError(f"{recipe} is for single characters; synth draws lines.")
    maker = LineMaker(chosen.data, default_alphabet(), chosen.network.height, corpora)
    draw = maker.draw if standard else maker.photo
    names = write_lines(draw, out, count, seed)
    if sheet:
        write_sheet([out / name for name in names], out / "sheet.png")
    typer.echo(f"{len(names)} lines in {out}", err=True)


@app.command()
@_plainly
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


@model_app.command("show")
@_plainly
def show(
    model: Annotated[Path | None, typer.Argument(help="A model file; the shipped one if left out.")] = None,
) -> None:
    """Print what a model file says of itself."""
    from tenarai.model.file import read_header
    from tenarai.reader import shipped_model

    header = read_header(model or shipped_model()).to_json()
    alphabet = header.pop("alphabet")
    header["characters"] = len(alphabet)
    typer.echo(json.dumps(header, ensure_ascii=False, indent=1))
