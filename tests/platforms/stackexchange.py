"""A local Stack Exchange API 2.3: search, answers and posts with `has_more`, `backoff` and the daily quota."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flows.demo.platforms.server import Answer, PlatformServer, Request, json_answer

OWNER = {"account_id": 1, "reputation": 101, "user_id": 22, "user_type": "registered", "display_name": "Anna Beispiel"}


def question(number: int, active: int, **fields: Any) -> dict[str, Any]:
    """A question with the filter `withbody`; `active` is its last activity in Unix seconds."""
    return {
        "tags": ["ebike"],
        "owner": OWNER,
        "is_answered": False,
        "view_count": 120,
        "answer_count": 1,
        "score": 3,
        "last_activity_date": active,
        "creation_date": active,
        "question_id": number,
        "content_license": "CC BY-SA 4.0",
        "link": f"https://stackoverflow.example/questions/{number}/velumo",
        "title": f"Why does &quot;Velumo&quot; {number} stop?",
        "body": "<p>It stops.</p>",
    } | fields


def answer(number: int, question_id: int, active: int, **fields: Any) -> dict[str, Any]:
    """An answer with the filter `withbody`."""
    return {
        "owner": {"user_type": "does_not_exist", "display_name": "user17"},
        "is_accepted": False,
        "score": -2,
        "last_activity_date": active,
        "creation_date": active,
        "answer_id": number,
        "question_id": question_id,
        "content_license": "CC BY-SA 4.0",
        "body": "<p>Charge it.</p>",
    } | fields


class StackExchangeServer(PlatformServer):
    """Serves questions and answers; `quota` requests are left for today."""

    def __init__(self, questions: list[dict[str, Any]], answers: list[dict[str, Any]]) -> None:
        super().__init__()
        self.questions = questions
        self.answers = answers
        self.quota = 300
        self.extra: dict[str, Any] = {}

    def answer(self, request: Request) -> Answer:
        """Route one request."""
        self.quota -= 1
        if self.quota < 0:
            message = "too many requests from this IP, more requests available in 77000 seconds"
            return self._refused(502, "throttle_violation", message)
        match request.path.strip("/").split("/"):
            case ["2.3", "search", "advanced"]:
                word = request.value("q").lower()
                tags = set(filter(None, request.value("tagged").split(";")))
                return self._page(
                    request,
                    [each for each in self.questions if word in each["title"].lower() and tags <= {*each["tags"]}],
                )
            case ["2.3", "questions", ids, "answers"]:
                return self._page(
                    request, [each for each in self.answers if str(each["question_id"]) in ids.split(";")]
                )
            case ["2.3", "posts", ids]:
                known = [each["question_id"] for each in self.questions] + [each["answer_id"] for each in self.answers]
                posts = [{"post_id": number, "score": 1} for number in known if str(number) in ids.split(";")]
                return json_answer({"items": posts, "has_more": False, "quota_max": 300, "quota_remaining": self.quota})
        return self._refused(404, "no_method", "no method found with this name")

    def _page(self, request: Request, items: list[dict[str, Any]]) -> Answer:
        size, number = int(request.value("pagesize", "30")), int(request.value("page", "1"))
        if number > 25 and not request.value("key"):
            return self._refused(403, "access_denied", "page above 25 requires access token or app key")
        field = {"activity": "last_activity_date", "creation": "creation_date"}[request.value("sort")]
        low, high = int(request.value("min", "0")), int(request.value("max", "99999999999"))
        found = sorted((each for each in items if low <= each[field] <= high), key=lambda each: each[field])
        page = found[(number - 1) * size : number * size]
        wrapper = {"has_more": number * size < len(found), "quota_max": 300, "quota_remaining": self.quota}
        return json_answer({"items": page, **wrapper, **self.extra})

    @staticmethod
    def _refused(number: int, name: str, message: str) -> Answer:
        return json_answer({"error_id": number, "error_name": name, "error_message": message}, 400)


def seconds(moment: datetime) -> int:
    """Unix time."""
    return int(moment.astimezone(UTC).timestamp())
