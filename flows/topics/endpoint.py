"""Names of topics from a language model behind an OpenAI-compatible address; only when listening.yaml asks for it.

Sent are keywords and a few posts as they stand in the warehouse: with the personal data of third parties replaced. Any
failure leaves the names made from the keywords.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from typing import Any

import httpx

from flows.settings.topics import LabelEndpoint

log = logging.getLogger(__name__)

POSTS_SENT = 8
POST_LENGTH = 400
LONGEST_LABEL = 60
TRIES = 2
INSTRUCTION = (
    "You name topics of public posts for a marketing team. Answer with one JSON object and nothing else: "
    '{"de": "...", "en": "..."}. Each value is a noun phrase of two to four words, in German and in English, that says '
    "what the posts are about; no company names, no judgement."
)


def ask_for_labels(endpoint: LabelEndpoint, keywords: Sequence[str], posts: Sequence[str]) -> dict[str, str] | None:
    """Ask for a topic's name in German and English.

    Args:
        endpoint: address, model and secret, from the settings.
        keywords: of the topic.
        posts: redacted texts of it; the first few are sent, cut to `POST_LENGTH` characters.

    Returns:
        labels by language, or None when the endpoint does not answer, or not as asked; the reason is logged. Raises
        UsageError when the environment variable of the key is not set.
    """
    shown = [" ".join(post.split())[:POST_LENGTH] for post in posts[:POSTS_SENT]]
    headers = {"Authorization": f"Bearer {endpoint.key_variable.reveal()}"} if endpoint.key_variable else {}
    body = {
        "model": endpoint.model,
        "temperature": 0,
        "messages": [
            {"role": "system", "content": INSTRUCTION},
            {"role": "user", "content": json.dumps({"keywords": list(keywords), "posts": shown}, ensure_ascii=False)},
        ],
    }
    problem = ""
    for _ in range(TRIES):
        try:
            answer = httpx.post(
                f"{endpoint.url.rstrip('/')}/chat/completions",
                json=body,
                headers=headers,
                timeout=endpoint.timeout_seconds,
                follow_redirects=False,
            )
            answer.raise_for_status()
            return _labels(answer.json())
        except (httpx.HTTPError, ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
            problem = f"{type(error).__name__}: {error}"
    log.warning("%s: no name for a topic (%s); it is named by its keywords", endpoint.url, problem)
    return None


def _labels(answer: Any) -> dict[str, str]:
    """The two labels of a chat completion. Raises ValueError and the like when it holds anything else."""
    content = str(answer["choices"][0]["message"]["content"])
    found = json.loads(content[content.index("{") : content.rindex("}") + 1])
    labels = {language: " ".join(str(found[language]).split()) for language in ("de", "en")}
    if not all(0 < len(label) <= LONGEST_LABEL for label in labels.values()):
        raise ValueError(f"a label is empty or longer than {LONGEST_LABEL} characters")
    return labels
