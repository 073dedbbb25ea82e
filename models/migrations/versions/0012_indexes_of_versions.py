"""Indexes for the place of a report among thousands of versions."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in ("figures", "document_id"):
        name = op.f(f"ix_reports_publisher_key_year_{column}")
        op.create_index(name, "reports", ["publisher_key", "year", column])
    copies = sa.text("same_as IS NOT NULL")
    op.create_index(
        op.f("ix_reports_same_as"),
        "reports",
        ["same_as"],
        sqlite_where=copies,
        postgresql_where=copies,
    )
