"""The HTTP resources: one folder each, whose `controller` is found by itself."""

import importlib
import pkgutil
import sys
from typing import Any

from litestar import Controller

from app.api.changes.queries import changes_plan
from app.core.db.verify.lists import ListPlan
from app.core.rows import served
from app.core.rows.pages import Listing
from app.core.rows.resources import Resource


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


def resources() -> list[Resource[Any]]:
    """The resources that the controllers write to, by the names of their tables."""
    modules = {sys.modules[controller.__module__] for controller in controllers()}
    found = {value for module in modules for value in vars(module).values() if isinstance(value, Resource)}
    return sorted((each for each in found if each.put), key=lambda each: each.table.name)


def list_plans() -> tuple[ListPlan, ...]:
    """The statements of every list that the controllers read, and that of the changes."""
    modules = {sys.modules[controller.__module__] for controller in controllers()}
    found = {value for module in modules for value in vars(module).values() if isinstance(value, Listing)}
    listings = sorted(found, key=lambda each: each.resource.path)
    return (*(plan for each in listings for plan in served.list_plans(each)), changes_plan(resources()))


def resources_by_type() -> dict[str, Resource[Any]]:
    """The same by what a batch calls their rows: the names of their tables."""
    return {resource.table.name: resource for resource in resources()}
