"""Learning one writer's hand from corrected lines.

Lines are held out in turn, a course for each part of them, and read after every round of steps: they say how many
rounds help. What the courses have learnt by then is averaged (Wortsman et al. 2022), which does better than one course
over all lines; if no round helps, the model stays as it was. A run that was stopped goes on from its last round.
"""

import copy
import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from pickle import UnpicklingError
from time import monotonic
from typing import Any

import numpy as np
import torch

from tenarai.dataset.sample import Refused
from tenarai.errors import DataError, SettingsError
from tenarai.evaluate.report import Evaluation, Reading, evaluate
from tenarai.image.standard import Standard
from tenarai.model.recogniser import Recogniser
from tenarai.text.alphabet import Alphabet
from tenarai.train.corrections import Correction, grown, sort_out
from tenarai.train.maker import TrainingLine, composed, general_maker
from tenarai.train.processor import one_thread
from tenarai.train.tuning import FEW, Course, Desk, LearnSettings, Replay, measure, readings, towards

FEWEST = 2  # lines that anything can be learnt from
FOLDS = 4
CHECK_SEED, CHECK_LINES = 2_000_003, 80  # the general check set, the same in every run
REPLAY_SEED, REPLAY_LINES = 3_000_017, 400
LINES, COLUMNS = "general check set", "general check set, columns of older text"
POLICY = "standard"  # of the text in figures

Say = Callable[[str], None]
Round = tuple[float, list[str]]  # the loss of held-out lines, summed in nats, and what is read of them


@dataclass(frozen=True, slots=True)
class Figures:
    """On the held-out corrections, and on the general check set."""

    held_out: Evaluation
    general: Evaluation
    readings: tuple[Reading, ...] = ()  # of the held-out corrections

    def to_json(self) -> dict[str, Any]:
        """Ready for `json.dumps`."""
        figures = {"held_out": self.held_out, "general": self.general}
        kept = ("lines", "characters", "cer", "cer_interval")
        return {k: {n: e.to_json()[n] for n in kept} for k, e in figures.items()}


@dataclass(frozen=True, slots=True)
class Learnt:
    """What came of it. `network` is None when nothing was better on the held-out lines than the model as it was."""

    network: Recogniser | None
    alphabet: Alphabet
    lines: int
    steps: int
    new: str  # characters that the alphabet has grown by
    refused: tuple[Refused, ...]
    before: Figures
    after: Figures
    seconds: float
    check: str = LINES  # what the general check set is

    def to_json(self) -> dict[str, Any]:
        """Ready for `json.dumps`."""
        return {
            "model": "old" if self.network is None else "new",
            "lines": self.lines,
            "steps": self.steps,
            "new_characters": self.new,
            "left_out": [asdict(line) for line in self.refused],
            "check": self.check,
            "before": self.before.to_json(),
            "after": self.after.to_json(),
            "seconds": round(self.seconds, 1),
        }


def learn(
    corrections: Sequence[Correction],
    network: Recogniser,
    alphabet: Alphabet,
    standard: Standard,
    settings: LearnSettings,
    *,
    classical: bool = False,
    checkpoint: Path | None = None,
    resume: bool = False,
    say: Say = lambda _: None,
) -> Learnt:
    """A network that reads the writer of the corrections better. What it is held to beside them, and checked on, are
    columns of older text where it is `classical`. The state of the run is kept in `checkpoint`; who has written the
    model removes it.

    Raises DataError when fewer than two corrections fit their pictures or there is nothing to resume, SettingsError
    when the checkpoint is of another run.
    """
    one_thread()
    first = copy.deepcopy(network).eval()
    fitting, refused = sort_out(corrections, first, alphabet, standard)
    if len(fitting) < FEWEST:
        why = f" Left out: {refused[0].name}: {refused[0].reason}" if refused else ""
        raise DataError(f"A hand is learnt from five lines or more, and {len(fitting) or 'none'} can be used.{why}")
    start, larger = grown(first, alphabet, (c.plain.text for c in fitting))
    # Composed lines have known characters only: nobody has drawn the new ones yet.
    settings = settings.suited(len(fitting))
    maker = general_maker(alphabet, standard.height, settings.wear, classical)
    lines = composed(maker, REPLAY_SEED, REPLAY_LINES)
    replay = Replay(start, lines, settings.replay, larger, standard)
    desk = Desk(start, len(alphabet), larger, standard, maker, replay, settings)
    run = _Run(desk, fitting, checkpoint, say)
    if resume:
        run.resume()
    learnt = run.go()
    kind = COLUMNS if classical else LINES
    say(f"reading the {kind}")
    check = composed(maker, CHECK_SEED, CHECK_LINES)
    general = measure(start, check, larger, standard)[1]
    after = measure(learnt.network, check, larger, standard)[1] if learnt.network else general
    known = larger if learnt.network else alphabet
    return Learnt(
        network=learnt.network,
        alphabet=known,
        lines=len(fitting),
        steps=learnt.steps,
        new="".join(known.characters[len(alphabet) :]),
        refused=tuple(refused),
        before=_figures(learnt.before, check, general),
        after=_figures(learnt.after, check, after),
        seconds=run.seconds(),
        check=kind,
    )


def _figures(held: list[Reading], check: Sequence[TrainingLine], general: Sequence[str]) -> Figures:
    return Figures(evaluate(held, POLICY), evaluate(readings(check, general), POLICY), tuple(held))


@dataclass(frozen=True, slots=True)
class _Outcome:
    network: Recogniser | None
    steps: int
    before: list[Reading]
    after: list[Reading]


@dataclass(slots=True)
class _Progress:
    """Plain data: what the checkpoint holds."""

    key: str
    course: int = 0  # courses before this one are over
    rounds: int = 0  # of this course, done
    measured: list[list[Round]] = field(default_factory=list)  # by course; the first of each is the model as it was
    sums: list[dict[str, torch.Tensor]] = field(default_factory=list)  # by round: the weights of all courses added up
    state: dict[str, Any] | None = None
    seconds: float = 0.0


class _Run:
    """One course for each part that is held out."""

    def __init__(self, desk: Desk, corrections: Sequence[Correction], checkpoint: Path | None, say: Say) -> None:
        self.desk, self.corrections, self.checkpoint, self.say = desk, list(corrections), checkpoint, say
        self.held = held_out(len(corrections), desk.settings.seed)
        self.progress = _Progress(_key(desk, corrections))
        self.begun = monotonic()

    def seconds(self) -> float:
        """Spent so far, before an interruption too."""
        return self.progress.seconds + monotonic() - self.begun

    def resume(self) -> None:
        """Goes on from the checkpoint. Raises DataError when there is none, SettingsError for another run's."""
        if self.checkpoint is None or not self.checkpoint.exists():
            raise DataError(f"There is nothing to resume: no {self.checkpoint} was left by a run that was stopped.")
        try:
            progress = _Progress(**torch.load(self.checkpoint, weights_only=True))
        except (RuntimeError, OSError, EOFError, TypeError, UnpicklingError):
            raise SettingsError(f"{self.checkpoint} is cut short or damaged: learn anew without --resume.") from None
        if progress.key != self.progress.key:
            raise SettingsError(
                f"{self.checkpoint} was left by a run over other lines, another model or other settings: "
                "give what that run was given, or learn anew without --resume."
            )
        self.progress = progress

    def go(self) -> _Outcome:
        """Every course that is not over, and what came of them."""
        for number, held in enumerate(self.held):
            if number >= self.progress.course:
                self._hold_out(number, held)
        best, before, after = self._chosen()
        if best == 0:
            return _Outcome(None, 0, before, after)
        mean = {name: weight / len(self.held) for name, weight in self.progress.sums[best - 1].items()}
        return _Outcome(towards(self.desk, mean), self.desk.steps_after(best), before, after)

    def _hold_out(self, number: int, held: Sequence[int]) -> None:
        """One course without some lines, which are read after every round."""
        lines = [self.corrections[i].plain for i in held]
        desk, progress = self.desk, self.progress
        course = Course(desk, [c for i, c in enumerate(self.corrections) if i not in held], number)
        if progress.state is not None:
            course.load(progress.state)
        if len(progress.measured) == number:
            progress.measured.append([measure(desk.start, lines, desk.alphabet, desk.standard)])
        while progress.rounds < desk.rounds and not self._late(number):
            self.say(
                f"without {len(held)} of {len(self.corrections)} lines ({number + 1} of {len(self.held)}), "
                f"round {progress.rounds + 1} of {desk.rounds}"
            )
            course.round(progress.rounds)
            weights = course.weights()
            progress.measured[number].append(measure(towards(desk, weights), lines, desk.alphabet, desk.standard))
            self._add(weights)
            self._keep(course)
        progress.course, progress.rounds, progress.state = number + 1, 0, None

    def _add(self, weights: dict[str, torch.Tensor]) -> None:
        """To those of the other courses after as many rounds."""
        sums = self.progress.sums
        if self.progress.rounds == len(sums):
            sums.append(weights)
            return
        for name, weight in sums[self.progress.rounds].items():
            weight += weights[name]

    def _keep(self, course: Course) -> None:
        """Writes the checkpoint, whole or not at all."""
        self.progress.rounds += 1
        self.progress.state = course.state()
        if self.checkpoint is None:
            return
        plain = {name: getattr(self.progress, name) for name in _Progress.__dataclass_fields__}
        waiting = self.checkpoint.with_name(f"{self.checkpoint.name}.{os.getpid()}")
        try:
            torch.save(plain | {"seconds": self.seconds()}, waiting)
            waiting.replace(self.checkpoint)
        finally:
            waiting.unlink(missing_ok=True)

    def _late(self, course: int) -> bool:
        """Whether this course has had its share of the minutes. One round is always learnt."""
        minutes = self.desk.settings.minutes
        share = (course + 1) / len(self.held)
        return minutes is not None and self.progress.rounds > 0 and self.seconds() > 60 * minutes * share

    def _chosen(self) -> tuple[int, list[Reading], list[Reading]]:
        """How many rounds help, 0 for none, and the held-out readings before and after so many: the last of those that
        make the loss less and errors no more, as other lines of a writer gain from whole courses even where held-out
        ones say otherwise. A handful of lines says little: there less of either is enough."""
        held = [self.corrections[i] for part in self.held for i in part]
        lines, names = [c.plain for c in held], [c.name for c in held]
        losses, read = [], []
        for moment in zip(*self.progress.measured, strict=False):  # as many rounds as every course has had
            losses.append(sum(loss for loss, _ in moment))
            read.append(readings(lines, [text for _, texts in moment for text in texts], names))
        errors = [evaluate(r, POLICY).errors.edits for r in read]
        less = [loss < losses[0] for loss in losses]
        if len(self.corrections) < FEW:
            better = (i for i, count in enumerate(errors) if less[i] or count < errors[0])
        else:
            better = (i for i, count in enumerate(errors) if less[i] and count <= errors[0])
        best = max(better, default=0)
        return best, read[0], read[best]


def held_out(lines: int, seed: int) -> list[list[int]]:
    """Which lines are held out, course by course: every one once, of few each by itself."""
    order = np.random.default_rng((seed, lines)).permutation(lines)
    folds = lines if lines < FEW else FOLDS
    return [sorted(order[i::folds].tolist()) for i in range(folds)]


def _key(desk: Desk, corrections: Sequence[Correction]) -> str:
    """Tells runs apart: what is learnt, from what, and how."""
    digest = hashlib.sha256(repr(replace(desk.settings, minutes=None)).encode())
    for weight in desk.start.state_dict().values():
        digest.update(weight.numpy().tobytes())
    for correction in corrections:
        digest.update(correction.plain.text.encode() + correction.plain.picture.tobytes())
    return digest.hexdigest()
