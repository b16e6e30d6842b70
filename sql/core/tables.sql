-- Tables before the marts. Written by flows/, read by the dbt project. One row per what the comment says.

-- Landing: what the sources delivered, cleaned. Filled by dlt, which merges on (source, native_id); the columns are those of
-- flows/landing/mention.py. Created here so that every step finds them, also before anything has landed.
create schema if not exists landing;

-- a post as last seen to change
create table if not exists landing.mentions (
    mention_id varchar not null,
    source varchar not null,
    native_id varchar not null,
    url varchar,
    author_key varchar,
    author_kind varchar not null,
    text varchar not null,
    language_hint varchar,
    published_at timestamptz,
    collected_at timestamptz not null,  -- when it was first seen
    edited_at timestamptz,
    thread_id varchar,
    reply_to_id varchar,
    like_count bigint,
    repost_count bigint,
    reply_count bigint,
    reach bigint,
    content_hash varchar not null,
    run_id varchar not null             -- the run that last saw it change
);

-- a record that could not become a mention
create table if not exists landing.quarantine (
    quarantine_id varchar not null,
    source varchar not null,
    run_id varchar not null,
    native_id varchar,
    row_number bigint,                  -- files: line or row
    field varchar not null,
    reason varchar not null,
    payload varchar not null,           -- JSON, redacted, without authors
    quarantined_at timestamptz not null,
    resolved_at timestamptz             -- the same post landed well later on
);

-- a post its platform says is gone
create table if not exists landing.tombstones (
    source varchar not null,
    native_id varchar not null,
    mention_id varchar not null,
    reason varchar not null,
    noticed_at timestamptz not null
);

-- whose a broken record is: the keyed hash of each author named in it
create table if not exists landing.quarantine_authors (
    quarantine_id varchar not null,
    author_key varchar not null
);

create schema if not exists core;

-- what has to go from every place, until it is gone (flows/erasure); the only table that may hold text of erased posts
create table if not exists core.erasures_due (
    mention_id varchar not null,     -- '': a broken record
    source varchar not null,
    native_id varchar not null,
    url varchar,
    quarantine_id varchar,
    text varchar,                    -- to find what quotes it
    reason varchar not null,         -- deleted, account_deleted, forgotten, retention, ...
    due_at timestamptz not null
);

-- how this warehouse got its shape (flows/schema.py); the highest version is what it has
create table if not exists core.schema_versions (
    version integer not null,
    name varchar not null,
    applied_at timestamptz not null
);

-- a rotation of the pseudonyms' key: which chain of keys the pseudonyms of the tables are made with since then
create table if not exists core.key_rotations (
    chain_id varchar not null,       -- hash of the chain
    rotated_at timestamptz not null
);

-- a run of the pipeline; outcome is null while it runs
create table if not exists core.runs (
    run_id varchar not null,
    started_at timestamptz not null,
    finished_at timestamptz,
    as_of timestamptz not null,
    outcome varchar,             -- done, source_failed, audit_refused, failed, interrupted
    message varchar,
    audit_result varchar,        -- passed, refused, null when not reached
    row_counts json,             -- rows per published table
    versions json,               -- marktecho, model, query and settings versions
    published_at timestamptz     -- when the marts of this run became the published file, null when they did not
);

-- an audit of the marts; what is published must be what was audited
create table if not exists core.audits (
    run_id varchar not null,
    audited_at timestamptz not null,
    audit_result varchar not null,   -- passed, refused
    marts_fingerprint varchar not null
);

-- a source in a run
create table if not exists core.source_runs (
    run_id varchar not null,
    source varchar not null,
    started_at timestamptz not null,
    finished_at timestamptz not null,
    outcome varchar not null,    -- ok, no_hits, access_lost, rate_limited, down, schema_drift
    message varchar,             -- what happened and what to do, without secrets
    record_count bigint not null,      -- records the source delivered
    landed_count bigint not null,      -- of these, landed (new, changed or seen again)
    quarantined_count bigint not null, -- of these, broken
    skipped_count bigint not null,     -- of these, left out by an opt-out or a limit of the source
    null_shares json,            -- share of nulls per optional field, 0 to 1
    unknown_fields json,         -- fields we do not know, with how often they came
    newest_published_at timestamptz
);

-- how many posts of a language a source brought in the day before a run, beside the days before
create table if not exists core.source_volumes (
    run_id varchar not null,
    source varchar not null,
    language varchar not null,
    mention_count bigint not null,
    earlier_counts bigint[] not null -- in each earlier day in which the source was asked and answered
);

-- a public post, canonical form (DESIGN 5)
create table if not exists core.mentions (
    mention_id varchar not null,
    source varchar not null,
    native_id varchar not null,
    url varchar,
    author_key varchar,
    author_kind varchar not null,   -- person, organisation, bot, unknown
    text varchar not null,
    text_hash varchar not null,
    language varchar,               -- ISO 639-1, null when it cannot be told
    language_score double,          -- 0 to 1
    published_at timestamptz,       -- null when the source does not say
    collected_at timestamptz not null,
    edited_at timestamptz,
    thread_id varchar,              -- mention_id of the first post of the thread
    reply_to_id varchar,            -- mention_id of the post replied to
    like_count bigint,
    repost_count bigint,
    reply_count bigint,
    reach bigint,
    deleted_at timestamptz,
    content_hash varchar not null,  -- over everything the source said; tells a changed row from a known one
    changed_at timestamptz not null -- when this row was last written
);

-- an upstream deletion; kept so that the post stays gone
create table if not exists core.tombstones (
    source varchar not null,
    native_id varchar not null,
    mention_id varchar not null,
    reason varchar not null,        -- deleted, account_deleted, withheld
    noticed_at timestamptz not null
);

-- a mention that is due to be asked for again
create table if not exists core.rechecks (
    mention_id varchar not null,
    checked_at timestamptz not null
);

-- what listening.yaml says, as tables
create table if not exists core.entities (
    entity_id varchar not null,
    name varchar not null,
    kind varchar not null,          -- company, competitor, product, market
    query_hash varchar not null
);
create table if not exists core.aspects (
    aspect_id varchar not null,
    name varchar not null,
    description varchar not null
);
create table if not exists core.routing_rules (
    rule_id varchar not null,
    position integer not null,      -- the first matching rule per department wins
    department varchar not null,
    intents varchar[],              -- null: any
    aspects varchar[],
    sentiments varchar[],
    entity_kinds varchar[],
    min_reach bigint,
    priority integer not null,      -- 1 (now) to 4
    due_hours integer not null,
    reason varchar not null
);

-- a routing rule that has a query, and a mention that meets it
create table if not exists core.routing_queries (
    rule_id varchar not null,
    query_hash varchar not null
);
create table if not exists core.routing_matches (
    mention_id varchar not null,
    rule_id varchar not null
);

-- what people decided about a mention in a department's queue: each build copies it from the store of decisions
create table if not exists core.queue_states (
    mention_id varchar not null,
    department varchar not null,
    status varchar not null,        -- open, taken, done, not_for_us
    status_at timestamptz not null,
    passed_on_from varchar,         -- the department that passed it on; null: a routing rule sent it
    priority integer,               -- of what was passed on
    due_at timestamptz
);

-- a mention that a listened entity's query matches
create table if not exists core.mention_entities (
    mention_id varchar not null,
    entity_id varchar not null
);

-- a phrase rule of listening.yaml that overrides the model's sentiment
create table if not exists core.sentiment_overrides (
    mention_id varchar not null,
    rule_id varchar not null,
    sentiment varchar not null
);

-- a mention that repeats an earlier one
create table if not exists core.copies (
    mention_id varchar not null,
    copy_of varchar not null,       -- the canonical (earliest) mention
    kind varchar not null,          -- exact, near
    similarity double not null      -- 0 to 1
);

-- what a live mention's text shows; copies and spam are found by it
create table if not exists core.text_features (
    mention_id varchar not null,
    features_version varchar not null,
    text_key varchar,               -- the same for texts that differ in case, links, handles only; null: too short to copy
    link varchar,                   -- the first link, without scheme and query
    hashtag_count integer not null,
    word_count integer not null     -- words that are no hashtag, handle or link
);

-- MinHash buckets of a text long enough for a near copy; texts that share one are compared
create table if not exists core.signatures (
    text_key varchar not null,
    band utinyint not null,
    bucket ubigint not null
);

-- two texts that are near copies of one another (text_key < other_key)
create table if not exists core.similar_texts (
    text_key varchar not null,
    other_key varchar not null,
    similarity double not null      -- Jaccard similarity of character 5-grams, 0 to 1
);

-- a mention taken for spam, with the rule that said so
create table if not exists core.spam (
    mention_id varchar not null,
    reason varchar not null
);

-- what has been done to a mention, so that only new and changed rows (or new queries) are worked on
create table if not exists core.prepared (
    mention_id varchar not null,
    content_hash varchar not null,
    settings_hash varchar not null  -- queries and rules it was matched with
);

-- special categories of personal data (Article 9 GDPR) that a text reveals; one row per text that has been looked at
create table if not exists core.text_categories (
    text_hash varchar not null,
    lists_version varchar not null,       -- of the word lists
    special_categories varchar[] not null -- health, religion, politics, union, sexuality, ethnicity; mostly empty
);

-- what the model says about a text; one row per text and model version
create table if not exists core.enrichments (
    text_hash varchar not null,
    model_version varchar not null,
    not_scored_reason varchar,      -- null: scored
    embedding float[],
    p_negative double,
    p_neutral double,
    p_positive double,
    sentiment varchar,
    sentiment_score double,         -- p_positive - p_negative, -1 to 1
    intent varchar,
    intent_score double,            -- 0 to 1
    scored_at timestamptz not null
);

-- an aspect found in a text; one row per text, aspect and aspects version
create table if not exists core.aspect_scores (
    text_hash varchar not null,
    aspects_version varchar not null, -- model version and aspect definitions
    aspect_id varchar not null,
    similarity double not null,
    p_negative double not null,
    p_neutral double not null,
    p_positive double not null,
    sentiment varchar not null,
    sentiment_score double not null,
    evidence varchar not null
);

-- texts whose aspects have been looked for (also those without any)
create table if not exists core.aspect_texts (
    text_hash varchar not null,
    aspects_version varchar not null
);

-- the version in use, one row
create table if not exists core.active_versions (
    model_version varchar not null,
    aspects_version varchar not null
);

-- what one predicted class is worth in corrected net sentiment (see docs/marts/net-sentiment.md)
create table if not exists core.sentiment_weights (
    model_version varchar not null,
    language varchar not null,      -- de, en, * for all others
    predicted varchar not null,     -- negative, neutral, positive
    raw_weight double not null,     -- -1, 0, 1
    corrected_weight double not null
);

-- a topic of the registry: what people talk about, under an id that stays
create table if not exists core.topics (
    topic_id varchar not null,
    label_de varchar not null,
    label_en varchar not null,
    keywords varchar[] not null,
    is_named boolean not null,          -- a person named it; labels are no longer made from the posts
    is_pinned boolean not null,         -- a person merged or split it; a refresh neither merges nor splits it
    parent_id varchar,                  -- the topic it was split from
    merged_into varchar,                -- the topic that took its posts over
    similar_topic_ids varchar[] not null, -- topics with nearly the same name
    born_at timestamptz not null,       -- the logical time of the night that found it
    retired_at timestamptz,             -- null: alive; merged or without posts for a long time since then
    updated_at timestamptz not null
);

-- where a topic lies among the embeddings of a model version; several rows for a topic of several parts (merged by hand)
create table if not exists core.topic_centroids (
    topic_id varchar not null,
    model_version varchar not null,
    part integer not null,
    centroid float[] not null,          -- a point among the embeddings
    fitted_at timestamptz not null
);

-- how embeddings are projected before they are compared with centroids, one row per model version (models/topic_space.py)
create table if not exists core.topic_spaces (
    model_version varchar not null,
    origin float[] not null,            -- mean of the posts' embeddings
    basis float[][] not null,           -- orthonormal directions
    temperature double not null,        -- of the soft assignment
    floor double not null,              -- cosine below which a post is in no topic, -1 to 1
    fitted_at timestamptz not null
);

-- the topic of a text, one row per text that has been looked at
create table if not exists core.text_topics (
    text_hash varchar not null,
    model_version varchar not null,     -- of the embedding it was assigned by
    topic_id varchar,                   -- null: in no topic
    confidence_score double not null,   -- probability of the topic, 0 to 1
    assigned_at timestamptz not null
);

-- what happened to a topic; nothing happens to one without a row here
create table if not exists core.topic_events (
    event_id varchar not null,
    run_id varchar not null,
    happened_at timestamptz not null,
    topic_id varchar not null,
    kind varchar not null,              -- born, split, merged, died, revived, renamed, reassigned
    other_topic_id varchar,             -- split: from; merged: into; reassigned: to
    text_count bigint,                  -- texts concerned
    detail varchar
);

-- since when an entity is listened to: before that its silence says nothing
create table if not exists core.trend_entities (
    entity_id varchar not null,
    listened_since date                 -- null: since the first night, or for as long as there are posts
);

-- what was expected of a series (entity, aspect of an entity, topic) on a day, and how surprising the day is
create table if not exists core.trend_days (
    series_id varchar not null,
    entity_id varchar,
    aspect_id varchar,
    topic_id varchar,
    published_date date not null,
    original_count bigint not null,     -- of sources heard for long enough
    expected_count double,              -- null: too early to say
    expected_low double,                -- 95 of 100 days lie between the two when nothing happens
    expected_high double,
    surprise_score double,              -- -log10 of the p value
    is_emerging boolean not null,       -- more than chance among all that was tested that day, and large enough
    is_incomplete boolean not null      -- the night's own day; expected is its part up to the night's time
);

-- a trend, ongoing or past; a row stays as history when its trend has ended
create table if not exists core.trend_events (
    trend_id varchar not null,
    kind varchar not null,              -- emerging_topic, surge, sentiment_shift, competitor_move
    measure varchar not null,           -- mention_count, repeat_count, net_sentiment, share_of_voice
    direction varchar not null,         -- up, down
    series_id varchar not null,
    entity_id varchar,
    aspect_id varchar,
    topic_id varchar,
    status varchar not null,            -- ongoing, ended, withdrawn (what it was seen in is gone)
    severity varchar not null,          -- info, warning, critical: the highest it has had
    started_at timestamptz not null,
    detected_at timestamptz not null,
    last_date date not null,            -- its last day so far
    observed double not null,           -- posts, people, net sentiment or share, by measure
    expected double not null,
    expected_low double,
    expected_high double,
    negative_count bigint,
    strength double not null,           -- times the expected, or the change, by measure
    strength_low double not null,
    strength_high double not null,
    p_value double not null,
    q_value double not null,
    part_of varchar,                    -- trend_id of the entity's trend that this one is a part of
    summary varchar not null,
    updated_at timestamptz not null
);

-- a post behind a trend; position 1 shows it best
create table if not exists core.trend_evidence (
    trend_id varchar not null,
    position integer not null,
    mention_id varchar not null
);

-- a night in which trends were looked for
create table if not exists core.trend_runs (
    as_of timestamptz not null,
    tested_count bigint not null,       -- tests of the last day
    reported_count bigint not null      -- trends that were ongoing
);

-- an alert, open or over; a row stays as history
create table if not exists core.alerts (
    alert_id varchar not null,
    cause varchar not null,             -- what is wrong (trend:ID, source:NAME, volume:NAME, audit, night); open once at a time
    kind varchar not null,              -- crisis, surge, sentiment_shift, emerging_topic, competitor_move, source_down,
                                        -- volume_anomaly, audit_refused, night_failed
    severity varchar not null,          -- info, warning, critical: the highest it has had
    entity_id varchar,
    aspect_id varchar,
    topic_id varchar,
    source varchar,
    trend_id varchar,
    summary varchar not null,
    started_at timestamptz not null,    -- when what it is about began
    opened_at timestamptz not null,     -- the logical time of the run that raised it
    seen_at timestamptz not null,       -- that of the last run that found it still so
    closed_at timestamptz               -- null: open
);

-- a message that a channel has taken; what is here is not sent there again
create table if not exists core.deliveries (
    channel varchar not null,           -- its name in listening.yaml
    subject_id varchar not null,        -- an alert_id, or what else is told: brief:day:DATE, leaks
    cause varchar not null,
    state varchar not null,             -- open SEVERITY, resolved, sent
    delivered_at timestamptz not null
);

-- a channel that did not take its last message, one row each
create table if not exists core.channel_failures (
    channel varchar not null,
    failed_at timestamptz not null,
    message varchar not null            -- what the channel said, without its address
);

-- a leak finding that people are to be told of; what was found stands in the restricted file only
create table if not exists core.leak_notices (
    finding_id varchar not null,
    found_at timestamptz not null
);

-- an account that listening.yaml names as an entity's own, by its pseudonym
create table if not exists core.entity_accounts (
    entity_id varchar not null,
    author_key varchar not null
);

-- the business index of an entity in a period (docs/reference/business-index.md)
create table if not exists core.index_values (
    entity_id varchar not null,
    period_kind varchar not null,       -- month, last_90_days
    period varchar not null,            -- 2026-11, or last_90_days
    period_start_date date not null,
    period_end_date date not null,
    index_value double,                 -- 0 to 100; null: nothing to compare with
    index_low double,                   -- 95% interval
    index_high double,
    rank_best integer,                  -- 95% of the bootstrap's ranks lie between the two
    rank_worst integer,
    reach double,                       -- components, 0 to 100; null: unknown
    voice double,
    sentiment double,
    responsiveness double,
    activity double,
    missing_components varchar[] not null,
    earned_count bigint not null,
    earned_reach bigint,
    earned_share_of_voice double,
    earned_net_sentiment double,
    asked_count bigint not null,
    answered_share double,
    answer_hours double,
    own_post_count bigint,
    is_incomplete boolean not null
);

-- a wave of a survey (docs/reference/survey.md)
create table if not exists core.survey_waves (
    survey_id varchar not null,
    wave varchar not null,              -- waves follow one another in the order of their names
    survey_label_de varchar not null,
    survey_label_en varchar not null,
    first_date date,                    -- of finished responses; null: the file does not say
    last_date date,
    complete_count bigint not null,     -- finished responses that fit the codebook: what is weighted
    incomplete_count bigint not null,
    quarantined_count bigint not null,
    design_effect double not null,      -- of the weights, after Kish
    capped_count bigint not null,       -- responses whose weight stands at the codebook's max_weight
    min_cell integer not null,
    imported_at timestamptz not null
);

-- a share of a group of respondents in a wave; single responses are not kept
create table if not exists core.survey_figures (
    survey_id varchar not null,
    wave varchar not null,
    question_id varchar not null,
    question_position integer not null,
    question_label_de varchar not null,
    question_label_en varchar not null,
    theme varchar not null,             -- state, needs, plans
    question_type varchar not null,     -- single, multiple, scale
    answer_id varchar not null,
    answer_position integer not null,
    answer_label_de varchar not null,
    answer_label_en varchar not null,
    industry varchar not null,          -- all: everybody
    industry_label_de varchar not null,
    industry_label_en varchar not null,
    size_class varchar not null,        -- all: everybody
    size_class_label_de varchar not null,
    size_class_label_en varchar not null,
    respondent_count bigint,            -- null: too few to be told, and so are the figures
    effective_sample_size double,
    share double,
    share_low double,
    share_high double,
    standard_error double,
    previous_wave varchar,
    change double,
    change_low double,
    change_high double,
    change_p_value double,
    change_q_value double
);

-- a live mention that has been looked through for leaks; what was found is in published/restricted/leaks.duckdb
create table if not exists core.leak_scans (
    mention_id varchar not null,
    content_hash varchar not null,
    watchlist_version varchar not null -- keyed: says nothing about what is watched for
);
