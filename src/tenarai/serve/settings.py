"""How the service runs: one typed object, from which the commands and the app take every default."""

import difflib
import ipaddress
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator

from tenarai.errors import SettingsError
from tenarai.image.read import LIMITS, Limits

SHORTEST_TOKEN = 20  # characters: shorter ones can be guessed


class ServeSettings(BaseModel):
    """What is served, where, to whom, and how much of it at most."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    project: Annotated[Path | None, Field(description="A project folder to correct in.")] = None
    database: Annotated[
        SecretStr | None, Field(description="A PostgreSQL URL for a project; SQLite in its folder if none.")
    ] = None
    jobs: Annotated[
        SecretStr | None, Field(description="A Redis or PostgreSQL URL for its jobs; its folder if none.")
    ] = None
    model: Annotated[Path | None, Field(description="A model file; the shipped one if none.")] = None
    threads: Annotated[int, Field(ge=1, le=1024, description="Lines read at a time.")] = 1

    host: Annotated[str, Field(min_length=1, description="The address to listen on.")] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535, description="The port; 0 takes a free one.")] = 8000
    names: Annotated[
        tuple[str, ...], Field(description="Further host names that requests may be addressed to, as of a proxy.")
    ] = ()
    proxy: Annotated[
        str | None, Field(description="The address of a proxy, which is believed for whom it asks (X-Forwarded-For).")
    ] = None
    token: Annotated[SecretStr | None, Field(description="What clients must know; see `token_file`.")] = None
    token_file: Annotated[Path | None, Field(description="Holds the hash of the token; made if missing.")] = None
    open: Annotated[bool, Field(description="Everybody who reaches the address may use it, without a token.")] = False

    max_bytes: Annotated[int, Field(ge=1, description="Of one request.")] = LIMITS.max_bytes
    max_json_bytes: Annotated[int, Field(ge=1, description="Of a request in JSON.")] = 8_000_000
    max_pixels: Annotated[int, Field(ge=1, description="Of one picture.")] = LIMITS.max_pixels
    max_pages: Annotated[int, Field(ge=1, description="Of one file sent to /v1/read.")] = 50
    max_job_pages: Annotated[int, Field(ge=1, description="Of one job sent to /v1/jobs.")] = 1_000
    max_jobs: Annotated[int, Field(ge=1, description="Sent to /v1/jobs that are kept, finished or not.")] = 16
    queue: Annotated[int, Field(ge=1, description="Requests of a kind that wait or are read; more are sent away.")] = 64
    deadline_s: Annotated[float, Field(gt=0, le=86_400, description="Seconds from request to reply.")] = 60.0
    rate: Annotated[float, Field(ge=0, description="Requests to /v1 a second from one address; 0: any number.")] = 50.0
    stop_s: Annotated[float, Field(ge=0, description="Seconds that a stop waits for what is being read.")] = 20.0

    @model_validator(mode="after")
    def _closed(self) -> Self:
        if self.token is not None and len(self.token.get_secret_value()) < SHORTEST_TOKEN:
            raise ValueError(f"The token has less than {SHORTEST_TOKEN} characters, which can be guessed.")
        if not (self.is_loopback or self.has_token or self.open):
            raise ValueError(
                f"{self.host} can be reached from other machines: give a token file (--token-file), or say that "
                "everybody may use the service (--open)."
            )
        return self

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine reaches the address."""
        return is_loopback(self.host)

    @property
    def has_token(self) -> bool:
        return self.token is not None or self.token_file is not None

    @property
    def limits(self) -> Limits:
        """Of one file of pictures, before anything of it is decoded."""
        return Limits(self.max_bytes, self.max_pixels, self.max_pages)

    @classmethod
    def of(cls, **values: Any) -> Self:
        """Settings of what is given; None stands for the default. Raises SettingsError, in one sentence."""
        try:
            return cls(**{name: value for name, value in values.items() if value is not None})
        except ValidationError as error:
            raise SettingsError(_sentence(error, cls)) from None


def is_loopback(host: str) -> bool:
    """Whether a name or address means this machine and is reached from it alone."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def default(name: str) -> Any:
    """The default of a setting."""
    return ServeSettings.model_fields[name].default


def _sentence(error: ValidationError, settings: type[BaseModel]) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    name = ".".join(map(str, first["loc"]))
    if first["type"] == "extra_forbidden":
        near = difflib.get_close_matches(name, settings.model_fields, 1, 0.0)
        return f"There is no setting {name!r}: did you mean {near[0]!r}?"
    message = str(first["msg"]).removeprefix("Value error, ")
    return f"The setting {name}: {message}." if name else message
