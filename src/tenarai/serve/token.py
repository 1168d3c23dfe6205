"""Who may come in: a token of 256 random bits, kept as its hash, and less patience with every wrong one.

A hash of so many random bits cannot be turned back, so that a plain SHA-256 does what a slow hash does for passwords.
"""

import base64
import binascii
import hashlib
import hmac
import math
import os
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Self

from tenarai.errors import SettingsError

PREFIX = "sha256:"
FREE_GUESSES = 5  # wrong tokens of an address before it has to wait
LONGEST_WAIT = 300.0  # seconds
ADDRESSES = 10_000  # that are remembered


class Token:
    """What a client has to know, of which only the hash is kept."""

    def __init__(self, digest: bytes) -> None:
        self._digest = digest

    @classmethod
    def of(cls, secret: str) -> Self:
        return cls(hashlib.sha256(secret.encode()).digest())

    @classmethod
    def read(cls, path: Path) -> Self:
        """The token of a file that `make_token` wrote. Raises SettingsError for another."""
        try:
            text = path.read_text("ascii").strip()
            digest = bytes.fromhex(text.removeprefix(PREFIX))
            if not text.startswith(PREFIX) or len(digest) != hashlib.sha256().digest_size:
                raise ValueError
        except OSError as error:
            raise SettingsError(f"The token file {path} cannot be read: {error.strerror}.") from None
        except ValueError:
            raise SettingsError(
                f"{path} holds no hash of a token: give a file that is not there yet, and a token is made."
            ) from None
        return cls(digest)

    def matches(self, given: str) -> bool:
        """Whether it is this one, in a time that does not tell how much of it is right."""
        return hmac.compare_digest(hashlib.sha256(given.encode("utf-8", "surrogateescape")).digest(), self._digest)


def make_token(path: Path) -> str:
    """A new token, whose hash goes into a file that its owner alone can read. Raises SettingsError where one is."""
    secret = secrets.token_urlsafe(32)
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(PREFIX + hashlib.sha256(secret.encode()).hexdigest() + "\n")
    except OSError as error:
        raise SettingsError(f"The token file {path} cannot be written: {error.strerror}.") from None
    return secret


def token_of(header: str | None) -> str | None:
    """The token of an `Authorization` header: `Bearer TOKEN`, or `Basic` with any name and the token as password, as
    browsers ask for; None where there is none."""
    scheme, _, value = (header or "").partition(" ")
    if scheme.lower() == "bearer" and value.strip():
        return value.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value.strip(), validate=True).decode("utf-8").partition(":")[2] or None
        except (binascii.Error, ValueError):
            return None
    return None


class Guesses:
    """Wrong tokens by address. After a few, an address waits before the next is looked at: 1 s, 2 s, 4 s and so on."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._wrong: OrderedDict[str, tuple[int, float]] = OrderedDict()  # how many, and until when to wait

    def wait(self, address: str) -> float:
        """Seconds until a token of this address is looked at."""
        return max(0.0, self._wrong.get(address, (0, 0.0))[1] - self._clock())

    def wrong(self, address: str) -> None:
        count = self._wrong.pop(address, (0, 0.0))[0] + 1
        over = count - FREE_GUESSES
        wait = 0.0 if over < 0 else min(LONGEST_WAIT, math.ldexp(1.0, min(over, 30)))
        self._wrong[address] = (count, self._clock() + wait)
        if len(self._wrong) > ADDRESSES:
            self._wrong.popitem(last=False)

    def right(self, address: str) -> None:
        self._wrong.pop(address, None)
