"""What the dbt project says about every mart and column; the same words go into the published file's comments."""

from __future__ import annotations

from dataclasses import dataclass

import yaml

from flows.warehouse import sql_folder


@dataclass(frozen=True)
class MartDoc:
    """The description of a mart and of its columns, in the columns' order, and the order its rows are published in."""

    name: str
    description: str
    columns: dict[str, str]
    order_by: list[str]


def mart_docs() -> list[MartDoc]:
    """Read sql/marts/schema.yml."""
    content = yaml.safe_load((sql_folder() / "marts" / "schema.yml").read_text(encoding="utf-8"))
    return [
        MartDoc(
            name=model["name"],
            description=_one_line(model["description"]),
            columns={column["name"]: _one_line(column["description"]) for column in model["columns"]},
            order_by=model["config"]["meta"]["order_by"],
        )
        for model in content["models"]
    ]


def mart_names() -> list[str]:
    """The published tables, by name."""
    return sorted(path.stem for path in (sql_folder() / "marts").glob("*.sql"))


def _one_line(text: str) -> str:
    return " ".join(text.split())
