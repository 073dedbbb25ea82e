"""Arrivals by their trace."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(op.f("ix_arrivals_traceparent"), "arrivals", ["traceparent"])
