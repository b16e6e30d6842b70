"""Each wave of a survey against the one before it."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import duckdb
import numpy as np
import polars as pl

from models.survey_estimates import Share, change
from models.trends import q_values

CELL = ("question_id", "answer_id", "industry", "size_class")


def update_changes(warehouse: duckdb.DuckDBPyConnection, survey_id: str) -> None:
    """Test every figure of a survey against the same figure of the wave before, inside the caller's transaction.

    A question that one of the waves did not ask, or a cell too small to be told in one of them, has no change. q values
    are over all figures of a wave (Benjamini and Hochberg).
    """
    names = [
        row[0]
        for row in warehouse.execute(
            "select wave from core.survey_waves where survey_id = ? order by wave", [survey_id]
        ).fetchall()
    ]
    warehouse.execute(
        """
        update core.survey_figures
        set previous_wave = null, change = null, change_low = null, change_high = null, change_p_value = null,
            change_q_value = null
        where survey_id = ?
        """,
        [survey_id],
    )
    for before, now in pairwise(names):
        rows = _compared(_shares(warehouse, survey_id, before), _shares(warehouse, survey_id, now))
        if not rows:
            continue
        adjusted = q_values(np.array([row["change_p_value"] for row in rows]))
        frame = pl.DataFrame(rows).with_columns(pl.Series("change_q_value", adjusted))
        warehouse.register("batch", frame.to_arrow())
        warehouse.execute(
            """
            update core.survey_figures as figures
            set previous_wave = $before, change = batch.change, change_low = batch.change_low,
                change_high = batch.change_high, change_p_value = batch.change_p_value,
                change_q_value = batch.change_q_value
            from batch
            where figures.survey_id = $survey_id and figures.wave = $now
                and figures.question_id = batch.question_id and figures.answer_id = batch.answer_id
                and figures.industry = batch.industry and figures.size_class = batch.size_class
            """,
            {"survey_id": survey_id, "before": before, "now": now},
        )
        warehouse.unregister("batch")


def _shares(warehouse: duckdb.DuckDBPyConnection, survey_id: str, wave: str) -> dict[tuple[str, ...], Share]:
    found = warehouse.execute(
        f"""
        select
            {", ".join(CELL)}, share, share_low, share_high, standard_error, respondent_count, effective_sample_size
        from core.survey_figures
        where survey_id = ? and wave = ? and share is not null
        order by {", ".join(CELL)}
        """,
        [survey_id, wave],
    )
    return {tuple(row[: len(CELL)]): Share(*row[len(CELL) :]) for row in found.fetchall()}


def _compared(before: dict[tuple[str, ...], Share], now: dict[tuple[str, ...], Share]) -> list[dict[str, Any]]:
    rows = []
    for cell, share in now.items():
        found = change(share, before[cell]) if cell in before else None
        if found is not None:
            rows.append(
                dict(zip(CELL, cell, strict=True))
                | {
                    "change": found.value,
                    "change_low": found.low,
                    "change_high": found.high,
                    "change_p_value": found.p_value,
                }
            )
    return rows
