"""A request's headers, read where they lie: a dictionary of all of them costs more than looking."""

from collections.abc import Mapping
from typing import Any


def header_values(scope: Mapping[str, Any], name: bytes) -> list[str]:
    """The values of the header with this name, which is in lower case; as many as there are of it."""
    return [value.decode("latin-1") for given, value in scope["headers"] if given == name]
