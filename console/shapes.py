"""Dataclasses as shapes of JSON: the schema of one, and a value read by it.

Schemas are JSON Schema 2020-12, as OpenAPI 3.1 has it.
"""

import dataclasses
import re
import types
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin, get_type_hints

LARGEST: Final = 2**63 - 1
"""The largest number that a database column holds."""

Schema = dict[str, Any]
_PLAIN: Final[Mapping[Any, Schema]] = {
    int: {"type": "integer", "minimum": -LARGEST - 1, "maximum": LARGEST},
    float: {"type": "number"},
    str: {"type": "string"},
    bool: {"type": "boolean"},
    datetime: {"type": "string", "format": "date-time"},
    type(None): {"type": "null"},
    Any: {},
}


@dataclass(frozen=True, slots=True)
class Limits:
    """What a value may be besides its type; ``about`` says what it is.

    ``pattern`` is that of the whole text.
    """

    about: str = ""
    minimum: int | None = None
    maximum: int | None = None
    longest: int | None = None
    shortest: int | None = None
    choices: Sequence[str] | None = None
    pattern: str | None = None

    def schema(self) -> Schema:
        """Return it as a part of a schema."""
        found = {
            "description": self.about or None,
            "minimum": self.minimum,
            "maximum": self.maximum,
            "maxLength": self.longest,
            "minLength": self.shortest,
            "enum": None if self.choices is None else list(self.choices),
            "pattern": None if self.pattern is None else f"^(?:{self.pattern})$",
        }
        return {name: value for name, value in found.items() if value is not None}

    def fault(self, value: Any) -> str | None:
        """Return what is wrong with a value, ``None`` where nothing is."""
        if self.choices is not None and value not in self.choices:
            return "is none of those that can be"
        if isinstance(value, str):
            if self.longest is not None and len(value) > self.longest:
                return f"is longer than {self.longest} characters"
            if self.shortest is not None and len(value) < self.shortest:
                return f"is shorter than {self.shortest} characters"
            if self.pattern is not None and re.fullmatch(self.pattern, value) is None:
                return "is not as it is written"
        if isinstance(value, int) and not isinstance(value, bool):
            if self.minimum is not None and value < self.minimum:
                return f"is below {self.minimum}"
            if self.maximum is not None and value > self.maximum:
                return f"is above {self.maximum}"
        return None


class Misshapen(ValueError):  # noqa: N818 - it says what is wrong
    """A value is not of its shape; ``faults`` are pairs of JSON pointer and what is wrong."""

    def __init__(self, faults: Sequence[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{where or '/'} {what}" for where, what in faults))
        self.faults = tuple(faults)


# --- schemas --------------------------------------------------------------------------------------


def schema_of(shape: Any, components: dict[str, Schema], *, strict: bool = False) -> Schema:
    """Return the schema of a type; dataclasses go into ``components`` and are referred to.

    ``strict`` shapes, those of requests, take no other members than their own.
    """
    origin, arguments = get_origin(shape), get_args(shape)
    if shape in _PLAIN:
        return dict(_PLAIN[shape])
    if origin is Annotated:
        return _limited(schema_of(arguments[0], components, strict=strict), arguments[1:])
    if origin in (Union, types.UnionType):
        return _either([schema_of(one, components, strict=strict) for one in arguments])
    if (words := words_of(shape)) is not None:
        return {"type": "string", "enum": words}
    if origin in (list, tuple, Sequence):
        return {"type": "array", "items": schema_of(arguments[0], components, strict=strict)}
    if origin in (dict, Mapping):
        inner = schema_of(arguments[1], components, strict=strict)
        return {"type": "object", "additionalProperties": inner}
    if dataclasses.is_dataclass(shape):
        return _reference(shape, components, strict=strict)
    raise TypeError(f"no schema for {shape!r}")


def words_of(shape: Any) -> list[str] | None:
    """Return the words of a closed set, ``None`` for anything else."""
    if get_origin(shape) is Literal:
        return list(get_args(shape))
    if isinstance(shape, type) and issubclass(shape, StrEnum):
        return [str(one) for one in shape]
    return None


def _limited(schema: Schema, limits: Sequence[Any]) -> Schema:
    (limit,) = limits
    found: Schema = limit.schema()
    options = schema.get("anyOf")
    if options is None:
        return schema | found
    # what limits a value does not limit its absence
    bounds = {name: value for name, value in found.items() if name != "description"}
    kept = [one if one == {"type": "null"} else one | bounds for one in options]
    about = {"description": found["description"]} if "description" in found else {}
    return {"anyOf": kept} | about


def _either(options: list[Schema]) -> Schema:
    return options[0] if len(options) == 1 else {"anyOf": options}


def _reference(shape: Any, components: dict[str, Schema], *, strict: bool) -> Schema:
    name = shape.__name__
    if name not in components:
        components[name] = {}  # it may stand in itself
        components[name] = object_schema(shape, components, strict=strict)
    return {"$ref": f"#/components/schemas/{name}"}


def object_schema(shape: Any, components: dict[str, Schema], *, strict: bool) -> Schema:
    """Return the schema of a dataclass itself."""
    properties = {
        name: schema_of(kind, components, strict=strict) for name, kind, _ in members(shape)
    }
    answered = [name for name, _, _ in members(shape)]
    needed = [name for name, _, default in members(shape) if default is MISSING]
    found: Schema = {"type": "object", "properties": properties}
    if wanted := needed if strict else answered:
        found["required"] = wanted
    if strict:
        found["additionalProperties"] = False
    return found


def members(shape: Any) -> Iterator[tuple[str, Any, Any]]:
    """Yield name, type and default (or ``MISSING``) of each field of a dataclass."""
    hints = get_type_hints(shape, include_extras=True)
    for one in dataclasses.fields(shape):
        default = one.default
        if default is MISSING and one.default_factory is not MISSING:
            default = one.default_factory()
        yield one.name, hints[one.name], default


# --- reading --------------------------------------------------------------------------------------


def read(shape: Any, value: Any, where: str = "") -> Any:
    """Return a JSON value as an instance of its shape.

    Raises:
        Misshapen: it is not of that shape; every fault is told.
    """
    faults: list[tuple[str, str]] = []
    found = _read(shape, value, where, faults)
    if faults:
        raise Misshapen(faults)
    return found


def _read(shape: Any, value: Any, where: str, faults: list[tuple[str, str]]) -> Any:
    origin, arguments = get_origin(shape), get_args(shape)
    if origin is Annotated:
        found = _read(arguments[0], value, where, faults)
        fault = None if found is None else arguments[1].fault(found)
        if fault is not None:
            faults.append((where, fault))
        return found
    if origin in (Union, types.UnionType):
        return _one_of(arguments, value, where, faults)
    if dataclasses.is_dataclass(shape):
        return _object(shape, value, where, faults)
    if origin in (dict, Mapping) and isinstance(value, dict):
        return {
            key: _read(arguments[1], one, f"{where}/{_escaped(key)}", faults)
            for key, one in value.items()
        }
    if origin in (list, Sequence) and isinstance(value, list):
        return [_read(arguments[0], one, f"{where}/{n}", faults) for n, one in enumerate(value)]
    return _plain(shape, value, where, faults)


def _one_of(options: tuple[Any, ...], value: Any, where: str, faults: list[tuple[str, str]]) -> Any:
    if value is None and type(None) in options:
        return None
    left = [one for one in options if one is not type(None)]
    for option in left[:-1]:
        tried: list[tuple[str, str]] = []
        found = _read(option, value, where, tried)
        if not tried:
            return found
    return _read(left[-1], value, where, faults)


def _object(shape: Any, value: Any, where: str, faults: list[tuple[str, str]]) -> Any:
    if not isinstance(value, dict):
        faults.append((where, "is not an object"))
        return None
    known = {name: (kind, default) for name, kind, default in members(shape)}
    faults.extend(
        (f"{where}/{_escaped(name)}", "is not known") for name in value if name not in known
    )
    found: dict[str, Any] = {}
    for name, (kind, default) in known.items():
        if name in value:
            found[name] = _read(kind, value[name], f"{where}/{name}", faults)
        elif default is MISSING:
            faults.append((f"{where}/{name}", "is missing"))
    return None if faults else shape(**found)


def _plain(shape: Any, value: Any, where: str, faults: list[tuple[str, str]]) -> Any:
    words = words_of(shape)
    if words is not None:
        fits = isinstance(value, str) and value in words
    elif shape is datetime:
        return _moment(value, where, faults)
    elif shape is int:
        whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
        fits = whole and not isinstance(value, bool) and abs(value) <= LARGEST
        value = int(value) if fits else value
    else:
        kind = get_origin(shape) or shape
        fits = isinstance(value, kind) and not (kind is not bool and isinstance(value, bool))
    if isinstance(value, str) and fits and not _storable(value):
        faults.append((where, "has characters that no database keeps"))
        return None
    if not fits:
        faults.append((where, f"is not {_words(shape)}"))
        return None
    return shape(value) if isinstance(shape, type) and issubclass(shape, StrEnum) else value


def _moment(value: Any, where: str, faults: list[tuple[str, str]]) -> datetime | None:
    try:
        found = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        found = None
    if found is None or found.tzinfo is None:
        faults.append((where, "is not a moment with its zone, as RFC 3339 writes it"))
        return None
    return found


def _storable(text: str) -> bool:
    return "\0" not in text and not any("\ud800" <= one <= "\udfff" for one in text)


def _words(shape: Any) -> str:
    if (words := words_of(shape)) is not None:
        return f"one of {', '.join(words)}"
    names = {int: "a whole number", str: "a string", bool: "true or false"}
    names |= {list: "an array", dict: "an object"}
    return names.get(get_origin(shape) or shape, "of its type")


def _escaped(name: str) -> str:
    """Return a name as a part of a JSON pointer (RFC 6901, section 3)."""
    return name.replace("~", "~0").replace("/", "~1")


def from_text(shape: Any, text: str) -> Any:
    """Return what a parameter of an address says, as the JSON value of its shape.

    What cannot be that is returned as it is, for :func:`read` to tell.
    """
    kinds = kinds_of(shape)
    if int in kinds and text.removeprefix("-").isascii() and text.removeprefix("-").isdecimal():
        return int(text) if len(text) <= 20 else text
    if bool in kinds and text in ("true", "false"):
        return text == "true"
    return text


def kinds_of(shape: Any) -> set[Any]:
    """Return the types that a value may be of, without what limits them."""
    if get_origin(shape) is Annotated:
        return kinds_of(get_args(shape)[0])
    if get_origin(shape) in (Union, types.UnionType):
        return {kind for one in get_args(shape) for kind in kinds_of(one)}
    return {shape}
