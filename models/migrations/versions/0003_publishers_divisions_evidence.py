"""Publishers by key, their divisions, and the evidence for publisher and year."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from models.disclosure.publisher import key

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_REPORTS = sa.table(
    "reports",
    *map(sa.column, ("id", "publisher", "year", "version", "publisher_key")),
)


def upgrade() -> None:

    op.add_column("reports", sa.Column("publisher_key", sa.Text(), nullable=True))
    op.add_column("reports", sa.Column("division_code", sa.String(length=6), nullable=True))
    op.add_column(
        "reports",
        sa.Column(
            "evidence",
            sa.Text().with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=True,
        ),
    )
    _fill()
    op.create_index(
        op.f("ix_reports_publisher_key_year_version"),
        "reports",
        ["publisher_key", "year", "version"],
        unique=True,
    )
    op.create_index(op.f("ix_reports_division_code"), "reports", ["division_code"], unique=False)


def _fill() -> None:
    """Versions count by key from now on: spellings of one publisher become one run of versions."""
    bind = op.get_bind()
    counts: dict[tuple[str, int], int] = {}
    changes = []
    for row in bind.execute(sa.select(_REPORTS).order_by(_REPORTS.c.id)):
        if row.publisher is None:
            continue
        same, version = key(row.publisher), row.version
        if row.year is not None:
            version = counts[same, row.year] = counts.get((same, row.year), 0) + 1
        changes.append((row.id, same, version))
    for id_, same, version in reversed(changes):  # numbers only grow: the last makes room first
        values = {"publisher_key": same, "version": version}
        bind.execute(sa.update(_REPORTS).where(_REPORTS.c.id == id_).values(values))
