"""Takes posts out of the index of words: their words, and words that only they had."""

from __future__ import annotations

import duckdb

_IN_INDEX = "select 1 from duckdb_schemas() where database_name = $database and schema_name = 'fts_search_documents'"

_REMOVALS = (
    """
    create or replace temp table gone_documents as
    select docid from {index}.docs where name in (select mention_id from gone_posts)
    """,
    """
    create or replace temp table gone_terms as
    select termid, count(distinct docid) as document_count
    from {index}.terms
    semi join gone_documents using (docid)
    group by termid
    """,
    "delete from {index}.terms where docid in (select docid from gone_documents)",
    "delete from {index}.docs where docid in (select docid from gone_documents)",
    """
    update {index}.dict as dict
    set df = dict.df - gone_terms.document_count
    from gone_terms
    where dict.termid = gone_terms.termid
    """,
    "delete from {index}.dict where df <= 0",
    """
    update {index}.stats
    set num_docs = (select count(*) from {index}.docs),
        avgdl = (select coalesce(avg(len), 0) from {index}.docs)
    """,
    "drop table gone_terms",
)


def scrub_index(connection: duckdb.DuckDBPyConnection, database: str) -> int:
    """Remove the posts of the registered table `gone_posts` from a database's index; returns how many it had.

    A database without an index is left as it is.
    """
    if connection.execute(_IN_INDEX, {"database": database}).fetchone() is None:
        return 0
    for sql in _REMOVALS:
        connection.execute(sql.format(index=f'"{database}".fts_search_documents'))
    counted = connection.execute("select count(*) from gone_documents").fetchone()
    connection.execute("drop table gone_documents")
    return int(counted[0]) if counted else 0
