"""A published home with any number of made-up mentions, written straight into core: no model reads them."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa

from bench.posts import END, write_posts
from flows import runs
from flows.audit import audit
from flows.build import build
from flows.home import Home
from flows.model import load_model
from flows.night import Night
from flows.publish import publish
from flows.settings import parse_settings
from flows.warehouse import connect

SETTINGS = """
language: de
company: {id: velumo, name: Velumo, query: velumo}
competitors: [{id: pedelo, name: Pedelo, query: pedelo}, {id: rollwerk, name: Rollwerk, query: rollwerk}]
"""
AS_OF = END.replace(hour=2, minute=30)
CENTRES = 200
BATCH_SIZE = 50_000

_CORE = """
create temp macro one_of(choices, id, seed) as choices[(1 + hash(id, seed) % length(choices))::bigint];
create temp table made as
select
    md5(id::varchar) as mention_id, id, text, created_at::timestamptz as published_at, likes, author,
    one_of(['forum', 'mastodon', 'reviews', 'news'], id, 0) as source,
    if(id % 5 < 3, 'de', 'en') as language,
    one_of(['velumo', 'velumo', 'pedelo', 'rollwerk'], id, 1) as entity_id,
    one_of(
        ['complaint', 'praise', 'question', 'purchase_interest', 'switching', 'other', 'other'], id, 2
    ) as intent,
    one_of(['negative', 'neutral', 'positive'], id, 3) as sentiment,
    one_of(['delivery', 'price', 'quality', 'customer_service', 'website_app', 'battery'], id, 4) as aspect_id,
    'topic-' || hash(id, 5) % 60 as topic_id
from read_csv($file);
insert into core.mentions by name
select
    mention_id, source, id::varchar as native_id, 'https://example.org/' || id as url, author as author_key,
    'person' as author_kind, text, mention_id as text_hash, language, 0.99 as language_score, published_at,
    published_at + interval 1 hour as collected_at,
    if(id % 10 in (1, 2), md5((id - id % 10)::varchar), null) as thread_id,
    if(id % 10 in (1, 2), md5((id - id % 10)::varchar), null) as reply_to_id,
    likes as like_count, likes * 100 as reach, mention_id as content_hash, published_at as changed_at
from made;
insert into core.mention_entities select mention_id, entity_id from made;
insert into core.copies by name
select mention_id, md5((id - 1)::varchar) as copy_of, 'near' as kind, 0.9 as similarity from made where id % 25 = 4;
insert into core.spam by name select mention_id, 'links' as reason from made where id % 50 = 9;
insert into core.entities values
    ('velumo', 'Velumo', 'company', 'q'), ('pedelo', 'Pedelo', 'competitor', 'q'),
    ('rollwerk', 'Rollwerk', 'competitor', 'q');
insert into core.aspects
select distinct aspect_id, upper(aspect_id[1]) || aspect_id[2:], 'About ' || aspect_id from made;
insert into core.routing_rules by name
select
    intent as rule_id, 1 as position, department, [intent] as intents, 2 as priority, 24 as due_hours, intent as reason
from (values ('complaint', 'support'), ('purchase_interest', 'sales')) as rules (intent, department);
insert into core.active_versions values ($version, 'aspects-1');
insert into core.sentiment_weights
select $version, '*', predicted, raw, corrected
from (values ('negative', -1, -1.2), ('neutral', 0, 0.05), ('positive', 1, 1.2)) as weights (predicted, raw, corrected);
insert into core.aspect_scores by name
select
    mention_id as text_hash, 'aspects-1' as aspects_version, aspect_id, 0.7 as similarity,
    if(sentiment = 'negative', 0.8, 0.1) as p_negative, if(sentiment = 'neutral', 0.8, 0.1) as p_neutral,
    if(sentiment = 'positive', 0.8, 0.1) as p_positive, sentiment, p_positive - p_negative as sentiment_score,
    text[:60] as evidence
from made
where id % 3 > 0;
insert into core.topics by name
select
    topic_id, 'Thema ' || topic_id as label_de, 'Topic ' || topic_id as label_en, [topic_id, aspect_id] as keywords,
    false as is_named, false as is_pinned, [] as similar_topic_ids, min(published_at) as born_at,
    max(published_at) as updated_at
from (select *, first(aspect_id) over (partition by topic_id order by id) as aspect from made)
group by topic_id, aspect_id
qualify row_number() over (partition by topic_id order by aspect_id) = 1;
insert into core.text_topics
select mention_id, $version, topic_id, 0.9, published_at from made;
insert into core.trend_events by name
select
    md5(entity_id)[:16] as trend_id, 'surge' as kind,
    'mention_count' as measure, 'up' as direction, entity_id as series_id,
    entity_id, 'ongoing' as status, 'warning' as severity, $as_of::timestamptz - interval 3 day as started_at,
    $as_of::timestamptz - interval 1 day as detected_at, $as_of::date - 1 as last_date, 200 as observed,
    100 as expected, 90 as expected_low, 110 as expected_high, 2 as strength, 1.5 as strength_low, 2.5 as strength_high,
    0.001 as p_value, 0.01 as q_value, entity_id || ': twice as many posts as expected.' as summary,
    $as_of::timestamptz as updated_at
from (select distinct entity_id from made);
insert into core.trend_evidence
select md5(entity_id)[:16], row_number() over (partition by entity_id order by published_at desc), mention_id
from made
qualify row_number() over (partition by entity_id order by published_at desc) <= 20;
insert into core.source_runs by name
select
    $run_id as run_id, source, $as_of::timestamptz as started_at, $as_of::timestamptz as finished_at, 'ok' as outcome,
    count(*) as record_count, count(*) as landed_count, 0 as quarantined_count, 0 as skipped_count
from made
group by source;
"""

_ENRICHMENTS = """
insert into core.enrichments by name
select
    mention_id as text_hash, $version as model_version, embedding::float[] as embedding,
    if(sentiment = 'negative', 0.8, 0.1) as p_negative, if(sentiment = 'neutral', 0.8, 0.1) as p_neutral,
    if(sentiment = 'positive', 0.8, 0.1) as p_positive, sentiment, p_positive - p_negative as sentiment_score, intent,
    0.9 as intent_score, published_at as scored_at
from made
join embeddings using (id)
"""


def published_home(root: Path, count: int) -> Home:
    """Make and publish a home with `count` mentions of a year; one that is published already is used again."""
    home = Home.locate(root)
    if home.marts.exists():
        return home
    night = Night.start(parse_settings(SETTINGS), home, as_of=AS_OF)
    if not home.warehouse.exists():
        _fill(home, night, count)
    with runs.recorded(night):
        build(night)
        audit(night)
        publish(night)
    return home


def _fill(home: Home, night: Night, count: int) -> None:
    reader = load_model()
    rng = np.random.default_rng(7)
    centres = rng.standard_normal((CENTRES, reader.dimension), np.float32)
    with tempfile.TemporaryDirectory(prefix="marktecho-bench-") as folder, connect(home) as warehouse:
        file = Path(folder) / "posts.csv"
        write_posts(file, count)
        values = {"file": str(file), "version": reader.version, "run_id": night.run_id, "as_of": AS_OF}
        for statement in _CORE.split(";\n"):
            if statement.strip():
                used = {name: value for name, value in values.items() if f"${name}" in statement}
                warehouse.execute(statement, used)
        for first in range(0, count, BATCH_SIZE):
            ids = np.arange(first, min(first + BATCH_SIZE, count))
            drawn = centres[rng.integers(0, CENTRES, len(ids))]
            drawn = drawn + rng.standard_normal(drawn.shape, np.float32)
            column = pa.FixedSizeListArray.from_arrays(pa.array(drawn.ravel()), reader.dimension)
            warehouse.register("embeddings", pa.table({"id": ids, "embedding": column}))
            warehouse.execute(_ENRICHMENTS, {"version": reader.version})
            warehouse.unregister("embeddings")
