"""`tenarai learn`: a model that reads one writer better, from corrected lines."""

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tenarai.cli.outputs import check_report, make_folder, write_report, write_whole
from tenarai.cli.shared import JsonOption, ReportOption, named_model
from tenarai.errors import SettingsError

if TYPE_CHECKING:
    from tenarai.evaluate.report import Evaluation
    from tenarai.train.learn import Learnt

UNFINISHED = ".unfinished"  # behind the name of the model file: the state of a run that is not over
StartOption = Annotated[
    Path | None,
    typer.Option("--from", parser=named_model, help="A model file, default or classical; default if left out."),
]
AS_IT_WAS, LEARNT = "the model as it was", "the model that learnt from the other corrections"
LOST = 0.01  # of the general check set's CER: more is pointed out


def learn(
    corrections: Annotated[
        Path,
        typer.Argument(
            help="Corrected lines of one writer: a folder of pictures with .gt.txt, a .jsonl file, a page layout "
            "beside its picture, a folder of those, or a store."
        ),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="The model file to write.")],
    start: StartOption = None,
    steps: Annotated[
        int | None, typer.Option(min=1, help="How many steps at most; by the number of lines if left out.")
    ] = None,
    minutes: Annotated[float | None, typer.Option(help="How long at most.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="The same seed learns the same.")] = 1,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a run that was stopped.")] = False,
    as_json: JsonOption = False,
    report: ReportOption = None,
) -> None:
    """Learn a hand: from five corrected lines or more to a model that reads this writer better.

    Some lines are held out to see what it brings; the model stays as it was if that is nothing. Lines whose text does
    not fit their picture are named and left out, with exit code 1.
    """
    from tenarai.model.shipped import shipped_model
    from tenarai.train.corrections import read_corrections
    from tenarai.train.learn import learn as learn_hand
    from tenarai.train.learnt import open_start, write_learnt
    from tenarai.train.tuning import LearnSettings

    if out.is_dir():
        raise SettingsError(f"{out} is a folder: name the model file to write.")
    check_report(report)
    settings = LearnSettings(steps=steps, minutes=minutes, seed=seed)
    path = start or shipped_model()
    begun = open_start(path)
    header = begun.header
    lines, unreadable = read_corrections(corrections, header.standard.height)
    make_folder(out.parent)
    checkpoint = out.with_name(out.name + UNFINISHED)
    learnt = learn_hand(
        lines, begun.network, header.alphabet, header.standard, settings,
        classical=header.classical, checkpoint=checkpoint, resume=resume,
        say=lambda what: typer.echo(what, err=True),
    )  # fmt: skip
    learnt = replace(learnt, refused=(*unreadable, *learnt.refused))
    if learnt.network is not None:
        write_learnt(learnt, begun, seed, out)
    elif not (out.exists() and out.samefile(path)):
        write_whole(out, path.read_bytes())
    checkpoint.unlink(missing_ok=True)
    if report is not None:
        _report(learnt, path, corrections, report)
    for line in learnt.refused:
        typer.echo(f"tenarai: left out {line.name}: {line.reason}", err=True)
    if as_json:
        typer.echo(json.dumps({"out": str(out), **learnt.to_json()}, ensure_ascii=False, indent=1))
    else:
        _print(learnt, out)
    if learnt.refused:
        raise typer.Exit(1)


def _report(learnt: "Learnt", path: Path, corrections: Path, report: Path) -> None:
    """The held-out corrections before and after, on a page."""
    from tenarai.evaluate.compare import compare
    from tenarai.evaluate.html import comparison_page

    before, after = learnt.before.readings, learnt.after.readings
    comparison = compare(before, after, learnt.before.held_out.policy)
    about = [
        ("Started from", str(path)),
        ("Corrections", str(corrections)),
        ("Learnt from", f"{learnt.lines} lines in {learnt.steps} steps"),
        (learnt.check.capitalize(), f"CER {_rate(learnt.before.general)} before, {_rate(learnt.after.general)} after"),
    ]
    title = f"Learning a hand: {corrections.resolve().name}, lines held out"
    write_report(report, comparison_page(before, after, comparison, (AS_IT_WAS, LEARNT), title, about))


def _print(learnt: "Learnt", out: Path) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("CER, with 95 % interval", "Lines", "Before", "After")
    for title, name in (("held-out corrections", "held_out"), (learnt.check, "general")):
        before, after = getattr(learnt.before, name), getattr(learnt.after, name)
        table.add_row(title, str(before.lines), _rate(before), _rate(after))
    console = Console()
    console.print(table)
    for sentence in _sentences(learnt, out):
        console.print(sentence, markup=False, highlight=False, soft_wrap=True)


def _rate(figures: "Evaluation") -> str:
    low, high = figures.cer_interval
    return f"{100 * figures.cer:.1f} % ({100 * low:.1f} to {100 * high:.1f})"


def _sentences(learnt: "Learnt", out: Path) -> list[str]:
    if learnt.network is None:
        return [f"Nothing learnt helped on the held-out lines: {out} is the model as it was."]
    said = [f"{out} has learnt from {learnt.lines} lines in {learnt.steps} steps and {learnt.seconds:.0f} s."]
    if learnt.new:
        said.append(f"New characters: {' '.join(learnt.new)}")
    if learnt.after.general.cer - learnt.before.general.cer > LOST:
        said.append("It reads other hands worse than before: keep it for this writer.")
    return said
