"""What a project store refuses, each with one sentence for people. The service gives each kind its own HTTP status."""
# ruff: noqa: N818 - they are named by what happened, as the service and its callers speak of them

from typing import Any

from tenarai.errors import TenaraiError


class StoreError(TenaraiError):
    """Anything that a project cannot do: catch this one to catch them all."""


class Missing(StoreError):
    """A project, page, line, version or model that is not there (HTTP 404)."""


class Refused(StoreError):
    """A value that cannot be kept: text with a line break, marks beyond the text, a box without area (HTTP 422)."""


class Conflict(StoreError):
    """Someone else was faster (HTTP 409). `current` is the LineRow, PageRow or Layout as it is now, or None."""

    def __init__(self, message: str, current: Any = None) -> None:
        super().__init__(message)
        self.current = current


class Locked(StoreError):
    """The database is busy, out of reach, or served by somebody else (HTTP 503): nothing was changed, try again."""


class Full(StoreError):
    """The disk takes no more (HTTP 507): nothing was changed, make room."""


class Damaged(StoreError):
    """The database, a picture or an archive is not what it was (HTTP 500): `tenarai project check` says more."""


class Newer(StoreError):
    """A project that a newer tenarai has written: upgrade tenarai."""
