"""Leak watch: what is on the watchlist is found in posts, and nobody learns it from what is kept."""

from __future__ import annotations

import io
import os
import stat
import zipfile
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from flows.cli import app
from flows.errors import MarktechoError, UsageError
from flows.home import Home
from flows.leaks import Watchlist, find_leaks
from flows.leaks.documents import read_document
from flows.leaks.excerpts import SHINGLE, WINDOW, ExcerptMatcher, fingerprint_document, winnow
from flows.leaks.findings import forget_mentions, mark, read_findings
from flows.leaks.matching import LeakMatcher
from flows.leaks.terms import TermMatcher, fingerprint_term
from flows.leaks.watchlist import add, remove
from flows.leaks.words import visible
from flows.prepare import prepare
from tests.examples import examples
from tests.landed_fixture import AS_OF, bury, land, make_night, post, rows

KEY = b"k" * 32
TERM = "Projekt Nachtigall"
DOCUMENT = """
Der Vorstand hat beschlossen, die Fertigung der Rahmen von Kassel nach Maribor zu verlegen. Die Verlagerung beginnt im
September und soll bis zum Ende des zweiten Quartals abgeschlossen sein. Der Betriebsrat wird erst nach der
Hauptversammlung unterrichtet. Für Abfindungen sind elf Millionen Euro zurückgestellt.
"""
LEAKED = "Fertigung der Rahmen von Kassel nach Maribor zu verlegen"


def kinds(text: str, *terms: str) -> set[str]:
    matcher = TermMatcher([("x", fingerprint_term(term, KEY)) for term in terms or (TERM,)], KEY)
    return {hit.kind for hit in matcher.find(text)}


@pytest.mark.parametrize(
    "text",
    [
        "Kennt jemand projekt nachtigall?", "das PROJEKT-NACHTIGALL.", "#ProjektNachtigall kommt", "projektnachtigall",
        "N a c h t i g a l l: Projekt Nachtigall", "Pr0jekt N4chtig4ll", "https://files.example/projekt_nachtigall.pdf",
        "Proj\u00adekt Nacht\u200bigall", "Ｐｒｏｊｅｋｔ Nachtigall", "P r o j e k t N a c h t i g a l l",
    ],
)  # fmt: skip
def test_a_term_is_found_in_other_spellings(text: str) -> None:
    assert "term" in kinds(visible(text))


@pytest.mark.parametrize(
    ("term", "text"),
    [
        ("Größenwahn", "Groessenwahn"), ("Groessenwahn", "GRÖSSENWAHN"), ("Café Übermut", "cafe uebermut"),
        ("X5-Pro", "das x5 pro"), ("Hunter2", "#hunter2"),
    ],
)  # fmt: skip
def test_umlauts_accents_and_short_terms(term: str, text: str) -> None:
    assert kinds(text, term) == {"term"}


@pytest.mark.parametrize(
    "text",
    ["Projekt Nachtgall", "Projekt Nachtigal", "Projekt Nachttigall", "Projekt Nahctigall", "Projekt Nachtigoll",
     "rojekt Nachtigall", "Projekt N@chtigall", "Projekt Nachtigalls"],
)  # fmt: skip
def test_one_wrong_letter_is_a_variant(text: str) -> None:
    assert kinds(text) == {"variant"}


@pytest.mark.parametrize(
    "text", ["", "Nachtigall", "Projekt Nachtmahl", "Projekt Nochtigoll", "ein Projekt, die Nacht"]
)
def test_other_words_are_no_leak(text: str) -> None:
    assert kinds(text) == set()


def test_short_terms_are_found_exactly_or_refused() -> None:
    assert kinds("wir planen Luna", "Luna") == {"term"}
    assert kinds("wir planen Lena", "Luna") == set()
    with pytest.raises(UsageError, match="fewer than 4"):
        fingerprint_term("ab-c", KEY)
    with pytest.raises(UsageError, match="more than 80"):
        fingerprint_term("wort " * 30, KEY)


def distance(one: str, other: str) -> int:
    """Optimal string alignment distance, by its definition (Boytsov 2011)."""
    cost = {(i, -1): i + 1 for i in range(-1, len(one))} | {(-1, j): j + 1 for j in range(-1, len(other))}
    for i, a in enumerate(one):
        for j, b in enumerate(other):
            cost[i, j] = min(cost[i - 1, j] + 1, cost[i, j - 1] + 1, cost[i - 1, j - 1] + (a != b))
            if i and j and a == other[j - 1] and one[i - 1] == b:
                cost[i, j] = min(cost[i, j], cost[i - 2, j - 2] + 1)
    return cost[len(one) - 1, len(other) - 1]


@given(
    term=st.text("bcd", min_size=8, max_size=10),
    edits=st.lists(
        st.tuples(st.integers(0, 9), st.sampled_from(["b", "c", "swap", "drop"]), st.booleans()), max_size=2
    ),
)
def test_variants_are_the_words_at_distance_one(term: str, edits: list[tuple[int, str, bool]]) -> None:
    word = term
    for at, what, inserts in edits:
        if what == "swap":
            word = word[:at] + word[at + 1 : at + 2] + word[at : at + 1] + word[at + 2 :]
        elif what == "drop":
            word = word[:at] + word[at + 1 :]
        else:
            word = word[:at] + what + word[at + (not inserts) :]
    expected = {0: {"term"}, 1: {"variant"}}.get(distance(term, word), set())
    assert kinds(word, term) == expected


def excerpt_found(text: str, document: str = DOCUMENT) -> bool:
    return bool(list(ExcerptMatcher([("x", fingerprint_document(document, KEY))], KEY).find(text)))


@pytest.mark.parametrize(
    "text",
    [
        f"Hört hört: {LEAKED} oder so",
        LEAKED.upper(),
        "fertigung, der Rahmen - von Kassel! nach Maribor (zu) verlegen",
        "die Fertigung der Rahmen von Kasel nach Maribor zu verlegen. Die Verlagerung beginnt im September",
        "die Fertigung Rahmen von Kassel nach Maribor zu verlegen. Die beginnt Verlagerung im September",
    ],
)
def test_excerpts_are_found_also_with_light_edits(text: str) -> None:
    assert excerpt_found(text)


@pytest.mark.parametrize(
    "text",
    [
        "", "Fertigung", "Maribor ist schön. Der Vorstand der Fertigung tagt in Kassel, sagt der Betriebsrat.",
        "und soll bis zum Ende des", "Sie wird erst nach der Wahl unterrichtet, das ist bis zum Ende der Woche so.",
    ],
)  # fmt: skip
def test_common_words_and_scattered_ones_are_no_excerpt(text: str) -> None:
    assert not excerpt_found(text)


def test_boilerplate_is_no_excerpt() -> None:
    letter = "If you have any questions, please let us know and we will get back to you. Contact: the Lindwurm desk."
    assert not excerpt_found("if you have any questions please let us know and we will get back to you", letter)


@given(st.lists(st.integers(0, 5), min_size=8, max_size=40))
def test_every_window_of_shingles_has_a_kept_one(numbers: list[int]) -> None:
    import numpy as np

    kept = set(winnow(np.array(numbers, dtype=np.uint64)).tolist())
    for start in range(len(numbers) - WINDOW + 1):
        assert kept & set(range(start, start + WINDOW))


@given(st.data())
def test_eight_words_in_a_row_are_always_found(data: st.DataObject) -> None:
    vocabulary = [f"wort{chr(97 + a)}{chr(97 + b)}" for a in range(5) for b in range(5)]
    document = data.draw(st.lists(st.sampled_from(vocabulary), min_size=12, max_size=30, unique=True))
    start = data.draw(st.integers(0, len(document) - 8))
    assert SHINGLE + WINDOW <= 8
    assert excerpt_found("vorher " + " ".join(document[start : start + 8]) + " nachher", " ".join(document))


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home.locate(tmp_path / "home")


def test_the_file_tells_nothing_and_its_key_lies_apart(home: Home) -> None:
    add(home, "secret bird", [TERM], [("memo", DOCUMENT)])
    sealed = home.watchlist.read_bytes()
    for word in ("projekt", "nachtigall", "maribor", "bird", "terms"):
        assert word.encode() not in sealed.lower()
    for path in (home.watchlist, home.watchlist_key):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    everything = b"".join(path.read_bytes() for path in home.root.rglob("*") if path.is_file())
    assert b"achtigall" not in everything
    assert b"Maribor" not in everything
    again = Watchlist.read(home)
    assert list(again.entries) == ["secret bird"]
    assert "Nachtigall" not in repr(again)


def test_another_key_makes_other_fingerprints_and_opens_no_file(home: Home, tmp_path: Path) -> None:
    entry = add(home, "bird", [TERM])
    other = Home.locate(tmp_path / "other")
    assert entry.terms[0].exact != add(other, "bird", [TERM]).terms[0].exact
    home.watchlist_key.write_bytes(os.urandom(32))
    with pytest.raises(MarktechoError, match="another watchlist key"):
        Watchlist.read(home)


def test_a_refused_term_is_not_named_and_nothing_is_written(home: Home) -> None:
    with pytest.raises(UsageError, match=r"^term 2: a term has fewer than 4") as refusal:
        add(home, "bird", [TERM, "ab1"])
    assert "ab1" not in str(refusal.value)
    assert not home.watchlist.exists()
    with pytest.raises(UsageError, match="no name 'bird'"):
        remove(home, "bird")


def test_findings_follow_posts_and_watchlist(home: Home) -> None:
    """One home over several nights: found once, only what is new is searched, marks stay, what goes is gone."""
    land(
        home,
        post("1", "Acme plant angeblich projekt-nachtigall im Frühjahr"),
        post("2", f"Acme-Folie: {LEAKED}. Krass."),
        post("3", "Acme ist toll"),
    )
    night = make_night(home)
    prepare(night)
    assert vars(find_leaks(night)) == {"searched_count": 0, "new_count": 0, "open_count": 0}
    assert not home.restricted.exists()

    add(home, "bird", [TERM])
    add(home, "memo", documents=[("memo.txt", DOCUMENT)])
    assert vars(find_leaks(night)) == {"searched_count": 3, "new_count": 2, "open_count": 2}
    found = {row["label"]: row for row in read_findings(home).to_dicts()}
    assert found["bird"]["kind"] == "term"
    assert found["bird"]["excerpt"] == "Acme plant angeblich projekt-nachtigall im Frühjahr"
    assert found["bird"]["matched_share"] == pytest.approx(2 / 7)
    assert found["memo"]["kind"] == "excerpt"
    assert found["memo"]["first_seen_at"] == AS_OF
    announced = {row[0] for row in rows(home, "select finding_id from core.leak_notices")}
    assert announced == {one["finding_id"] for one in found.values()}
    assert stat.S_IMODE(home.restricted.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in home.restricted.iterdir()} == {0o600}

    mark(home, found["bird"]["finding_id"][:9], "false_positive")
    later = make_night(home, as_of=AS_OF + timedelta(days=1))
    land(home, post("1", "Acme plant angeblich Projekt Nachtigall!"), post("4", "Acme: Projekt Nachtigal?"))
    prepare(later)
    assert vars(find_leaks(later)) == {"searched_count": 2, "new_count": 1, "open_count": 2}
    found = {row["mention_id"]: row for row in read_findings(home).to_dicts()}
    first = found[post("1", "")["mention_id"]]
    assert (first["status"], first["first_seen_at"]) == ("false_positive", AS_OF)
    assert first["excerpt"].endswith("Projekt Nachtigall!")
    assert found[post("4", "")["mention_id"]]["kind"] == "variant"

    bury(home, "4")
    land(home, post("2", "Acme-Folie: gelöscht"))
    prepare(later)
    assert vars(find_leaks(later)) == {"searched_count": 1, "new_count": 0, "open_count": 0}
    assert forget_mentions(home, [first["mention_id"]]) == 1
    assert b"Nachtigall" not in home.leaks.read_bytes()

    remove(home, "bird")
    assert vars(find_leaks(later)) == {"searched_count": 3, "new_count": 0, "open_count": 0}
    home.leaks.unlink()
    assert find_leaks(later).searched_count == 3
    assert rows(home, "select count(*), count(distinct watchlist_version) from core.leak_scans") == [(3, 1)]


def test_the_settings_terms_and_documents_are_watched_for_without_being_stored(
    home: Home, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    memo = tmp_path / "memo.txt"
    memo.write_text(DOCUMENT, encoding="utf-8")
    land(home, post("1", "Acme: Projekt Nachtigall"), post("2", f"Acme {LEAKED}"))
    watchlist = f"watchlist: {{terms: [{TERM}, abc], documents: ['{memo}', '{memo}.gone']}}"
    night = make_night(home, "company: {id: acme, name: Acme, query: acme}\n" + watchlist)
    prepare(night)
    assert find_leaks(night).open_count == 2
    assert set(read_findings(home)["label"]) == {"watchlist.terms 1", "watchlist.documents 1"}
    assert not home.watchlist.exists()
    assert "watchlist.terms 2" in caplog.text
    assert "watchlist.documents 2" in caplog.text
    assert "abc" not in caplog.text
    assert "memo" not in caplog.text
    assert find_leaks(make_night(home)).open_count == 0


def test_the_command_line(home: Home, tmp_path: Path) -> None:
    def run(*arguments: object, said: str = "") -> str:
        done = CliRunner().invoke(app, [*map(str, arguments), "--home", str(home.root)], input=said)
        if isinstance(done.exception, MarktechoError):
            raise done.exception
        assert done.exit_code == 0, done.output
        return done.output

    terms = tmp_path / "terms.txt"
    terms.write_text("Deckname Falke\n\nDeckname Milan\n", encoding="utf-8")
    added = run("watchlist", "add", "--name", "bird", "--term", "-", "--term-file", terms, said=f"{TERM}\n")
    assert added.startswith("bird: 3 terms")
    assert "Nachtigall" not in added
    assert '"term_count": 3' in run("watchlist", "list", "--json")
    land(home, post("1", "Acme: Projekt Nachtigall"))
    night = make_night(home)
    prepare(night)
    find_leaks(night)
    (finding_id,) = read_findings(home)["finding_id"]
    assert finding_id in run("leaks")
    with pytest.raises(UsageError, match="--false-positive"):
        run("leaks", "mark", finding_id)
    assert run("leaks", "mark", finding_id[:5], "--false-positive") == f"{finding_id}: false positive\n"
    assert run("leaks") == "No leak has been found.\n"
    assert finding_id in run("leaks", "--all", "--json")
    assert "1 findings were dropped" in run("watchlist", "remove", "bird")


def docx(body: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", body)
    return buffer.getvalue()


WORD = '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">{}</w:document>'
BOMB = (
    '<!DOCTYPE d [<!ENTITY a "haha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
    '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]>'
)


def test_documents_are_read_from_text_html_word_and_pdf(tmp_path: Path) -> None:
    texts = {
        "a.txt": "Größe der Rahmen".encode("cp1252"),
        "b.html": "<p>Größe der <b>Rahmen</b></p>".encode(),
        "c.docx": docx(WORD.format("<w:p><w:r><w:t>Größe der </w:t></w:r><w:r><w:t>Rahmen</w:t></w:r></w:p>")),
        "d.pdf": pdf("Groesse der Rahmen"),
    }
    for name, content in texts.items():
        (tmp_path / name).write_bytes(content)
        assert read_document(tmp_path / name).strip().replace("Groesse", "Größe") == "Größe der Rahmen", name


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.xyz", b"x", "Known are .txt, .md"),
        ("a.txt", b" ", "holds no text"),
        ("a.docx", b"PK no zip", "cannot be read"),
        ("b.docx", docx("<w:document>"), "cannot be read"),
        ("c.docx", docx(BOMB + WORD.format("<w:p><w:t>&c;</w:t></w:p>")), "holds no text|cannot be read"),
        ("d.docx", docx("x" * 200_000_000), "cannot be read"),
        ("a.pdf", b"%PDF-1.7 broken", "cannot be read"),
    ],
)
def test_unreadable_documents_are_refused(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UsageError, match=said):
        read_document(tmp_path / name)


def pdf(line: str) -> bytes:
    """The smallest PDF with a line of text (ISO 32000-1, annex H)."""
    stream = f"BT /F1 12 Tf 72 720 Td ({line}) Tj ET".encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return out + b"xref\n0 6\n0000000000 65535 f \n%strailer << /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (
        table,
        len(out),
    )


@given(st.text(max_size=200))
def test_any_text_can_be_searched(text: str) -> None:
    entries = Watchlist(KEY, {})
    LeakMatcher(entries).find(text)
    assert kinds(visible(text)) <= {"term", "variant"}
    excerpt_found(text)


PIECES = (b"<<", b">>", b"1 0 R", b"99999999999", b"\xff\xff", b"[[[[", b"/Kids [2 0 R]", b"(((", b"stream", b"")


@given(seed=st.integers(0, 2**32 - 1), kind=st.sampled_from([".pdf", ".docx", ".html", ".txt"]))
@examples(60)
def test_any_document_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, seed: int, kind: str) -> None:
    rng = Random(seed)
    content = {
        ".pdf": pdf("Groesse der Rahmen"),
        ".docx": docx(WORD.format("<w:p><w:r><w:t>Rahmen</w:t></w:r></w:p>")),
        ".html": b"<p>Rahmen <b>aus</b></p>",
        ".txt": "Größe".encode(),
    }[kind]
    for _ in range(rng.randint(1, 6)):
        at = rng.randrange(len(content) + 1)
        inserted = rng.choice((*PIECES, bytes([rng.randrange(256)]), content[max(0, at - 30) : at]))
        content = content[:at] + inserted + content[at + rng.randint(0, 12) :]
    path = tmp_path_factory.getbasetemp() / f"document{kind}"
    path.write_bytes(content)
    try:
        assert read_document(path).strip()
    except UsageError as refusal:
        assert str(path) in str(refusal)
