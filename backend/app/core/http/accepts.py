"""Which of its forms a client wants an answer in (RFC 9110 §12.5.1)."""

import re
from typing import Any, Final

from litestar import Request
from litestar.datastructures import State

CSV: Final = "text/csv"
JSON: Final = "application/json"
SVG: Final = "image/svg+xml"

_QUALITY: Final = re.compile(r"(?:0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)")


def wants_csv(request: Request[Any, Any, State]) -> bool:
    """Whether Accept likes CSV better than JSON. JSON it is where it likes both alike, or neither."""
    accepted = _accepted(", ".join(request.headers.getall("accept", [])))
    return _quality_of(CSV, accepted) > _quality_of(JSON, accepted)


def _accepted(header: str) -> dict[str, float]:
    """The media ranges of the header with their qualities; 0 for one that can't be read."""
    found = {}
    for element in header.split(","):
        range_, *parameters = (part.strip().lower() for part in element.split(";"))
        given = [value for name, _, value in (part.partition("=") for part in parameters) if name == "q"]
        quality = given[0] if given else "1"
        found[range_] = float(quality) if _QUALITY.fullmatch(quality) else 0.0
    return found


def _quality_of(type_: str, accepted: dict[str, float]) -> float:
    """The quality of the range that names the type most exactly."""
    ranges = (type_, f"{type_.partition('/')[0]}/*", "*/*")
    return next((accepted[range_] for range_ in ranges if range_ in accepted), 0.0)
