"""Writes what search needs into the file that is about to be published: an index of words, and a vector per mention.

It lies beside the marts in the same file, so it is published with them, rolled back with them and erased with them.
Words are indexed by DuckDB's full-text search, stemmed by the language of their post. Embeddings are reduced to their
main directions and to one byte each: a third of the directions and a twelfth of the bytes find the same posts
(docs/decisions/search.md).
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import duckdb
import numpy as np
import pyarrow as pa

from flows.night import Night
from flows.search.extension import load_fts
from flows.topics.texts import active_version
from flows.warehouse import MEMORY_LIMIT
from models.search_vectors import DIRECTIONS, as_bytes
from models.topic_space import TopicSpace, fit_space

SCHEMAS: Final = ("search", "fts_search_documents")
BATCH_SIZE = 20_000
SAMPLE_SIZE = 30_000
"""Mentions that the main directions are taken from, drawn by their id, a hash."""

_MACROS = r"""
create schema search;
create macro search.words(words) as
    regexp_extract_all(replace(strip_accents(lower(words)), 'ß', 'ss'), '[\p{L}\p{N}]+');
create macro search.german_stem(word) as
    stem(regexp_replace(replace(replace(word, 'ae', 'a'), 'oe', 'o'), '(^|[^q])ue', '\1u', 'g'), 'german');
create macro search.stems(word) as
    list_distinct([word, search.german_stem(word), stem(word, 'english')]);
create macro search.terms(words) as
    array_to_string(flatten(list_transform(search.words(words), lambda word: search.stems(word))), ' ');
"""

_DOCUMENTS = """
create table search.documents as
select
    mention_id,
    array_to_string(
        case language
            when 'de' then list_transform(search.words(text), lambda word: search.german_stem(word))
            when 'en' then list_transform(search.words(text), lambda word: stem(word, 'english'))
            else search.words(text)
        end,
        ' '
    ) as terms
from mentions
"""

_INDEX = """
pragma create_fts_index(
    'marts.search.documents', 'mention_id', 'terms',
    stemmer = 'none', stopwords = 'none', ignore = '[ ]+', strip_accents = 0, lower = 0
)
"""

_CLUSTERED = """
create or replace table fts_search_documents.terms as
select * from fts_search_documents.terms order by termid, docid
"""
"""A search reads the stretches of its words only."""

_PLACES = """
create or replace temp table search_places as
select mentions.mention_id, mentions.language, enrichments.rowid as place
from marts.mentions
join core.mentions as texts using (mention_id)
join core.enrichments as enrichments on enrichments.text_hash = texts.text_hash
where enrichments.model_version = $version and enrichments.embedding is not null
"""

_SAMPLE = """
select embedding, language
from core.enrichments as enrichments
join (select * from search_places order by mention_id limit $most) as drawn on drawn.place = enrichments.rowid
order by drawn.mention_id
"""

_VECTORS = """
create schema if not exists {file}.search;
create table {file}.search.vectors (mention_id varchar not null, vector blob not null);
create table {file}.search.space (model_version varchar not null, origin double[] not null, basis double[][] not null);
comment on table {file}.search.vectors is
    'A mention as a point: one signed byte per direction of search.space, unit length. For marktecho search.';
comment on table {file}.search.space is
    'How embeddings of model_version become vectors: subtract origin, apply basis, scale to unit length.';
"""


def write_index(night: Night, warehouse: duckdb.DuckDBPyConnection, file: Path) -> None:
    """Add the index to a file that holds the marts and that nobody reads yet.

    Vectors are of the model version in use; a mention whose text it has not read yet has none. Memory does not grow
    with the number of mentions. Raises MarktechoError when the full-text search extension is missing.
    """
    night.report("search index", 0, 2)
    _write_words(file, night.home.work)
    night.report("search index", 1, 2)
    warehouse.execute(f"attach '{_quoted(file)}' as published")
    try:
        warehouse.execute(_VECTORS.format(file="published"))
        _write_vectors(warehouse)
        warehouse.execute("checkpoint published")
    finally:
        warehouse.execute("detach published")
    night.report("search index", 2, 2)


def _write_words(file: Path, work: Path) -> None:
    """The file is opened under the name that readers give it: the extension writes it into its macros."""
    with duckdb.connect() as connection:
        connection.execute(f"set memory_limit = '{MEMORY_LIMIT}'")
        connection.execute(f"set temp_directory = '{_quoted(work)}'")
        connection.execute("set preserve_insertion_order = false")
        load_fts(connection)
        connection.execute(f"attach '{_quoted(file)}' as marts")
        connection.execute("use marts")
        connection.execute(_MACROS)
        connection.execute(_DOCUMENTS)
        connection.execute(_INDEX)
        connection.execute(_CLUSTERED)
        connection.execute("drop table search.documents")  # the index does not need it, its room is used again
        connection.execute("checkpoint marts")


def _write_vectors(warehouse: duckdb.DuckDBPyConnection) -> None:
    version = active_version(warehouse)
    warehouse.execute(_PLACES, {"version": version})
    drawn = warehouse.execute(_SAMPLE, {"most": SAMPLE_SIZE}).to_arrow_table()
    if drawn.num_rows:
        space = fit_space(_matrix(drawn), drawn.column("language").to_pylist(), DIRECTIONS)
        warehouse.execute(
            "insert into published.search.space values ($version, $origin, $basis)",
            {"version": version, "origin": space.origin.tolist(), "basis": space.basis.tolist()},
        )
        for first in range(0, _count(warehouse), BATCH_SIZE):
            _write_batch(warehouse, space, first)
    warehouse.execute("drop table search_places")


def _write_batch(warehouse: duckdb.DuckDBPyConnection, space: TopicSpace, first: int) -> None:
    """Batches follow the order in which embeddings are stored, so that each reads only its own stretch of them."""
    found = warehouse.execute(
        f"""
        select mention_id, embedding
        from core.enrichments
        join search_places on search_places.place = core.enrichments.rowid
        where core.enrichments.rowid between {first} and {first + BATCH_SIZE - 1}
          and search_places.place between {first} and {first + BATCH_SIZE - 1}
        """
    ).to_arrow_table()
    if not found.num_rows:
        return
    codes = as_bytes(space.project(_matrix(found)))
    vectors = pa.Array.from_buffers(
        pa.binary(codes.shape[1]), len(codes), [None, pa.py_buffer(np.ascontiguousarray(codes).tobytes())]
    )
    warehouse.register("vectors", pa.table({"mention_id": found.column("mention_id"), "vector": vectors}))
    warehouse.execute("insert into published.search.vectors select mention_id, vector from vectors")
    warehouse.unregister("vectors")


def _matrix(table: pa.Table) -> np.ndarray:
    column = table.column("embedding").combine_chunks()
    values = column.flatten().to_numpy(zero_copy_only=False).astype(np.float32, copy=False)
    return values.reshape(table.num_rows, -1)


def _count(warehouse: duckdb.DuckDBPyConnection) -> int:
    found = warehouse.execute("select coalesce(max(place) + 1, 0) from search_places").fetchone()
    return int(found[0]) if found else 0


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
