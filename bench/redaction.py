"""Quality and speed of redaction on one core: `python -m bench.redaction`.

The posts are those of tests/data/redaction: nearly every one holds personal data, the worst case for speed. Prints
recall and precision per kind and file, then posts a second.
"""

from __future__ import annotations

import time

from flows.privacy.redaction import redact
from tests.test_redaction import ALL_CASES, FILES, LISTENED, PLACEHOLDERS, STRUCTURED, cases, original, rates


def main() -> None:
    for kinds in (*((kind,) for kind in PLACEHOLDERS), STRUCTURED):
        for name in (*FILES, None):
            lines = cases(name) if name else ALL_CASES
            count = sum(line.count(f"{{{kind}|") for kind in kinds for line in lines)
            if count:
                recall, precision = rates(kinds, lines)
                print(
                    f"{'+'.join(kinds):50} {name or 'all':18} {count:4} recall {recall:.3f} precision {precision:.3f}"
                )
    texts = [original(case) for case in ALL_CASES] * 10
    started = time.process_time()
    for text in texts:
        redact(text, LISTENED)
    seconds = time.process_time() - started
    print(f"{len(texts):,} posts: {seconds:.1f} s processor time, {len(texts) / seconds:,.0f} posts a second")


if __name__ == "__main__":
    main()
