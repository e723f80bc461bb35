"""The OpenAPI document, made from the handlers themselves and msgspec's own schemas.

Litestar's generator leaves out what our bodies refuse (unknown fields), so the schemas are
taken from msgspec, which decodes them: what the document says is what is enforced.
"""

import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Litestar, Request, Response, Router, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import QueryParameter
from litestar.typing import FieldDefinition

from takeback import __version__
from takeback.problems import MEDIA_TYPE, Problem

ADDRESS = "/v1/openapi.json"

_REF = "#/components/schemas/{name}"
_ALWAYS = frozenset({400, 500, 503})
_WITH_BODY = frozenset({404, 408, 409, 413, 415, 422})
_WITH_KEY = frozenset({401, 403, 404, 409, 429})

Schema = dict[str, Any]


def routes() -> Router:
    """Return the route that serves the document, which the application keeps in its state."""

    @get(ADDRESS, include_in_schema=False, sync_to_thread=False)
    def openapi(request: Request[Any, Any, Any]) -> Response[Schema]:
        """Return the OpenAPI document."""
        return Response(request.app.state.openapi)

    return Router("/", route_handlers=[openapi], opt={"role": "ops"})


def document(app: Litestar) -> Schema:
    """Describe every route of *app* that is meant for others."""
    found = list(operations(app))
    kinds = {Problem, *(kind for _, _, handler in found for kind in _types(handler))}
    schemas, components = msgspec.json.schema_components(sorted(kinds, key=str), ref_template=_REF)
    of = dict(zip(sorted(kinds, key=str), schemas, strict=True))
    paths: dict[str, Schema] = {}
    for path, method, handler in found:
        paths.setdefault(path, {})[method] = _operation(path, handler, of)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Takeback hub", "version": __version__},
        "paths": paths,
        "components": {
            "schemas": _portable(components),
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer"},
                "function_key": _header("x-functions-key"),
                "subscription_key": _header("Ocp-Apim-Subscription-Key"),
            },
        },
    }


def operations(app: Litestar) -> Iterator[tuple[str, str, HTTPRouteHandler]]:
    """Yield path, method and handler of every route that is in the document."""
    for route in app.routes:
        for handler in getattr(route, "route_handlers", ()):
            if handler.resolve_include_in_schema():
                for method in sorted(handler.http_methods):
                    yield route.path_format, method.lower(), handler


def _types(handler: HTTPRouteHandler) -> list[Any]:
    body = handler.parsed_data_field
    answer = handler.parsed_return_field.annotation
    return [*([body.annotation] if body else []), *([answer] if answer is not type(None) else [])]


def _operation(path: str, handler: HTTPRouteHandler, of: Mapping[Any, Schema]) -> Schema:
    doc = getattr(handler.fn, "func", handler.fn).__doc__ or ""
    found: Schema = {
        "operationId": handler.handler_name.rpartition(".")[2],
        "summary": doc.partition("\n")[0],
        "tags": sorted(handler.resolve_tags() or ()),
        "parameters": list(_parameters(path, handler)),
        "responses": _responses(handler, of),
    }
    if handler.parsed_data_field:
        schema = of[handler.parsed_data_field.annotation]
        found["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": schema}},
        }
    if security := handler.resolve_security():
        found["security"] = security
    return found


def _responses(handler: HTTPRouteHandler, of: Mapping[Any, Schema]) -> Schema:
    answer = handler.parsed_return_field.annotation
    done: Schema = {"description": HTTPStatus(handler.status_code).phrase}
    if answer is not type(None):
        done["content"] = {"application/json": {"schema": of[answer]}}
    problem = {"content": {MEDIA_TYPE: {"schema": of[Problem]}}}
    refusals = {
        str(status): {"description": HTTPStatus(status).phrase, **problem}
        for status in sorted(_refusals(handler))
    }
    return {str(handler.status_code): done, **refusals}


def _refusals(handler: HTTPRouteHandler) -> frozenset[int]:
    with_body = _WITH_BODY if handler.parsed_data_field else frozenset()
    with_key = _WITH_KEY if handler.resolve_guards() else frozenset()
    return _ALWAYS | with_body | with_key


def _parameters(path: str, handler: HTTPRouteHandler) -> Iterator[Schema]:
    """Yield the parameters in the path, and those in the query that have a description."""
    for name in re.findall(r"\{(\w+)\}", path):
        yield {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
    for name, field in handler.parsed_fn_signature.parameters.items():
        if isinstance(field.kwarg_definition, QueryParameter):
            yield _query(name, field, field.kwarg_definition)


def _query(name: str, field: FieldDefinition, limits: QueryParameter) -> Schema:
    """Describe one parameter of the query with the limits that Litestar holds it to."""
    number = field.annotation is int
    schema = {
        "type": "integer" if number else "string",
        "minimum": limits.ge,
        "maximum": limits.le,
        "maxLength": limits.max_length,
        "default": field.default if number and field.has_default else None,
    }
    return {
        "name": limits.name or name,
        "in": "query",
        "required": not field.has_default,
        "description": limits.description,
        "schema": {key: value for key, value in schema.items() if value is not None},
    }


def _header(name: str) -> Schema:
    return {"type": "apiKey", "in": "header", "name": name}


def _portable(value: Any) -> Any:  # noqa: ANN401  JSON of any shape
    """Write Python's anchors as the ones that every dialect of regular expressions has."""
    if isinstance(value, dict):
        return {key: _portable(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_portable(entry) for entry in value]
    return value.replace(r"\A", "^").replace(r"\Z", "$") if isinstance(value, str) else value
