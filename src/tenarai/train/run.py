"""One training run: recipe in; checkpoints, journal and model file out. A killed run goes on from its last epoch."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import lightning
import torch
from lightning.pytorch.callbacks import Callback, ModelCheckpoint, TQDMProgressBar
from lightning.pytorch.plugins.io import TorchCheckpointIO

from tenarai.errors import DataError, SettingsError
from tenarai.image.standard import Standard
from tenarai.model.classifier import ClassifierSizes
from tenarai.model.detector import DetectorSizes
from tenarai.model.export import read_network, write_model
from tenarai.model.file import Header
from tenarai.model.language import LanguageSizes
from tenarai.model.maps import ANCHOR_STRIDE, MULTIPLE, STRIDE
from tenarai.model.recogniser import Recogniser, Sizes, down_of
from tenarai.page.anchors import Shapes
from tenarai.text.alphabet import Alphabet, default_alphabet
from tenarai.train.characters import Characters
from tenarai.train.classifier import ClassifierTraining, calibration, expect_evenly
from tenarai.train.detector import DetectorTraining
from tenarai.train.journal import Journal, read_journal
from tenarai.train.language import LanguageTraining
from tenarai.train.lines import Lines
from tenarai.train.pages import PageMaker, Pages
from tenarai.train.processor import keep_memory, one_thread, precision_of
from tenarai.train.proposals import ProposalTraining, shapes_of
from tenarai.train.recipe import (
    AnyRecipe,
    CharacterCorpus,
    CharacterRecipe,
    DetectorRecipe,
    GlyphCorpus,
    LanguageRecipe,
    LineCorpus,
    PageCorpus,
    Recipe,
    RunSettings,
    StrokeCorpus,
)
from tenarai.train.recogniser import RecogniserTraining
from tenarai.train.texts import Texts

CHECKPOINT = "last.ckpt"
JOURNAL = "journal.jsonl"
Training = RecogniserTraining | ClassifierTraining | DetectorTraining | ProposalTraining | LanguageTraining
WEIGHTS_LICENCE = "CC BY-SA 4.0"  # the share-alike terms of the stroke data carry over


@dataclass(frozen=True, slots=True)
class Task:
    """What a recipe trains: the step, its data, and how its pictures are made."""

    module: Training
    standard: Standard
    data: lightning.LightningDataModule | None = None


def make_task(recipe: AnyRecipe, corpora: Path) -> Task:
    """The step and the data of a recipe. Raises DataError or SettingsError when they cannot be had."""
    standard, alphabet = standard_of(recipe), default_alphabet()
    if isinstance(recipe, CharacterRecipe):
        characters = Characters(recipe, standard, corpora)
        return Task(new_module(recipe, characters.alphabet, characters.groups), standard, characters)
    if isinstance(recipe, DetectorRecipe):
        pages = Pages(recipe, standard, corpora)
        return Task(new_detector(recipe, pages.maker), standard, pages)
    if isinstance(recipe, LanguageRecipe):
        texts = Texts(recipe, corpora)
        return Task(new_module(recipe, texts.alphabet, texts.groups), standard, texts)
    return Task(new_module(recipe, alphabet), standard, Lines(recipe, alphabet, standard, corpora))


def standard_of(recipe: AnyRecipe) -> Standard:
    """How the network's pictures are made: lines of a height with paper around them, or bare squares."""
    if isinstance(recipe, DetectorRecipe):
        return Standard(height=recipe.network.side, padding=0, multiple=MULTIPLE)
    if isinstance(recipe, CharacterRecipe):
        return Standard(height=recipe.network.side, padding=0, multiple=1)
    if isinstance(recipe, LanguageRecipe):
        return Standard()
    # As much paper around a line of twice the height is twice as many pixels.
    down = down_of(len(recipe.network.channels))
    return Standard(height=recipe.network.height, padding=2 * down, multiple=4 * down)


def new_module(
    recipe: Recipe | CharacterRecipe | LanguageRecipe, alphabet: Alphabet, groups: tuple[str, ...] = ()
) -> Training:
    """A network of the recipe's sizes, its weights random."""
    if isinstance(recipe, LanguageRecipe):
        return LanguageTraining(sizes_of_language(recipe, alphabet), alphabet, recipe.run, groups)
    if isinstance(recipe, CharacterRecipe):
        return ClassifierTraining(sizes_of_classifier(recipe, alphabet), alphabet, recipe.run, groups)
    return RecogniserTraining(sizes_of(recipe, alphabet), alphabet, recipe.run)


def new_detector(recipe: DetectorRecipe, maker: PageMaker | None, shapes: Shapes = ()) -> Training:
    """A detector of the recipe's sizes, its weights random; anchors have `shapes`, or those of the maker's pages."""
    numbers = recipe.network.model_dump(exclude={"side", "anchors"})
    if recipe.kind == "detector":
        return DetectorTraining(DetectorSizes(**numbers), recipe.run)
    if maker is not None:
        shapes = shapes_of(maker, recipe.network.anchors, recipe.run.seed)
    return ProposalTraining(DetectorSizes(**numbers, shapes=tuple(shapes)), recipe.run)


def sizes_of(recipe: Recipe, alphabet: Alphabet) -> Sizes:
    """The line network's sizes."""
    return Sizes(classes=len(alphabet), **recipe.network.model_dump())


def sizes_of_classifier(recipe: CharacterRecipe, alphabet: Alphabet) -> ClassifierSizes:
    """The character network's sizes."""
    return ClassifierSizes(classes=len(alphabet), **recipe.network.model_dump())


def sizes_of_language(recipe: LanguageRecipe, alphabet: Alphabet) -> LanguageSizes:
    """The language network's sizes, without groups of rare characters that the alphabet is too small for."""
    numbers = recipe.network.model_dump(exclude={"cutoffs"})
    cutoffs = tuple(cutoff for cutoff in recipe.network.cutoffs if cutoff < len(alphabet) - 1)
    return LanguageSizes(classes=len(alphabet), cutoffs=cutoffs or (max(1, len(alphabet) // 2),), **numbers)


def fit(
    recipe: AnyRecipe,
    out: Path,
    corpora: Path,
    *,
    resume: bool = False,
    start: Path | None = None,
    progress: bool = True,
) -> Path:
    """Trains by the recipe into the folder `out` and gives the model file written there.

    `resume` goes on from the folder's last epoch to the same numbers as an unbroken run; `start` takes the first
    weights from a model file or another run's checkpoint. Raises SettingsError or DataError before any work is lost.
    """
    out.mkdir(parents=True, exist_ok=True)
    last = out / CHECKPOINT
    if resume and not last.exists():
        raise DataError(f"There is nothing to resume in {out}: it holds no {CHECKPOINT}.")
    # The second process of a run on several devices starts when the first has made the folder.
    if not resume and last.exists() and "LOCAL_RANK" not in os.environ:
        raise DataError(f"{out} holds a run already: go on with --resume, or name another folder.")
    lightning.seed_everything(recipe.run.seed, verbose=False)
    resumed = _read_checkpoint(last) if resume else None
    task = make_task(recipe, corpora)
    if start is not None and not resume:
        begin_with(task.module, start)
    trainer = _trainer(recipe, out, progress, resumed)
    trainer.fit(task.module, task.data, ckpt_path=last if resume else None, weights_only=False)
    return write_run(task, recipe, out)


def write_run(task: Task, recipe: AnyRecipe, out: Path) -> Path:
    """Writes the averaged network of a run as a model file beside its checkpoints."""
    module = task.module
    record = {"recipe": recipe.model_dump(mode="json"), "journal": read_journal(out / JOURNAL)[-1:]}
    sources = [corpus.licence for corpus in _corpora(recipe) if corpus.licence]
    temperature = 1.0
    if isinstance(module, ClassifierTraining) and isinstance(task.data, Characters):
        temperature = calibration(module, (b for loader in task.data.val_dataloader() for b in loader))
        if task.data.recipe.data.composed > 0:
            expect_evenly(module.average, task.data.maker.favour, temperature)
    header = Header(
        kind=recipe.kind,
        name=recipe.name,
        sizes=module.average.sizes.to_dict(),
        alphabet=module.alphabet,
        standard=task.standard,
        down=_down(recipe.kind, module.average),
        temperature=temperature,
        training=record,
        licences=(*recipe.data.licences, *sources),
        licence=WEIGHTS_LICENCE,
    )
    path = out / f"{recipe.name}.model"
    write_model(module.average, header, path)
    return path


def _down(kind: str, network: torch.nn.Module) -> int:
    """How many pixels of a picture lie between what a network says."""
    if isinstance(network, Recogniser):
        return network.sizes.down
    return {"detector": STRIDE, "proposals": ANCHOR_STRIDE}.get(kind, 1)


def export_checkpoint(recipe: AnyRecipe, out: Path) -> Path:
    """The model file of a run that is not over, or was killed: what its last epoch reads like."""
    checkpoint = _read_checkpoint(out / CHECKPOINT)
    alphabet = Alphabet(("", *checkpoint["alphabet"])) if "alphabet" in checkpoint else default_alphabet()
    if isinstance(recipe, DetectorRecipe):
        module = new_detector(recipe, None, checkpoint.get("shapes", ()))
    else:
        module = new_module(recipe, alphabet)
    with _fitting(out / CHECKPOINT):
        module.load_state_dict(checkpoint["state_dict"])
    return write_run(Task(module, standard_of(recipe)), recipe, out)


def _corpora(recipe: AnyRecipe) -> tuple[LineCorpus | GlyphCorpus | StrokeCorpus | CharacterCorpus | PageCorpus, ...]:
    if isinstance(recipe, DetectorRecipe):
        return recipe.data.pages
    if isinstance(recipe, CharacterRecipe):
        return (*recipe.data.strokes, *recipe.data.samples)
    if isinstance(recipe, LanguageRecipe):
        return ()
    return (*recipe.data.glyphs, *recipe.data.lines)


def begin_with(module: Training, start: Path) -> None:
    """First weights from a model file, or from a checkpoint of the same sizes.

    Raises ModelFileError or SettingsError when they do not fit.
    """
    with _fitting(start):
        if start.suffix == ".ckpt":
            module.load_state_dict(_read_checkpoint(start)["state_dict"])
        else:
            network, header = read_network(start)
            if isinstance(module, ProposalTraining) and header.kind == "detector":
                # What both look at is the same; their heads are not.
                module.network.load_state_dict(network.state_dict(), strict=False)
                module.average.load_state_dict(network.state_dict(), strict=False)
                return
            if header.alphabet != module.alphabet:
                raise SettingsError(f"{start} does not fit this recipe's network (it reads another alphabet).")
            module.network.load_state_dict(network.state_dict())
            module.average.load_state_dict(network.state_dict())


@contextmanager
def _fitting(start: Path) -> Iterator[None]:
    """What torch says of weights for a network of other sizes, in one sentence."""
    try:
        yield
    except (RuntimeError, KeyError) as error:
        raise SettingsError(f"{start} does not fit this recipe's network ({str(error).splitlines()[0]}).") from None


def _read_checkpoint(path: Path) -> dict[str, Any]:
    try:
        checkpoint: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, OSError, EOFError, UnpicklingError) as error:
        reason = (str(error).splitlines() or ["it is empty or cut short"])[0]
        raise SettingsError(f"{path} is no checkpoint that can be read ({reason}).") from None
    return checkpoint


class _Resumed(TorchCheckpointIO):
    """Gives the trainer the checkpoint that was read when it was looked at."""

    def __init__(self, checkpoint: dict[str, Any]) -> None:
        super().__init__()
        self.checkpoint: dict[str, Any] | None = checkpoint

    def load_checkpoint(self, path: Any, *args: Any, **settings: Any) -> dict[str, Any]:
        found, self.checkpoint = self.checkpoint, None  # kept no longer than needed: it is three times the network
        return _read_checkpoint(path) if found is None else found


def _trainer(recipe: AnyRecipe, out: Path, progress: bool, resumed: dict[str, Any] | None) -> lightning.Trainer:
    run = recipe.run
    devices = _devices(run)
    callbacks: list[Callback] = [
        Journal(out / JOURNAL),
        ModelCheckpoint(dirpath=out, filename="epoch", save_last=True, every_n_epochs=1, enable_version_counter=False),
    ]
    if progress:
        callbacks.append(TQDMProgressBar(refresh_rate=20))
    return lightning.Trainer(
        accelerator=run.device,
        devices=devices,
        strategy="ddp" if devices > 1 else "auto",
        precision=precision_of(run.precision),
        max_steps=run.steps,
        reload_dataloaders_every_n_epochs=1,
        gradient_clip_val=run.clip,
        callbacks=callbacks,
        plugins=None if resumed is None else [_Resumed(resumed)],
        logger=_logger(out),
        num_sanity_val_steps=0,
        enable_progress_bar=progress,
        enable_model_summary=False,
        use_distributed_sampler=False,
        default_root_dir=out,
    )


def _devices(run: RunSettings) -> int:
    """As many as asked for, but no more than there are. On the CPU a device is a process of one thread."""
    if run.device != "cpu" and torch.cuda.is_available():
        return min(run.devices, torch.cuda.device_count())
    one_thread()
    keep_memory()
    return run.devices


def _logger(out: Path) -> Any:
    try:
        import tensorboard  # noqa: F401
    except ImportError:
        return False
    from lightning.pytorch.loggers import TensorBoardLogger

    return TensorBoardLogger(out, name="tensorboard", version="")
