"""Search by words: BM25 over the published index.

Source: Robertson and Zaragoza (2009), The Probabilistic Relevance Framework: BM25 and Beyond; k and b as DuckDB's
match_bm25 has them. The stems of one word count as one word, whose frequency is the sum of theirs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import duckdb

CANDIDATES = 20
"""How many times as many as are wanted are held against a condition at first; all of them when too few pass."""
COMMON_SHARE = 0.2
"""Words in a larger share of all posts are left out, unless the query has no rarer ones."""

_MATCHES = """
with words as (
    select distinct unnest(search.words($words)) as word
),
stems as (
    select word, unnest(search.stems(word)) as term from words
),
found as (
    select stems.word, dict.termid, dict.df
    from stems
    join fts_search_documents.dict as dict using (term)
),
weights as (
    select
        word,
        least(sum(df), num_docs) as document_count,
        ln((num_docs - document_count + 0.5) / (document_count + 0.5) + 1) as weight
    from found
    cross join fts_search_documents.stats
    group by word, num_docs
    qualify document_count <= $common * num_docs or min(document_count) over () > $common * num_docs
),
frequencies as (
    select docid, word, count(*) as frequency
    from fts_search_documents.terms
    join (select termid, word from found semi join weights using (word)) using (termid)
    group by all
),
scores as (
    select
        docid,
        sum(weight * frequency * 2.2 / (frequency + 1.2 * (0.25 + 0.75 * docs.len / avgdl))) as score,
        sum(weight) / (select sum(weight) from weights) as covered_share
    from frequencies
    join weights using (word)
    join fts_search_documents.docs as docs using (docid)
    cross join fts_search_documents.stats
    group by all
),
candidates as (
    select *
    from scores
    order by score desc, docid
    limit $depth
)
select docs.name as mention_id, score, covered_share
from candidates
join fts_search_documents.docs as docs using (docid)
order by score desc, mention_id
"""


@dataclass(frozen=True)
class WordMatch:
    """A mention that has words of the query: its BM25 score, and the share (0 to 1) of the query's weight it has."""

    mention_id: str
    score: float
    covered_share: float


def by_words(
    marts: duckdb.DuckDBPyConnection, words: str, *, most: int, where: str | None, values: Mapping[str, Any]
) -> list[WordMatch]:
    """The mentions that have words of the query, best first, at most `most`.

    `where` is a condition over the mart `mentions`, None for all; `values` are its values. Upper and lower case,
    accents, umlauts and their spelled-out forms are the same, and so are the inflected forms of a German or English
    word.
    """
    for depth in (most * CANDIDATES, None):
        found = marts.execute(_MATCHES, {"words": words, "common": COMMON_SHARE, "depth": depth}).fetchall()
        passing = those_that_pass(marts, [row[0] for row in found], where, values)
        if len(passing) >= most or depth is None or len(found) < depth:
            break
    return [WordMatch(*row) for row in found if row[0] in passing][:most]


def those_that_pass(
    marts: duckdb.DuckDBPyConnection, mention_ids: list[str], where: str | None, values: Mapping[str, Any]
) -> set[str]:
    """Those mentions for which a condition over the mart `mentions` holds; all of them without a condition."""
    if where is None:
        return set(mention_ids)
    rows = marts.execute(
        f"select mention_id from mentions where mention_id in (select unnest($candidates)) and ({where})",
        {"candidates": mention_ids, **values},
    ).fetchall()
    return {row[0] for row in rows}
