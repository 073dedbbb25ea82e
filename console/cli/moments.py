"""Points in time on the command line: ``10m`` ago, or an ISO date or time."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import click

_AGO: Final = re.compile(r"(\d{1,6})([smhd])")
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


class Moment(click.ParamType[datetime]):
    """A time in the past; one without a zone is local."""

    name = "time"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Read ``30s``, ``10m``, ``2h``, ``3d``, or an ISO date or time."""
        if isinstance(value, datetime):
            return value
        text = str(value).strip()
        if ago := _AGO.fullmatch(text):
            return datetime.now(UTC) - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        try:
            return datetime.fromisoformat(text).astimezone(UTC)
        except ValueError:
            self.fail(
                f"{text!r} is neither like 10m, 2h, 3d nor a date like 2024-05-01", param, ctx
            )


SINCE: Final = Moment()
