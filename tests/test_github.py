"""The GitHub connector against a local API: changes in order of time, ETags, limits, and discussions by GraphQL."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from flows.sources.base import BrokenRecord, Outcome, SourceFailed
from flows.sources.github import GitHub, GitHubSettings
from tests.newest_first_fixture import read, without_sleep
from tests.platforms.github import TOKEN, GitHubServer, comment, issue, node, stamp

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("VELUMO_GITHUB", TOKEN)
    issues = [issue(number, NOW - timedelta(minutes=number // 3)) for number in range(1, 41)]
    comments = [comment(number, NOW - timedelta(minutes=number)) for number in range(1, 26)]
    with GitHubServer(issues, comments, page_size=10) as running:
        running.discussions = [
            node(f"D{number}", NOW, title=f"Discussion {number}", updatedAt=stamp(NOW - timedelta(hours=number)))
            | {"comments": [node(f"D{number}-C{each}", NOW) | {"replies": []} for each in range(4)]}
            for number in range(5)
        ]
        running.discussions[0]["comments"][0]["replies"] = [node(f"D0-C0-R{each}", NOW) for each in range(7)]
        yield running


def connector(server: GitHubServer, **changes: Any) -> GitHub:
    given = {"repositories": ("velumo/app",), "token_variable": "VELUMO_GITHUB", "overlap_hours": 0} | changes
    return GitHub(GitHubSettings(base_url=server.url, **given), open_client=without_sleep, clock=lambda: NOW)


def failing(source: GitHub) -> Outcome:
    with pytest.raises(SourceFailed) as caught:
        read(source)
    return caught.value.outcome


def test_reads_issues_and_comments_once_and_then_what_changed(server: GitHubServer) -> None:
    ids, cursor = read(connector(server))
    assert len(set(ids)) == 65
    _, cursor = read(connector(server), cursor)
    server.requests.clear()
    again, cursor = read(connector(server), cursor)
    assert again == [], "nothing has changed, and GitHub says so without counting the request"
    assert all("if-none-match" in request.headers for request in server.requests)
    server.issues[4]["updated_at"] = stamp(NOW + timedelta(minutes=1))
    assert "velumo/app/issues/5" in read(connector(server), cursor)[0]


def test_an_issue_that_changes_between_two_pages_hides_no_other(server: GitHubServer) -> None:
    source, seen = connector(server), set[str | None]()
    for number, page in enumerate(source.fetch({})):
        seen |= {source.native_id(record) for record in page.records}
        server.issues[number]["updated_at"] = stamp(NOW + timedelta(minutes=number))
    assert {f"velumo/app/issues/{number}" for number in range(1, 41)} <= seen


def test_pull_requests_are_left_out_unless_asked_for(server: GitHubServer) -> None:
    server.issues = [issue(1, NOW, pull_request={"url": "x"})]
    server.comments = [comment(7, NOW, html_url="https://github.com/velumo/app/pull/1#issuecomment-7")]
    assert read(connector(server))[0] == []
    assert len(read(connector(server, pull_requests=True))[0]) == 2


def test_a_search_reads_issues_of_all_repositories(server: GitHubServer) -> None:
    server.issues.append(issue(3, NOW, repository="anna/tools", title="Velumo adapter"))
    ids, _ = read(connector(server, repositories=(), queries=("velumo",)))
    assert "anna/tools/issues/3" in ids
    assert len(set(ids)) == 41


def test_discussions_are_read_with_all_comments_and_replies(server: GitHubServer) -> None:
    source = connector(server, issues=False, discussions=True)
    found = {each.native_id: each for page in source.fetch({}) for each in map(source.to_mention, page.records)}
    assert len(found) == 5 + 20 + 7
    top, answer, reply = found["D0"], found["D0-C3"], found["D0-C0-R6"]
    assert (top.text, top.thread, top.reply_to) == ("Discussion 0\n\nHow far does it go?", "D0", None)
    assert (top.like_count, top.reply_count, top.author) == (2, 4, "anna")
    assert (answer.thread, answer.reply_to, answer.reply_count) == ("D0", "D0", 0)
    assert (reply.thread, reply.reply_to, reply.reply_count) == ("D0", "D0-C0", None)


def test_maps_an_issue_and_a_comment(server: GitHubServer) -> None:
    source = connector(server)
    asked = source.to_mention(issue(7, NOW, extra=None))
    assert asked.text == "Velumo 7 does not connect\n\nIt beeps."
    assert (asked.native_id, asked.thread, asked.reply_to) == ("velumo/app/issues/7", "velumo/app/issues/7", None)
    assert (asked.author, asked.author_kind, asked.like_count, asked.reply_count) == ("anna", "unknown", 3, 2)
    assert (asked.published_at, asked.edited_at, asked.reach) == (NOW, None, None)
    given = source.to_mention(comment(9, NOW, on=7, updated_at=stamp(NOW + timedelta(hours=1)), user=None))
    assert (given.native_id, given.reply_to) == ("velumo/app/issues/comments/9", "velumo/app/issues/7")
    assert (given.author, given.edited_at, given.like_count) == (None, NOW + timedelta(hours=1), None)
    assert source.to_mention(comment(9, NOW)).author_kind == "bot"
    assert source.to_mention(issue(7, NOW, body=None)).text == "Velumo 7 does not connect"


@pytest.mark.parametrize(
    ("record", "field"),
    [
        (issue(1, NOW, url="https://elsewhere.example/1"), "url"),
        (issue(1, NOW, created_at=None), "created_at"),
        (comment(1, NOW, body=7), "body"),
        (node("D1", NOW, body=None), "body"),
    ],
)
def test_broken_records_are_named(server: GitHubServer, record: dict[str, Any], field: str) -> None:
    with pytest.raises(BrokenRecord) as caught:
        connector(server).to_mention(record)
    assert caught.value.field_name == field


def test_recheck_tells_what_is_deleted_or_moved(server: GitHubServer) -> None:
    paths = [f"velumo/app/issues/{number}" for number in (1, 2, 3)]
    server.issues[1]["url"] = "https://api.github.com/repos/velumo/other/issues/9"
    server.broken["/repos/velumo/app/issues/2"] = lambda answer: server.answer(
        type(server.requests[-1])("GET", "/repos/velumo/other/issues/9", (), {})
    )
    del server.issues[2]
    ids = [*paths, "D1", "D1-C2", "D77"]
    found = {each.native_id: each.gone for each in connector(server).recheck(ids)}
    gone = {paths[0]: None, paths[1]: "moved to another repository", paths[2]: "deleted"}
    assert found == gone | {"D1": None, "D1-C2": None, "D77": "deleted"}


def test_failures_have_their_own_outcomes(server: GitHubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (
        failing(connector(server, issues=False, discussions=True, repositories=("velumo/gone",))) is Outcome.ACCESS_LOST
    )
    server.left = 2
    assert failing(connector(server)) is Outcome.RATE_LIMITED
    monkeypatch.delenv("VELUMO_GITHUB")
    assert failing(connector(server)) is Outcome.ACCESS_LOST


@pytest.mark.parametrize(
    "changes", [{"repositories": ()}, {"repositories": ("velumo",)}, {"discussions": True, "token_variable": None}]
)
def test_wrong_settings_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        GitHubSettings(**({"repositories": ("velumo/app",)} | changes))
