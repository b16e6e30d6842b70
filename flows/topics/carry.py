"""A new model version gives every text another embedding: topics are carried over by their texts, not their places."""

from __future__ import annotations

import duckdb
import numpy as np

from flows.topics.registry import Registry
from flows.topics.texts import fetch
from models.topic_clusters import fitted_floor, fitted_temperature
from models.topic_space import fit_space

MEMBERS = 300
"""Texts of a topic that tell where it lies now."""


def carry_over(warehouse: duckdb.DuckDBPyConnection, registry: Registry, version: str) -> None:
    """Move the registry to the embeddings of `version`; ids, names and the texts' topics stay as they are.

    A topic none of whose texts has a new embedding keeps no place, and so takes no posts until the next refresh.
    """
    members = fetch(
        warehouse,
        f"""
        select text_hash
        from topic_texts
        where topic_id is not null
        qualify row_number() over (partition by topic_id order by text_hash) <= {MEMBERS}
        """,
    )
    if not members.hashes:
        return
    registry.fitted = fit_space(members.embeddings, members.languages)
    registry.model_version = version
    owners = np.array([topic or "" for topic in members.topic_ids])
    coordinates = registry.space.project(members.embeddings)
    centres = []
    for topic in registry.topics.values():
        inside = owners == topic.topic_id
        topic.parts = np.zeros((0, members.embeddings.shape[1]))
        if inside.any():
            centre = coordinates[inside].mean(0)
            centres.append(centre / max(float(np.linalg.norm(centre)), 1e-12))
            topic.parts = registry.point(centres[-1])
    placed = np.stack(centres)
    registry.temperature = fitted_temperature(coordinates, placed)
    registry.floor = fitted_floor(coordinates, placed)
