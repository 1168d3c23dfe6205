import base64
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenarai.errors import SettingsError
from tenarai.serve.token import FREE_GUESSES, LONGEST_WAIT, Guesses, Token, make_token, token_of


def test_a_file_keeps_the_hash_alone_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "token"
    secret = make_token(path)
    assert len(secret) >= 40
    assert secret not in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    token = Token.read(path)
    assert token.matches(secret)
    assert not token.matches(secret[:-1]) and not token.matches(secret + "x") and not token.matches("")
    with pytest.raises(SettingsError, match="cannot be written"):
        make_token(path)


@pytest.mark.parametrize("content", ["", "my own password\n", "sha256:abcd", "sha256:" + "x" * 64, "päss"])
def test_a_file_of_another_kind_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "token"
    path.write_text(content, "utf-8")
    with pytest.raises(SettingsError, match="holds no hash"):
        Token.read(path)
    with pytest.raises(SettingsError, match="cannot be read"):
        Token.read(tmp_path / "missing")


@given(st.text(min_size=1), st.text())
def test_only_the_token_matches(secret: str, other: str) -> None:
    token = Token.of(secret.encode("utf-8", "ignore").decode() or "x")
    assert token.matches(other) == (other == (secret.encode("utf-8", "ignore").decode() or "x"))


def test_headers_of_both_kinds() -> None:
    assert token_of("Bearer abc") == "abc" and token_of("bearer  abc ") == "abc"
    assert token_of("Basic " + base64.b64encode(b"anybody:abc:d").decode()) == "abc:d"
    for wrong in (None, "", "Bearer", "Bearer ", "Basic", "Basic !!!", "Basic //8=", "Digest abc", "abc"):
        assert token_of(wrong) is None


def test_patience_shrinks_with_every_wrong_token() -> None:
    now = 0.0
    guesses = Guesses(lambda: now)
    for _ in range(FREE_GUESSES - 1):
        guesses.wrong("a")
    assert guesses.wait("a") == 0
    waits = []
    for _ in range(12):
        guesses.wrong("a")
        waits.append(guesses.wait("a"))
        now += waits[-1]
        assert guesses.wait("a") == 0
    assert waits[:4] == [1, 2, 4, 8] and waits[-1] == LONGEST_WAIT
    assert guesses.wait("b") == 0
    guesses.right("a")
    guesses.wrong("a")
    assert guesses.wait("a") == 0


def test_as_many_addresses_as_there_are_do_not_fill_the_memory() -> None:
    guesses = Guesses()
    for number in range(20_000):
        guesses.wrong(str(number))
    assert len(guesses._wrong) <= 10_000
