"""`tenarai read`: pictures to text."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from math import radians
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from tenarai.cli.layouts import doubts, page_of, read_lines
from tenarai.cli.outputs import STREAMED, SUFFIXES, Form, described, make_folder, output_path, write_output
from tenarai.cli.pictures import ONE_PAGE, Given, arriving, chosen_pages, given_pictures
from tenarai.cli.shared import (
    AlphabetOption,
    ClassicalOption,
    DetectorOption,
    DirectionOption,
    LanguageOption,
    LexiconOption,
    ModelOption,
    ScriptOption,
    counting,
)
from tenarai.errors import DataError, SettingsError, TenaraiError

if TYPE_CHECKING:
    from tenarai.image.clean import Gray
    from tenarai.page.layout import Page
    from tenarai.page.turn import Turn
    from tenarai.reader import Reader

TURNS: "dict[str, Turn]" = {"0": 0, "90": 90, "180": 180, "270": 270}


@dataclass(frozen=True, slots=True)
class _Job:
    """How pictures are read, and what is written of them."""

    reader: "Reader"
    forms: tuple[Form, ...]
    out: Path | None
    overlay: bool
    resume: bool
    pages: frozenset[int] | None
    layout: "tuple[Page, ...] | None"
    characters: bool
    pattern: str | None
    turn: "Turn"
    printed: bool  # whether print is given out
    how: dict[str, Any]  # what Reader.read is given

    def outputs(self, given: Given, number: int) -> dict[str, Path]:
        if self.out is None:
            return {}
        forms = (*self.forms, "overlay") if self.overlay else self.forms
        return {form: output_path(self.out, given.place, number, form) for form in forms}

    def is_done(self, given: Given, number: int) -> bool:
        return self.resume and all(path.is_file() for path in self.outputs(given, number).values())


def read(
    pictures: Annotated[
        list[str] | None, typer.Argument(help="Pictures, folders of them, patterns, PDFs, or - for stdin.")
    ] = None,
    form: Annotated[
        list[Form] | None, typer.Option("--format", "-f", help="What to write: text if left out; may be repeated.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder for one file a page; stdout if left out.")
    ] = None,
    model: ModelOption = None,
    classical: ClassicalOption = None,
    detector: DetectorOption = None,
    direction: DirectionOption = "auto",
    characters: Annotated[
        bool, typer.Option("--characters", help="Single characters, or a sheet with a cell for each: prints a table.")
    ] = False,
    alphabet: AlphabetOption = None,
    script: ScriptOption = "auto",
    language: LanguageOption = None,
    lexicon: LexiconOption = None,
    pattern: Annotated[
        str | None, typer.Option(help=r"Each picture is one line of this form: \d{3}-\d{4}, date, postcode-ja, ...")
    ] = None,
    least_confidence: Annotated[
        float | None, typer.Option(help="Leave open what is less sure than this, 0 to 1: 〓 for each character.")
    ] = None,
    lines: Annotated[
        Path | None, typer.Option(help="A layout (PAGE, ALTO, hOCR, VIA, COCO, JSON) whose lines are read.")
    ] = None,
    turn: Annotated[
        Literal["0", "90", "180", "270"], typer.Option(help="Degrees by which every page is turned to the right first.")
    ] = "0",
    printed: Annotated[
        bool, typer.Option("--print/--no-print", help="Give out print found on a page, after the handwriting.")
    ] = True,
    pages: Annotated[str | None, typer.Option(help="Which pages of PDFs and TIFFs, as 1-3,5.")] = None,
    overlay: Annotated[bool, typer.Option("--overlay", help="Also draw what was found, as PNG.")] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Leave out what is already written.")] = False,
    watch: Annotated[Path | None, typer.Option(help="A folder: read what comes into it, until Ctrl-C.")] = None,
    explain: Annotated[bool, typer.Option(help="Say on stderr what was done to each picture.")] = False,
    threads: Annotated[int, typer.Option(min=1, help="Lines read at a time.")] = 1,
) -> None:
    """Read pictures of handwriting and print their text."""
    forms = tuple(dict.fromkeys(form or [Form.text]))
    chosen = chosen_pages(pages)
    _check(forms, out, overlay, resume, pictures, watch, lines, characters)
    if characters and least_confidence is not None:
        raise SettingsError("--least-confidence is for lines: the table of --characters has every probability.")
    words = {"language": language, "lexicon": lexicon}
    known: dict[str, Any] = {name: value for name, value in words.items() if value is not None}
    _check_words(known, pattern, characters, explain or lines is not None)
    inputs = given_pictures(pictures or [])
    if not inputs and watch is None:
        raise SettingsError(f"There is no picture in {', '.join(pictures or [])}.")
    if out is None and forms[0] not in STREAMED and (len(inputs) > 1 or watch is not None):
        raise SettingsError(f"Several pages of {forms[0]} do not go into one stream: give a folder with -o.")
    from tenarai.page.formats import read_layout
    from tenarai.page.illegible import check_confidence
    from tenarai.reader import load
    from tenarai.text.language import Prior

    check_confidence(least_confidence)
    layout = None if lines is None else tuple(read_layout(lines))
    how: dict[str, Any] = {"alphabet": alphabet}
    if not characters:
        how |= {"direction": direction, "script": script, "least_confidence": least_confidence, **known} | (
            {} if pattern else {"explain": explain}
        )
    reader = load(model, classical=classical, detector=detector, threads=threads)
    # What cannot be used is told once, before anything is read.
    reader.decoder(Prior(**known, pattern=pattern))
    for name, file in (("classical", classical), ("detector", detector)):
        if file is not None:
            getattr(reader, name)
    job = _Job(reader, forms, out, overlay, resume, chosen, layout, characters, pattern, TURNS[turn], printed, how)
    if out is not None:
        make_folder(out)
    if overlay:
        from tenarai.page.overlay import has_japanese

        if not has_japanese():
            typer.echo("tenarai: no font with Japanese was found, overlays show boxes for it: install one.", err=True)
    failed = _run(job, inputs if watch is None else _watched(watch), several=watch is not None or len(inputs) > 1)
    if failed:
        typer.echo(f"tenarai: {failed}{f' of {len(inputs)}' if inputs else ''} could not be read.", err=True)
        raise typer.Exit(1)


def _check(
    forms: tuple[Form, ...], out: Path | None, overlay: bool, resume: bool, pictures: list[str] | None,
    watch: Path | None, lines: Path | None, characters: bool,
) -> None:  # fmt: skip
    """Raises SettingsError for options that do not go together."""
    if (pictures is None) == (watch is None):
        raise SettingsError("Give either pictures to read or a folder to --watch.")
    if watch is not None and not watch.is_dir():
        raise SettingsError(f"{watch} is no folder to watch: make it first.")
    if out is None and len(forms) > 1:
        raise SettingsError("Only one format at a time goes to stdout: give a folder with -o.")
    if out is None and (overlay or resume):
        raise SettingsError(f"{'--overlay' if overlay else '--resume'} needs a folder: give it with -o.")
    if lines is not None and characters:
        raise SettingsError("--lines is for lines, --characters finds its own cells: give one of them.")


def _check_words(known: dict[str, Any], pattern: str | None, characters: bool, pages: bool) -> None:
    if characters and (known or pattern):
        raise SettingsError("--language, --lexicon and --pattern are for lines: leave them out with --characters.")
    if pattern and pages:
        raise SettingsError("--pattern reads each picture as one line: leave out --lines and --explain.")


def _watched(folder: Path) -> Iterator[Given]:
    typer.echo(f"Watching {folder}; Ctrl-C stops.", err=True)
    try:
        yield from arriving(folder)
    except KeyboardInterrupt:
        return  # it is how watching ends


def _run(job: _Job, inputs: Iterable[Given], several: bool) -> int:
    """Reads and writes everything; how many pictures could not be read, or not all of their pages."""
    failed = number = 0
    with counting("reading") as count:
        for given in inputs:
            whole = True
            try:
                for gray, place in _pictures(job, given):
                    number += 1
                    if count and several:
                        count(number)
                    whole = _read(job, given, gray, place, several) and whole
            except TenaraiError as error:
                typer.echo(f"tenarai: {error}", err=True)
                whole = False
            failed += not whole
    return failed


def _pictures(job: _Job, given: Given) -> "Iterator[tuple[Gray, int]]":
    """The pages of a picture that are asked for and not yet written, with their numbers."""
    from tenarai.image.read import read_pictures
    from tenarai.page.turn import turned_right

    if given.place.suffix.lower() in ONE_PAGE and job.is_done(given, 1):
        return
    found = 0
    for number, gray in enumerate(read_pictures(given.picture), 1):
        if job.pages is not None and number > max(job.pages):
            break
        if job.pages is not None and number not in job.pages:
            continue
        found += 1
        if not job.is_done(given, number):
            yield turned_right(gray, job.turn), number
    if not found:
        raise DataError(f"{given.name or 'stdin'} has none of the pages that --pages names.")


def _read(job: _Job, given: Given, gray: "Gray", number: int, several: bool) -> bool:
    """Reads and writes a page. False, said on stderr, when there is a layout, but not of this page."""
    from tenarai.image.read import camera_turn

    known = None
    if job.layout is not None:
        try:
            known = _known(job.layout, given, gray, number)
        except DataError as error:
            typer.echo(f"tenarai: {error}", err=True)
            return False
    page = _page(job, gray, known)
    _hint(job, given, page, gray)
    if page.note("turn") is not None:
        page = replace(page, notes=(("turn", camera_turn(given.picture) + radians(job.turn)), *page.notes[1:]))
    page = replace(page, source=given.name if number == 1 else f"{given.name}#{number}")
    if page.notes:
        typer.echo(f"{page.source or 'stdin'}: {described(page)}", err=True)
    _write(job, given, page, gray, number, several)
    return True


def _known(layout: "tuple[Page, ...]", given: Given, gray: "Gray", number: int) -> "Page":
    """The page of the layout that a page belongs to; what is odd about it is said on stderr."""
    height, width = gray.shape
    known = page_of(layout, given, number, (width, height))
    for doubt in doubts(known, (width, height)):
        typer.echo(f"tenarai: {given.name or 'stdin'}{f'#{number}' if number > 1 else ''}: {doubt}.", err=True)
    return known


def _hint(job: _Job, given: Given, page: "Page", gray: "Gray") -> None:
    """Says so when there is ink that no line was found in, and when a page that is hard to read seems to lie on its
    side or stand on its head."""
    from tenarai.page.turn import DOUBTFUL, sureness

    if page.note("ink") is not None:
        typer.echo(f"tenarai: {given.name or 'stdin'}: {page.note('ink')}.", err=True)
    if job.turn or job.characters or job.pattern is not None or job.layout is not None:
        return
    turn = job.reader.turn_of(gray) if (sureness(page.lines) or 0.0) < DOUBTFUL else 0
    if turn:
        typer.echo(f"tenarai: {given.name or 'stdin'} does not seem to stand upright: try --turn {turn}.", err=True)


def _page(job: _Job, gray: "Gray", known: "Page | None") -> "Page":
    from tenarai.page.printed import PRINTED

    if job.characters:
        return job.reader.read_characters(gray, **job.how)
    if job.pattern is not None:
        return _one_line(job, gray)

    def found() -> "Page":
        page = job.reader.read(gray, **job.how)
        return replace(page, regions=tuple(r for r in page.regions if job.printed or r.kind != PRINTED))

    return found() if known is None else read_lines(known, partial(job.reader.read, gray, **job.how), found)


def _one_line(job: _Job, gray: "Gray") -> "Page":
    """A picture of a field as a page with that line."""
    from tenarai.page.layout import Page, Region

    line = job.reader.read_line(gray, **job.how, pattern=job.pattern)
    height, width = gray.shape
    return Page(width, height, (Region(line.box, (line,), line.direction),) if line.text else ())


def _write(job: _Job, given: Given, page: "Page", gray: "Gray", number: int, several: bool) -> None:
    if job.out is None:
        data = _as(job, job.forms[0], given, page, gray, number)
        if several and job.forms[0] == "text":
            typer.echo(f"# {page.source or 'stdin'}")
        typer.echo(data, nl=False)
        return
    for form, path in job.outputs(given, number).items():
        write_output(path, _as(job, form, given, page, gray, number))


def _as(job: _Job, form: str, given: Given, page: "Page", gray: "Gray", number: int) -> bytes:
    """A page as one of the formats, or drawn on its picture."""
    from tenarai.page.formats import write_layout

    if form == "overlay":
        from tenarai.page.overlay import overlay, png

        return png(overlay(gray, page))
    if form == "text" and job.characters:
        return (_character_table(page) + "\n").encode()
    # The page of a PDF is what was drawn of it; other pictures go into the new one as they are, in their colours.
    original = number == 1 and not job.turn and Path(given.name).suffix.lower() != SUFFIXES["pdf"]
    return write_layout(page, form, given.picture if original else gray)


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
