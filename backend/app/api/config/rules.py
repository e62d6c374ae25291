"""What a setting may be, and what its list means."""

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from app.api.config.queries import SETTING_LIST, SETTINGS
from app.api.config.schemas import KNOWN, SettingQuery
from app.core.days import is_zone
from app.core.errors import Fault, InvalidError
from app.core.http.etags import representation_of
from app.core.http.faults import fault_of, pointer_to
from app.core.rows import questions, refusals
from app.core.rows.changes import Key
from app.core.rows.pages import Question
from app.models.config import KEY_MAX, VALUE_MAX

SETTING_REPRESENTATION: Final = representation_of("config-1")
"""Changes with the shape of the answer, so that no copy of an older one is taken for good."""

FREE_KEY: Final = re.compile(rf"app\.[A-Za-z0-9_.-]{{1,{KEY_MAX - len('app.')}}}")
DEPTH_MAX: Final = 32
"""How deep a value may be nested: both engines' JSON goes deeper."""
HINTS: Final = {("rounding", ""): 'Expected "none" or an object such as {"minutes": 15}'}
"""What a place takes, where msgspec's own words say but half of it."""


def question_from(query: SettingQuery) -> Question:
    """The list that a query string asks for."""
    return questions.question_from(SETTING_LIST, query, [], SETTING_REPRESENTATION)


def key_of(key: str) -> str:
    """The key. Raises NotFoundError for one that no setting can have."""
    if key in KNOWN or FREE_KEY.fullmatch(key):
        return key
    raise refusals.not_found(SETTINGS)


def checked(key: Key, values: Mapping[str, Any]) -> dict[str, object]:
    """The columns of a setting: its value with the names in every object sorted.

    A known setting's value is completed with what holds for what it leaves out. Raises InvalidError for
    a key that is neither known nor begins with `app.`, and for a value that the key does not take.
    """
    key, value = str(key), values["value"]
    if key in KNOWN:
        value = _known(key, value)
    elif not FREE_KEY.fullmatch(key):
        known = ", ".join(KNOWN)
        message = f"Expected one of {known}, or `app.` and up to {KEY_MAX - 4} of A-Z a-z 0-9 _ . -"
        raise InvalidError("There is no such setting.", errors=(Fault("/key", "unknown_key", message),))
    else:
        _refuse_large(value)
        _refuse_unstorable(value)
    return {"value": msgspec.to_builtins(value, order="sorted")}


def _known(key: str, value: Any) -> Any:
    """The value as the known key takes it."""
    if value is None:
        raise _invalid("Expected a value; DELETE takes a setting back")
    try:
        found = msgspec.convert(value, KNOWN[key])
    except msgspec.ValidationError as error:
        fault = fault_of(error, KNOWN[key])
        message = HINTS.get((key, fault.pointer), fault.message.replace(" or null", ""))
        raise _invalid(message, "/value" + fault.pointer, fault.code) from error
    if key == "time_zone" and not is_zone(found):
        raise _invalid("Expected an IANA zone such as Europe/Berlin", code="unknown_zone")
    return found


def _refuse_large(value: Any) -> None:
    try:
        size = len(msgspec.json.encode(value))
    except RecursionError:
        raise _too_deep() from None
    if size > VALUE_MAX:
        raise _invalid(f"Expected at most {VALUE_MAX} bytes of JSON")


def _refuse_unstorable(value: Any) -> None:
    """Raises InvalidError for what is nested too deeply, and for NUL, which Postgres can't hold."""
    places: list[tuple[tuple[str, ...], Any]] = [((), value)]
    while places:
        way, found = places.pop()
        if len(way) > DEPTH_MAX:
            raise _too_deep()
        if isinstance(found, str) and "\0" in found:
            raise _invalid("Expected text without NUL characters", "/value" + pointer_to(*way))
        if isinstance(found, dict):
            if any("\0" in name for name in found):
                raise _invalid("Expected names without NUL characters", "/value" + pointer_to(*way))
            places += [((*way, name), inner) for name, inner in found.items()]
        elif isinstance(found, list):
            places += [((*way, str(place)), inner) for place, inner in enumerate(found)]


def _too_deep() -> InvalidError:
    return _invalid(f"Expected at most {DEPTH_MAX} levels of nesting")


def _invalid(message: str, pointer: str = "/value", code: str = "invalid") -> InvalidError:
    return InvalidError("The setting does not take this value.", errors=(Fault(pointer, code, message),))


SETTINGS.checks.append(checked)
