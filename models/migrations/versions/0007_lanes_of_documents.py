"""Lanes of documents: in which line each waits, so that no source keeps another waiting.

Only a document that waits has a use for its lane; the others have none until they wait again.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_FIRST_SOURCE = """
    UPDATE documents SET lane = COALESCE((
        SELECT arrivals.source FROM arrivals
        WHERE arrivals.document_id = documents.id
        ORDER BY arrivals.id LIMIT 1
    ), '') WHERE state = 'received'
"""


def upgrade() -> None:
    op.add_column(
        "documents", sa.Column("lane", sa.String(length=64), nullable=False, server_default="")
    )
    op.execute(_FIRST_SOURCE)
    op.create_index(
        "ix_documents_waiting",
        "documents",
        ["queue", "lane", "updated_at", "id"],
        sqlite_where=sa.text("state = 'received'"),
        postgresql_where=sa.text("state = 'received'"),
    )
