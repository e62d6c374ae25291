"""The schemas of the OpenAPI document: msgspec's, which say what msgspec checks, with names for enums."""

import inspect
import sys
from collections.abc import Iterable, Iterator
from typing import Any, Final, Literal, get_args, get_origin

import msgspec

REFERENCE: Final = "#/components/schemas/{name}"
Json = dict[str, Any]
Enums = dict[frozenset[Any], tuple[str, Json]]
"""By their values: the names of enums, and their schemas."""


def struct_schemas(structs: Iterable[type[msgspec.Struct]]) -> dict[str, Json]:
    """The component of each struct, and of each that it holds."""
    _, components = msgspec.json.schema_components(list(structs), ref_template=REFERENCE)
    for schema in components.values():
        if "description" in schema:
            schema["description"] = inspect.cleandoc(schema["description"])
    return components


def query_parameters(query: type[msgspec.Struct]) -> Iterator[Json]:
    """A parameter for each field of the struct."""
    component = struct_schemas([query])[query.__name__]
    for name, property_ in component["properties"].items():
        schema = _without_null(property_)
        words = {"description": schema.pop("description")} if "description" in schema else {}
        required = {"required": True} if name in component.get("required", ()) else {}
        yield {"name": name, "in": "query", **words, **required, "schema": schema}


def _without_null(schema: Json) -> Json:
    """The same without null: in a query string nothing is null, only absent."""
    choices: list[Json] = schema.get("anyOf", [])
    if {"type": "null"} not in choices:
        return schema
    choice = next(choice for choice in choices if choice != {"type": "null"})
    return choice | {key: value for key, value in schema.items() if key not in ("anyOf", "default")}


def enums_of(structs: Iterable[type[msgspec.Struct]]) -> Enums:
    """The literals that bear a name in a struct's module: the clients' name for them, too.

    Of several names for the same values it is the first by the alphabet: what was imported first decides
    nothing. Raises ValueError where one name stands for different values.
    """
    named: dict[str, tuple[Any, ...]] = {}
    for module in sorted({struct.__module__ for struct in structs}):
        for name, value in vars(sys.modules[module]).items():
            if get_origin(value) is Literal:
                values = get_args(value)
                if set(named.setdefault(name, values)) != set(values):
                    raise ValueError(
                        f"{name} has other values in {module} than elsewhere; rename one of them"
                    )
    # Backwards: of two with the same values the last one stays.
    return {
        frozenset(values): (name, {"title": name, "type": "string", "enum": list(values)})
        for name, values in sorted(named.items(), reverse=True)
    }


def refuse_clashes(schemas: Iterable[str], enums: Iterable[str]) -> None:
    """Raises ValueError where a struct and an enum would have one name in the document."""
    if clashes := sorted(set(schemas) & set(enums)):
        raise ValueError(f"Both a struct and an enum are called {', '.join(clashes)}; rename one of them")


def with_named_enums(node: Any, enums: Enums, components: dict[str, Json]) -> Any:
    """The same node with references for the enums that have a name, which `components` then has."""
    if isinstance(node, list):
        return [with_named_enums(item, enums, components) for item in node]
    if not isinstance(node, dict):
        return node
    if isinstance(values := node.get("enum"), list):
        if frozenset(values) not in enums:
            return {"type": "string", **node}
        name, schema = enums[frozenset(values)]
        components[name] = schema
        return {"$ref": REFERENCE.format(name=name)} | {k: v for k, v in node.items() if k != "enum"}
    return {key: with_named_enums(value, enums, components) for key, value in node.items()}
