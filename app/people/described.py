"""How the API's description says who may call what: the two ways to sign in, and each call's permission."""

import re
from typing import Any

from apiflask import APIFlask
from flask import Flask, current_app

from app.access import ANYBODY, Permission

PARAMETER = re.compile(r"<(?:[^:<>]+:)?([^<>]+)>")
SCHEMES = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "A token from `POST /tokens`; on beats also the playback's own token.",
    },
    "cookie": {
        "type": "apiKey",
        "in": "cookie",
        "name": "xueshi",
        "description": "The browser's sign-in. Changing calls also need the header `X-CSRFToken`.",
    },
}
PROBLEM_JSON = "application/problem+json"
PROBLEM = {
    "type": "object",
    "description": "RFC 9457. `code` is stable, `title` is a sentence in the caller's language.",
    "required": ["type", "title", "status", "code"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "field": {"type": "string", "description": "The field that is meant, where it is one."},
    },
    "additionalProperties": True,
}
FORMER = ("HTTPError", "ValidationError")  # the framework's own shapes, which we never answer
EITHER: list[dict[str, list[str]]] = [{name: []} for name in SCHEMES]
# Open to everybody at the door, because the view itself checks a playback's token.
CHECKED_INSIDE = frozenset({Permission.WATCH_BEAT})


def install(app: Flask) -> None:
    """Complete the OpenAPI document whenever it is written."""
    if isinstance(app, APIFlask):
        app.spec_processor(complete)


def complete(spec: dict[Any, Any] | str) -> dict[Any, Any] | str:
    """The document with its security schemes, and for each operation what it needs."""
    if isinstance(spec, str):  # YAML, which we do not serve
        return spec
    components = spec.setdefault("components", {})
    components["securitySchemes"] = SCHEMES
    components.setdefault("schemas", {}).setdefault("Problem", PROBLEM)
    labels: dict[str, Permission] = current_app.extensions["xueshi_labels"]
    for rule in current_app.url_map.iter_rules():
        operations = spec.get("paths", {}).get(PARAMETER.sub(r"{\1}", rule.rule), {})
        permission = labels.get(rule.endpoint)
        for method in (rule.methods or set()) & {name.upper() for name in operations}:
            operation = operations[method.lower()]
            is_open = permission in ANYBODY - CHECKED_INSIDE
            operation["security"] = [] if is_open else EITHER
            if not is_open:
                operation.setdefault("responses", {}).setdefault(
                    "401", {"description": "`sign_in_needed`: no sign-in, or one that has ended."}
                )
            tell_problems(operation.get("responses", {}))
    for name in FORMER:
        components["schemas"].pop(name, None)
    return spec


def tell_problems(responses: dict[str, Any]) -> None:
    """Every refusal is problem+json, whatever the framework assumes of it."""
    own = {"schema": {"$ref": "#/components/schemas/Problem"}}
    for status, response in responses.items():
        if status.isdigit() and int(status) >= 400:
            content = response.get("content", {})
            response["content"] = {PROBLEM_JSON: content.get(PROBLEM_JSON, own)}
