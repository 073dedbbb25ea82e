"""Chinese and English: which of them a reader wants, and the texts in it."""

import gettext
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

ENGLISH: Final = "en"
CHINESE: Final = "zh"
LANGUAGES: Final[Mapping[str, str]] = {CHINESE: "中文", ENGLISH: "English"}
"""Every language by its code, with its own name for itself."""

DOMAIN: Final = "console"
LOCALE: Final = Path(__file__).with_name("locale")


@cache
def translations(language: str) -> gettext.NullTranslations:
    """Return the texts in a language; English is what stands in the source.

    Raises:
        FileNotFoundError: the compiled texts are not installed.
    """
    if language == ENGLISH:
        return gettext.NullTranslations()
    return gettext.translation(DOMAIN, LOCALE, [language])


def wanted(accepted: str) -> str:
    """Return the language that an ``Accept-Language`` header likes best; English if none is ours.

    Source: RFC 9110, 12.5.4.
    """
    liked: list[tuple[float, int, str]] = []
    for place, part in enumerate(accepted.split(",")):
        tag, _, parameter = part.strip().partition(";")
        language = tag.strip().lower().partition("-")[0]
        if language in LANGUAGES and (weight := _weight(parameter)) > 0:
            liked.append((-weight, place, language))
    return min(liked)[2] if liked else ENGLISH


def _weight(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
