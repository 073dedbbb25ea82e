"""The API as an OpenAPI 3.1 document, made from its table of operations."""

import re
from collections.abc import Iterator
from http import HTTPStatus
from importlib.metadata import version
from typing import Any, Final

from console.api import problems
from console.api.answers import ListOf, PageOf
from console.api.operation import Bytes, Operation
from console.api.operations import OPERATIONS
from console.shapes import LARGEST, Schema, members, object_schema, schema_of
from worker.desk.order import LONGEST_KEY

ROOT: Final = "/api/v1"
_PARAMETER: Final = re.compile(r"\{(\w+)\}")
_ALWAYS: Final = (401, 403, 405, 422, 429, 500, 503)
_PROBLEM: Final[Schema] = {
    "type": "object",
    "description": "RFC 9457",
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
    },
    "required": ["type", "title", "status", "detail"],
}


def document() -> dict[str, Any]:
    """Return the document."""
    components: dict[str, Schema] = {"Problem": _PROBLEM}
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        told = _operation(operation, components)
        paths.setdefault(operation.path, {})[operation.method.lower()] = told
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "gouji 勾稽",
            "version": version("gouji"),
            "description": "Stored reports, dead letters, and what is decided about them. "
            "Errors are problem+json (RFC 9457); lists go on at `next`.",
        },
        "servers": [{"url": ROOT}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "gouji token create NAME --role viewer|operator|admin",
                }
            },
        },
    }


def _operation(operation: Operation, components: dict[str, Schema]) -> dict[str, Any]:
    told: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "description": f"Needs the role {operation.role}.",
        "tags": [operation.tag],
        "parameters": list(_parameters(operation, components)),
        "responses": _responses(operation, components),
    }
    if operation.body is not None:
        schema = schema_of(operation.body, components, strict=True)
        content = {"application/json": {"schema": schema}}
        told["requestBody"] = {"required": True, "content": content}
    return told


def _parameters(operation: Operation, components: dict[str, Schema]) -> Iterator[dict[str, Any]]:
    for name in _PARAMETER.findall(operation.path):
        number = {"type": "integer", "minimum": 1, "maximum": LARGEST}
        schema: Schema = number if name == "id" else {"type": "string", "minLength": 1}
        yield {"name": name, "in": "path", "required": True, "schema": schema}
    for name, kind, default in () if operation.query is None else members(operation.query):
        schema = _given(schema_of(kind, components, strict=True))
        if default is not None:
            schema["default"] = default
        yield {"name": name, "in": "query", "required": False, "schema": schema}
    if operation.keyed:
        yield {
            "name": "Idempotency-Key",
            "in": "header",
            "required": False,
            "description": "The same key with the same request gives the same answer.",
            "schema": {"type": "string", "maxLength": LONGEST_KEY, "pattern": "^[!-~]+$"},
        }


def _given(schema: Schema) -> Schema:
    """Return the schema of a parameter that is there: it is not null then."""
    options = schema.get("anyOf")
    if options is None:
        return dict(schema)
    left = [one for one in options if one != {"type": "null"}]
    about = {"description": schema["description"]} if "description" in schema else {}
    return {**(left[0] if len(left) == 1 else {"anyOf": left}), **about}


def _responses(operation: Operation, components: dict[str, Schema]) -> dict[str, Any]:
    answer = _content(operation.answer, components)
    found: dict[str, Any] = {
        str(operation.success): {
            "description": HTTPStatus(operation.success).phrase,
            "content": answer,
        }
    }
    problem = {problems.MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    bodied = (400, 413, 415) if operation.body is not None else ()
    for status in sorted({*operation.problems, *_ALWAYS, *bodied}):
        phrase = HTTPStatus(status).phrase
        found[str(status)] = {"description": phrase, "content": problem}
    return found


def _content(shape: Any, components: dict[str, Schema]) -> dict[str, Any]:
    if isinstance(shape, Bytes):
        return {media_type: {"schema": {}} for media_type in shape.media_types}
    return {"application/json": {"schema": _answer(shape, components)}}


def _answer(shape: Any, components: dict[str, Schema]) -> Schema:
    if isinstance(shape, ListOf | PageOf):
        items = {"type": "array", "items": schema_of(shape.row, components)}
        properties: dict[str, Schema] = {"items": items}
        if isinstance(shape, PageOf):
            about = "The cursor of the following part."
            properties["next"] = {"type": ["string", "null"], "description": about}
        return {"type": "object", "properties": properties, "required": list(properties)}
    if isinstance(shape, type):
        return schema_of(shape, components)
    return object_schema(shape, components, strict=False)
