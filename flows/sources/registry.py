"""Which source types there are: every file in this folder that defines a Connector is one."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

import flows.sources
from flows.memory import FileMemory
from flows.sources.base import Connector

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flows.home import Home
    from flows.sources.base import SourceSettings

NOT_CONNECTORS = frozenset({"base", "registry"})


@cache
def connector_types() -> Mapping[str, type[Connector]]:
    """Find the connector class of every source type, by type name in alphabetical order.

    Raises TypeError for a connector without a type, or two of the same type: a mistake of whoever wrote the file.
    """
    found: dict[str, type[Connector]] = {}
    for module in pkgutil.iter_modules(flows.sources.__path__, prefix="flows.sources."):
        if module.name.rpartition(".")[2] in NOT_CONNECTORS:
            continue
        for candidate in vars(importlib.import_module(module.name)).values():
            if not _is_connector(candidate, module.name):
                continue
            name = candidate.settings_type.model_fields["type"].default
            if not isinstance(name, str) or name in found:
                raise TypeError(
                    f"{module.name}.{candidate.__name__}: `type` of its settings needs a default that no other "
                    f"connector has, such as Literal['mastodon'] = 'mastodon'; it is {name!r}."
                )
            found[name] = candidate
    return MappingProxyType(dict(sorted(found.items())))


def _is_connector(candidate: object, module_name: str) -> bool:
    """Whether it is a finished connector defined in that module (bases without settings are not)."""
    return (
        isinstance(candidate, type)
        and issubclass(candidate, Connector)
        and candidate.__module__ == module_name
        and hasattr(candidate, "settings_type")
    )


def connector(settings: SourceSettings, home: Home | None = None) -> Connector:
    """Build the connector of one entry under `sources:`; in `home` it keeps what must outlive the run."""
    built = connector_types()[settings.type](settings)  # type: ignore[call-arg]
    if home is not None:
        built.memory = FileMemory(home.secrets / "connectors")
    return built
