"""The names of enums in the document: one for the same values, whatever was imported first."""

import sys
from itertools import permutations
from types import ModuleType
from typing import Any, Literal

import msgspec
import pytest

from app.core.http.openapi_schemas import enums_of, refuse_clashes, with_named_enums

Mode = Literal["up", "down"]
Way = Literal["down", "up"]
Week = Literal["short", "long"]


def struct_in(monkeypatch: pytest.MonkeyPatch, module: str, **names: Any) -> type[msgspec.Struct]:
    """A struct of a module that has these names."""
    made = ModuleType(module)
    vars(made).update(names)
    monkeypatch.setitem(sys.modules, module, made)
    return msgspec.defstruct("Made", [], module=module)


def test_the_first_name_by_the_alphabet_is_taken_whatever_was_imported_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    structs = [
        struct_in(monkeypatch, "made_one", Way=Way, Week=Week),
        struct_in(monkeypatch, "made_two", Mode=Mode),
        struct_in(monkeypatch, "made_three", Turn=Way, Way=Way),
    ]
    expected = {
        frozenset(("up", "down")): ("Mode", {"title": "Mode", "type": "string", "enum": ["up", "down"]}),
        frozenset(("short", "long")): (
            "Week",
            {"title": "Week", "type": "string", "enum": ["short", "long"]},
        ),
    }
    for order in permutations(structs):
        assert enums_of(order) == expected


def test_the_values_stand_in_one_order_whatever_was_imported_first(monkeypatch: pytest.MonkeyPatch) -> None:
    structs = [struct_in(monkeypatch, "made_b", Way=Way), struct_in(monkeypatch, "made_a", Way=Mode)]
    for order in (structs, structs[::-1]):
        [(name, schema)] = enums_of(order).values()
        assert (name, schema["enum"]) == ("Way", ["up", "down"])


def test_one_name_for_different_values_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    structs = [struct_in(monkeypatch, "made_one", Way=Way), struct_in(monkeypatch, "made_two", Way=Week)]
    for order in (structs, structs[::-1]):
        with pytest.raises(ValueError, match="Way has other values in made_two than elsewhere"):
            enums_of(order)


def test_one_name_for_a_struct_and_an_enum_is_refused() -> None:
    with pytest.raises(ValueError, match="an enum are called Way;"):
        refuse_clashes(["Row", "Way"], ["Way", "Week"])
    refuse_clashes(["Row"], ["Way"])


def test_a_named_enum_becomes_a_reference_and_another_a_text(monkeypatch: pytest.MonkeyPatch) -> None:
    enums = enums_of([struct_in(monkeypatch, "made_one", Way=Way)])
    components: dict[str, Any] = {}
    node = {"anyOf": [{"enum": ["down", "up"], "default": "up"}, {"enum": ["none"]}]}
    assert with_named_enums(node, enums, components) == {
        "anyOf": [{"$ref": "#/components/schemas/Way", "default": "up"}, {"type": "string", "enum": ["none"]}]
    }
    assert components == {"Way": {"title": "Way", "type": "string", "enum": ["down", "up"]}}
