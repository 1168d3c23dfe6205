"""The first form of a project."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "project",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("rules", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("created", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_project"),
    )
    op.create_table(
        "pages",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("suffix", sa.String(8), nullable=False),
        sa.Column("frame", sa.Integer, nullable=False),
        sa.Column("width", sa.Integer, nullable=False),
        sa.Column("height", sa.Integer, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("deleted", sa.Boolean, nullable=False),
        sa.Column("claimed_by", sa.Text, nullable=False),
        sa.Column("claimed_until", sa.String(32)),
        sa.Column("updated", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_pages"),
        sa.UniqueConstraint("sha256", "frame", name="uq_pages_sha256_frame"),
    )
    op.create_table(
        "regions",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("page_id", sa.Integer, nullable=False),
        sa.Column("box", sa.Text, nullable=False),
        sa.Column("direction", sa.String(16), nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_regions"),
        sa.ForeignKeyConstraint(["page_id"], ["pages.id"], name="fk_regions_page_id_pages"),
    )
    op.create_index("ix_regions_page_id", "regions", ["page_id"])
    op.create_table(
        "lines",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("page_id", sa.Integer, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("position", sa.Float, nullable=False),
        sa.Column("deleted", sa.Boolean, nullable=False),
        sa.Column("folded", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_lines"),
        sa.ForeignKeyConstraint(["page_id"], ["pages.id"], name="fk_lines_page_id_pages"),
    )
    op.create_index("ix_lines_page_id_deleted_position", "lines", ["page_id", "deleted", "position"])
    op.create_table(
        "edits",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("page_id", sa.Integer, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("cause", sa.String(16), nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("client_id", sa.String(64)),
        sa.Column("state", sa.String(8), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_edits"),
        sa.ForeignKeyConstraint(["page_id"], ["pages.id"], name="fk_edits_page_id_pages"),
        sa.UniqueConstraint("client_id", name="uq_edits_client_id"),
    )
    op.create_index("ix_edits_page_id_author_state", "edits", ["page_id", "author", "state"])
    op.create_table(
        "versions",
        sa.Column("line_id", sa.Integer, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("edit_id", sa.Integer, nullable=False),
        sa.Column("region_id", sa.Integer, nullable=False),
        sa.Column("position", sa.Float, nullable=False),
        sa.Column("box", sa.Text, nullable=False),
        sa.Column("polygon", sa.Text, nullable=False),
        sa.Column("direction", sa.String(16), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("marks", sa.Text, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("confidence", sa.Float),
        sa.Column("characters", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("corrected", sa.Boolean, nullable=False),
        sa.Column("drawn", sa.Boolean, nullable=False),
        sa.Column("deleted", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("line_id", "number", name="pk_versions"),
        sa.ForeignKeyConstraint(["line_id"], ["lines.id"], name="fk_versions_line_id_lines"),
        sa.ForeignKeyConstraint(["edit_id"], ["edits.id"], name="fk_versions_edit_id_edits"),
        sa.ForeignKeyConstraint(["region_id"], ["regions.id"], name="fk_versions_region_id_regions"),
    )
    op.create_index("ix_versions_edit_id", "versions", ["edit_id"])
    op.create_table(
        "models",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("created", sa.String(32), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("record", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_models"),
    )
