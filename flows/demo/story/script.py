"""Sixty days of posts, drawn with a fixed seed: the same script on every machine."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

from flows.demo.story import lines_de, lines_en
from flows.demo.story.cast import COMPANY, COMPETITORS, DAYS, FIRST_DAY, PRODUCT, SECRET_PROJECT, Event, Post, day_start
from flows.demo.story.companies import own_voices
from flows.demo.story.details import Details

SEED = 20_260_901
POSTS_PER_DAY = {COMPANY: 12, COMPETITORS[0]: 7, COMPETITORS[1]: 6}
CHATTER_PER_DAY = 6
GERMAN_SHARE = 0.65
WEEKEND_FACTOR = 0.7
SPAM_COPIES = 40
JOKE_COPIES = 60
LINES = {"de": lines_de, "en": lines_en}

USUAL_THEMES = {
    ("delivery", "negative"): 2, ("delivery", "positive"): 4, ("battery", "negative"): 3, ("battery", "positive"): 5,
    ("quality", "negative"): 4, ("quality", "positive"): 7, ("customer_service", "negative"): 3,
    ("customer_service", "positive"): 4, ("price", "negative"): 3, ("price", "positive"): 2, ("app", "negative"): 2,
    ("app", "positive"): 2, ("other", "neutral"): 9, ("feature_request", "neutral"): 1, ("purchase", "neutral"): 2,
    ("recommendation", "neutral"): 2, ("employer", "neutral"): 1,
}  # fmt: skip
"""How often an ordinary post is about what, relative to the others."""


class Script:
    """The posts of the demo, in the order of publication, for a script that ends at `end` (UTC midnight)."""

    def __init__(self, end: datetime) -> None:
        self.end = end
        self._rng = Random(SEED)  # noqa: S311 - a script, not a secret
        self._details = Details(self._rng)
        self._number = 0
        told = list(self._tell())
        self.posts = sorted([*told, *own_voices(told, end)], key=lambda post: (post.published_at, post.key))

    def _tell(self) -> Iterator[Post]:
        for day in range(DAYS):
            yield from self._ordinary_day(day)
            yield from self._news(day)
        yield from self._launch()
        yield from self._delivery_disaster()
        yield from self._price_rise()
        yield from self._joke()
        yield from self._spam()
        yield from self._single_posts()

    def _ordinary_day(self, day: int) -> Iterator[Post]:
        factor = WEEKEND_FACTOR if day_start(self.end, day).weekday() >= 5 else 1.0
        for brand, usual in POSTS_PER_DAY.items():
            for _ in range(round(self._rng.gauss(usual, 1.2) * factor)):
                yield self._ordinary_post(day, brand)
        for _ in range(round(CHATTER_PER_DAY * factor)):
            language = self._language()
            line = self._rng.choice(LINES[language].LINES["chatter", "neutral"])
            yield self._post(day, f"{line} {self._details.for_line(line, language)}", language)

    def _ordinary_post(self, day: int, brand: str) -> Post:
        theme = self._rng.choices(list(USUAL_THEMES), weights=list(USUAL_THEMES.values()))[0]
        language = self._language()
        text = self._line(language, self._rng.choice(LINES[language].LINES[theme]), brand=brand)
        platform = "hackernews" if language == "en" and theme[0] in ("app", "battery") else "mastodon"
        return self._post(day, text, language, platform=platform)

    def _line(self, language: str, line: str, **names: str) -> str:
        pool = LINES[language]
        detail = self._details.for_line(line, language)
        return f"{self._rng.choice(pool.OPENERS)}{line.format(**names)} {detail}{self._rng.choice(pool.CLOSERS)}"

    def _news(self, day: int) -> Iterator[Post]:
        if day % 3 == 0:
            language = "de" if day % 2 == 0 else "en"
            title, text = self._rng.choice(LINES[language].NEWS)
            names = {"company": COMPANY, "competitor": self._rng.choice(COMPETITORS)}
            yield self._article(day, title.format(**names), text.format(**names), language, has_no_date=day % 15 == 0)

    def _launch(self) -> Iterator[Post]:
        first = FIRST_DAY[Event.LAUNCH]
        names = {"company": COMPANY, "product": PRODUCT}
        for language in ("de", "en"):
            title, text = LINES[language].LAUNCH_NEWS
            yield self._article(first, title.format(**names), text.format(**names), language, Event.LAUNCH)
        for day, count in ((first, 22), (first + 1, 14), (first + 2, 8), (first + 3, 4)):
            for _ in range(count):
                language = self._language()
                text = self._line(language, self._rng.choice(LINES[language].LAUNCH), **names)
                yield self._post(day, text, language, Event.LAUNCH)

    def _delivery_disaster(self) -> Iterator[Post]:
        first = FIRST_DAY[Event.DELIVERY_DISASTER]
        for language in ("de", "en"):
            title, text = LINES[language].DISASTER_NEWS
            yield self._article(
                first + 2,
                title.format(company=COMPANY),
                text.format(company=COMPANY),
                language,
                Event.DELIVERY_DISASTER,
            )
        for day, count in enumerate((10, 18, 24, 20, 14, 9, 6), start=first):
            for _ in range(count):
                language = self._language()
                line = self._rng.choice(LINES[language].LINES["delivery", "negative"])
                yield self._post(day, self._line(language, line, brand=COMPANY), language, Event.DELIVERY_DISASTER)

    def _price_rise(self) -> Iterator[Post]:
        first = FIRST_DAY[Event.PRICE_RISE]
        names = {"company": COMPANY, "competitor": COMPETITORS[0]}
        for language in ("de", "en"):
            title, text = LINES[language].PRICE_NEWS
            yield self._article(first, title.format(**names), text.format(**names), language, Event.PRICE_RISE)
        for day, count in ((first, 16), (first + 1, 12), (first + 2, 7)):
            for _ in range(count):
                language = self._language()
                line = self._rng.choice(LINES[language].PRICE_RISE)
                yield self._post(day, self._line(language, line, **names), language, Event.PRICE_RISE)

    def _joke(self) -> Iterator[Post]:
        text = lines_de.JOKE.format(company=COMPANY)
        for copy in range(JOKE_COPIES):
            quoted = text if copy == 0 else self._rng.choice(("", "😂 ", "So gut: ", "RT ")) + text
            yield self._post(
                FIRST_DAY[Event.VIRAL_JOKE] + min(copy // 25, 2), quoted, "de", Event.VIRAL_JOKE, likes=400 - copy
            )

    def _spam(self) -> Iterator[Post]:
        for copy in range(SPAM_COPIES):
            text = lines_de.SPAM.format(company=COMPANY, n=copy % 3)
            yield self._post(FIRST_DAY[Event.SPAM_WAVE], text, "de", Event.SPAM_WAVE, author=f"gewinn{copy}")

    def _single_posts(self) -> Iterator[Post]:
        for number, line in enumerate(lines_de.LEAK):
            text = line.format(company=COMPANY, secret=SECRET_PROJECT)
            yield self._post(FIRST_DAY[Event.LEAK] + number, text, "de", Event.LEAK)
        for line in lines_de.DELETED:
            yield self._post(FIRST_DAY[Event.DELETED], line.format(company=COMPANY), "de", Event.DELETED)
        for line in lines_de.PERSONAL:
            text = line.format(
                company=COMPANY,
                email="jana.beispiel@mail.example",
                phone="0561 9876543",
                address="Musterstraße 12, 34117 Kassel",
                iban="DE89 3704 0044 0532 0130 00",
            )
            yield self._post(30, text, "de")
        yield self._post(31, self._line("de", "Das {brand} bleibt bei mir.", brand=COMPANY), "de", is_opted_out=True)

    def _language(self) -> str:
        return "de" if self._rng.random() < GERMAN_SHARE else "en"

    def _post(
        self,
        day: int,
        text: str,
        language: str,
        event: Event | None = None,
        *,
        platform: str = "mastodon",
        author: str | None = None,
        likes: int | None = None,
        is_opted_out: bool = False,
    ) -> Post:
        self._number += 1
        return Post(
            key=f"{self._number:06d}",
            platform=platform,
            author=author or f"rider{self._rng.randint(1, 400)}",
            text=text,
            language=language,
            published_at=self._moment(day),
            event=event,
            likes=likes if likes is not None else int(self._rng.expovariate(0.25)),
            reposts=int(self._rng.expovariate(0.8)),
            is_opted_out=is_opted_out,
        )

    def _article(
        self, day: int, title: str, text: str, language: str, event: Event | None = None, *, has_no_date: bool = False
    ) -> Post:
        self._number += 1
        return Post(
            key=f"{self._number:06d}",
            platform="feed",
            author="Redaktion",
            title=title,
            text=f"{text} {self._details.for_line(title, language, is_news=True)}",
            language=language,
            published_at=self._moment(day),
            event=event,
            has_no_date=has_no_date,
        )

    def _moment(self, day: int) -> datetime:
        """A time of that day, mostly between 6 and 22 o'clock."""
        seconds = min(max(self._rng.gauss(14 * 3600, 4 * 3600), 600), 86_000)
        return day_start(self.end, day) + timedelta(seconds=int(seconds))
