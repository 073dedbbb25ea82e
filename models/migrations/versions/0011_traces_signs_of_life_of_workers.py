"""Traces of arrivals, documents and attempts; signs of life of workers, durations of stages."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)
_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("arrivals", sa.Column("traceparent", sa.String(length=55), nullable=True))
    op.add_column("documents", sa.Column("traceparent", sa.String(length=55), nullable=True))
    op.add_column("attempts", sa.Column("span_id", sa.String(length=16), nullable=True))
    op.create_table(
        "worker_status",
        sa.Column("worker", sa.String(length=128), nullable=False),
        sa.Column("started_at", _MOMENT, nullable=False),
        sa.Column("heartbeat_at", _MOMENT, nullable=False),
        sa.Column("parser_version", sa.String(length=32), nullable=False),
        sa.Column("holding", _NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("worker", name=op.f("pk_worker_status")),
    )
    op.create_table(
        "stage_durations",
        sa.Column("stage", sa.String(length=32), nullable=False),
        sa.Column("bound", sa.String(length=8), nullable=False),
        sa.Column("number", _NUMBER, nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("stage", "bound", name=op.f("pk_stage_durations")),
    )
