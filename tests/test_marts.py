"""The marts as a whole: an incremental build equals a full one after any edit, and every column is documented."""

from __future__ import annotations

import math
import random
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from warehouse_fixture import AS_OF, CoreTables, make_night, rows, text_hash

from flows.build import build
from flows.errors import MarktechoError
from flows.home import Home
from flows.mart_docs import mart_docs, mart_names
from flows.warehouse import connect, sql_folder

DOCS = sql_folder().parent / "docs" / "marts"
SENTIMENTS = ["negative", "neutral", "positive", None]
INTENTS = ["complaint", "praise", "purchase_interest", "switching", "recommendation_request", "other", None]
ASPECTS = ["delivery", "price", "quality"]
ENTITIES = ["acme", "rival", "other", "gadget", "parcels"]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return Home.locate(tmp_path_factory.mktemp("marts"))


@pytest.fixture
def core(home: Home) -> CoreTables:
    return CoreTables(home)


def contents(core: CoreTables) -> dict[str, list[Any]]:
    """All rows of all marts, in an order of their own."""
    with connect(core.home) as warehouse:
        return {name: warehouse.execute(f"select * from marts.{name} order by all").fetchall() for name in mart_names()}


def random_mention(core: CoreTables, random_: random.Random, number: int) -> None:
    text = f"Text {random_.randrange(30)}."
    core.mention(
        f"m{number:03}",
        text=text,
        entities=random_.sample(ENTITIES, random_.randint(1, 3)),
        sentiment=random_.choice(SENTIMENTS),
        intent=random_.choice(INTENTS),
        aspects={
            aspect: random_.choice(SENTIMENTS[:3]) or "" for aspect in random_.sample(ASPECTS, random_.randint(0, 2))
        },
        language=random_.choice(["de", "en", None]),
        published_at=random_.choice([None, AS_OF - timedelta(hours=random_.uniform(-30, 24 * 60))]),
        likes=random_.choice([None, 0, 5]),
        reach=random_.choice([None, 10, 5000]),
        copy_of=f"m{random_.randrange(number):03}" if number and random_.random() < 0.2 else None,
        spam="coupons" if random_.random() < 0.1 else None,
        override=random_.choice([None, None, None, "negative"]),
    )


def random_edit(core: CoreTables, random_: random.Random, count: int) -> None:
    mention = f"m{random_.randrange(count):03}"
    text = f"Text {random_.randrange(30)}."
    edits = [
        lambda: core.execute("update core.mentions set deleted_at = ? where mention_id = ?", AS_OF, mention),
        lambda: core.insert("tombstones", [("forum", f"native-{mention}", mention, "deleted", AS_OF)]),
        lambda: core.execute("delete from core.mention_entities where mention_id = ?", mention),
        lambda: core.execute("delete from core.mentions where mention_id = ?", mention),
        lambda: core.execute(
            "update core.mentions set text = ?, text_hash = ? where mention_id = ?", text, text_hash(text), mention
        ),
        lambda: core.execute("update core.mentions set like_count = 7, reach = null where mention_id = ?", mention),
        lambda: core.execute("update core.mentions set published_at = ? where mention_id = ?", AS_OF, mention),
        lambda: core.execute("update core.mentions set url = 'https://example.org/new' where mention_id = ?", mention),
        lambda: core.reading(text, sentiment="positive", intent="complaint", aspects={"price": "negative"}),
        lambda: core.execute("delete from core.enrichments where text_hash = ?", text_hash(text)),
        lambda: core.execute("delete from core.aspect_scores where text_hash = ?", text_hash(text)),
        lambda: core.execute("delete from core.copies where mention_id = ?", mention),
        lambda: core.execute("delete from core.spam"),
        lambda: core.execute("delete from core.sentiment_overrides where mention_id = ?", mention),
        lambda: core.execute("delete from core.entities where entity_id = ?", random_.choice(ENTITIES)),
        lambda: core.execute("delete from core.aspects where aspect_id = 'quality'"),
        lambda: core.execute("update core.routing_rules set priority = 1, department = 'pr' where rule_id = 'late'"),
        lambda: core.execute("update core.sentiment_weights set corrected_weight = corrected_weight * 1.1"),
        lambda: core.execute("update core.active_versions set model_version = 'model-2'"),
    ]
    random_.choice(edits)()


@pytest.mark.parametrize("seed", range(2))
def test_an_incremental_build_equals_a_full_one(core: CoreTables, seed: int) -> None:
    random_ = random.Random(seed)
    core.weights("*", -1.2, 0.05, 1.2)
    core.weights("de", -1.1, 0.0, 1.3)
    core.rule("complaints", "support", intents=["complaint"], due_hours=8)
    core.rule("late", "product", position=2, aspects=["delivery"], sentiments=["negative"], priority=3)
    count = 60
    with core.batch():
        for number in range(count):
            random_mention(core, random_, number)
    build(make_night(core.home))
    for _ in range(2):
        with core.batch():
            for _ in range(8):
                random_edit(core, random_, count)
            for _ in range(5):
                random_mention(core, random_, count)
                count += 1
        night = make_night(core.home)
        build(night)
        incremental = contents(core)
        build(night, full_refresh=True)
        full = contents(core)
        for name in mart_names():
            assert incremental[name] == full[name], name


def test_building_twice_changes_nothing(core: CoreTables) -> None:
    core.mention("m1", aspects={"price": "positive"}, sentiment="positive")
    night = make_night(core.home)
    build(night)
    before = contents(core)
    ids = rows(core.home, "select rowid, mention_id from marts.mentions")
    build(night)
    assert contents(core) == before
    assert rows(core.home, "select rowid, mention_id from marts.mentions") == ids, "unchanged rows were written again"


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
    assert sum(count for name, count in result.row_counts.items() if name != "entity_windows") == 0


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
