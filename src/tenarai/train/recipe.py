"""A recipe: everything that decides a training run, as TOML. Unknown keys are refused with the nearest right one."""

import difflib
import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tenarai.errors import SettingsError

NAME = r"^[\w][\w.-]*$"  # the model file is called by it


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class NetworkSettings(_Section):
    """Sizes of the recogniser: `model.recogniser.Sizes` without the classes, which the alphabet gives."""

    height: int = Field(40, ge=16, le=128)
    channels: tuple[int, ...] = Field((16, 40, 80, 160), min_length=4, max_length=5)
    blocks: tuple[int, ...] = Field((0, 1, 1, 1), min_length=4, max_length=5)
    features: int = Field(256, ge=8)
    hidden: int = Field(160, ge=8)
    layers: int = Field(2, ge=1, le=6)
    neck: int = Field(128, ge=8)
    dropout: float = Field(0.1, ge=0, lt=1)


class LineCorpus(_Section):
    """Real lines: a folder of pairs, a JSON lines file, a store, or a corpus, inside the corpora folder."""

    path: str
    corpus: str = ""  # what `tenarai dataset standardise --as` calls it, where it is none of the first three
    validation_writers: int = Field(0, ge=0)  # so many writers are held out, the same ones in every run
    boilerplate: bool = True
    licence: str = ""


class GlyphCorpus(_Section):
    """Pictures of single characters for composing lines, of any corpus of them, inside the corpora folder."""

    path: str
    corpus: str = ""
    licence: str = ""


class DataSettings(_Section):
    """What lines are made of. Paths are inside the corpora folder that the command names."""

    texts: tuple[str, ...] = ()
    japanese_fonts: tuple[str, ...] = ()
    latin_fonts: tuple[str, ...] = ()
    validation_fonts: tuple[str, ...] = ()  # file names: hands that no training line is written in
    strokes: tuple[str, ...] = ()  # stroke files beside KanjiVG
    hentaigana_fonts: tuple[str, ...] = ()
    glyphs: tuple[GlyphCorpus, ...] = ()  # characters cut from old books
    variants: float = Field(0.0, ge=0, le=1)  # part of the lines set from fonts with hentaigana and glyphs among them
    lines: tuple[LineCorpus, ...] = ()
    vertical: float = Field(0.4, ge=0, le=1)  # part of the Japanese lines
    latin: float = Field(0.3, ge=0, le=1)  # part of all lines
    real: float = Field(0.5, ge=0, le=1)  # part of the Latin lines that real people wrote
    real_japanese: float = Field(0.0, ge=0, le=1)  # the same of the Japanese lines
    warp: float = Field(0.0, ge=0, le=1)  # part of the real lines that are warped
    weigh: float = Field(0.0, ge=0, le=1)  # part of the real lines whose strokes are made thinner or thicker
    strike: float = Field(0.0, ge=0, le=1)  # part of all lines of which strips are turned to paper
    font: float = Field(0.45, ge=0, le=1)  # part of the composed Japanese lines set from fonts, the rest from strokes
    unruly: float = Field(1.0, ge=0, le=1)  # how irregular composed hands may be
    wear: float = Field(1.0, ge=0, le=1)  # how often paper is ruled, shaded, faint, or shared
    longest_japanese: int = Field(26, ge=1)
    longest_latin: int = Field(56, ge=1)
    licences: tuple[str, ...] = ()


class ClassifierSettings(_Section):
    """Sizes of the classifier: `model.classifier.ClassifierSizes` without the classes, which the alphabet gives."""

    side: int = Field(48, ge=16, le=128)
    channels: tuple[int, ...] = (24, 64, 128)
    blocks: tuple[int, ...] = (1, 1, 1)
    features: int = Field(256, ge=8)
    dropout: float = Field(0.1, ge=0, lt=1)


class StrokeCorpus(_Section):
    """Characters drawn with a pen: JSON lines of strokes, inside the corpora folder."""

    path: str
    validation_writers: int = Field(0, ge=0)
    licence: str = ""


class CharacterCorpus(_Section):
    """Pictures of single characters: any corpus that `tenarai dataset standardise` reads, or a store of it."""

    path: str
    corpus: str = ""  # its name; found from the files if left out
    weight: float = Field(1.0, gt=0)  # how often it is drawn from, beside the other corpora
    validation: float = Field(0.0, ge=0, lt=1)  # part held out: whole writers where they are known
    licence: str = ""


class CharacterSettings(_Section):
    """What single characters are made of. Paths are inside the corpora folder that the command names."""

    characters: str = ""  # the classes: a name such as "katakana", or the characters; those of the samples if "samples"
    japanese_fonts: tuple[str, ...] = ()
    latin_fonts: tuple[str, ...] = ()
    validation_fonts: tuple[str, ...] = ()
    strokes: tuple[StrokeCorpus, ...] = ()
    samples: tuple[CharacterCorpus, ...] = ()
    composed: float = Field(1.0, ge=0, le=1)  # part drawn from strokes and fonts, the rest from the samples
    font: float = Field(0.4, ge=0, le=1)  # part of the composed ones set from fonts
    unruly: float = Field(0.7, ge=0, le=1)
    wear: float = Field(0.4, ge=0, le=1)
    nothing: float = Field(0.0, ge=0, lt=1)  # part of all pictures that show no character: the blank's
    strength: float = Field(1.0, ge=0)  # of the distortion of samples
    erased: float = Field(0.2, ge=0, le=1)  # part of all pictures of which a piece is erased
    licences: tuple[str, ...] = ()


class DetectorSettings(_Section):
    """Sizes of the detector: `model.detector.DetectorSizes`, and the side of the squares that it learns from."""

    channels: tuple[int, int, int, int, int] = (12, 24, 48, 80, 112)
    blocks: tuple[int, int, int, int, int] = (0, 0, 1, 1, 1)
    pyramid: int = Field(40, ge=8)
    side: int = Field(512, ge=64, le=512, multiple_of=32)
    anchors: int = Field(12, ge=1)  # shapes of anchors: of region proposals only


class PageCorpus(_Section):
    """Real pages: a folder of pictures with layout files (PAGE, ALTO, VIA, our JSON), inside the corpora folder."""

    path: str
    weight: float = Field(1.0, gt=0)  # how often it is drawn from, beside the other folders
    validation: int = Field(0, ge=0)  # so many pages are held out, the same ones in every run
    licence: str = ""


class PageSettings(_Section):
    """What pages are made of. Paths are inside the corpora folder that the command names."""

    texts: tuple[str, ...] = ()
    japanese_fonts: tuple[str, ...] = ()
    latin_fonts: tuple[str, ...] = ()
    print_fonts: tuple[str, ...] = ()  # of what is printed beside the writing
    validation_fonts: tuple[str, ...] = ()
    pages: tuple[PageCorpus, ...] = ()
    kinds: tuple[str, ...] = ()  # of made-up pages, one named twice drawn twice as often; all if none is named
    real: float = Field(0.3, ge=0, le=1)  # part of the pages that real people wrote
    side: int = Field(1200, ge=256, le=4096)  # the longer side of a page in pixels, before it is scaled
    smallest: float = Field(0.5, gt=0)  # scale
    largest: float = Field(1.6, gt=0)
    cuts: int = Field(4, ge=1)  # squares from a page
    wear: float = Field(0.8, ge=0, le=1)
    licences: tuple[str, ...] = ()


class LanguageNetworkSettings(_Section):
    """Sizes of the language network: `model.language.LanguageSizes` without the classes, which the texts give."""

    embedding: int = Field(64, ge=2)
    hidden: int = Field(320, ge=2)
    layers: int = Field(1, ge=1, le=4)
    cutoffs: tuple[int, ...] = (600, 1500)  # at which groups of rarer characters begin; those too large are left out
    dropout: float = Field(0.0, ge=0, lt=1)


class TextSettings(_Section):
    """What a language is learnt from. Paths are inside the corpora folder that the command names."""

    texts: tuple[str, ...] = ()  # in UTF-8, a sentence or paragraph a line; one named twice counts twice
    validation: tuple[str, ...] = ()  # texts that no line is learnt from
    held_out: int = Field(100, ge=2)  # one line in so many is held out of longer texts, where `validation` names none
    least: int = Field(3, ge=1)  # characters that occur less often count as unknown
    pieces: int = Field(64, ge=1)  # of text in a step
    length: int = Field(64, ge=2)  # characters of a piece
    licences: tuple[str, ...] = ()


class RunSettings(_Section):
    """How long and how fast."""

    seed: int = Field(1, ge=0)
    steps: int = Field(20_000, ge=1)
    steps_an_epoch: int = Field(500, ge=1)
    pixels: int = Field(480_000, ge=1000)  # of a batch, padding counted: bounds memory whatever the lines' widths
    rate: float = Field(1.5e-3, gt=0)
    warm_up: int = Field(400, ge=0)
    decay: float = Field(0.3, ge=0, le=1)  # last part of the steps, in which the rate falls to nothing
    weight_decay: float = Field(0.01, ge=0)
    clip: float = Field(5.0, gt=0)
    average: float = Field(0.999, ge=0, lt=1)  # decay of the moving average of the weights, which is what is kept
    precision: Literal["auto", "32-true", "bf16-mixed"] = "auto"
    device: Literal["auto", "cpu", "gpu"] = "auto"
    devices: int = Field(1, ge=1)  # on the CPU: processes of one thread each, so as many as cores
    workers: int = Field(0, ge=0)  # processes that draw lines beside each device
    validation_lines: int = Field(160, ge=1)  # composed ones; held-out real ones are read as well, up to so many
    smoothing: float = Field(0.05, ge=0, lt=1)  # of a classifier's labels (Szegedy et al. 2016)
    mix: float = Field(
        0.0, ge=0, le=1
    )  # part of a classifier's batches in which pictures are mixed (Zhang et al. 2018)


class Recipe(_Section):
    """One training run of a line recogniser."""

    name: str = Field(pattern=NAME)
    kind: Literal["recogniser"] = "recogniser"
    network: NetworkSettings = NetworkSettings()
    data: DataSettings = DataSettings()
    run: RunSettings = RunSettings()


class CharacterRecipe(_Section):
    """One training run of a character classifier."""

    name: str = Field(pattern=NAME)
    kind: Literal["classifier"]
    network: ClassifierSettings = ClassifierSettings()
    data: CharacterSettings = CharacterSettings()
    run: RunSettings = RunSettings()


class DetectorRecipe(_Section):
    """One training run of a detector of lines and characters."""

    name: str = Field(pattern=NAME)
    kind: Literal["detector", "proposals"]  # dense maps, or anchors
    network: DetectorSettings = DetectorSettings()
    data: PageSettings = PageSettings()
    run: RunSettings = RunSettings()


class LanguageRecipe(_Section):
    """One training run of a recurrent language model."""

    name: str = Field(pattern=NAME)
    kind: Literal["language"]
    network: LanguageNetworkSettings = LanguageNetworkSettings()
    data: TextSettings = TextSettings()
    run: RunSettings = RunSettings()


AnyRecipe = Recipe | CharacterRecipe | DetectorRecipe | LanguageRecipe
KINDS: dict[str, type[AnyRecipe]] = {
    "classifier": CharacterRecipe,
    "detector": DetectorRecipe,
    "proposals": DetectorRecipe,
    "language": LanguageRecipe,
}


def read_recipe(path: Path, changes: tuple[str, ...] = ()) -> AnyRecipe:
    """A TOML recipe with `section.key=value` changes (values in TOML) laid over it.

    Raises SettingsError for a missing or broken file, an unknown key (the nearest right one is named), or a value out
    of range.
    """
    try:
        raw = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"The recipe {path} cannot be read: {error}.") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"The recipe {path} is not TOML: {error}.") from None
    for change in changes:
        _lay_over(raw, change)
    return make_recipe(raw, str(path))


def make_recipe(raw: dict[str, Any], name: str) -> AnyRecipe:
    """A recipe from plain data; see `read_recipe`."""
    try:
        return KINDS.get(str(raw.get("kind")), Recipe).model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            near = difflib.get_close_matches(str(first["loc"][-1]), _keys(), 1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise SettingsError(f"{name}: there is no setting {where!r}.{hint}") from None
        raise SettingsError(f"{name}: {where}: {first['msg']}.") from None


def _lay_over(raw: dict[str, Any], change: str) -> None:
    key, equals, value = change.partition("=")
    if not equals:
        raise SettingsError(f"A change is written section.key=value, not {change!r}.")
    try:
        parsed = tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        parsed = value
    *sections, last = key.strip().split(".")
    for section in sections:
        raw = raw.setdefault(section, {})
        if not isinstance(raw, dict):
            raise SettingsError(f"{change!r}: {section!r} is not a section of the recipe.")
    raw[last] = parsed


def _keys() -> list[str]:
    return sorted({key for section in _Section.__subclasses__() for key in section.model_fields})
