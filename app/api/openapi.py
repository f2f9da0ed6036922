"""The OpenAPI 3.1 document, written from the same definitions that answer (endpoints.py, shapes.py, app/address.py)."""

import json
import re
from typing import Any

from pydantic import TypeAdapter

from app.address import LISTS, LONGEST_TEXT, MOST_VALUES, NUMBERS
from app.api.endpoints import ENDPOINTS, Endpoint
from app.api.query import ENUMS, MOST_LIMIT, USUAL_LIMIT
from app.api.shapes import ProblemAnswer
from warehouse.domain.fit import Recommendation
from warehouse.domain.grants import NoticeKind
from warehouse.domain.opportunity import OpportunityStatus
from warehouse.ledger.opportunity_filter import Sort

PREFIX = "/api/v1"
OPENAPI_PATH = "/openapi.json"
REFERENCE = "#/components/schemas/{model}"
MEANINGS = {
    "kind": "What is offered.",
    "agency": "Agency, as the source names it.",
    "naics": "NAICS code or its beginning, 2 to 6 digits.",
    "psc": "Product or service code, or its beginning.",
    "set_aside": "Set-aside code of SAM.gov; `none` for none.",
    "type": "Kind of notice, as the source names it.",
    "status": "What the firm decided.",
    "rec": "Recommendation.",
    "place": "State of performance, two letters.",
    "fit": "Least fit score.",
    "due": "Deadline at most this many days ahead.",
    "posted": "Posted at most this many days ago.",
}
VALUES: dict[str, list[str]] = {
    "kind": [str(k) for k in NoticeKind],
    "status": [str(s) for s in OpportunityStatus],
    "rec": [str(r) for r in Recommendation],
}


def describe() -> bytes:
    """Write the document."""
    schemas: dict[str, Any] = {}
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in ENDPOINTS:
        paths.setdefault(PREFIX + endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint, schemas)
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Procura Ops Command", "version": "1"},
        "paths": paths,
        "components": {
            "schemas": dict(sorted(schemas.items())),
            "securitySchemes": {"access_token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    }
    return json.dumps(document, indent=1).encode()


def _operation(endpoint: Endpoint, schemas: dict[str, Any]) -> dict[str, Any]:
    failure = {"application/problem+json": {"schema": _schema(ProblemAnswer, schemas)}}
    refusals = {"401": "No token, or its session has ended."} | {str(e.value): e.phrase for e in endpoint.errors}
    answer: dict[str, Any] = {"description": "As asked."}
    if endpoint.gives:
        answer["content"] = {"application/json": {"schema": _schema(endpoint.gives, schemas)}}
    operation: dict[str, Any] = {
        "operationId": endpoint.name,
        "summary": endpoint.summary,
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in re.findall(r"{(\w+)}", endpoint.path)
        ],
        "responses": {
            "200" if endpoint.gives else "204": answer,
            **{code: {"description": words, "content": failure} for code, words in sorted(refusals.items())},
        },
        "security": [{"access_token": []}] if endpoint.needs_token else [],
    }
    if endpoint.takes:
        content = {"application/json": {"schema": _schema(endpoint.takes, schemas, "validation")}}
        operation["requestBody"] = {"required": True, "content": content}
    if endpoint.has_filters:
        operation["parameters"] += filter_parameters()
    return operation


def filter_parameters() -> list[dict[str, Any]]:
    """Describe the parameters of the list; tests compare them with what is read."""
    text = {"type": "string", "maxLength": LONGEST_TEXT}
    found: list[tuple[str, str, dict[str, Any]]] = [
        ("q", "Words, or a solicitation number or notice id.", text),
        ("closed", "1: also those that can no longer be answered.", {"enum": ["0", "1"], "default": "0"}),
        ("sort", "Order; `relevance` ranks the best 200 by the words of q.", {"enum": [str(s) for s in Sort], "default": "fit"}),
        ("limit", "Rows a page.", {"type": "integer", "minimum": 1, "maximum": MOST_LIMIT, "default": USUAL_LIMIT}),
        ("after", "Where to go on: take the whole address from `next`.", {"type": "string"}),
    ]  # fmt: skip
    for name in LISTS:
        item = {"enum": VALUES[name]} if name in ENUMS else text
        found.append((name, MEANINGS[name], {"type": "array", "items": item, "maxItems": MOST_VALUES}))
    for name, (low, high) in NUMBERS.items():
        found.append((name, MEANINGS[name], {"type": "integer", "minimum": low, "maximum": high}))
    return [{"name": n, "in": "query", "description": words, "schema": schema} for n, words, schema in found]


def _schema(shape: type[Any], schemas: dict[str, Any], mode: Any = "serialization") -> dict[str, Any]:
    """Add a record and what it holds to the document's schemas, and return the reference to it."""
    found = TypeAdapter(shape).json_schema(mode=mode, ref_template=REFERENCE)
    schemas |= found.pop("$defs", {})
    schemas[shape.__name__] = found
    return {"$ref": REFERENCE.format(model=shape.__name__)}
