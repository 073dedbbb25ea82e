"""Confidence of cells: how sure OCR was of each figure."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_JSON = sa.Text().with_variant(JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    for table in ("disclosure_rows", "application_rows", "review_rows"):
        op.add_column(table, sa.Column("confidence", _JSON, nullable=True))
