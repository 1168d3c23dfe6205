"""What can be asked of the worker, and what it says of a job."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, TypeAdapter

from tenarai.serve.options import Form, PageOptions

State = Literal["waiting", "running", "done", "failed", "cancelled"]
Kind = Literal["read", "learn", "check", "export"]

MOST_PAGES = 100_000
Id = Annotated[int, Field(ge=1, lt=2**31, strict=True)]
Pages = Annotated[
    list[Id] | None,
    Field(max_length=MOST_PAGES, description="Pages by their ids; if none, all, but for reading those that are done."),
]


class Asked(BaseModel):
    """A request in JSON: unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class JobReadOptions(PageOptions):
    """How pages are read, as `Reader.read` takes it."""

    # Of what comes as JSON, 0 is no false, and "1" no number.
    explain: Annotated[StrictBool, Field(description="Without effect: pages of a project keep no notes.")] = False
    find: Annotated[
        StrictBool | None,
        Field(description="Find the lines anew, or read those that are there; none: find them where none are."),
    ] = None
    least_confidence: Annotated[float, Field(ge=0, le=1, strict=True)] | None = None

    def known(self) -> dict[str, Any]:
        return self.model_dump(exclude={"find", "explain"})


class LearnOptions(Asked):
    """How a hand is learnt, as `tenarai learn` takes it."""

    steps: Annotated[int, Field(ge=1, le=100_000, strict=True)] | None = None
    minutes: Annotated[float, Field(gt=0, le=10_000, strict=True)] | None = None
    seed: Annotated[int, Field(ge=0, lt=2**31, strict=True)] = 1
    unclear: Annotated[StrictBool, Field(description="Lines with places marked unclear too.")] = False


class CheckOptions(Asked):
    """Checking corrections against their pictures takes nothing."""


class ExportOptions(Asked):
    """What is written."""

    format: Form = "pagexml"


class ReadRequest(Asked):
    """Read pages: lines that people have corrected stay as they are."""

    kind: Literal["read"]
    pages: Pages = None
    options: JobReadOptions = JobReadOptions()


class LearnRequest(Asked):
    """Learn from every correction of the project."""

    kind: Literal["learn"]
    options: LearnOptions = LearnOptions()


class CheckRequest(Asked):
    """Find the corrections that do not fit their pictures."""

    kind: Literal["check"]
    options: CheckOptions = CheckOptions()


class ExportRequest(Asked):
    """Write pages into the project's folder `exports`."""

    kind: Literal["export"]
    pages: Pages = None
    options: ExportOptions = ExportOptions()


Request = Annotated[ReadRequest | LearnRequest | CheckRequest | ExportRequest, Field(discriminator="kind")]
REQUEST: TypeAdapter[ReadRequest | LearnRequest | CheckRequest | ExportRequest] = TypeAdapter(Request)


class Job(BaseModel):
    """A job as it stands. `done` of `total` counts pages, or rounds of learning; total is 0 until it is known."""

    model_config = ConfigDict(frozen=True)

    id: int
    kind: Kind
    state: State
    done: int = 0
    total: int = 0
    message: str = ""
    result: dict[str, Any] | None = None
    created: datetime
    started: datetime | None = None
    finished: datetime | None = None

    @property
    def over(self) -> bool:
        return self.state in ("done", "failed", "cancelled")
