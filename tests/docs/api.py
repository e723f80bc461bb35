"""Writes what the reference of the hub's addresses says again: from the routes themselves."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import msgspec
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler

from takeback.app import open_hub
from takeback.settings import Settings
from takeback.web.application import create_app
from takeback.web.body import LIMIT
from takeback.web.demo import DemoClock
from takeback.web.openapi import document, operations
from tests.web.examples import EXAMPLES

_GROUPS = {
    "reporter": "What reporters use",
    "platform": "What platforms use",
    "StopNCII client": "What StopNCII's clients use",
    "ops": "What the operator uses",
    "demonstration": "Only in a demonstration",
}
_SIGN_IN = {
    "key": "Signs in with a `partner` key: `Authorization: Bearer …`.",
    "function_key": "Signs in with two keys: `x-functions-key` and `Ocp-Apim-Subscription-Key`.",
}


def addresses() -> str:
    """Every address by who uses it, then every document with an example."""
    with TemporaryDirectory() as directory, open_hub(Settings(data=Path(directory))) as hub:
        app = cast("Litestar", create_app(hub, demo=DemoClock()).app)
        described = document(app)
        limits = {(method, path): _limit(handler) for path, method, handler in operations(app)}
    parts = [_group(described, tag, title, limits) for tag, title in _GROUPS.items()]
    return "\n".join([*parts, "## Documents\n", *_documents(), "## Inside documents\n", *_inner()])


def _limit(handler: HTTPRouteHandler) -> int:
    limit: int = handler.opt.get("body_limit", LIMIT)
    return limit // 1024


def _group(
    described: Mapping[str, Any], tag: str, title: str, limits: Mapping[tuple[str, str], int]
) -> str:
    sections = [
        _operation(method, path, operation, limits[method, path])
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
        if operation["tags"] == [tag]
    ]
    return "\n".join([f"## {title}\n", *sections])


def _operation(method: str, path: str, operation: Mapping[str, Any], limit: int) -> str:
    lines = [f"### {method.upper()} {path}\n", operation["summary"] + "\n"]
    lines += [f"- {_SIGN_IN[next(iter(each))]}" for each in operation.get("security", [])]
    lines += [f"- {_parameter(each)}" for each in operation["parameters"]]
    if "requestBody" in operation:
        lines.append(f"- Takes {_linked(operation['requestBody'])}, at most {limit} kB.")
    lines += list(_answers(operation["responses"]))
    return "\n".join(lines) + "\n"


def _parameter(parameter: Mapping[str, Any]) -> str:
    schema = parameter["schema"]
    about = parameter.get("description", "a number that this platform was given")
    rule = _range(schema) or _text(schema)
    default = f"; {schema['default']} if not given" if "default" in schema else ""
    return f"`{parameter['name']}`: {about}{f' ({rule})' if rule else ''}{default}."


def _answers(responses: Mapping[str, Any]) -> Iterator[str]:
    good, *refused = responses
    body = f" with {_linked(responses[good])}" if "content" in responses[good] else ""
    yield f"- Answers {good}{body}."
    yield f"- Refuses with {', '.join(refused)}."


def _linked(holder: Mapping[str, Any]) -> str:
    (content,) = holder["content"].values()
    return _link(content["schema"]["$ref"])


def _link(ref: str) -> str:
    name = ref.rpartition("/")[2]
    return f"[`{name}`](#{name.lower()})"


def _documents() -> Iterator[str]:
    """Describe each document that is sent or answered, with its example."""
    for kind, example in EXAMPLES.items():
        text = json.dumps(example, indent=2, ensure_ascii=False)
        yield f"{_fields(kind.__name__, _components([kind]))}\n```json\n{text}\n```\n"


def _inner() -> Iterator[str]:
    """Describe what documents are made of."""
    components = _components(list(EXAMPLES))
    documents = {kind.__name__ for kind in EXAMPLES}
    for name in sorted(set(components) - documents):
        yield _fields(name, components)


def _components(kinds: list[type]) -> Mapping[str, Any]:
    return msgspec.json.schema_components(kinds, ref_template="{name}")[1]


def _fields(name: str, components: Mapping[str, Any]) -> str:
    schema = components[name]
    rows = [
        f"| `{field}` | {_type(rule)} | {'yes' if field in schema['required'] else 'no'} |"
        for field, rule in schema["properties"].items()
    ]
    table = ["| Field | Type | Required |", "|---|---|---|", *rows]
    return "\n".join([f"### {name}\n", schema.get("description", ""), "", *table]) + "\n"


def _type(rule: Mapping[str, Any]) -> str:
    """Say in a few words what a field may hold."""
    if "$ref" in rule:
        return _link(rule["$ref"])
    if "anyOf" in rule:
        return " or ".join(map(_type, rule["anyOf"]))
    if "enum" in rule:
        return ", ".join(f"`{json.dumps(value)}`" for value in rule["enum"])
    if rule.get("type") == "array":
        most = f", at most {rule['maxItems']}" if "maxItems" in rule else ""
        return f"list of {_type(rule.get('items', {}))}{most}"
    return rule.get("description") or _range(rule) or _text(rule) or str(rule.get("type", "any"))


def _range(rule: Mapping[str, Any]) -> str:
    if "minimum" not in rule:
        return ""
    most = f" to {rule['maximum']}" if rule["maximum"] < 2**53 else " or more"
    return f"{rule['minimum']}{most}"


def _text(rule: Mapping[str, Any]) -> str:
    return f"text of at most {rule['maxLength']} characters" if "maxLength" in rule else ""
