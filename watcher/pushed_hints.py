"""What comes with a pushed document: in headers, or in the fields of a form."""

from collections.abc import Mapping
from email.message import Message
from typing import Final
from urllib.parse import unquote

PREFIX: Final = "x-gouji-"
_NAMES: Final = ("name", "url", "fetched_at", "publisher", "title", "year")


def said_by_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the hints in ``X-Gouji-Url``, ``-Fetched-At``, ``-Publisher``, ``-Title``, ``-Year``.

    Text is UTF-8, plain or percent-encoded; the URL is taken as it is. The name is in
    ``X-Gouji-Name`` or ``Content-Disposition``.
    """
    said = {}
    disposition = headers.get("content-disposition")
    if disposition is not None and (name := _file_name(disposition)):
        said["name"] = name
    for key in _NAMES:
        value = headers.get(PREFIX + key.replace("_", "-"))
        if value is not None:
            plain = _utf8(value)
            said[key] = plain if key == "url" else unquote(plain)
    return said


def said_by_form(fields: Mapping[str, str], file_name: str | None) -> dict[str, str]:
    """Return the hints in the fields of a form, and the name of the file in it."""
    named = {"name": file_name} if file_name else {}
    return named | {key: fields[key] for key in _NAMES if fields.get(key)}


def _utf8(value: str) -> str:
    """Headers are decoded as Latin-1; what was sent as UTF-8 is made whole again."""
    try:
        return value.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return value


def _file_name(disposition: str) -> str | None:
    message = Message()
    message["Content-Disposition"] = _utf8(disposition)
    return message.get_filename()
