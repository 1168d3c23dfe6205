"""Learning from the corrections of a project, and finding those that do not fit their pictures.

It starts from the model that the service was started with, not from one that was learnt here before: that one has seen
the lines which are held out, and all that it learnt from is still there.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Any

from tenarai.dataset.pages import cut
from tenarai.dataset.pairs import LinePair, at_hand
from tenarai.errors import SettingsError, TenaraiError
from tenarai.image.clean import Gray, find_inverted
from tenarai.model.shipped import shipped_model
from tenarai.page.layout import Box
from tenarai.serve.jobs.request import LearnOptions
from tenarai.serve.jobs.worker import UNFINISHED, Progress, Workplace
from tenarai.serve.store import CorrectedLine, Project, Refused

if TYPE_CHECKING:
    from tenarai.dataset.sample import Refused as Unfit
    from tenarai.train.corrections import Correction
    from tenarai.train.learn import Learnt
    from tenarai.train.learnt import Start

NEEDS = 'Learning takes one more package: pip install "tenarai[train]".'
FEWEST = 5  # lines below which docs/learn.md promises nothing


def is_installed() -> bool:
    """Whether what learning takes is there; nothing of it is imported."""
    from importlib.util import find_spec

    return all(find_spec(name) is not None for name in ("torch", "onnx", "lightning"))


def key_of(lines: Sequence[CorrectedLine]) -> str:
    """Changes with the corrections: whether a check is of what there is now."""
    told = sorted((line.line_id, line.text, line.box, line.polygon) for line in lines)
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]


def check(project: Project, place: Workplace, progress: Progress) -> tuple[str, dict[str, Any]]:
    """The corrections whose text does not seem to stand in their picture."""
    _check_installed()
    from tenarai.train.corrections import sort_out
    from tenarai.train.learnt import open_start

    lines = project.corrections()
    start = open_start(place.model or shipped_model())
    network, header = start.network, start.header
    corrections, unfit = _corrections(project, lines, header.standard.height, progress)
    doubted = list(unfit)
    # In parts, so that one hears of it in between; what is far is measured against all of a part.
    for first in range(0, len(corrections), 200):
        progress.say(len(lines) + first, 2 * len(lines))
        doubted += sort_out(corrections[first : first + 200], network, header.alphabet, header.standard)[1]
    result = {"lines": len(lines), "key": key_of(lines), "suspicious": _told(doubted, lines)}
    return f"{len(doubted)} of {len(lines)} corrections look wrong." if lines else "Nothing is corrected yet.", result


def learn(project: Project, place: Workplace, options: LearnOptions, progress: Progress) -> tuple[str, dict[str, Any]]:
    """A model that has learnt, offered beside the others; with what it brings."""
    _check_installed()
    from tenarai.train.learn import held_out
    from tenarai.train.learn import learn as learn_hand
    from tenarai.train.learnt import open_start
    from tenarai.train.tuning import LearnSettings

    lines = project.corrections(options.unclear)
    if not lines:
        raise Refused("Nothing is corrected yet: correct a page or two, of which a hand can be learnt.")
    start = open_start(place.model or shipped_model())
    network, header = start.network, start.header
    corrections, unfit = _corrections(project, lines, header.standard.height, progress)
    settings = LearnSettings(steps=options.steps, minutes=options.minutes, seed=options.seed)
    total = settings.rounds * (len(held_out(len(corrections), settings.seed)) + 1) + 1
    state = project.folder / UNFINISHED / f"{progress.job}.state"
    state.parent.mkdir(exist_ok=True)
    rounds = iter(range(max(0, progress.done - 1) if state.exists() else 0, 10**9))

    def say(what: str) -> None:
        progress.say(min(next(rounds), total - 1), total, what)

    run = partial(
        learn_hand, corrections, network, header.alphabet, header.standard, settings,
        classical=header.classical, checkpoint=state, say=say,
    )  # fmt: skip
    try:
        learnt = run(resume=True) if state.exists() else run()
    except SettingsError:  # the state is of other corrections, or damaged
        state.unlink(missing_ok=True)
        learnt = run()
    learnt = replace(learnt, refused=(*unfit, *learnt.refused))
    result = _result(learnt, lines)
    if learnt.network is not None:
        result["model_id"] = _offer(project, learnt, start, settings.seed, result)
    state.unlink(missing_ok=True)
    return _sentence(learnt), result


def _check_installed() -> None:
    if not is_installed():
        raise Refused(NEEDS)


def _corrections(
    project: Project, lines: Sequence[CorrectedLine], height: int, progress: Progress
) -> "tuple[list[Correction], list[Unfit]]":
    from tenarai.dataset.sample import Refused as Unfit
    from tenarai.train.corrections import correction_of

    corrections, unfit = [], []
    for number, (line, picture) in enumerate(_pictures(project, lines)):
        if number % 20 == 0:
            progress.check()
        try:
            piece, _ = cut(picture, Box(*line.box), line.polygon)
            pair = LinePair(str(line.line_id), line.text, partial(at_hand, piece), line.author, line.direction)
            corrections.append(correction_of(pair, height))
        except TenaraiError as error:
            unfit.append(Unfit(str(line.line_id), str(error)))
    return corrections, unfit


def _pictures(project: Project, lines: Sequence[CorrectedLine]) -> Iterator[tuple[CorrectedLine, Gray]]:
    """Each line with its page, `(height, width) uint8`, ink dark; a page is opened once."""
    for page_id, several in groupby(sorted(lines, key=lambda line: line.page_id), lambda line: line.page_id):
        gray = project.gray(page_id)
        picture = 255 - gray if find_inverted(gray) else gray
        yield from ((line, picture) for line in several)


def _told(unfit: "Sequence[Unfit]", lines: Sequence[CorrectedLine]) -> list[dict[str, Any]]:
    known = {str(line.line_id): line for line in lines}
    return [
        {"line": (line := known[u.name]).line_id, "page": line.page_id, "text": line.text, "reason": u.reason}
        for u in unfit
    ]


def _result(learnt: "Learnt", lines: Sequence[CorrectedLine]) -> dict[str, Any]:
    return {
        "model_id": None,
        "lines": learnt.lines,
        "steps": learnt.steps,
        "new_characters": learnt.new,
        "key": key_of(lines),
        "suspicious": _told(learnt.refused, lines),
        "before": _rate(learnt.before.held_out),
        "after": _rate(learnt.after.held_out),
        "general": {"before": _rate(learnt.before.general), "after": _rate(learnt.after.general)},
        "seconds": round(learnt.seconds, 1),
    }


def _rate(evaluation: Any) -> dict[str, Any]:
    return {"cer": evaluation.cer, "interval": list(evaluation.cer_interval), "lines": evaluation.lines}


def _offer(project: Project, learnt: "Learnt", start: "Start", seed: int, result: dict[str, Any]) -> int:
    """Keeps the model in the project, to be taken or thrown away; its id."""
    from tenarai.train.learnt import write_learnt

    file = project.folder / UNFINISHED / "offered.model"
    try:
        write_learnt(learnt, start, seed, file)
        return project.add_model(file, f"{start.header.name}, {learnt.lines} lines", result).id
    finally:
        file.unlink(missing_ok=True)


def _sentence(learnt: "Learnt") -> str:
    if learnt.network is None:
        return "Nothing learnt helped on the held-out lines: the model stays as it is."
    return f"Learnt from {learnt.lines} lines in {learnt.steps} steps and {learnt.seconds:.0f} s."
