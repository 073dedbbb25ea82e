"""Gathers the texts of the console and compiles them: ``python -m console.web.locale.gather``.

For development: Babel is not there where the console runs.
"""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from console.web.languages import CHINESE, DOMAIN, LOCALE

_WEB: Final = Path(__file__).parents[1]
_METHODS: Final = [("**.py", "python"), ("templates/**.html", "jinja2")]
PO: Final = LOCALE / CHINESE / "LC_MESSAGES" / f"{DOMAIN}.po"
MO: Final = PO.with_suffix(".mo")
_HEAD: Final = "The Chinese texts of the console; `make texts` keeps them in step with the source."


def gathered() -> Catalog:
    """Return every text that stands in the source, by where it stands."""
    catalog = Catalog(project="gouji", charset="utf-8")
    for name, _line, message, _comments, context in extract_from_dir(
        _WEB,
        _METHODS,
        options_map={"**.html": {"newstyle_gettext": "true", "trimmed": "true"}},
        keywords={"_": None, "gettext": None, "ngettext": (1, 2), "text": None},
    ):
        catalog.add(message, locations=[(Path(name).as_posix(), 0)], context=context)
    return catalog


def kept() -> Catalog:
    """Return the Chinese texts as they are kept."""
    with PO.open("rb") as file:
        return read_po(file, locale=CHINESE, domain=DOMAIN)


def renewed(old: Catalog) -> Catalog:
    """Return the Chinese texts with every text of the source, and none that it no longer has."""
    found = Catalog(locale=CHINESE, domain=DOMAIN, charset="utf-8")
    for message in gathered():
        if message.id:
            before = old.get(message.id)
            found.add(message.id, before.string if before else "", locations=message.locations)
    return found


def as_po(catalog: Catalog) -> bytes:
    """Return texts as they are kept, without dates."""
    return b"".join(_undated(catalog))


def _undated(catalog: Catalog) -> Iterator[bytes]:
    out = io.BytesIO()
    write_po(out, catalog, width=100, sort_output=True, omit_header=True, include_lineno=False)
    head = '# {}\nmsgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n'
    yield head.format(_HEAD).encode()
    yield f'"Plural-Forms: {catalog.plural_forms}\\n"\n\n'.encode()
    yield out.getvalue()


def as_mo(catalog: Catalog) -> bytes:
    """Return texts as they are read."""
    out = io.BytesIO()
    write_mo(out, catalog)
    return out.getvalue()


@click.command()
def gather() -> None:
    """Bring the Chinese texts in step with the source and compile them."""
    old = kept() if PO.exists() else Catalog(locale=CHINESE)
    PO.write_bytes(as_po(renewed(old)))
    fresh = kept()
    MO.write_bytes(as_mo(fresh))
    missing = [message.id for message in fresh if message.id and not message.string]
    for text in missing:
        click.echo(f"no Chinese text yet: {text}", err=True)


if __name__ == "__main__":
    gather()
