"""What a late message shows: the stories that a replay or a backfill found, a few lines each and only so many."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from pipelines.alerts.excerpt import clipped, web_link
from pipelines.models import LateStory, Message

SHOWN = 20
"""Stories of a mail, which stays below 100 KB whatever their pages held."""
LISTED = 500
"""Stories of a webhook's body."""
TOPICS, LINK_CAP = 3, 500
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-")

Moment = Callable[[datetime | date | None], str]


def lines(message: Message, words: Mapping[str, str], moment: Moment) -> list[dict[str, Any]]:
    """The stories of a mail: title, link, topics, and where and when they were published."""
    return [_line(story, words, moment) for story in message.stories[:SHOWN]]


def rest(message: Message, words: Mapping[str, str], see: str) -> str:
    """How many stories a mail leaves out, and where to `see` them; nothing where it has all."""
    left = len(message.stories) - SHOWN
    return words["rest"].format(left, see) if left > 0 else ""


def payload(message: Message) -> dict[str, Any]:
    """What the body of a late webhook holds besides that of any other, see docs/webhook.schema.json."""
    return {
        "title": f"{len(message.stories)} stories matched late",
        "stories": [_object(story) for story in message.stories[:LISTED]],
        "more": max(len(message.stories) - LISTED, 0),
    }


def _line(story: LateStory, words: Mapping[str, str], moment: Moment) -> dict[str, Any]:
    link, names = web_link(story.url), [clipped(title or slug, 30) for slug, title in story.topics]
    more = [words["more"].format(len(names) - TOPICS)] if len(names) > TOPICS else []
    state = "updated" if story.revision else "developed" if story.development else None
    facts = (words[state] if state else "", clipped(story.portal_name, 40), moment(story.published_at))
    language = story.language or ""
    return {
        "title": clipped(story.title, 100) or "…",
        "link": link if link and len(link) <= LINK_CAP else None,
        "topics": [*names[:TOPICS], *more],
        "byline": " · ".join(fact for fact in facts if fact),
        "lang": language if language and len(language) < 20 and set(language) <= _PLAIN else "zh",
    }


def _object(story: LateStory) -> dict[str, Any]:
    return {
        "topics": [{"slug": slug, "title": clipped(name, 200)} for slug, name in story.topics],
        "story_id": story.story_id,
        "development": story.development,
        "revision": story.revision,
        "title": clipped(story.title, 300),
        "url": web_link(story.url),
        "portal": {"slug": story.portal, "name": clipped(story.portal_name, 200)},
        "published_at": story.published_at.isoformat() if story.published_at else None,
        "language": clipped(story.language, 35) if story.language else None,
    }
