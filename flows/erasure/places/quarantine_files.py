"""Exports of broken records in `quarantine/`, one JSON Lines file per source and run."""

from __future__ import annotations

import json

from flows.durable import sync
from flows.erasure.journal import Gone
from flows.home import Home
from flows.landing.quarantine import source_of


def erase(home: Home, gone: Gone) -> int:
    """Leave out the lines of the posts and records; a file without any line left goes."""
    broken = {row["quarantine_id"] for row in gone.posts.to_pylist() if row["quarantine_id"]}
    posts = {(row["source"], row["native_id"]) for row in gone.posts.to_pylist() if row["mention_id"]}
    touched = 0
    for leftover in home.quarantine.glob("*.part"):
        leftover.unlink()
    for path in sorted(home.quarantine.glob("*.jsonl")):
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        source = source_of(path)

        def is_gone(line: str, source: str | None = source) -> bool:
            row = json.loads(line)
            return row.get("quarantine_id") in broken or (source, row.get("native_id")) in posts

        kept = [line for line in lines if not is_gone(line)]
        if len(kept) == len(lines):
            continue
        touched += len(lines) - len(kept)
        if not kept:
            path.unlink()
            continue
        draft = path.with_suffix(".part")
        draft.write_text("".join(kept), encoding="utf-8")
        draft.chmod(path.stat().st_mode & 0o777)
        sync(draft)
        draft.replace(path)
    sync(home.quarantine)
    return touched
