"""The charts of the page: readable axes, colours that colour-blind people can tell apart."""

from __future__ import annotations

from typing import Final

import altair as alt
import polars as pl

from dashboard.words import word

Layers = alt.LayerChart | alt.FacetChart
PALETTE: Final = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#999999")
"""Okabe and Ito, Color Universal Design (2008), without yellow and black."""
SENTIMENT_SCHEME: Final = "blueorange"
DAY_FORMAT: Final = "%d.%m."
ROW_HEIGHT: Final = 30
AXIS_HEIGHT: Final = 70


def per_day(daily: pl.DataFrame, names: list[str]) -> Layers:
    """Originals per day and entity as lines; days that are not over are left out.

    `daily`: entity_name, published_date, original_count. `names` fixes order and colours.
    """
    base = alt.Chart(daily).encode(
        x=alt.X("published_date:T", title=None, axis=alt.Axis(format=DAY_FORMAT, labelOverlap=True)),
        y=alt.Y("original_count:Q", title=word("count")),
        color=entity_colours(names),
        tooltip=[
            alt.Tooltip("entity_name:N", title=word("entity")),
            alt.Tooltip("published_date:T", title=word("day"), format="%d.%m.%Y"),
            alt.Tooltip("original_count:Q", title=word("count")),
        ],
    )
    return alt.layer(base.mark_line(strokeWidth=2), base.mark_point(size=20, filled=True)).properties(height=260)


def sentiment_intervals(windows: pl.DataFrame, names: list[str]) -> Layers:
    """Net sentiment per entity as a point on its 95% interval.

    `windows`: entity_name, net_sentiment, net_sentiment_low, net_sentiment_high, original_count.
    """
    base = alt.Chart(windows).encode(
        y=alt.Y("entity_name:N", title=None, sort=names),
        color=entity_colours(names, legend=False),
        tooltip=[
            alt.Tooltip("entity_name:N", title=word("entity")),
            alt.Tooltip("net_sentiment:Q", title=word("net_sentiment"), format="+.2f"),
            alt.Tooltip("net_sentiment_low:Q", title=word("interval"), format="+.2f"),
            alt.Tooltip("net_sentiment_high:Q", title=" ", format="+.2f"),
            alt.Tooltip("original_count:Q", title=word("count")),
        ],
    )
    scale = alt.Scale(domain=[-1, 1])
    zero = alt.Chart(pl.DataFrame({"x": [0.0]})).mark_rule(color="#999999", strokeDash=[3, 3]).encode(x="x:Q")
    return alt.layer(
        zero,
        base.mark_rule(strokeWidth=3).encode(
            x=alt.X("net_sentiment_low:Q", scale=scale, title=word("net_sentiment")), x2="net_sentiment_high:Q"
        ),
        base.mark_point(size=90, filled=True, opacity=1).encode(x=alt.X("net_sentiment:Q", scale=scale)),
    ).properties(height=AXIS_HEIGHT + ROW_HEIGHT * windows.height)


def shares(windows: pl.DataFrame, names: list[str]) -> Layers:
    """Share of voice per entity as bars with their percentages. `windows`: entity_name, share_of_voice."""
    base = alt.Chart(windows).encode(
        y=alt.Y("entity_name:N", title=None, sort=names),
        x=alt.X(
            "share_of_voice:Q",
            title=word("share_of_voice"),
            axis=alt.Axis(format="%"),
            scale=alt.Scale(domain=[0, 1]),
        ),
        color=entity_colours(names, legend=False),
    )
    labels = base.mark_text(align="left", dx=4).encode(
        text=alt.Text("share_of_voice:Q", format=".0%"), color=alt.value("#555555")
    )
    return alt.layer(base.mark_bar(), labels).properties(height=AXIS_HEIGHT + ROW_HEIGHT * windows.height)


def share_per_week(weekly: pl.DataFrame, names: list[str]) -> alt.Chart:
    """Share of voice per week as stacked areas. `weekly`: entity_name, week_start_date, original_count."""
    return (
        alt.Chart(weekly)
        .mark_bar()
        .encode(
            x=alt.X(
                "week_start_date:O", title=word("week"), timeUnit="yearmonthdate", axis=alt.Axis(format=DAY_FORMAT)
            ),
            y=alt.Y("original_count:Q", stack="normalize", title=word("share_of_voice"), axis=alt.Axis(format="%")),
            color=entity_colours(names),
            order=alt.Order("rank:Q"),
            tooltip=[
                alt.Tooltip("entity_name:N", title=word("entity")),
                alt.Tooltip("week_start_date:T", title=word("week"), format="%d.%m.%Y"),
                alt.Tooltip("original_count:Q", title=word("count")),
            ],
        )
        .properties(height=260)
    )


def records_per_run(records: pl.DataFrame) -> alt.Chart:
    """Records per run and source as points. `records`: source, as_of, records."""
    return (
        alt.Chart(records)
        .mark_point(size=40, filled=True, opacity=1)
        .encode(
            x=alt.X(
                "as_of:T",
                title=None,
                axis=alt.Axis(format=f"{DAY_FORMAT} %H:%M", labelOverlap=True, tickCount=8),
                scale=alt.Scale(padding=20),
            ),
            y=alt.Y("records:Q", title=word("records")),
            color=alt.Color(
                "source:N", title=None, scale=alt.Scale(range=list(PALETTE)), legend=alt.Legend(orient="top")
            ),
            shape=alt.Shape("source:N", title=None),
            tooltip=[
                alt.Tooltip("source:N", title=word("source")),
                alt.Tooltip("as_of:T", title=word("day"), format="%d.%m.%Y %H:%M"),
                alt.Tooltip("records:Q", title=word("records")),
            ],
        )
        .properties(height=240)
    )


def aspect_heat_map(weekly: pl.DataFrame) -> Layers:
    """Net sentiment by aspect and week, the number of originals written into each field.

    `weekly`: aspect, iso_week, net_sentiment, net_sentiment_low, net_sentiment_high, original_count.
    """
    base = alt.Chart(weekly).encode(
        x=alt.X("iso_week:O", title=word("week"), axis=alt.Axis(labelAngle=-45)),
        y=alt.Y("aspect:N", title=None),
    )
    fields = base.mark_rect(stroke="white").encode(
        color=alt.Color(
            "net_sentiment:Q",
            title=word("net_sentiment"),
            scale=alt.Scale(scheme=SENTIMENT_SCHEME, domain=[-1, 1], domainMid=0, reverse=True),
        ),
        tooltip=[
            alt.Tooltip("aspect:N", title=word("aspect")),
            alt.Tooltip("iso_week:O", title=word("week")),
            alt.Tooltip("net_sentiment:Q", title=word("net_sentiment"), format="+.2f"),
            alt.Tooltip("net_sentiment_low:Q", title=word("interval"), format="+.2f"),
            alt.Tooltip("net_sentiment_high:Q", title=" ", format="+.2f"),
            alt.Tooltip("original_count:Q", title=word("count")),
        ],
    )
    numbers = base.mark_text(fontSize=10).encode(
        text="original_count:Q",
        color=alt.condition("abs(datum.net_sentiment) > 0.6", alt.value("white"), alt.value("#333333")),
    )
    return alt.layer(fields, numbers).properties(height=AXIS_HEIGHT + ROW_HEIGHT * weekly["aspect"].n_unique())


def entity_colours(names: list[str], *, legend: bool = True) -> alt.Color:
    """The colours of entities, in the order of their names: the same in every chart that begins with the same names."""
    colours = [PALETTE[number % len(PALETTE)] for number in range(len(names))]
    return alt.Color(
        "entity_name:N",
        title=None,
        scale=alt.Scale(domain=names, range=colours),
        legend=alt.Legend(orient="top") if legend else None,
    )
