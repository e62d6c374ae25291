"""Every table: each module of this package is found, and its table exported, by itself."""

import importlib
import pkgutil

from sqlmodel import SQLModel

from app.models.base import metadata

__all__ = ["metadata"]

for _module in pkgutil.iter_modules(__path__):
    for _name, _value in vars(importlib.import_module(f"{__name__}.{_module.name}")).items():
        if isinstance(_value, type) and issubclass(_value, SQLModel) and hasattr(_value, "__table__"):
            globals()[_name] = _value
            __all__ += [_name]  # noqa: PLE0604 (names found at import are the point)
