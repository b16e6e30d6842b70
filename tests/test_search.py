"""Search over published marts: by words, by meaning, fused; what is gone upstream or forgotten is not found."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path

import duckdb
import polars as pl
import pytest

from bench.search import judged_posts
from flows import runs
from flows.audit import audit
from flows.build import build
from flows.home import Home
from flows.model import load_model
from flows.model_docs import write_docs
from flows.publish import publish
from flows.published import open_published
from flows.search.extension import load_fts
from flows.search.query import Hit, Mode, search
from models.rank_fusion import fused
from tests.night_process import marktecho
from tests.warehouse_fixture import AS_OF, CoreTables, make_night, text_hash

SECRET = "Zwetschgenkuchen"
POSTS = {
    "late": ("de", "Der Liefertermin wurde nun zum dritten Mal verschoben."),
    "waiting": ("en", "Nine weeks and no parcel. Nobody tells me when it will arrive."),
    "saddle": ("de", "Bequemer Sattel, selbst nach sechs Stunden tut nichts weh."),
    "size": ("de", "Die Größe passt, die Farben sind schön."),
    "spelled": ("de", "Groesse M faellt klein aus."),
    "code": ("en", "E204 after the rain, what does it mean?"),
    "cake": ("de", f"Nach der Tour gab es {SECRET}."),
}


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> CoreTables:
    """A published night of a few posts, read by the real model; two of the judged set are copies."""
    tables = CoreTables(tmp_path_factory.mktemp("search"))
    reader = load_model()
    with tables.batch():
        tables.weights("*", -1.2, 0.05, 1.2)
        for number, (name, (language, text)) in enumerate(POSTS.items()):
            tables.mention(name, text=text, language=language, published_at=AS_OF - timedelta(days=1 + number))
        tables.mention(
            "copy", text="Der Liefertermin wurde nun zum dritten Mal verschoben!", language="de", copy_of="late"
        )
        tables.mention("rival", text="Rollwerk liefert erst in neun Wochen.", language="de", entities=["rival"])
        texts = [text for _, text in POSTS.values()] + ["Rollwerk liefert erst in neun Wochen."]
        for text, embedding in zip(texts, reader.read(texts).embeddings, strict=True):
            tables.execute(
                "update core.enrichments set embedding = ? where text_hash = ?", embedding.tolist(), text_hash(text)
            )
        tables.execute("delete from core.enrichments where length(embedding) < 10")
        tables.execute("update core.enrichments set model_version = ?", reader.version)
        tables.execute("update core.active_versions set model_version = ?", reader.version)
    publish_night(tables, "20261123T013000Z-000001")
    return tables


def publish_night(core: CoreTables, run_id: str) -> None:
    night = make_night(core.home, run_id=run_id)
    with runs.recorded(night):
        build(night)
        audit(night)
        publish(night)


def found(home: Home, words: str, mode: Mode = Mode.BOTH, where: str | None = "not is_copy") -> list[Hit]:
    with open_published(home) as marts:
        return search(marts, words, load_model(), mode=mode, where=where)


def ids(hits: list[Hit]) -> list[str]:
    return [hit.mention_id for hit in hits]


def test_words_are_found_in_any_form_and_spelling(core: CoreTables) -> None:
    for words in ("größe", "GRÖSSE", "Groesse", "Größen"):
        assert set(ids(found(core.home, words, Mode.WORDS))) == {"size", "spelled"}, words
    assert ids(found(core.home, "liefertermine", Mode.WORDS)) == ["late"]
    assert ids(found(core.home, "e204", Mode.WORDS)) == ["code"]
    assert found(core.home, "Waschmaschine", Mode.WORDS) == []


def test_meanings_are_found_in_the_other_language_without_a_common_word(core: CoreTables) -> None:
    assert found(core.home, "delivery is late again", Mode.WORDS) == []
    assert ids(found(core.home, "delivery is late again", Mode.MEANING))[0] == "late"


def test_both_have_one_ranking_with_what_found_it(core: CoreTables) -> None:
    hits = found(core.home, "E204 in the rain")
    assert hits[0].mention_id == "code"
    assert hits[0].found_by in ("words", "both")
    assert {hit.found_by for hit in hits[1:]} == {"meaning"}


def test_conditions_hold_for_words_and_meanings(core: CoreTables) -> None:
    for mode in Mode:
        assert "copy" not in ids(found(core.home, "Liefertermin verschoben", mode))
        assert ids(found(core.home, "liefert Wochen", mode, "list_contains(entity_ids, 'rival')")) == ["rival"]
    assert "copy" in ids(found(core.home, "Liefertermin verschoben", Mode.WORDS, None))


def test_the_command_prints_posts_and_wrong_use_is_told(core: CoreTables, tmp_path: Path) -> None:
    home = core.home.root
    done = marktecho("search", "Liefertermin", "--home", home, "--json", "--language", "de", "--since", "2026-11-20")
    assert done.code == 0, done.errors
    first = json.loads(done.output)[0]
    assert (first["mention_id"], first["rank"], first["url"]) == ("late", 1, "https://example.org/late")
    assert first["text"] == POSTS["late"][1]
    for wrong, said in (
        (("Akku", "--language", "fr"), "There are: de, en"),
        (("Akku", "--text-only", "--by-meaning"), "exclude each other"),
        (("?!",), "no word"),
    ):
        refused = marktecho("search", *wrong, "--home", home)
        assert refused.code == 2, refused.output
        assert said in refused.errors


def test_a_query_goes_to_a_file(core: CoreTables, tmp_path: Path) -> None:
    sql = "select mention_id, text, entity_ids from mentions order by mention_id"
    for ending in ("csv", "xlsx", "parquet"):
        file = tmp_path / f"rows.{ending}"
        done = marktecho("query", sql, "--home", core.home.root, "--output", file)
        assert done.code == 0, done.errors
        assert f"{len(POSTS) + 2} rows" in done.errors
        assert file.stat().st_size > 100
    assert pl.read_parquet(tmp_path / "rows.parquet")["entity_ids"].to_list()[0] == ["acme"]
    assert pl.read_csv(tmp_path / "rows.csv").height == len(POSTS) + 2
    assert marktecho("query", sql, "--home", core.home.root, "--output", tmp_path / "rows.docx").code == 2
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".csv", ".parquet", ".xlsx"]


def test_a_file_without_an_index_is_told(core: CoreTables, tmp_path: Path) -> None:
    home = Home.locate(tmp_path)
    with duckdb.connect(str(home.marts)) as marts:
        marts.execute("create table mentions (mention_id varchar)")
    done = marktecho("search", "Akku", "--home", tmp_path)
    assert done.code == 2
    assert "earlier version" in done.errors


def test_fused_search_finds_more_than_either_alone() -> None:
    """The judged set and its figures: bench/SEARCH.md."""
    import numpy as np

    from bench.search import FOUND, published
    from models.language import detect

    posts, queries = judged_posts()
    reader = load_model()
    with published(posts, detect(posts)[0], reader.read(posts).embeddings, reader.version) as file:
        recall = {
            mode: np.mean(
                [
                    len(
                        {
                            file.texts[hit.mention_id]
                            for hit in search(file.marts, one["query"], reader, mode=mode, most=FOUND)
                        }
                        & one["relevant"]
                    )
                    / len(one["relevant"])
                    for one in queries
                ]
            )
            for mode in Mode
        }
    assert recall[Mode.BOTH] > max(recall[Mode.WORDS], recall[Mode.MEANING]) > 0.5


def test_rankings_are_fused_by_the_sum_of_reciprocal_ranks() -> None:
    assert fused([["a", "b"], ["b", "c"]], smoothing=1) == [("b", 1 / 3 + 1 / 2), ("a", 1 / 2), ("c", 1 / 3)]
    assert fused([[], []]) == []


def test_the_tables_are_described_on_one_page_without_the_network(core: CoreTables, tmp_path: Path) -> None:
    page = write_docs(core.home, tmp_path / "site").read_text(encoding="utf-8")
    for words in ("entity_windows", "net_sentiment_low", "Stable hash of the source"):
        assert words in page
    assert str(core.home.root) not in page
    assert re.findall(r"<(?:script|link)[^>]*(?:src|href)=.?https?:", page) == []
    assert '"send_anonymous_usage_stats": false' in page


def examples(page: str) -> list[str]:
    """The SQL examples of a page of the docs."""
    text = (Path(__file__).parent.parent / "docs" / "reference" / page).read_text(encoding="utf-8")
    return [part.partition("```")[0] for part in text.split("```sql\n")[1:]]


@pytest.mark.parametrize("page", ["analysts.md", "search.md"])
def test_the_examples_in_the_docs_run(core: CoreTables, page: str) -> None:
    found = examples(page)
    assert found
    with open_published(core.home) as marts:
        load_fts(marts)
        for sql in found:
            result = marts.sql(sql.replace("load fts;", ""))
            assert result.columns and result.fetchall() is not None
