"""Decisions with what they changed, corrected cells, comments, notifications, roles of tokens.

The release before writes none of these columns and reads none of these tables; what it stores has
no decision, and a report that was corrected it shows as published.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_JSON = sa.Text().with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
_MOMENT = sa.DateTime(timezone=True)
_UNSENT = "sent_at IS NULL AND given_up_at IS NULL"


def upgrade() -> None:
    op.add_column("decisions", sa.Column("idempotency_key", sa.String(length=128), nullable=True))
    op.add_column("decisions", sa.Column("candidate", sa.String(length=64), nullable=True))
    op.add_column("decisions", sa.Column("changed_from", _JSON, nullable=True))
    op.add_column("decisions", sa.Column("changed_to", _JSON, nullable=True))
    op.add_column("reports", sa.Column("decision_id", _ID, nullable=True))
    op.add_column("push_tokens", sa.Column("role", sa.String(length=16), nullable=True))
    _corrections()
    _comments()
    _answers()
    _notifications()


def _corrections() -> None:
    op.create_table(
        "corrections",
        sa.Column("report_id", _ID, nullable=False),
        sa.Column("cell", sa.String(length=96), nullable=False),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("decision_id", _ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["report_id"], ["reports.id"], name=op.f("fk_corrections_report_id_reports")
        ),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["decisions.id"], name=op.f("fk_corrections_decision_id_decisions")
        ),
        sa.PrimaryKeyConstraint("report_id", "cell", name=op.f("pk_corrections")),
    )
    op.create_index(op.f("ix_corrections_decision_id"), "corrections", ["decision_id"])


def _comments() -> None:
    op.create_table(
        "comments",
        sa.Column("id", _ID, nullable=False),
        sa.Column("document_id", _ID, nullable=False),
        sa.Column("dead_letter_id", _ID, nullable=True),
        sa.Column("report_id", _ID, nullable=True),
        sa.Column("operator", sa.String(length=128), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("idempotency_key", sa.String(length=128), nullable=True),
        sa.Column("written_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.id"], name=op.f("fk_comments_document_id_documents")
        ),
        sa.ForeignKeyConstraint(
            ["dead_letter_id"],
            ["dead_letters.id"],
            name=op.f("fk_comments_dead_letter_id_dead_letters"),
        ),
        sa.ForeignKeyConstraint(
            ["report_id"], ["reports.id"], name=op.f("fk_comments_report_id_reports")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comments")),
    )
    op.create_index(op.f("ix_comments_document_id"), "comments", ["document_id"])


def _answers() -> None:
    op.create_table(
        "answers",
        sa.Column("idempotency_key", sa.String(length=128), nullable=False),
        sa.Column("request", sa.String(length=64), nullable=False),
        sa.Column("answer", _JSON, nullable=False),
        sa.Column("answered_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("idempotency_key", name=op.f("pk_answers")),
    )


def _notifications() -> None:
    op.create_table(
        "notification_channels",
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("floor", _ID, nullable=False),
        sa.Column("due_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("channel", name=op.f("pk_notification_channels")),
    )
    op.create_table(
        "notifications",
        sa.Column("id", _ID, nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("body", _JSON, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("due_at", _MOMENT, nullable=False),
        sa.Column("tries", _ID, nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("sent_at", _MOMENT, nullable=True),
        sa.Column("given_up_at", _MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notifications")),
        sa.UniqueConstraint("uuid", name=op.f("uq_notifications_uuid")),
    )
    op.create_index(
        "ix_notifications_unsent",
        "notifications",
        ["channel", "due_at"],
        sqlite_where=sa.text(_UNSENT),
        postgresql_where=sa.text(_UNSENT),
    )
    op.create_table(
        "notified_letters",
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("dead_letter_id", _ID, nullable=False),
        sa.Column("notification_id", _ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["dead_letter_id"],
            ["dead_letters.id"],
            name=op.f("fk_notified_letters_dead_letter_id_dead_letters"),
        ),
        sa.ForeignKeyConstraint(
            ["notification_id"],
            ["notifications.id"],
            name=op.f("fk_notified_letters_notification_id_notifications"),
        ),
        sa.PrimaryKeyConstraint("channel", "dead_letter_id", name=op.f("pk_notified_letters")),
    )
