"""listening.yaml: what people are told when something is wrong with it."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.errors import UsageError
from flows.settings import SettingsError, load_settings, parse_settings

ROOT = Path(__file__).parent.parent
EXAMPLE = ROOT / "listening.yaml"
COMPANY = "company: {id: zara, name: Zara, query: zara}\n"


def problems(text: str) -> list[tuple[int, str, str]]:
    """Line, field and message of every problem."""
    with pytest.raises(SettingsError) as caught:
        parse_settings(text)
    assert caught.value.exit_code == 2
    return [(problem.line, problem.field, f"{problem.wrong} {problem.remedy}") for problem in caught.value.problems]


WRONG = """\
company:
  id: Zara!
  nmae: Zara
  query: zara AND (home
competitors:
  - id: mango
    name: 4711
    query: "mango"
  - {id: mango, name: Mango, query: 'lang:deutsch'}
sources:
  - type: mastodont
  - name: x
  - type: mastodon
    server: https://x.social
    tags: [zara]
    max_records_per_run: many
    limit: 5
  - hello
retention: {mastodn: 3, default: -1}
departments:
  - id: d
    department: support
    intents: [complain]
    aspects: [delivry]
alerts:
  crisis_negative_share: 2
time_zone: Europe/Berlni
schedule: 25:00
language: fr
language: de
aspects: [delivery, prise, {id: a}]
rules:
  - {id: r, query: zara, sentiment: bad}
compettitors: []
"""
EXPECTED = [
    (1, "company.name", "is missing"),
    (2, "company.id", "'Zara!' cannot be an id. Use small letters"),
    (3, "company.nmae", "Did you mean name?"),
    (4, "company.query", "column 10 of the query: this ( is never closed. Add a )"),
    (7, "competitors[mango].name", "must be a text, and is 4711. Put it in quotation marks: '4711'"),
    (9, "competitors[mango].id", "'mango' is taken already (line 6)"),
    (9, "competitors[mango].query", "deutsch cannot be a value of lang:"),
    (11, "sources[mastodont]", "Did you mean mastodon? Known types: "),
    (12, "sources[x]", "type is missing"),
    (16, "sources[mastodon].max_records_per_run", "must be a whole number, and is 'many'"),
    (17, "sources[mastodon].limit", "is not a known key. Known keys here: "),
    (18, "sources[#4]", "must be a group of keys and values"),
    (19, "retention.default", "must be more than 0, and is -1"),
    (19, "retention.mastodn", "Did you mean mastodon?"),
    (21, "departments[d].reason", "is missing. Add a line `reason: ...`"),
    (23, "departments[d].intents[#1]", "Did you mean complaint?"),
    (24, "departments[d].aspects", "Did you mean delivery?"),
    (26, "alerts.crisis_negative_share", "must be at most 1"),
    (27, "time_zone", "Did you mean Europe/Berlin?"),
    (28, "schedule", "Write HH:MM such as 04:00"),
    (29, "language", "'fr' is not one of 'de' or 'en'"),
    (30, "language", "stands twice in this group (first in line 29)"),
    (31, "aspects[#2]", "'prise' is not the id of a default aspect. Did you mean price?"),
    (31, "aspects[a].description", "is missing"),
    (31, "aspects[a].name", "is missing"),
    (33, "rules[r].sentiment", "'bad' is not one of 'negative', 'neutral' or 'positive'"),
    (34, "compettitors", "Did you mean competitors?"),
]


def test_every_problem_is_told_at_once_with_line_field_and_remedy() -> None:
    found = problems(WRONG)
    assert [(line, field) for line, field, _ in found] == [(line, field) for line, field, _ in EXPECTED]
    for (_, _, message), (_, _, words) in zip(found, EXPECTED, strict=True):
        assert words in message


def test_the_message_names_the_file_on_every_line(tmp_path: Path) -> None:
    file = tmp_path / "listening.yaml"
    file.write_text(WRONG, encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        load_settings(file)
    first, *others = str(caught.value).splitlines()
    assert first == f"{file}: {len(EXPECTED)} problems."
    messages = [line for line in others if not line.startswith("    ")]
    assert len(messages) == len(EXPECTED)
    assert all(line.startswith(f"{file}:") for line in messages)


def test_a_value_that_may_be_of_several_kinds_is_told_once() -> None:
    found = problems(
        f"{COMPANY}sources:\n  - type: mastodon\n    server: https://x.social\n"
        "    tags: [3, {tagg: x}, {tag: b, any: c}]\n"
    )
    assert [(line, field.removeprefix("sources[mastodon].")) for line, field, _ in found] == [
        *((5, "tags[#1]"), (5, "tags[#2].tag"), (5, "tags[#2].tagg"), (5, "tags[#3].any"))
    ]


def test_examples_of_one_language_are_checked_like_all() -> None:
    aspect = "aspects: [{id: a, name: A, description: D, examples: {de: [{}], en: [gut, 3]}}]"
    assert [(line, field) for line, field, _ in problems(COMPANY + aspect)] == [(2, "aspects[a].examples")] * 2


def test_retention_of_an_import_is_no_misspelling() -> None:
    assert parse_settings(f"{COMPANY}retention: {{survey-2026: 30}}").retention_days("survey-2026") == 30


@pytest.mark.parametrize(
    ("query", "line", "column"),
    [
        ("query: zara AND (home", 4, 19),
        ("query: 'zara AND (home'", 4, 20),
        ('query: "zara AND (home"', 4, 20),
        ("query: >-\n    zara AND\n    kids (home", 6, 10),
        ("query: |\n    zara AND\n    kids (home", 6, 10),
        ("query: zara AND\n    kids (home", 5, 10),
    ],
)
def test_a_query_problem_points_into_the_file(query: str, line: int, column: int) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_settings(f"company:\n  id: zara\n  name: Zara\n  {query}\n")
    (problem,) = caught.value.problems
    assert (problem.line, problem.column) == (line, column)
    assert "^" in problem.excerpt


@pytest.mark.parametrize("query", ["#zara", "zara OR #zara", "zara #zara"])
def test_a_hashtag_that_yaml_takes_for_a_comment_is_noticed(query: str) -> None:
    ((line, field, message),) = problems(f"company:\n  id: zara\n  name: Zara\n  query: {query}\n")
    assert (line, field) == (4, "company.query")
    assert "single quotes" in message


def test_a_real_comment_after_a_query_is_fine() -> None:
    assert parse_settings("company:\n  id: a\n  name: A\n  query: zara # our brand\n").company.query_text == "zara"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", 0, "the file is empty"),
        ("# only a comment\n", 0, "the file is empty"),
        ("- a\n- b\n", 1, "must consist of keys and values"),
        ("zara", 1, "must consist of keys and values"),
        ("company:\n\tid: zara\n", 2, "Use spaces instead of tabs"),
        ("company:\n  id:\tzara\n  name: @\n", 2, "Use spaces instead of tabs"),
        ("company:\n  query: @zara\n", 2, "single quotes"),
        ("company:\n  query: *bike\n", 2, "single quotes"),
        ('company:\n  query: "zara home" OR kids\n', 2, "Put the whole value in single quotes"),
        ("company:\n  query: zara lang: de\n", 2, "single quotes"),
        ("company:\n  query: 'zara\n  name: x\n", 2, "Close the quotation mark"),
        ("company:\n  id: a\n   name: b\n", 3, "indentation"),
        ("a: &x [*x]\n", 1, "an alias (*name) repeats too much"),
        ("a: 1\n---\nb: 2\n", 2, "Remove the line ---"),
        ("company: \x07\n", 0, "U+0007"),
    ],
)
def test_what_is_no_yaml_is_told_with_its_line(text: str, line: int, words: str) -> None:
    ((found_line, _, message),) = problems(text)
    assert found_line == line
    assert words in message


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("company:\n  name: Müller\n".encode("latin-1"), ":2: byte 0xfc is not UTF-8"),
        ("company:\n".encode("utf-16"), "is written in UTF-16"),
    ],
)
def test_another_encoding_is_told(tmp_path: Path, content: bytes, words: str) -> None:
    file = tmp_path / "listening.yaml"
    file.write_bytes(content)
    with pytest.raises(SettingsError, match=words):
        load_settings(file)


def test_windows_line_ends_and_byte_order_marks_are_fine(tmp_path: Path) -> None:
    file = tmp_path / "listening.yaml"
    file.write_bytes(b"\xef\xbb\xbf" + COMPANY.replace("\n", "\r\n").encode())
    assert load_settings(file).company.name == "Zara"


def test_a_missing_file_and_a_folder_are_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="there is no such file"):
        load_settings(tmp_path / "none.yaml")
    with pytest.raises(SettingsError, match="is a folder"):
        load_settings(tmp_path)


@pytest.mark.parametrize(
    ("text", "line", "secret"),
    [
        ("alerts:\n  channels: ['mailto://boss:hunter2@example.com']", 3, "hunter2"),
        ("alerts:\n  channels: [hunter2hunter2]", 3, "hunter2"),
        ("sources:\n  - type: feed\n    urls: ['https://joe:hunter2@example.com/rss']", 4, "hunter2"),
        (
            "sources:\n  - type: mastodon\n    server: https://x.social\n    tags: [a]\n    access_token: hunter2",
            6,
            "hunter2",
        ),
        ("sources:\n  - type: hackernews\n    queries: [ghp_hunter2hunter2]", 4, "hunter2"),
    ],
)
def test_a_secret_in_the_file_is_refused_and_not_repeated(text: str, line: int, secret: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_settings(COMPANY + text)
    assert [problem.line for problem in caught.value.problems] == [line]
    assert "environment variable" in str(caught.value)
    assert secret not in str(caught.value)


VALUES = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.sampled_from(["a OR", "delivery"])
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=4,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, child in children for place in places(child, (*path, key)))]


VALID = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))


@given(st.sampled_from(places(VALID)[1:]), VALUES)
@settings(max_examples=80, deadline=None)
def test_any_value_in_any_place_is_accepted_or_told(place: tuple[Any, ...], value: Any) -> None:
    changed = copy.deepcopy(VALID)
    around = changed
    for step in place[:-1]:
        around = around[step]
    around[place[-1]] = value
    try:
        parse_settings(yaml.safe_dump(changed, allow_unicode=True))
    except SettingsError as error:
        assert all(problem.remedy or problem.wrong.endswith(".") for problem in error.problems)


@given(st.text(alphabet="company: {id:a,}[]-&*'\"#|>\n\t@ü", max_size=40))
@settings(max_examples=200, deadline=None)
def test_any_text_is_accepted_or_told(text: str) -> None:
    with pytest.raises(SettingsError):
        parse_settings(text)
