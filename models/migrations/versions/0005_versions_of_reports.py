"""Versions of reports: copies, which one stands, who put one back.

Versions that are there keep their numbers, even where two have the same figures; the last one of
each publisher and year stands. Fingerprints are made when they are first needed. The keys of the
tables' rows begin with the report: to find the rows of one, all were read.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_LAST = """
    UPDATE reports SET standing = (
        publisher_key IS NULL OR year IS NULL OR version = (
            SELECT max(other.version) FROM reports AS other
            WHERE other.publisher_key = reports.publisher_key AND other.year = reports.year
        )
    )
"""


def upgrade() -> None:
    op.add_column("reports", sa.Column("same_as", _ID, nullable=True))
    op.add_column("reports", sa.Column("standing", sa.Boolean(), nullable=True))
    op.add_column("reports", sa.Column("figures", sa.String(length=64), nullable=True))
    op.execute(_LAST)
    op.drop_index(op.f("ix_reports_publisher_key_year_version"), table_name="reports")
    with op.batch_alter_table("reports") as reports:
        reports.alter_column("standing", existing_type=sa.Boolean(), nullable=False)
        reports.drop_constraint("uq_reports_publisher_year_version", type_="unique")
        reports.create_foreign_key(
            op.f("fk_reports_same_as_reports"), "reports", ["same_as"], ["id"]
        )
        reports.create_check_constraint(
            op.f("ck_reports_copies_never_stand"), "same_as IS NULL OR NOT standing"
        )
    op.drop_index(op.f("ix_reports_year"), table_name="reports")
    op.create_index(op.f("ix_reports_year_publisher_key"), "reports", ["year", "publisher_key"])
    op.create_index(
        "uq_reports_publisher_key_year_version",
        "reports",
        ["publisher_key", "year", "version"],
        unique=True,
        sqlite_where=sa.text("same_as IS NULL"),
        postgresql_where=sa.text("same_as IS NULL"),
    )
    op.create_index(
        "uq_reports_publisher_key_year_standing",
        "reports",
        ["publisher_key", "year"],
        unique=True,
        sqlite_where=sa.text("standing"),
        postgresql_where=sa.text("standing"),
    )
    for table in ("disclosure_rows", "application_rows", "review_rows"):
        with op.batch_alter_table(table) as rows:
            rows.drop_constraint(op.f(f"pk_{table}"), type_="primary")
            rows.create_primary_key(op.f(f"pk_{table}"), ["report_id", "row"])
    op.create_table(
        "restorations",
        sa.Column("id", _ID, nullable=False),
        sa.Column("report_id", _ID, nullable=False),
        sa.Column("replaced_id", _ID, nullable=False),
        sa.Column("operator", sa.String(length=128), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["report_id"], ["reports.id"], name=op.f("fk_restorations_report_id_reports")
        ),
        sa.ForeignKeyConstraint(
            ["replaced_id"], ["reports.id"], name=op.f("fk_restorations_replaced_id_reports")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_restorations")),
    )
    op.create_index(op.f("ix_restorations_report_id"), "restorations", ["report_id"])
