"""The marts as a whole: days, corrected net sentiment and its interval, failures, and docs that cannot drift."""

from __future__ import annotations

import math
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from warehouse_fixture import AS_OF, CoreTables, make_night, rows

from flows.build import build
from flows.errors import MarktechoError
from flows.home import Home
from flows.mart_docs import mart_docs, mart_names
from flows.warehouse import connect, sql_folder

DOCS = sql_folder().parent / "docs" / "marts"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return Home.locate(tmp_path_factory.mktemp("marts"))


@pytest.fixture
def core(home: Home) -> CoreTables:
    return CoreTables(home)


def test_the_correction_recovers_the_true_net_sentiment(core: CoreTables) -> None:
    """A classifier that confuses classes in a known way, on 200 posts of which 100 are negative and 60 positive."""
    # P(predicted | true): of true negatives 80% are seen, 20% taken for neutral; of neutrals 50% taken for negative ...
    confusion = [[0.8, 0.2, 0.0], [0.5, 0.45, 0.05], [0.0, 0.3, 0.7]]
    true_counts = [100, 40, 60]
    counts = {
        predicted: sum(true * row[column] for true, row in zip(true_counts, confusion, strict=True))
        for column, predicted in enumerate(("negative", "neutral", "positive"))
    }
    weights = np.linalg.solve(np.array(confusion), np.array([-1.0, 0.0, 1.0]))
    core.weights("*", *(float(weight) for weight in weights))
    with core.batch():
        for sentiment, count in counts.items():
            core.execute(
                """
                insert into core.mentions (
                    mention_id, source, native_id, author_kind, text, text_hash, language, published_at, collected_at,
                    content_hash, changed_at
                )
                select $1 || i, 's', $1 || i, 'person', 't', $1, 'en', $2::timestamptz, $2::timestamptz, 'c', now()
                from range($3) as numbers(i)
                """,
                sentiment, AS_OF, round(count),
            )  # fmt: skip
    core.execute("insert into core.mention_entities select mention_id, 'acme' from core.mentions")
    core.execute(
        """
        insert into core.enrichments (text_hash, model_version, sentiment, scored_at)
        select sentiment, 'model-1', sentiment, now()
        from (values ('negative'), ('neutral'), ('positive')) as sentiments(sentiment)
        """
    )
    build(make_night(core.home))
    (day,) = rows(core.home, "from marts.entity_daily where entity_id = 'acme'")
    assert day["net_sentiment"] == pytest.approx((60 - 100) / 200, abs=0.01)
    assert abs(day["net_sentiment_raw"] - (60 - 100) / 200) > 0.02
    assert day["net_sentiment_low"] < -0.2 < day["net_sentiment_high"]


def test_the_interval_holds_the_truth_in_about_95_of_100_samples(core: CoreTables) -> None:
    """Exact: every possible sample of 12 posts is an entity, weighed with the probability of drawing it."""
    size = 12
    samples = [(a, b, size - a - b) for a in range(size + 1) for b in range(size + 1 - a)]
    posts = [
        (f"{a}-{b}-{c}", sentiment, f"{a}-{b}-{c} {sentiment} {number}")
        for a, b, c in samples
        for sentiment, count in (("negative", a), ("neutral", b), ("positive", c))
        for number in range(count)
    ]
    frame = pd.DataFrame(posts, columns=["entity_id", "sentiment", "mention_id"])
    with connect(core.home) as warehouse:
        warehouse.register("posts", frame)
        warehouse.execute("insert into core.entities select distinct entity_id, 'Sample', 'product', 'q' from posts")
        warehouse.execute("insert into core.mention_entities select mention_id, entity_id from posts")
        warehouse.execute(
            """
            insert into core.mentions by name
            select mention_id, 's' as source, mention_id as native_id, 'person' as author_kind, sentiment as text,
                sentiment as text_hash, $1::timestamptz as published_at, now() as collected_at, 'c' as content_hash,
                now() as changed_at
            from posts
            """,
            [AS_OF - timedelta(days=1)],
        )
        warehouse.execute(
            """
            insert into core.enrichments by name
            select distinct sentiment as text_hash, 'model-1' as model_version, sentiment, now() as scored_at from posts
            """
        )
    build(make_night(core.home))
    days = rows(core.home, "from marts.entity_daily where entity_name = 'Sample' and mention_count > 0")
    assert len(days) == len(samples)
    for true_shares in ((0.3, 0.4, 0.3), (0.1, 0.3, 0.6), (0.02, 0.08, 0.9)):
        truth = true_shares[2] - true_shares[0]
        covered = 0.0
        for day in days:
            counts = (day["negative_count"], day["neutral_count"], day["positive_count"])
            chance = float(math.factorial(size))
            for count, share in zip(counts, true_shares, strict=True):
                chance *= share**count / math.factorial(count)
            covered += chance * (day["net_sentiment_low"] <= truth <= day["net_sentiment_high"])
        assert 0.94 <= covered <= 0.995, true_shares


def test_a_night_for_an_earlier_time_counts_no_later_day(core: CoreTables) -> None:
    core.mention("early", published_at=datetime(2026, 10, 1, 12, tzinfo=UTC))
    core.mention("late", published_at=datetime(2026, 11, 1, 12, tzinfo=UTC))
    build(make_night(core.home, as_of=datetime(2026, 10, 2, 12, tzinfo=UTC)))
    days = rows(core.home, "select published_date::varchar as day, mention_count from marts.entity_daily order by day")
    assert days == [{"day": "2026-10-01", "mention_count": 1}, {"day": "2026-10-02", "mention_count": 0}]
    assert len(rows(core.home, "from marts.mentions")) == 2


def test_the_time_zone_of_the_settings_decides_the_day(core: CoreTables) -> None:
    core.mention("m", published_at=datetime(2026, 11, 22, 23, 30, tzinfo=UTC))
    for zone, day in (("Europe/Berlin", "2026-11-23"), ("UTC", "2026-11-22"), ("America/New_York", "2026-11-22")):
        build(make_night(core.home, time_zone=zone))
        assert rows(core.home, "select published_date::varchar as day from marts.mentions") == [{"day": day}]


def test_an_empty_warehouse_gives_empty_marts(core: CoreTables) -> None:
    result = build(make_night(core.home))
    assert set(result.row_counts) == set(mart_names())
    assert sum(count for name, count in result.row_counts.items() if name not in ("aspects", "entity_windows")) == 0


def test_a_model_that_fails_is_named(tmp_path: Path) -> None:
    core = CoreTables(tmp_path)
    core.execute("create schema marts")
    core.execute("create view marts.sales_leads as select 1 as mention_id")  # dbt replaces it
    core.execute("alter table core.routing_rules drop column reason")
    with pytest.raises(MarktechoError, match=r"stg_routing_rules: .*reason"):
        build(make_night(core.home))


def test_other_processes_may_open_the_warehouse_after_a_build(core: CoreTables) -> None:
    build(make_night(core.home))
    subprocess.run([sys.executable, "-c", f"import duckdb; duckdb.connect({str(core.home.warehouse)!r})"], check=True)


def test_schemas_hold_their_folders_tables_and_no_others(core: CoreTables) -> None:
    build(make_night(core.home))
    built = rows(core.home, "select table_name from information_schema.tables where table_schema = 'marts'")
    assert sorted(row["table_name"] for row in built) == mart_names()


def test_every_column_is_documented(core: CoreTables) -> None:
    build(make_night(core.home))
    assert sorted(doc.name for doc in mart_docs()) == mart_names()
    for doc in mart_docs():
        built = [row["column_name"] for row in rows(core.home, f"describe marts.{doc.name}")]
        assert sorted(doc.columns) == sorted(built), doc.name
        assert all(doc.columns.values()), doc.name
        page = (DOCS / f"{doc.name.replace('_', '-')}.md").read_text(encoding="utf-8")
        for column, description in doc.columns.items():
            assert f"| `{column}` | {description} |" in page, f"{doc.name}.{column} in docs/marts"


def test_every_variable_and_suite_is_in_the_docs() -> None:
    variables = yaml.safe_load((sql_folder() / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]
    pages = "".join(path.read_text(encoding="utf-8") for path in DOCS.glob("*.md"))
    for variable in variables:
        assert f"`{variable}`" in pages, variable
    for suite in (sql_folder() / "expectations").glob("*.yaml"):
        audited = (DOCS.parent / "reference" / "audit-and-publication.md").read_text(encoding="utf-8")
        assert f"`{suite.stem}`" in audited, suite.stem


def test_every_query_of_the_docs_runs(core: CoreTables) -> None:
    core.mention("m1", sentiment="negative", intent="complaint", aspects={"delivery": "negative"})
    build(make_night(core.home))
    with connect(core.home) as warehouse:
        warehouse.execute("set search_path = 'marts'")
        for page in sorted(DOCS.glob("*.md")):
            for query in re.findall(r"```sql\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.DOTALL):
                warehouse.execute(query).fetchall()
