"""Recipes: unknown keys name the nearest right one, changes are laid over, values have ranges, shipped ones parse."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenarai.errors import SettingsError
from tenarai.model.classifier import ClassifierSizes
from tenarai.model.detector import DetectorSizes
from tenarai.model.language import LanguageSizes
from tenarai.model.recogniser import Sizes
from tenarai.train.recipe import (
    ClassifierSettings,
    DataSettings,
    NetworkSettings,
    Recipe,
    RunSettings,
    make_recipe,
    read_recipe,
)

RECIPES = Path(__file__).parents[2] / "recipes"
PLAIN = """
name = "plain"
[network]
hidden = 32
[data]
latin = 0.25
texts = ["a.txt"]
[[data.lines]]
path = "lines"
validation_writers = 2
[run]
steps = 100
"""


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    path = tmp_path / "plain.toml"
    path.write_text(PLAIN, "utf-8")
    return path


def test_a_recipe_is_read_and_the_rest_is_default(plain: Path) -> None:
    recipe = read_recipe(plain)
    assert (recipe.name, recipe.kind) == ("plain", "recogniser")
    assert recipe.network == NetworkSettings(hidden=32)
    assert recipe.run == RunSettings(steps=100)
    assert (recipe.data.latin, recipe.data.texts) == (0.25, ("a.txt",))
    (corpus,) = recipe.data.lines
    assert (corpus.path, corpus.validation_writers, corpus.boilerplate) == ("lines", 2, True)


@pytest.mark.parametrize("path", sorted(RECIPES.glob("*.toml")), ids=lambda p: p.name)
def test_shipped_recipes_parse(path: Path) -> None:
    recipe = read_recipe(path)
    assert recipe.name == path.stem
    numbers = recipe.network.model_dump()
    if recipe.kind in ("detector", "proposals"):
        assert DetectorSizes(**{key: numbers[key] for key in numbers if key not in ("side", "anchors")}).pyramid > 0
    elif recipe.kind == "language":
        assert LanguageSizes(classes=3000, **numbers).classes == 3000
    else:
        sizes = Sizes if recipe.kind == "recogniser" else ClassifierSizes
        assert sizes(2, **numbers).classes == 2
    assert 0 < recipe.run.warm_up < recipe.run.steps * (1 - recipe.run.decay)


def test_there_are_shipped_recipes() -> None:
    assert list(RECIPES.glob("*.toml"))


def test_the_defaults_fit_the_network() -> None:
    assert Sizes(4000, **NetworkSettings().model_dump()) == Sizes(4000)
    assert ClassifierSizes(4000, **ClassifierSettings().model_dump()) == ClassifierSizes(4000)


# Unknown keys


@pytest.mark.parametrize(
    ("change", "nearest"),
    [
        ("run.step=3", "steps"),
        ("run.warmup=3", "warm_up"),
        ("network.hiden=3", "hidden"),
        ("network.chanels=[1,2,3,4]", "channels"),
        ("data.japanese_font=[]", "japanese_fonts"),
        ("data.verticals=0.3", "vertical"),
        ("nam='x'", "name"),
    ],
)
def test_an_unknown_key_names_the_nearest(plain: Path, change: str, nearest: str) -> None:
    key = change.partition("=")[0]
    with pytest.raises(SettingsError) as caught:
        read_recipe(plain, (change,))
    assert f"there is no setting {key!r}. Did you mean {nearest!r}?" in str(caught.value)
    assert "plain.toml" in str(caught.value)


def test_an_unknown_key_in_a_list_of_corpora_is_named(plain: Path) -> None:
    plain.write_text(PLAIN.replace("validation_writers", "validation_writer"), "utf-8")
    with pytest.raises(SettingsError, match=r"'data\.lines\.0\.validation_writer'\. Did you mean 'validation_writers'"):
        read_recipe(plain)


def test_a_key_like_no_other_has_no_hint(plain: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        read_recipe(plain, ("run.qqqqqq=1",))
    assert str(caught.value).endswith("there is no setting 'run.qqqqqq'.")


# Changes


@pytest.mark.parametrize(
    ("change", "section", "key", "value"),
    [
        ("run.steps=7", "run", "steps", 7),
        ("run.steps = 7", "run", "steps", 7),
        ("run.rate=1e-4", "run", "rate", 1e-4),
        ("run.device=cpu", "run", "device", "cpu"),
        ('run.device="gpu"', "run", "device", "gpu"),
        ("network.channels=[4, 4, 8, 8]", "network", "channels", (4, 4, 8, 8)),
        ("data.texts=['a=b.txt', 'c.xz']", "data", "texts", ("a=b.txt", "c.xz")),
        ("data.lines=[]", "data", "lines", ()),
    ],
)
def test_changes_are_laid_over(plain: Path, change: str, section: str, key: str, value: object) -> None:
    before, after = read_recipe(plain), read_recipe(plain, (change,))
    assert getattr(getattr(after, section), key) == value
    others = {"network", "data", "run"} - {section}
    assert all(getattr(after, name) == getattr(before, name) for name in others)
    assert getattr(after, section) == getattr(before, section).model_copy(update={key: value})


def test_later_changes_win_and_new_sections_can_be_begun(tmp_path: Path) -> None:
    path = tmp_path / "r.toml"
    path.write_text("name = 'r'\n", "utf-8")
    recipe = read_recipe(path, ("run.steps=1", "run.steps=2", "name=other"))
    assert recipe.run.steps == 2 and recipe.name == "other"


@pytest.mark.parametrize("change", ["run.steps", "", "steps 7"])
def test_a_change_without_a_value_is_refused(plain: Path, change: str) -> None:
    with pytest.raises(SettingsError, match=r"section\.key=value"):
        read_recipe(plain, (change,))


@pytest.mark.parametrize("change", ["name.first=1", "data.lines.path=x", "run.steps.more=1"])
def test_a_change_of_what_is_no_section_is_refused(plain: Path, change: str) -> None:
    with pytest.raises(SettingsError, match="not a section"):
        read_recipe(plain, (change,))


# Ranges


@pytest.mark.parametrize(
    "change",
    [
        "run.steps=0",
        "run.steps=1.5",
        "run.steps=many",
        "run.seed=-1",
        "run.rate=0",
        "run.decay=1.1",
        "run.average=1",
        "run.devices=0",
        "run.device=abacus",
        "run.precision=64",
        "run.pixels=10",
        "run.validation_lines=0",
        "network.height=8",
        "network.channels=[1, 2, 3]",
        "network.dropout=1.0",
        "network.layers=7",
        "data.latin=1.5",
        "data.real=-0.1",
        "data.longest_japanese=0",
        "data.lines=['path']",
        "kind=oracle",
    ],
)
def test_values_out_of_range_are_refused_by_name(plain: Path, change: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read_recipe(plain, (change,))
    assert change.partition("=")[0] in str(caught.value)
    assert "\n" not in str(caught.value)


@settings(deadline=None)
@given(st.floats(0, 1), st.floats(0, 1), st.integers(1, 10**6), st.integers(0, 2**40))
def test_a_recipe_survives_being_written_down(latin: float, font: float, steps: int, seed: int) -> None:
    recipe = Recipe(name="r", data=DataSettings(latin=latin, font=font), run=RunSettings(steps=steps, seed=seed))
    assert make_recipe(recipe.model_dump(mode="json"), "record") == recipe


# Files


@pytest.mark.parametrize("content", ["name = ", "[run", "= 3", "name = 'a'\nname = 'b'"])
def test_what_is_no_toml_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "r.toml"
    path.write_text(content, "utf-8")
    with pytest.raises(SettingsError, match=r"r\.toml is not TOML"):
        read_recipe(path)


def test_files_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    (tmp_path / "latin.toml").write_bytes(b"name = '\xe9'")
    for name in ("missing.toml", "latin.toml", "."):
        with pytest.raises(SettingsError, match="cannot be read"):
            read_recipe(tmp_path / name)


def test_a_recipe_needs_a_name(tmp_path: Path) -> None:
    path = tmp_path / "r.toml"
    path.write_text("[run]\nsteps = 3\n", "utf-8")
    with pytest.raises(SettingsError, match="name: Field required"):
        read_recipe(path)


@pytest.mark.parametrize("name", ["a/b", "../x", "", " ", ".hidden"])
def test_a_name_that_is_no_file_name_is_refused(name: str) -> None:
    with pytest.raises(SettingsError, match="name"):
        make_recipe({"name": name}, "r")
