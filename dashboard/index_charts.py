"""The charts of the index: values with intervals, components, history, and shares of a survey."""

from __future__ import annotations

from typing import Final

import altair as alt
import polars as pl

from dashboard.charts import AXIS_HEIGHT, PALETTE, ROW_HEIGHT, Layers, entity_colours
from dashboard.words import word

INDEX_SCALE: Final = alt.Scale(domain=[0, 100])


def index_intervals(values: pl.DataFrame, names: list[str], median: float) -> Layers:
    """The index of each entity as a point on its 95% interval, the industry's median as a line.

    `values`: entity_name, index_value, index_low, index_high, rank.
    """
    base = alt.Chart(values).encode(
        y=alt.Y("entity_name:N", title=None, sort=names),
        color=entity_colours(names, legend=False),
        tooltip=[
            alt.Tooltip("entity_name:N", title=word("entity")),
            alt.Tooltip("index_value:Q", title=word("index"), format=".0f"),
            alt.Tooltip("index_low:Q", title=word("interval"), format=".0f"),
            alt.Tooltip("index_high:Q", title=" ", format=".0f"),
            alt.Tooltip("rank:Q", title=word("rank")),
        ],
    )
    middle = (
        alt.Chart(pl.DataFrame({"median": [median]}))
        .mark_rule(color="#777777", strokeDash=[4, 3])
        .encode(
            x=alt.X("median:Q", scale=INDEX_SCALE),
            tooltip=alt.Tooltip("median:Q", title=word("industry_median"), format=".0f"),
        )
    )
    return alt.layer(
        middle,
        base.mark_rule(strokeWidth=3).encode(
            x=alt.X("index_low:Q", scale=INDEX_SCALE, title=word("index")), x2="index_high:Q"
        ),
        base.mark_point(size=110, filled=True, opacity=1).encode(x=alt.X("index_value:Q", scale=INDEX_SCALE)),
    ).properties(height=AXIS_HEIGHT + ROW_HEIGHT * values.height)


def components(scores: pl.DataFrame, order: list[str], names: list[str]) -> Layers:
    """The components of each entity, 50 is the middle of the industry.

    `scores`: component (as the reader calls it), entity_name, score, figure (what stands behind it, in words).
    """
    base = alt.Chart(scores).encode(
        y=alt.Y("component:N", title=None, sort=order),
        x=alt.X("score:Q", scale=INDEX_SCALE, title=None),
        color=entity_colours(names),
        shape=alt.Shape("entity_name:N", title=None, scale=alt.Scale(domain=names), legend=None),
        tooltip=[
            alt.Tooltip("component:N", title=word("component")),
            alt.Tooltip("entity_name:N", title=word("entity")),
            alt.Tooltip("score:Q", title=word("index"), format=".0f"),
            alt.Tooltip("figure:N", title=word("figure")),
        ],
    )
    middle = alt.Chart(pl.DataFrame({"x": [50.0]})).mark_rule(color="#999999", strokeDash=[3, 3]).encode(x="x:Q")
    height = AXIS_HEIGHT + 40 + ROW_HEIGHT * scores["component"].n_unique()
    return alt.layer(middle, base.mark_point(size=110, filled=True, opacity=0.9)).properties(height=height)


def history(months: pl.DataFrame, names: list[str]) -> Layers:
    """The index per month with its interval; a month that is not complete is hollow.

    `months`: entity_name, period, index_value, index_low, index_high, is_incomplete.
    """
    base = alt.Chart(months).encode(
        x=alt.X("period:O", title=word("month"), axis=alt.Axis(labelAngle=0)),
        color=entity_colours(names),
        xOffset=alt.XOffset("entity_name:N", scale=alt.Scale(domain=names)),
        tooltip=[
            alt.Tooltip("period:O", title=word("month")),
            alt.Tooltip("entity_name:N", title=word("entity")),
            alt.Tooltip("index_value:Q", title=word("index"), format=".0f"),
            alt.Tooltip("index_low:Q", title=word("interval"), format=".0f"),
            alt.Tooltip("index_high:Q", title=" ", format=".0f"),
        ],
    )
    points = base.encode(y=alt.Y("index_value:Q", scale=INDEX_SCALE, title=word("index")))
    told = points.transform_filter("!datum.is_incomplete").mark_point(size=80, filled=True, opacity=1)
    begun = points.transform_filter("datum.is_incomplete").mark_point(size=80, filled=False, opacity=1)
    spans = base.mark_rule(strokeWidth=2, opacity=0.6).encode(
        y=alt.Y("index_low:Q", scale=INDEX_SCALE), y2="index_high:Q"
    )
    return alt.layer(spans, told, begun).properties(height=260)


def survey_shares(shares: pl.DataFrame) -> Layers:
    """Shares of the answers to a question as bars with 95% intervals, in the order of the codebook.

    `shares`: answer, answer_position, share, share_low, share_high, respondent_count, told (share and change in words).
    """
    base = alt.Chart(shares).encode(
        y=alt.Y("answer:N", title=None, sort=alt.EncodingSortField("answer_position"), axis=alt.Axis(labelLimit=240)),
        tooltip=[
            alt.Tooltip("answer:N", title=word("answer")),
            alt.Tooltip("share:Q", title=word("share"), format=".0%"),
            alt.Tooltip("share_low:Q", title=word("interval"), format=".0%"),
            alt.Tooltip("share_high:Q", title=" ", format=".0%"),
            alt.Tooltip("respondent_count:Q", title=word("respondents")),
        ],
    )
    scale = alt.Scale(domain=[0, 1.25])
    axis = alt.Axis(format="%", values=[0, 0.25, 0.5, 0.75, 1])
    bars = base.mark_bar(color=PALETTE[4]).encode(x=alt.X("share:Q", scale=scale, axis=axis, title=None))
    spans = base.mark_rule(strokeWidth=2, color="#333333").encode(
        x=alt.X("share_low:Q", scale=scale), x2="share_high:Q"
    )
    labels = base.mark_text(align="left", dx=6, color="#555555").encode(
        x=alt.X("share_high:Q", scale=scale), text="told:N"
    )
    return alt.layer(bars, spans, labels).properties(height=AXIS_HEIGHT - 20 + ROW_HEIGHT * shares.height)
