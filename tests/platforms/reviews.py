"""Local servers of review platforms: Apple's review feeds and Trustpilot's API."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flows.demo.platforms.server import Answer, PlatformServer, Request, json_answer

KEY = "tp-key"


def entry(number: int, updated: datetime, **fields: Any) -> dict[str, Any]:
    """A review in Apple's feed: every value is an object with a label."""
    labels = {
        "updated": updated.isoformat(),
        "im:rating": "2",
        "im:version": "3.4.3",
        "id": str(number),
        "title": "Absturz",
        "im:voteSum": "4",
        "im:voteCount": "6",
    } | fields
    author = {
        "uri": {"label": f"https://itunes.apple.com/de/reviews/id{number + 500}"},
        "name": {"label": "Anna B."},
        "label": "",
    }
    content = {"label": "Die App stürzt ab.", "attributes": {"type": "text"}}
    return {"author": author, "content": content} | {name: {"label": value} for name, value in labels.items()}


class AppStoreServer(PlatformServer):
    """Serves reviews of app 77 in the German store, fifty a page, ten pages; `is_empty` empties the first address."""

    def __init__(self, entries: list[dict[str, Any]]) -> None:
        super().__init__()
        self.entries = entries
        self.is_empty = False

    def answer(self, request: Request) -> Answer:
        """Route one request."""
        parts = dict(part.split("=") for part in request.path.split("/") if "=" in part)
        number = int(parts["page"])
        if number > 10:
            return json_answer({"error": "CustomerReviews RSS page depth is limited to 10"}, 400)
        feed: dict[str, Any] = {"author": {"name": {"label": "iTunes Store"}}}
        if parts["id"] == "77" and not (self.is_empty and "/page=" in request.path.split("/id=")[0]):
            newest = sorted(self.entries, key=lambda each: str(each["updated"]), reverse=True)
            page = newest[(number - 1) * 50 : number * 50]
            app = [{"im:name": {"label": "Velumo"}, "id": {"label": "77"}}] if number == 1 else []
            feed |= {"entry": page[0] if len(page) == 1 and not app else app + page} if page else {}
        return json_answer({"feed": feed})


def review(number: int, created: datetime, **fields: Any) -> dict[str, Any]:
    """A review as Trustpilot's API gives it."""
    return {
        "id": f"r{number}",
        "consumer": {"id": "c1", "displayName": "Anna B.", "numberOfReviews": 3},
        "businessUnit": {"id": "u1", "identifyingName": "velumo.de", "displayName": "Velumo"},
        "stars": 1,
        "title": "Nie wieder",
        "text": "Das Rad kam nicht.",
        "language": "de",
        "createdAt": f"{created:%Y-%m-%dT%H:%M:%SZ}",
        "updatedAt": None,
        "companyReply": {"text": "Entschuldigung", "createdAt": "2026-11-01T00:00:00Z"},
        "isVerified": True,
        "numberOfLikes": 2,
        "status": "active",
    } | fields


class TrustpilotServer(PlatformServer):
    """Serves the reviews of velumo.de."""

    def __init__(self, reviews: list[dict[str, Any]]) -> None:
        super().__init__()
        self.reviews = reviews

    def answer(self, request: Request) -> Answer:
        """Route one request."""
        if request.headers.get("apikey") != KEY:
            return json_answer({"fault": {"faultstring": "Invalid ApiKey"}}, 401)
        match request.path.strip("/").split("/"):
            case ["v1", "business-units", "find"] if request.value("name") == "velumo.de":
                return json_answer({"id": "u1", "displayName": "Velumo"})
            case ["v1", "business-units", "u1", "reviews"]:
                size, number = int(request.value("perPage")), int(request.value("page"))
                newest = sorted(self.reviews, key=lambda each: str(each["createdAt"]), reverse=True)
                return json_answer({"links": [], "reviews": newest[(number - 1) * size : number * size]})
            case ["v1", "reviews", name]:
                found = [each for each in self.reviews if each["id"] == name]
                return json_answer(found[0]) if found else json_answer({"message": "not found"}, 404)
        return json_answer({"message": "not found"}, 404)
