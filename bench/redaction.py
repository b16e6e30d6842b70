"""Speed of redaction on one core: `python -m bench.redaction`.

The posts are those of tests/data/redaction: nearly every one holds personal data, the worst case. Prints one line.
"""

from __future__ import annotations

import time

from flows.privacy.redaction import redact
from tests.test_redaction import ALL_CASES, LISTENED, original


def main() -> None:
    texts = [original(case) for case in ALL_CASES] * 20
    started = time.process_time()
    for text in texts:
        redact(text, LISTENED)
    seconds = time.process_time() - started
    print(f"{len(texts):,} posts: {seconds:.1f} s processor time, {len(texts) / seconds:,.0f} posts a second")


if __name__ == "__main__":
    main()
