"""The HTTP resources: one folder each, whose `controller` is found by itself."""

import importlib
import pkgutil

from litestar import Controller


def controllers() -> list[type[Controller]]:
    """The controllers of every resource here."""
    found = []
    for folder in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{folder.name}.controller")
        found += [
            value
            for value in vars(module).values()
            if isinstance(value, type)
            and issubclass(value, Controller)
            and value.__module__ == module.__name__  # not what it only imports
        ]
    return found
