"""Who does not want to be found on Mastodon, and what is gone."""

from __future__ import annotations

from typing import Any

import pytest

from flows.demo.platforms import MastodonAccount, MastodonServer, faults
from flows.sources.base import Outcome, SourceFailed
from tests.test_mastodon import connector, posts, read


@pytest.mark.parametrize(
    ("author", "changes"),
    [
        (MastodonAccount("a", indexable=False), {}),
        (MastodonAccount("a", noindex=True), {}),
        (MastodonAccount("a", note="Bitte #NoBot, danke"), {}),
        (MastodonAccount("a", note="I like bikes #noindex"), {}),
        (MastodonAccount("a", indexable=None), {"require_indexable": True}),
        (MastodonAccount("a", discoverable=False), {"require_discoverable": True}),
        (MastodonAccount("a", note="#leaveMeAlone"), {"opt_out_tags": ["#LeaveMeAlone"]}),
    ],
)
def test_opt_outs_are_skipped_and_counted(author: MastodonAccount, changes: dict[str, Any]) -> None:
    with MastodonServer([*posts(2), *posts(3, author=author)]) as server:
        pages = list(connector(server, **changes).fetch({}))
    assert sum(len(page.records) for page in pages) == 2
    assert sum(page.skipped_count for page in pages) == 3


@pytest.mark.parametrize(
    "author",
    [
        MastodonAccount("a", indexable=None, noindex=None, discoverable=None),
        MastodonAccount("a", discoverable=False),
        MastodonAccount("a", note="nobot is not a hashtag; #nobotany is another one"),
    ],
)
def test_silence_about_consent_is_no_opt_out_by_default(author: MastodonAccount) -> None:
    with MastodonServer(posts(3, author=author)) as server:
        assert len(read(connector(server))[0]) == 3


def test_recheck_tells_what_is_gone() -> None:
    with MastodonServer(posts(45)) as server:
        source = connector(server)
        ids, _ = read(source)
        server.delete(ids[3])
        server.edit(ids[4], author=MastodonAccount("anna", noindex=True))
        server.requests.clear()
        found = {each.native_id: each.gone for each in source.recheck(ids)}
    assert list(found) == ids
    assert {status_id: reason for status_id, reason in found.items() if reason} == {
        ids[3]: "deleted",
        ids[4]: "author opted out",
    }
    assert len(server.requests) == 4


def test_recheck_asks_servers_without_batches_one_by_one() -> None:
    with MastodonServer(posts(3), has_batch=False) as server:
        source = connector(server)
        ids, _ = read(source)
        server.delete(ids[0])
        assert [each.gone for each in source.recheck(ids)] == ["deleted", None, None]


def test_recheck_does_not_take_a_failing_server_for_deletion() -> None:
    with MastodonServer(posts(3)) as server:
        source = connector(server, max_tries=2)
        ids, _ = read(source)
        server.broken["/api/v1/statuses"] = faults.status(500)
        with pytest.raises(SourceFailed) as caught:
            list(source.recheck(ids))
    assert caught.value.outcome is Outcome.DOWN
