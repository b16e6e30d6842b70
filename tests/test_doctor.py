"""`marktecho doctor` finds out why a night would fail, before it does."""

from __future__ import annotations

import json
from pathlib import Path

from flows.demo.platforms import MastodonServer, faults
from tests.night_process import marktecho

CONFIG = """
company: {{id: velumo, name: Velumo, query: velumo}}
sources:
  - {{type: mastodon, server: "{url}", public: all, max_tries: 1}}
"""


def examine(tmp_path: Path, text: str) -> tuple[int, list[dict[str, object]]]:
    config = tmp_path / "listening.yaml"
    config.write_text(text, encoding="utf-8")
    done = marktecho("doctor", "--json", "--config", config, "--home", tmp_path / "home")
    return done.code, json.loads(done.output)


def test_everything_in_order(tmp_path: Path) -> None:
    with MastodonServer() as server:
        code, findings = examine(tmp_path, CONFIG.format(url=server.url))
    assert code == 0
    assert all(finding["is_ok"] for finding in findings)
    assert [str(finding["checked"]).split()[0] for finding in findings] == [
        "settings", "model", "warehouse", "published", "watchlist", "room", "backup", "sources", "source",
    ]  # fmt: skip


def test_a_source_that_refuses_is_named_with_its_reason(tmp_path: Path) -> None:
    with MastodonServer() as server:
        server.faults.append(faults.status(401))
        code, findings = examine(tmp_path, CONFIG.format(url=server.url))
    assert code == 1
    (wrong,) = [finding for finding in findings if not finding["is_ok"]]
    assert wrong["checked"] == "source mastodon (mastodon)"
    assert str(wrong["found"]).startswith("access_lost: ")
    assert "401" in str(wrong["found"])


def test_wrong_settings_end_the_examination(tmp_path: Path) -> None:
    code, findings = examine(tmp_path, "company: {id: velumo, name: Velumo, query: 'velumo AND'}\n")
    assert code == 2
    assert len(findings) == 1
    assert "listening.yaml:1" in str(findings[0]["found"])
