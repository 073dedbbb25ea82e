"""Sentences of the program in Chinese: of a file it ignores or refuses, a source, a decision.

``sentences.toml`` has them. They are kept in English in the database, as the worker said them; who
reads them in Chinese is told them in Chinese.
"""

import re
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

_TEXTS: Final = Path(__file__).with_name("sentences.toml")
_BLANK: Final = "{}"
_RESULT: Final = "{}: "
_LONGEST: Final = 4_000
"""Characters of a message that is looked at; longer ones were made by what a file holds."""


@lru_cache(maxsize=4096)
def chinese(message: str) -> str:
    """Return a message in Chinese as far as it is known; else as it is.

    What is filled in is looked up as well: an error may carry another one. Of what is parted by
    semicolons each part is looked up by itself. A word is known only where it is the whole message:
    what is filled in may be the name of a file.
    """
    return _words().get(message) or _told(message)


def _told(message: str) -> str:
    if len(message) > _LONGEST:
        return message
    for pattern, text in _sentences():
        found = pattern.fullmatch(message)
        if found is not None:
            return text.format(*(_told(part) for part in found.groups()))
    parts = message.split("; ")
    told = [_told(part) for part in parts] if len(parts) > 1 else parts
    return message if told == parts else "；".join(told)


def both(message: str) -> str:
    """Return a message in Chinese before itself, where it is known; else as it is.

    What both would end with is told once: ``仍不成立 it does not hold yet: T3.FLOW: 12 ≠ 9``.
    """
    told = chinese(message)
    if told == message:
        return message
    for colon in re.finditer("：", told):
        if message.endswith(f": {told[colon.end() :]}"):
            return f"{told[: colon.start()]} {message}"
    return f"{told} {message}"


def is_known(message: str) -> bool:
    """Tell whether a sentence, with ``{}`` for what is filled in, has a Chinese one."""
    return message in _words() or any(one.fullmatch(message) for one, _text in _sentences())


@cache
def _texts() -> dict[str, str]:
    import tomllib  # a list that goes well has nothing to translate

    return tomllib.loads(_TEXTS.read_text("utf-8"))


@cache
def _words() -> dict[str, str]:
    return {text: told for text, told in _texts().items() if " " not in text}


@cache
def _sentences() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Return the sentences, those that say most by themselves first.

    Those that only say what came of something (``/srv/a: Permission denied``) come last: what it
    was may be a sentence of its own.
    """
    told = {text: chinese for text, chinese in _texts().items() if " " in text}
    ordered = sorted(
        told, key=lambda text: (text.startswith(_RESULT), -len(text.replace(_BLANK, "")))
    )
    return tuple((_pattern(text), told[text]) for text in ordered)


def _pattern(text: str) -> re.Pattern[str]:
    parts = (re.escape(part) for part in text.split(_BLANK))
    return re.compile("(.*?)".join(parts), re.DOTALL)
