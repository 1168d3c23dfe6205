"""What a project answers: frozen rows, ready for JSON. Pixels of the upright picture, origin top left; times in UTC."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from tenarai.page.layout import Direction

State = Literal["todo", "doubtful", "done"]
MarkKind = Literal["unclear", "gap", "deletion", "insertion"]
STATES: tuple[State, ...] = ("todo", "doubtful", "done")
MARK_KINDS: tuple[MarkKind, ...] = ("unclear", "gap", "deletion", "insertion")

BoxRow = tuple[float, float, float, float]  # left, top, right, bottom
PointRow = tuple[float, float]
Mark = tuple[int, int, MarkKind]  # from and to in code points of the text, and what is there
CharacterRow = tuple[str, float | None, BoxRow, tuple[tuple[str, float], ...]]  # text, confidence, box, alternatives


@dataclass(frozen=True, slots=True)
class Counts:
    """How much of a project is done; lines and pages that are not deleted."""

    pages: int = 0
    lines: int = 0
    todo: int = 0
    doubtful: int = 0
    done: int = 0
    corrected: int = 0
    pages_done: int = 0


@dataclass(frozen=True, slots=True)
class ProjectInfo:
    """`rules` are the conventions of transcription in Markdown; `version` counts changes of name and rules."""

    id: str
    name: str
    rules: str
    created: datetime
    version: int
    counts: Counts


@dataclass(frozen=True, slots=True)
class PageRow:
    """One page. `number` counts from 1; `confidence` is the mean of its lines that know theirs; `version` counts
    changes of which lines there are and in what order; `claimed_by` is empty once `claimed_until` has passed."""

    id: int
    number: int
    name: str
    width: int
    height: int
    state: State
    claimed_by: str
    claimed_until: datetime | None
    lines: int
    done: int
    corrected: int
    doubtful: int
    confidence: float | None
    sha256: str
    frame: int
    version: int
    updated: datetime


@dataclass(frozen=True, slots=True)
class RegionRow:
    """Lines that belong together."""

    id: int
    box: BoxRow
    direction: Direction
    kind: str


@dataclass(frozen=True, slots=True)
class LineRow:
    """A line as it is now. `polygon` is empty when only its box is known; `characters` are the model's, and empty once
    they no longer fit the text; `order` is its rank on the page from 0; `author` made the newest version, `model` read
    the text (empty where a person wrote it); `drawn` says that a person drew or changed its outline."""

    id: int
    page_id: int
    order: int
    region: int
    direction: Direction
    box: BoxRow
    polygon: tuple[PointRow, ...]
    text: str
    confidence: float | None
    characters: tuple[CharacterRow, ...]
    state: State
    version: int
    author: str
    model: str
    corrected: bool
    drawn: bool
    marks: tuple[Mark, ...]
    updated: datetime


@dataclass(frozen=True, slots=True)
class Layout:
    """What is on a page: regions, and its lines in reading order, each naming its region."""

    page: PageRow
    version: int
    regions: tuple[RegionRow, ...]
    lines: tuple[LineRow, ...]


@dataclass(frozen=True, slots=True)
class Version:
    """What a line was. `cause` is reading, import, text, state, outline, order, add, delete, split, join, restore, undo
    or redo; `deleted` says that the line was taken away."""

    number: int
    when: datetime
    author: str
    model: str
    cause: str
    text: str
    marks: tuple[Mark, ...]
    state: State
    box: BoxRow
    polygon: tuple[PointRow, ...]
    direction: Direction
    confidence: float | None
    corrected: bool
    deleted: bool


@dataclass(frozen=True, slots=True)
class Hit:
    """A line that holds what was looked for. `snippet` is a part of its text; the match is snippet[start:end]."""

    page_id: int
    page_number: int
    page_name: str
    line_id: int
    text: str
    snippet: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class CorrectedLine:
    """A line whose text a person has written or accepted, for learning; its picture is Project.gray(page_id)."""

    line_id: int
    page_id: int
    page_name: str
    sha256: str
    frame: int
    box: BoxRow
    polygon: tuple[PointRow, ...]
    direction: Direction
    text: str
    author: str
    model_text: str  # what the model read last, "" if it never did


@dataclass(frozen=True, slots=True)
class Figure:
    """One model on one day (UTC): lines it read, their mean confidence, how many of them people have looked at since,
    and the share of characters that these changed (edits / characters as they are now; None when nobody looked)."""

    day: str
    model: str
    lines: int
    confidence: float | None
    checked: int
    changed: float | None


@dataclass(frozen=True, slots=True)
class ModelRow:
    """A model file of the project. `state` is offered, kept or discarded; `record` is free: figures, settings."""

    id: int
    name: str
    sha256: str
    created: datetime
    state: Literal["offered", "kept", "discarded"]
    active: bool
    record: dict[str, Any] = field(default_factory=dict)
