"""Index of long paths: PostgreSQL refused arrivals whose path an index could not take.

Its btree takes 2,704 bytes; a path may have 4,095. SQLite has no such limit.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    op.create_index(
        "uq_arrivals_version",
        "arrivals",
        [
            "source",
            sa.text("substr(path, 1, 1000)"),
            sa.text("sha256(path)"),
            "inode",
            "size",
            "mtime_ns",
        ],
        unique=True,
    )
    op.create_index("ix_arrivals_path", "arrivals", ["path"], postgresql_using="hash")
    op.drop_constraint("uq_arrivals_source_path_inode_size_mtime_ns", "arrivals", type_="unique")
