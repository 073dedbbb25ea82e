"""What Alembic runs: compares and migrates over the connection it is handed."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

import models.answer
import models.comment
import models.correction
import models.dead_letter
import models.event
import models.feed
import models.filing
import models.ledger
import models.notification
import models.telemetry
import models.token
import models.user  # noqa: F401 - these register their tables
from models import migrations
from models.base import Amount, Base, Json, Moment

_TYPES = {
    Moment: "sa.DateTime(timezone=True)",
    Json: 'sa.Text().with_variant(postgresql.JSONB(none_as_null=True), "postgresql")',
    Amount: 'sa.Numeric().with_variant(sa.Text(), "sqlite")',
}


def _rendered(kind: str, item: Any, autogen: AutogenContext) -> str | Literal[False]:
    """Write our column types as plain ones: a revision must not change when the models do."""
    if kind != "type":
        return False
    if isinstance(item, Json):
        autogen.imports.add("from sqlalchemy.dialects import postgresql")
    return _TYPES.get(type(item), False)


_connection = context.config.attributes["connection"]
context.configure(
    connection=_connection,
    include_object=migrations.meant_for(_connection.dialect.name),
    target_metadata=Base.metadata,
    render_item=_rendered,
    compare_type=False,
)
context.run_migrations()
