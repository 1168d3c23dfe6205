"""One course of tuning a recogniser to a writer: the last layers, or what the settings name, by Adam (Kingma and Ba
2015); the convolutions, and the statistics of their normalisations, stay as they are.
"""

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from tenarai.errors import SettingsError
from tenarai.evaluate.report import Reading
from tenarai.image.clean import Gray
from tenarai.image.line import straighten
from tenarai.image.standard import Standard
from tenarai.model.recogniser import Recogniser
from tenarai.synth.hand import Rng
from tenarai.text.alphabet import Alphabet
from tenarai.text.ctc import best_path
from tenarai.train.corrections import Correction, log_probs
from tenarai.train.cuttings import cut_line, recombined
from tenarai.train.lines import Batch, collate
from tenarai.train.loss import summed_ctc_loss
from tenarai.train.maker import LineMaker, TrainingLine
from tenarai.train.processor import quick

WARM_UP = 10  # steps
FEW = 8  # lines: fewer are learnt in short courses, of which there is one for every line


@dataclass(frozen=True, slots=True)
class LearnSettings:
    """How long and how strongly a hand is learnt. docs/learn.md says what the values were chosen on."""

    steps: int | None = None  # by the number of lines unless given, see `suited`
    short: int = 24  # steps of a course where there are few lines
    near: float = 0.5  # `share` where there are few lines
    minutes: float | None = None  # no round begins after so long
    seed: int = 1
    rate: float = 1e-3
    parts: tuple[str, ...] = ("column", "reader")  # of the network; of its classes the new ones learn too
    rounds: int = 6  # after each, held-out lines are read and the state is kept
    lines: int = 4  # of the writer in a step
    replay: int = 4  # composed lines beside them
    plain: float = 0.1  # part of the writer's lines that are shown as they are
    recombined: float = 0.5  # part of them that is put together of pieces of several
    kept: float = 1.0  # weight of the composed lines' own loss
    distil: float = 1.0  # weight of keeping the first model's scores of composed lines (Hinton et al. 2015)
    clip: float = 5.0
    average: float = 0.98  # decay of the moving average of the weights
    share: float = 0.85  # of the way from the first weights to that average: what is kept (Wortsman et al. 2022)
    wear: float = 0.4  # of the paper that the lines are photographed on

    def __post_init__(self) -> None:
        if self.steps is not None and self.steps < 1:
            raise SettingsError(f"A hand is learnt in at least one step, not {self.steps}.")
        if self.minutes is not None and not self.minutes > 0:
            raise SettingsError(f"Learning takes some time: minutes must be above 0, not {self.minutes}.")
        if any(part.split(".")[0] == "features" for part in self.parts):
            raise SettingsError("The convolutions of a model stay as they are when it learns a hand.")
        if self.seed < 0:
            raise SettingsError(f"A seed is 0 or more, not {self.seed}.")

    def suited(self, lines: int) -> Self:
        """The steps and the share for so many lines: more give more to learn, a few are soon learnt by heart."""
        if lines < FEW:
            return replace(self, steps=self.steps or self.short, share=self.near)
        return replace(self, steps=self.steps or int(np.clip(6 * lines, 60, 300)))


@dataclass(frozen=True, slots=True)
class Shown:
    """A batch of composed lines as it is seen every time: by the convolutions, and by the neck of the first model."""

    batch: Batch
    columns: Tensor
    taught: Tensor


class Replay:
    """Composed lines in batches of like width. The convolutions and the first model stay as they are, so what they make
    of a batch is worked out once for all courses."""

    def __init__(
        self, start: Recogniser, lines: Sequence[TrainingLine], count: int, alphabet: Alphabet, standard: Standard
    ) -> None:
        self.start, self.alphabet, self.standard = start, alphabet, standard
        ordered = sorted(lines, key=lambda line: line.picture.shape[1])
        self.batches = [ordered[i : i + count] for i in range(0, len(ordered), count)]
        self.seen: dict[int, Shown] = {}

    def __len__(self) -> int:
        return len(self.batches)

    def __getitem__(self, number: int) -> Shown:
        if number not in self.seen:
            batch = collate(self.batches[number], self.alphabet, self.standard)
            with torch.no_grad(), quick():
                columns = self.start.columns(batch.pictures)
                self.seen[number] = Shown(batch, columns, self.start.neck_of(columns))
        return self.seen[number]


@dataclass(frozen=True, slots=True)
class Desk:
    """What every course of a run has in common. The `start` knows the whole alphabet."""

    start: Recogniser
    known: int  # labels that the model knew before the alphabet grew
    alphabet: Alphabet
    standard: Standard
    maker: LineMaker
    replay: Replay
    settings: LearnSettings

    @property
    def steps(self) -> int:
        """Of a course; `suited` has given them."""
        return self.settings.steps or 1

    @property
    def rounds(self) -> int:
        """Of a course, none without a step."""
        return min(self.settings.rounds, self.steps)

    def steps_after(self, rounds: int) -> int:
        """How many steps of a course are over after so many of its rounds."""
        return self.steps * rounds // self.rounds


class Course:
    """Tunes a copy of the desk's network to these corrections, a round at a time. Every draw follows from the seed, the
    number of the course and the round: one that goes on from its state comes to the same weights."""

    def __init__(self, desk: Desk, corrections: Sequence[Correction], number: int) -> None:
        self.desk, self.corrections, self.number = desk, corrections, number
        self.network = copy.deepcopy(desk.start).eval().requires_grad_(False)
        for part in desk.settings.parts:
            self.network.get_submodule(part).requires_grad_(True)
        self.average = copy.deepcopy(self.network).requires_grad_(False)
        if len(desk.alphabet) > desk.known:
            self._tune_new_classes()
        self.tuned = {name: weight for name, weight in self.network.named_parameters() if weight.requires_grad}
        cuttings = (cut_line(c.plain, desk.start, desk.alphabet, desk.standard) for c in self.corrections)
        self.cuttings = [cutting for cutting in cuttings if cutting is not None]
        self.optimiser = torch.optim.Adam(self.tuned.values(), lr=0.0, betas=(0.9, 0.98))

    def _tune_new_classes(self) -> None:
        """Steps of Adam are as large for a weight that hardly matters: known rows that the lines do not use would be
        pushed away from what they are, so they get no step at all."""
        known = self.desk.known
        for weight in self.network.classes.parameters():
            weight.requires_grad_(True)
            weight.register_hook(lambda slope: torch.cat((0 * slope[:known], slope[known:])))  # type: ignore[no-untyped-call]

    def weights(self) -> dict[str, Tensor]:
        """The moving average of what is tuned, by name."""
        average = dict(self.average.named_parameters())
        return {name: average[name].clone() for name in self.tuned}

    def state(self) -> dict[str, Any]:
        """Tensors and numbers only."""
        return {
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
        }

    def load(self, state: dict[str, Any]) -> None:
        """Goes on from a state. Raises RuntimeError, KeyError or ValueError when it is of another network."""
        self.network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])

    def round(self, number: int) -> None:
        """The steps of one round, counted from 0."""
        first, last = (self.desk.steps_after(n) for n in (number, number + 1))
        rng = np.random.default_rng((self.desk.settings.seed, self.number, number))
        batches = zip(self._writers(last - first, rng), self._replayed(last - first, rng), strict=True)
        for step, (own, shown) in enumerate(batches, first):
            for group in self.optimiser.param_groups:
                group["lr"] = self.desk.settings.rate * self._factor(step)
            self.optimiser.zero_grad()
            with quick():
                loss = self._loss(own, shown)
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(self.tuned.values(), self.desk.settings.clip)
            self.optimiser.step()
            keep = min(self.desk.settings.average, (2 + step) / (11 + step))
            with torch.no_grad():
                for mean, value in zip(self.average.parameters(), self.network.parameters(), strict=True):
                    mean.lerp_(value, 1 - keep)

    def _factor(self, step: int) -> float:
        """Warm up, stay, fall in a straight line to nothing over the second half."""
        steps = self.desk.steps
        return min(1.0, (step + 1) / WARM_UP, 2 * (steps - step) / steps)

    def _writers(self, steps: int, rng: Rng) -> Iterator[Batch]:
        """The writer's lines, each as often as the others, and lines of their pieces; leaned and wrinkled anew."""
        settings, maker = self.desk.settings, self.desk.maker
        for order in self._orders(len(self.corrections), steps, settings.lines, rng):
            lines = []
            for i in order:
                real = self.corrections[i].real
                if rng.random() < settings.plain:
                    lines.append(self.corrections[i].plain)
                    continue
                if self.cuttings and rng.random() < settings.recombined:
                    real = recombined(self.cuttings, rng)
                photo = maker.photographed(real, rng)
                picture = straighten(photo.picture, self.desk.standard.height, vertical=photo.vertical).picture
                lines.append(TrainingLine(picture, photo.text))
            yield collate(lines, self.desk.alphabet, self.desk.standard)

    def _replayed(self, steps: int, rng: Rng) -> Iterator[Shown]:
        """Batches of composed lines, each as often as the others."""
        replay = self.desk.replay
        return (replay[i] for i in in_passes(steps, len(replay), rng))

    def _orders(self, lines: int, steps: int, count: int, rng: Rng) -> list[list[int]]:
        """Which lines each step shows: whole passes over them in random order, those of like width together."""
        shown = in_passes(steps * count, lines, rng)
        shown.sort(key=lambda i: self.corrections[i].plain.picture.shape[1])
        return [shown[start : start + count] for start in rng.permutation(steps) * count]

    def _loss(self, own: Batch, shown: Shown) -> Tensor:
        """Of the writer's lines and of the composed ones, in nats a character."""
        settings, down = self.desk.settings, self.network.sizes.down
        loss = _ctc(self.network(own.pictures), own, down)
        logits = self.network.read(shown.columns)
        if settings.kept:
            loss = loss + settings.kept * _ctc(logits, shown.batch, down)
        if settings.distil:
            with torch.no_grad():
                taught = self.desk.start.classes(shown.taught).float().log_softmax(-1)
            lost = (taught.exp() * (taught - logits.float().log_softmax(-1))).sum() / shown.batch.lengths.sum()
            loss = loss + settings.distil * lost
        return loss


def in_passes(count: int, things: int, rng: Rng) -> list[int]:
    """So many of the numbers of so many things: whole passes over them, each in random order."""
    passes = [rng.permutation(things) for _ in range(-(-count // things))]
    found: list[int] = np.concatenate(passes)[:count].tolist()
    return found


def towards(desk: Desk, weights: dict[str, Tensor]) -> Recogniser:
    """What is kept: the first model, its share of the way to these weights."""
    kept = copy.deepcopy(desk.start)
    with torch.no_grad():
        for name, weight in kept.named_parameters():
            if name in weights:
                weight.lerp_(weights[name], desk.settings.share)
    return kept


def _ctc(logits: Tensor, batch: Batch, down: int) -> Tensor:
    return summed_ctc_loss(logits, batch.labels, batch.widths // down, batch.lengths) / batch.lengths.sum()


def measure(
    network: Recogniser, lines: Sequence[TrainingLine], alphabet: Alphabet, standard: Standard
) -> tuple[float, list[str]]:
    """The loss of a network on lines, summed in nats, and what it reads."""
    loss, texts = 0.0, []
    for line in lines:
        scores = log_probs(network, line, standard)
        labels = torch.tensor(alphabet.encode(line.text))
        frames = torch.tensor([len(scores)])
        loss += float(summed_ctc_loss(torch.from_numpy(scores)[:, None], labels, frames, torch.tensor([len(labels)])))
        texts.append(best_path(scores, alphabet.characters, alternatives=0).text)
    return loss, texts


def readings(lines: Sequence[TrainingLine], texts: Sequence[str], names: Sequence[str] | None = None) -> list[Reading]:
    """What was read of lines, as evaluation takes it; they are numbered where nobody names them."""
    names = names or [str(i) for i in range(len(lines))]
    return [
        Reading(name, line.text, text, picture=partial(_picture, line))
        for name, line, text in zip(names, lines, texts, strict=True)
    ]


def _picture(line: TrainingLine) -> Gray:
    return line.picture
