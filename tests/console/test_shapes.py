"""Dataclasses as shapes: what is described is what is read."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

import pytest

from console.shapes import Limits, Misshapen, from_text, read, schema_of


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True)
class Inner:
    number: Annotated[int, Limits(minimum=1, maximum=9)]


@dataclass(frozen=True)
class Outer:
    name: Annotated[str, Limits("Its name.", shortest=1, longest=5)]
    inner: Inner | None = None
    colours: list[Colour] = field(default_factory=list)
    cells: dict[str, str | int | None] = field(default_factory=dict)
    at: datetime | None = None
    kind: Literal["a", "b"] = "a"
    yes: bool = False


def test_what_is_right_is_read() -> None:
    told = {
        "name": "x",
        "inner": {"number": 3.0},
        "colours": ["red"],
        "cells": {"a": 1, "b": None, "c": "2"},
        "at": "2024-01-01T00:00:00Z",
        "yes": True,
    }
    assert read(Outer, told) == Outer(
        "x",
        Inner(3),
        [Colour.RED],
        {"a": 1, "b": None, "c": "2"},
        datetime(2024, 1, 1, tzinfo=UTC),
        "a",
        True,
    )


@pytest.mark.parametrize(
    ("told", "faults"),
    [
        ([], {""}),
        ({}, {"/name"}),
        ({"name": None}, {"/name"}),
        ({"name": ""}, {"/name"}),
        ({"name": "123456"}, {"/name"}),
        ({"name": "a\0"}, {"/name"}),
        ({"name": "x", "more": 1}, {"/more"}),
        ({"name": "x", "inner": {"number": 0}}, {"/inner/number"}),
        ({"name": "x", "inner": {"number": True}}, {"/inner/number"}),
        ({"name": "x", "inner": {"number": 1.5}}, {"/inner/number"}),
        ({"name": "x", "inner": {"number": 10**30}}, {"/inner/number"}),
        ({"name": "x", "colours": {}}, {"/colours"}),
        ({"name": "x", "colours": ["green", "red", 1]}, {"/colours/0", "/colours/2"}),
        ({"name": "x", "cells": []}, {"/cells"}),
        ({"name": "x", "cells": {"a/b": []}}, {"/cells/a~1b"}),
        ({"name": "x", "at": "2024-01-01"}, {"/at"}),
        ({"name": "x", "at": 5}, {"/at"}),
        ({"name": "x", "kind": "c", "yes": 1}, {"/kind", "/yes"}),
    ],
)
def test_every_fault_is_told_with_its_place(told: Any, faults: set[str]) -> None:
    with pytest.raises(Misshapen) as error:
        read(Outer, told)
    assert {where for where, _ in error.value.faults} == faults


def test_the_schema_says_the_same() -> None:
    # When
    components: dict[str, Any] = {}
    reference = schema_of(Outer, components, strict=True)

    # Then
    assert reference == {"$ref": "#/components/schemas/Outer"}
    outer = components["Outer"]
    assert (outer["required"], outer["additionalProperties"]) == (["name"], False)
    name = {"type": "string", "description": "Its name.", "minLength": 1, "maxLength": 5}
    assert outer["properties"]["name"] == name
    assert outer["properties"]["inner"] == {
        "anyOf": [{"$ref": "#/components/schemas/Inner"}, {"type": "null"}]
    }
    assert outer["properties"]["colours"]["items"]["enum"] == ["red", "blue"]
    assert components["Inner"]["properties"]["number"]["maximum"] == 9


def test_answers_have_every_member() -> None:
    components: dict[str, Any] = {}
    schema_of(Outer, components)
    assert len(components["Outer"]["required"]) == 7
    assert "additionalProperties" not in components["Outer"]


@pytest.mark.parametrize(
    ("shape", "text", "value"),
    [
        (int, "12", 12),
        (int | None, "-3", -3),
        (int, "1" * 30, "1" * 30),
        (int, "x", "x"),
        (bool, "true", True),
        (bool, "yes", "yes"),
        (str, "12", "12"),
    ],
)
def test_addresses_say_values(shape: Any, text: str, value: Any) -> None:
    assert from_text(shape, text) == value


def test_what_has_no_schema_is_a_fault_of_the_program() -> None:
    with pytest.raises(TypeError):
        schema_of(object, {})
