"""Secrets from files: ``GOUJI_DATABASE_URL_FILE`` names a file that holds ``database_url``.

So come the secrets of Compose, of Kubernetes and of systemd's ``LoadCredential``: they are then in
no environment, which child processes inherit and ``/proc`` shows.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from worker.errors import SettingsError

FROM_FILE: Final = (
    "database_url",
    "broker_url",
    "archive_url",
    "notify_webhook",
    "notify_secret",
    "notify_apprise",
)
"""Settings whose variable may end in ``_FILE`` and name the file that holds the value."""

SUFFIX: Final = "_FILE"


def variables(prefix: str) -> dict[str, str]:
    """Return the variables that name files, each with the variable it stands for."""
    plain = [f"{prefix}{key.upper()}" for key in FROM_FILE]
    return {f"{name}{SUFFIX}": name for name in plain}


def replaced(environ: Mapping[str, str], prefix: str) -> dict[str, str]:
    """Return an environment with the contents of the files in place of their names.

    Blanks and line ends around the contents are taken away.

    Raises:
        SettingsError: a file cannot be read or says nothing, or the value is there as well.
    """
    held = dict(environ)
    for name, plain in variables(prefix).items():
        if name in held:
            if plain in held:
                raise SettingsError(f"{plain} and {name} are both set; one of them is expected")
            held[plain] = _content(name, Path(held.pop(name)))
    return held


def _content(name: str, path: Path) -> str:
    try:
        text = path.read_text("utf-8").strip()
    except OSError as error:
        raise SettingsError(f"{name}: {path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError:
        raise SettingsError(f"{name}: {path} is not text in UTF-8") from None
    if not text:  # "" would mean the embedded database or queue, and nobody would notice
        raise SettingsError(f"{name}: {path} is empty")
    return text
