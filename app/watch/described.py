"""How the hot routes describe themselves in `/api/v1/openapi.json`, without a decorator at run time.

APIFlask's `input` and `output` decode and validate again on every request; a beat is decoded once, by
msgspec. So the description is written beside the view, as data.
"""

from collections.abc import Callable
from typing import Any, TypeVar

View = TypeVar("View", bound=Callable[..., Any])
Schema = dict[str, Any]

MS: Schema = {"type": "integer", "description": "whole milliseconds"}
FRACTION: Schema = {"type": "string", "pattern": r"^-?\d+(/\d+)?$", "description": "an exact fraction"}
NUMBER: Schema = {"anyOf": [{"type": "integer"}, FRACTION]}
COVERED: Schema = {
    "type": "array",
    "description": "media covered, as [from, to) in ascending order",
    "items": {"type": "array", "items": NUMBER, "minItems": 2, "maxItems": 2},
}
NOT_COUNTED: Schema = {
    "type": "array",
    "description": "what of this beat did not count",
    "items": {"type": "object", "properties": {"reason": {"type": "string"}, "wall_ms": NUMBER}},
}
STRING: Schema = {"type": "string"}
LOST: Schema = {
    "type": "array",
    "description": "media played in vain and still missing, as [from, to, reason]; beside the reasons of the"
    " evidence: late, ahead (of the server's clock), away (hidden or paused)",
    "items": {"type": "array", "items": {"anyOf": [{"type": "integer"}, STRING]}, "minItems": 3, "maxItems": 3},
}


def record(required: tuple[str, ...] | None = None, **properties: Schema) -> Schema:
    """An object; every property is required unless `required` says which."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties if required is None else required),
    }


PROBLEM = record(("title", "status", "code"), type=STRING, title=STRING, status={"type": "integer"}, code=STRING)
SPAN = record(from_ms=MS, to_ms=MS, began_ms=MS, ended_ms=MS)
BEAT = record(
    seq={"type": "integer", "minimum": 0, "maximum": 2**31 - 1},
    spans={"type": "array", "items": SPAN, "maxItems": 600},
    state={"type": "string", "enum": ["playing", "paused", "hidden", "ended"]},
)
PROMPT: Schema = {
    "anyOf": [{"type": "null"}, record(id=STRING, kind=STRING, answer_within_ms=MS)]
}
ASKED = record(
    ("id", "kind", "answer_within_ms", "way", "photo", "choices"),
    id=STRING,
    kind=STRING,
    answer_within_ms=MS,
    way={"type": "string", "enum": ["tap", "question"]},
    photo={"type": "boolean", "description": "a photo may answer instead"},
    text={"type": ["string", "null"]},
    choices={"type": "array", "items": STRING},
)
HEARD = record(
    seq={"type": "integer"},
    covered_ms=COVERED,
    effective_ms=NUMBER,
    provisional_hours=FRACTION,
    not_counted=NOT_COUNTED,
    prompt=PROMPT,
    beat_every_ms=MS,
)
OPENED = record(
    id=STRING,
    token=STRING,
    manifest_url=STRING,
    duration_ms=MS,
    resume_ms=MS,
    covered_ms=COVERED,
    effective_ms=NUMBER,
    provisional_hours=FRACTION,
    lost_ms=LOST,
    beat_every_ms=MS,
    max_rate={"type": "number"},
    seek_forward={"type": "string", "enum": ["allowed", "blocked"]},
)


def answers(
    summary: str, *, status: int, answer: Schema | None = None, body: Schema | None = None, **problems: str
) -> Callable[[View], View]:
    """Describe a view: what it takes, what it answers, and its problems as `p409="why"`."""

    def describe(view: View) -> View:
        responses: dict[str, Any] = {str(status): {"description": summary}}
        if answer is not None:
            responses[str(status)]["content"] = {"application/json": {"schema": answer}}
        for name, why in problems.items():
            responses[name.removeprefix("p")] = {
                "description": why,
                "content": {"application/problem+json": {"schema": PROBLEM}},
            }
        spec: dict[str, Any] = {"summary": summary, "responses": responses}
        if body is not None:
            spec |= {"body": body, "content_type": "application/json"}
        view._spec = spec  # type: ignore[attr-defined]
        return view

    return describe
