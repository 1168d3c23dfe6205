"""Who is let in, before anything of a request is read: the host it is addressed to, the page it comes from, the token,
and how often its address asks."""

import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tenarai.serve.replies import error_reply
from tenarai.serve.settings import ServeSettings, is_loopback
from tenarai.serve.token import Guesses, Token, token_of

OPEN_PATHS = ("/health", "/ready")  # what asks whether the service lives needs no token
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
ADDRESSES = 10_000  # that are remembered
BURST = 2.0  # seconds of requests that may come at once


class Rate:
    """So many requests a second from each address, `BURST` seconds of them at once: a token bucket each."""

    def __init__(self, a_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.a_second, self._clock = a_second, clock
        self.most = max(1.0, a_second * BURST)
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()  # how many, and when that was

    def wait(self, address: str) -> float:
        """Takes one, and gives 0.0; or the seconds until there is one."""
        if not self.a_second:
            return 0.0
        now = self._clock()
        left, then = self._left.pop(address, (self.most, now))
        left = min(self.most, left + (now - then) * self.a_second)
        allowed = left >= 1.0
        self._left[address] = (left - allowed, now)
        if len(self._left) > ADDRESSES:
            self._left.popitem(last=False)
        return 0.0 if allowed else (1.0 - left) / self.a_second


class Door:
    """ASGI middleware that answers instead of the app where a request is not let in."""

    def __init__(self, app: ASGIApp, settings: ServeSettings, token: Token | None) -> None:
        self.app, self.settings, self.token = app, settings, token
        self.guesses, self.rate = Guesses(), Rate(settings.rate)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        asked = Headers(scope=scope)
        refusal = self._refusal(scope, asked)
        if refusal is not None:
            status, code, message, headers = refusal
            await error_reply(scope, status, code, message, headers)(scope, receive, send)
            return
        limit, received = self._most(asked), 0

        async def receiving() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                raise HTTPException(413, _too_large(limit), {"connection": "close"})
            return message

        await self.app(scope, receiving, send)

    def _most(self, headers: Headers) -> int:
        """The bytes that a request may have."""
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        is_json = kind.endswith(("/json", "+json"))
        return min(self.settings.max_bytes, self.settings.max_json_bytes) if is_json else self.settings.max_bytes

    def _refusal(self, scope: Scope, headers: Headers) -> tuple[int, str, str, dict[str, str]] | None:
        host, address = headers.get("host", ""), address_of(scope)
        # A page of another site can let its own name point at this machine; with a token that helps it nothing.
        if self.token is None and not self.settings.open and not self._is_known(host):
            return 403, "host", f"This service is not called {host[:100]!r}: see the option --name.", {}
        if scope["method"] not in SAFE_METHODS and _is_foreign(headers, host):
            return 403, "origin", "Pages of other sites may not use this service.", {}
        if self.token is not None and scope["path"] not in OPEN_PATHS:
            refusal = self._without_token(headers.get("authorization"), address)
            if refusal is not None:
                return refusal
        if scope["path"].startswith("/v1/") and (wait := self.rate.wait(address)):
            message = f"More than {self.rate.a_second:g} requests a second come from this address: wait a little."
            return 429, "rate", message, _later(wait)
        length, limit = headers.get("content-length", ""), self._most(headers)
        if length.isascii() and length.isdigit() and int(length[:20]) > limit:
            return 413, "too_large", _too_large(limit), {"connection": "close"}
        return None

    def _without_token(self, header: str | None, address: str) -> tuple[int, str, str, dict[str, str]] | None:
        if wait := self.guesses.wait(address):
            return 429, "guessing", "Too many wrong tokens came from this address: wait.", _later(wait)
        given = token_of(header)
        asked = {"www-authenticate": 'Bearer realm="tenarai", Basic realm="tenarai", charset="UTF-8"'}
        if given is None:
            return 401, "token", "This service asks for a token: send it as Authorization: Bearer TOKEN.", asked
        assert self.token is not None
        if not self.token.matches(given):
            self.guesses.wrong(address)
            return 401, "token", "That is not the token of this service.", asked
        self.guesses.right(address)
        return None

    def _is_known(self, host: str) -> bool:
        name = (urlsplit(f"//{host}").hostname or "") if _is_plain(host) else ""
        return is_loopback(name) or name in (self.settings.host.lower(), *map(str.lower, self.settings.names))


def address_of(scope: Scope) -> str:
    """Whom to count as one client: an address, or the network of 64 bits that an IPv6 address lies in."""
    host = (scope.get("client") or ("",))[0]
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return str(host)
    return str(address) if address.version == 4 else str(ipaddress.ip_network((address, 64), strict=False))


def _is_plain(host: str) -> bool:
    return bool(host) and not set(host) & set("/@\\ ?#") and host.isascii() and host.count("[") == host.count("]") <= 1


def _is_foreign(headers: Headers, host: str) -> bool:
    """Whether a page of another site has sent it, as browsers say."""
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return True
    origin = headers.get("origin")
    return origin is not None and origin.partition("://")[2].lower() != host.lower()


def _too_large(limit: int) -> str:
    return f"The request is over the limit of {limit:,} bytes: split it."


def _later(wait: float) -> dict[str, str]:
    return {"retry-after": str(max(1, round(wait + 0.49)))}
