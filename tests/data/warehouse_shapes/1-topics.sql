create schema landing;
create table landing.mentions (mention_id varchar not null, source varchar not null, native_id varchar not null,
    url varchar, author_key varchar, author_kind varchar not null, text varchar not null, language_hint varchar,
    published_at timestamptz, collected_at timestamptz not null, edited_at timestamptz, thread_id varchar,
    reply_to_id varchar, like_count bigint, repost_count bigint, reply_count bigint, reach bigint,
    content_hash varchar not null, run_id varchar not null);
create table landing.quarantine (quarantine_id varchar not null, source varchar not null, run_id varchar not null,
    native_id varchar, row_number bigint, field varchar not null, reason varchar not null, payload varchar not null,
    quarantined_at timestamptz not null, resolved_at timestamptz);
create table landing.tombstones (source varchar not null, native_id varchar not null, mention_id varchar not null,
    reason varchar not null, noticed_at timestamptz not null);
create schema core;
create table core.runs (run_id varchar not null, started_at timestamptz not null, finished_at timestamptz,
    as_of timestamptz not null, outcome varchar, message varchar, audit_result varchar, row_counts json,
    versions json, published_at timestamptz);
create table core.audits (run_id varchar not null, audited_at timestamptz not null, audit_result varchar not null,
    marts_fingerprint varchar not null);
create table core.source_runs (run_id varchar not null, source varchar not null, started_at timestamptz not null,
    finished_at timestamptz not null, outcome varchar not null, message varchar, record_count bigint not null,
    landed_count bigint not null, quarantined_count bigint not null, skipped_count bigint not null, null_shares json,
    unknown_fields json, newest_published_at timestamptz);
create table core.mentions (mention_id varchar not null, source varchar not null, native_id varchar not null,
    url varchar, author_key varchar, author_kind varchar not null, text varchar not null, text_hash varchar not null,
    language varchar, language_score double, published_at timestamptz, collected_at timestamptz not null,
    edited_at timestamptz, thread_id varchar, reply_to_id varchar, like_count bigint, repost_count bigint,
    reply_count bigint, reach bigint, deleted_at timestamptz, content_hash varchar not null,
    changed_at timestamptz not null);
create table core.tombstones (source varchar not null, native_id varchar not null, mention_id varchar not null,
    reason varchar not null, noticed_at timestamptz not null);
create table core.rechecks (mention_id varchar not null, checked_at timestamptz not null);
create table core.entities (entity_id varchar not null, name varchar not null, kind varchar not null,
    query_hash varchar not null);
create table core.aspects (aspect_id varchar not null, name varchar not null, description varchar not null);
create table core.routing_rules (rule_id varchar not null, position integer not null, department varchar not null,
    intents varchar[], aspects varchar[], sentiments varchar[], entity_kinds varchar[], min_reach bigint,
    priority integer not null, due_hours integer not null, reason varchar not null);
create table core.mention_entities (mention_id varchar not null, entity_id varchar not null);
create table core.sentiment_overrides (mention_id varchar not null, rule_id varchar not null,
    sentiment varchar not null);
create table core.copies (mention_id varchar not null, copy_of varchar not null, kind varchar not null,
    similarity double not null);
create table core.text_features (mention_id varchar not null, features_version varchar not null, text_key varchar,
    link varchar, hashtag_count integer not null, word_count integer not null);
create table core.signatures (text_key varchar not null, band utinyint not null, bucket ubigint not null);
create table core.similar_texts (text_key varchar not null, other_key varchar not null, similarity double not null);
create table core.spam (mention_id varchar not null, reason varchar not null);
create table core.prepared (mention_id varchar not null, content_hash varchar not null, settings_hash varchar not null);
create table core.enrichments (text_hash varchar not null, model_version varchar not null, not_scored_reason varchar,
    embedding float[], p_negative double, p_neutral double, p_positive double, sentiment varchar,
    sentiment_score double, intent varchar, intent_score double, scored_at timestamptz not null);
create table core.aspect_scores (text_hash varchar not null, aspects_version varchar not null,
    aspect_id varchar not null, similarity double not null, p_negative double not null, p_neutral double not null,
    p_positive double not null, sentiment varchar not null, sentiment_score double not null, evidence varchar not null);
create table core.aspect_texts (text_hash varchar not null, aspects_version varchar not null);
create table core.active_versions (model_version varchar not null, aspects_version varchar not null);
create table core.sentiment_weights (model_version varchar not null, language varchar not null,
    predicted varchar not null, raw_weight double not null, corrected_weight double not null);
create table core.topics (topic_id varchar not null, label_de varchar not null, label_en varchar not null,
    keywords varchar[] not null, is_named boolean not null, is_pinned boolean not null, parent_id varchar,
    merged_into varchar, similar_topic_ids varchar[] not null, born_at timestamptz not null, retired_at timestamptz,
    updated_at timestamptz not null);
create table core.topic_centroids (topic_id varchar not null, model_version varchar not null, part integer not null,
    centroid float[] not null, fitted_at timestamptz not null);
create table core.topic_spaces (model_version varchar not null, origin float[] not null, nuisance float[][] not null,
    temperature double not null, floor double not null, fitted_at timestamptz not null);
create table core.text_topics (text_hash varchar not null, model_version varchar not null, topic_id varchar,
    confidence_score double not null, assigned_at timestamptz not null);
create table core.topic_events (event_id varchar not null, run_id varchar not null, happened_at timestamptz not null,
    topic_id varchar not null, kind varchar not null, other_topic_id varchar, text_count bigint, detail varchar);
