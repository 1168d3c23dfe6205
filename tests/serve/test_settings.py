import inspect

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenarai.errors import SettingsError
from tenarai.image.read import LIMITS
from tenarai.reader import Reader
from tenarai.serve.options import CharacterOptions, LineOptions, ReadOptions
from tenarai.serve.settings import ServeSettings, is_loopback

SECRET = "a long enough token of a test"


def test_only_this_machine_is_served_without_more_words() -> None:
    assert ServeSettings().is_loopback
    for host in ("0.0.0.0", "::", "192.168.1.5", "example.org"):
        with pytest.raises(SettingsError, match=r"--token-file.*--open"):
            ServeSettings.of(host=host)
        assert ServeSettings.of(host=host, token=SECRET).host == host
        assert ServeSettings.of(host=host, open=True).host == host


def test_a_token_that_can_be_guessed_is_refused() -> None:
    with pytest.raises(SettingsError, match="20 characters"):
        ServeSettings.of(token="hunter2")


def test_an_unknown_setting_is_told_with_the_nearest_right_one() -> None:
    with pytest.raises(SettingsError, match="'deadline_s'"):
        ServeSettings.of(deadlin=5)
    with pytest.raises(SettingsError, match="The setting port"):
        ServeSettings.of(port=70_000)


def test_settings_do_not_show_their_secrets() -> None:
    settings = ServeSettings.of(token=SECRET, database="postgresql://me:hunter2@db/x")
    assert SECRET not in repr(settings) and "hunter2" not in repr(settings) + settings.model_dump_json()


@given(st.ip_addresses())
def test_loopback_is_what_the_standard_says(address: object) -> None:
    assert is_loopback(str(address)) == getattr(address, "is_loopback")  # noqa: B009


@pytest.mark.parametrize(
    ("options", "method"),
    [(ReadOptions, Reader.read), (LineOptions, Reader.read_line), (CharacterOptions, Reader.read_character)],
)
def test_options_have_the_names_and_defaults_of_the_reader(options: type, method: object) -> None:
    known = inspect.signature(method).parameters  # type: ignore[arg-type]
    for name, value in options().model_dump().items():  # type: ignore[attr-defined]
        assert name == "format" or known[name].default == value
    assert set(known) - {"self", "picture", "lines"} == set(options.model_fields) - {"format"}  # type: ignore[attr-defined]


def test_limits_are_those_of_the_reader() -> None:
    settings = ServeSettings()
    assert (settings.limits.max_bytes, settings.limits.max_pixels) == (LIMITS.max_bytes, LIMITS.max_pixels)
