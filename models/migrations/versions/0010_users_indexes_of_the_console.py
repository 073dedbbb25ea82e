"""Users of the console and their sessions; indexes that its pages are answered from."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "users",
        sa.Column("id", _ID, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("password", sa.Text(), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("disabled_at", _MOMENT, nullable=True),
        sa.Column("removed_at", _MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("name", name=op.f("uq_users_name")),
    )
    op.create_table(
        "user_sessions",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("user_id", _ID, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("seen_at", _MOMENT, nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_user_sessions_user_id_users")
        ),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_user_sessions")),
    )
    op.create_index(op.f("ix_user_sessions_user_id"), "user_sessions", ["user_id"])
    op.create_index(op.f("ix_user_sessions_expires_at"), "user_sessions", ["expires_at"])
    for name, table, columns in _INDEXES:
        op.create_index(name, table, columns)


_INDEXES = (
    (
        "ix_reports_facets",
        "reports",
        ["standing", "year", "division_code", "edition", "soft", "publisher"],
    ),
    ("ix_reports_standing_id", "reports", ["standing", "id"]),
    (
        "ix_dead_letters_facets",
        "dead_letters",
        [
            "resolution",
            "reason",
            "year",
            "publisher",
            "parser_version",
            "attempt_id",
            "document_id",
        ],
    ),
    ("ix_dead_letters_resolution_id", "dead_letters", ["resolution", "id"]),
    ("ix_attempts_ended_at", "attempts", ["ended_at", "outcome"]),
    (
        "ix_findings_attempt_id_rule_severity",
        "findings",
        ["attempt_id", "rule", "severity"],
    ),
    ("ix_events_level_id", "events", ["level", "id"]),
    ("ix_decisions_decided_at", "decisions", ["decided_at"]),
)
