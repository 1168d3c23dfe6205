"""What the commands share: how errors reach people, options that several of them have, and a count to watch."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from tenarai.errors import SettingsError, TenaraiError

EXTRAS = {
    "torch": "train",
    "lightning": "train",
    "onnx": "train",
    "kanjivg": "train",
    "fontTools": "train",
    "pyarrow": "dataset",
    "pypdfium2": "pdf",
    "pypdf": "pdf",
    "fastapi": "serve",
    "uvicorn": "serve",
    "prometheus_client": "serve",
    "sqlalchemy": "serve",
    "alembic": "serve",
    "huey": "serve",
    "httpx": "client",
}


def named_model(name: str) -> Path:
    """The file of a model for lines, which may be named: see `model.shipped`."""
    from tenarai.model.shipped import model_file

    return model_file(name)


ModelOption = Annotated[
    Path | None,
    typer.Option("--model", "-m", parser=named_model, help="A model file, default or classical; default if left out."),
]
ModelArgument = Annotated[Path, typer.Argument(parser=named_model, help="A model file, default or classical.")]
ClassicalOption = Annotated[
    Path | None,
    typer.Option(parser=named_model, help="The model file for classical columns; the shipped one if left out."),
]
DetectorOption = Annotated[
    Path | None, typer.Option(help="The model file that finds lines on pages; the shipped one if left out.")
]
DirectionOption = Annotated[
    Literal["auto", "horizontal", "vertical"], typer.Option(help="How the lines run; found if auto.")
]
AlphabetOption = Annotated[
    str | None,
    typer.Option(help="The only characters to read: hiragana, katakana, kana, kanji, digits, ... or they themselves."),
]
ScriptOption = Annotated[
    Literal["auto", "modern", "classical", "latin"],
    typer.Option(help="modern Japanese, classical (kuzushiji) or Latin; auto tries both on columns that are hard."),
]
LanguageOption = Annotated[
    str | None,
    typer.Option(
        help="none, auto (by each line's script), ja, classical, latin, a text to learn from, or a language model."
    ),
]
LexiconOption = Annotated[
    Path | None,
    typer.Option(help="Words, one a line, that are likelier than others; in Japanese, all that a line may be."),
]
ReportOption = Annotated[
    Path | None, typer.Option("--report", help="Also write a page of HTML to look at: lines with pictures, graphs.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")]


def plainly(command: Callable[..., None]) -> Callable[..., None]:
    """Errors meant for people become one sentence and exit code 2, without a trace."""

    @wraps(command)
    def guarded(*args: Any, **kwargs: Any) -> None:
        try:
            command(*args, **kwargs)
        except TenaraiError as error:
            refuse(error)
        except ModuleNotFoundError as error:
            extra = EXTRAS.get((error.name or "").split(".")[0])
            if extra is None:
                raise
            refuse(SettingsError(f'This needs the package {error.name}: run pip install "tenarai[{extra}]".'))
        except KeyboardInterrupt:
            typer.echo("tenarai: stopped; what was finished is kept.", err=True)
            raise typer.Exit(130) from None

    return guarded


def refuse(error: TenaraiError) -> None:
    """Says it and ends with exit code 2."""
    typer.echo(f"tenarai: {error}", err=True)
    raise typer.Exit(2)


@contextmanager
def counting(doing: str) -> Iterator[Callable[[int], None] | None]:
    """A count on stderr while a person watches; nothing in a pipe."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console

    with Console(stderr=True).status(doing) as status:
        yield lambda number: status.update(f"{doing} {number:,}")
