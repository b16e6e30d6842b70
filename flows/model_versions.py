"""The models of an installation: the embedded one, those that `marktecho train` has made, and which is in use."""

from __future__ import annotations

import json
import os
import re
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from flows.errors import UsageError
from flows.files.mapping import did_you_mean
from flows.home import Home
from models.adapted import load_adapted, read_adapted_card
from models.card import CARD_FILE
from models.errors import ModelError
from models.reader import Reader
from models.reading import TextReader

EMBEDDED: Final = "embedded"
_IN_USE: Final = "in-use"


@dataclass(frozen=True)
class ModelVersion:
    """One model that can be used. `heads` are its adapted heads; `labels` how many labelled texts made them."""

    name: str
    is_in_use: bool
    version: str
    created_at: str | None = None
    heads: tuple[str, ...] = ()
    label_count: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """The facts for scripts."""
        return asdict(self)


def name_in_use(home: Home) -> str:
    """The name of the model that the night uses."""
    try:
        return (home.models / _IN_USE).read_text(encoding="utf-8").strip() or EMBEDDED
    except FileNotFoundError:
        return EMBEDDED


def names(home: Home) -> list[str]:
    """The names of all models, the embedded one first, then by age."""
    cards = sorted(home.models.glob(f"*/{CARD_FILE}"), key=lambda path: (path.stat().st_mtime_ns, path))
    return [EMBEDDED, *(path.parent.name for path in cards)]


def versions(home: Home, embedded: TextReader) -> list[ModelVersion]:
    """All models. Raises UsageError when a card cannot be read."""
    used = name_in_use(home)
    found = [ModelVersion(EMBEDDED, used == EMBEDDED, embedded.version)]
    for name in names(home)[1:]:
        try:
            card = read_adapted_card(home.models / name)
        except ModelError as error:
            raise UsageError(str(error)) from error
        heads = card.get("heads", {})
        counts = [sum(head.get("train_counts", {}).values()) for head in heads.values()]
        version, created = str(card.get("version")), card.get("created_at")
        found.append(ModelVersion(name, used == name, version, created, tuple(heads), sum(counts)))
    return found


def use(home: Home, name: str) -> None:
    """Let the nights from now on use a model. Raises UsageError when there is none of that name."""
    _check_name(home, name)
    _write(home, _IN_USE, name + "\n")


def load_version(home: Home, name: str, embedded: Reader) -> TextReader:
    """Load a model by name. Raises UsageError when there is none, ModelError when it is damaged or of another base."""
    _check_name(home, name)
    return embedded if name == EMBEDDED else load_adapted(home.models / name, embedded)


def _check_name(home: Home, name: str) -> None:
    known = names(home)
    if name not in known:
        raise UsageError(
            f"there is no model '{name}' in {home.models}.{did_you_mean(name, known)} Models: {', '.join(known)}; "
            "choose one with `marktecho models use`."
        )


def store_error_rates(home: Home, version: str, rates: dict[str, np.ndarray], source: dict[str, Any]) -> None:
    """Keep the error rates of a model's sentiment, by language, measured on a labelled file (`source`)."""
    content = {"version": version, "source": source, "error_rates": {name: one.tolist() for name, one in rates.items()}}
    _write(home, _rates_file(version), json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def error_rates(home: Home, reader: TextReader) -> dict[str, np.ndarray]:
    """The error rates of a model: those measured with `marktecho evaluate --store`, else those it comes with.

    Raises UsageError when the stored ones cannot be read.
    """
    path = home.models / _rates_file(reader.version)
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))["error_rates"]
        return {language: np.array(rates, float).reshape(3, 3) for language, rates in stored.items()}
    except FileNotFoundError:
        return dict(reader.error_rates)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(
            f"{path}: cannot be read ({error!r}); delete it, or measure again with `marktecho evaluate FILE --store`."
        ) from error


def _rates_file(version: str) -> str:
    return f"error-rates-{re.sub(r'[^A-Za-z0-9.+-]', '_', version)}.json"


def _write(home: Home, name: str, content: str) -> None:
    home.models.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = home.models / f".{name}.tmp"
    temporary.write_text(content, encoding="utf-8")
    os.replace(temporary, home.models / name)  # noqa: PTH105 - named as what it is, atomic
