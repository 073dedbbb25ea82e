"""What all pages share: settings, database, archive, templates, and who may come how often."""

from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from jinja2 import Environment

from console.web.exposure import LOCAL
from console.web.guard import host_of
from console.web.kept import Kept
from console.web.languages import LANGUAGES
from console.web.originals import Originals
from console.web.queue import Queue
from console.web.templating import environment
from models.session import Database
from watcher.pace import Pace
from worker.archive import Archive
from worker.settings import Settings

_LOGINS_A_MINUTE: Final = 10


@dataclass(slots=True)
class Site:
    """One console.

    ``logins`` counts failed log-ins by address, ``names`` by user.
    """

    settings: Settings
    database: Database
    archive: Archive
    queue: Queue
    originals: Originals
    kept: Kept = field(default_factory=Kept)
    environments: dict[str, Environment] = field(
        default_factory=lambda: {language: environment(language) for language in LANGUAGES}
    )
    logins: Pace = field(default_factory=lambda: Pace(_LOGINS_A_MINUTE))
    names: Pace = field(default_factory=lambda: Pace(_LOGINS_A_MINUTE))

    @classmethod
    def of(cls, settings: Settings, database: Database) -> "Site":
        """Return the console of an installation; nothing is connected yet."""
        return cls(settings, database, Archive.of(settings), Queue(settings), Originals(settings))

    @property
    def hosts(self) -> frozenset[str]:
        """The names by which it may be called."""
        named = {self.settings.console_host, host_of(urlsplit(self.settings.console_url).netloc)}
        return frozenset(name for name in LOCAL | named if name)

    @property
    def is_local(self) -> bool:
        """Whether only this machine reaches it."""
        return self.settings.console_host in LOCAL and not self.settings.console_url

    @property
    def is_encrypted(self) -> bool:
        """Whether browsers come by HTTPS."""
        return self.settings.console_url.startswith("https://")
