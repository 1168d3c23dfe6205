"""The project store: pages, lines and every version of them in a database, pictures beside it by what they hold."""

from tenarai.serve.store.errors import Conflict, Damaged, Full, Locked, Missing, Newer, Refused, StoreError
from tenarai.serve.store.folder import create_project, import_archive, is_project, open_project
from tenarai.serve.store.project import Project
from tenarai.serve.store.rows import (
    CorrectedLine,
    Counts,
    Figure,
    Hit,
    Layout,
    LineRow,
    ModelRow,
    PageRow,
    ProjectInfo,
    RegionRow,
    Version,
)

__all__ = [
    "Conflict",
    "CorrectedLine",
    "Counts",
    "Damaged",
    "Figure",
    "Full",
    "Hit",
    "Layout",
    "LineRow",
    "Locked",
    "Missing",
    "ModelRow",
    "Newer",
    "PageRow",
    "Project",
    "ProjectInfo",
    "Refused",
    "RegionRow",
    "StoreError",
    "Version",
    "create_project",
    "import_archive",
    "is_project",
    "open_project",
]
