"""How fast posts land: a run of `marktecho ingest` over a local event stream, with its peak of memory.

python -m bench.landing [COUNT]
"""

from __future__ import annotations

import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.process import measure
from flows.demo.platforms.bluesky import BlueskyPost
from flows.demo.platforms.jetstream import JetstreamServer

CONFIG = """
company: {{id: velumo, name: Velumo, query: velumo}}
sources:
  - {{type: bluesky, words: [velumo], stream: "{url}", idle_seconds: 1, max_records_per_run: 10000000}}
"""


def main(count: int) -> None:
    now = datetime.now(UTC)
    with tempfile.TemporaryDirectory() as folder, JetstreamServer() as server:
        for number in range(count):
            at = now - timedelta(hours=20) + timedelta(milliseconds=100 * number)
            text = f"Mein Velumo Nummer {number} fährt heute bei Regen wirklich gut, morgen mehr davon"
            server.post(BlueskyPost(f"did:plc:{number % 5_000}", text, at, f"k{number}", langs=("de",)), at)
        config = Path(folder) / "listening.yaml"
        config.write_text(CONFIG.format(url=server.url()), encoding="utf-8")
        run = measure("ingest", "--config", config, "--home", Path(folder) / "home")
        print(f"{count:,} posts landed in {run.seconds:.1f} s, peak {run.peak_mb:.0f} MB")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
