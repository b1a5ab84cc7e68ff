"""What a message about several stories shows, be it late, a digest or what a cap held back: a few lines each and only so many."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from typing import Any

from pipelines.alerts.excerpt import clipped, web_link
from pipelines.models import BundledStory, Message

SHOWN = (60, 40, 20)
"""Stories of a mail: the first of these with which it stays below its cap; the last does whatever their pages held."""
LISTED = 500
"""Stories of a webhook's body."""
TOPICS, LINK_CAP, NAMED = 3, 500, 5
TITLES = {"late": "{} {} matched late", "digest": "digest of {} {}", "storm": "and {} more {}"}
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-")

Moment = Callable[[datetime | date | None], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Stories under a heading; a late message has one group without."""

    heading: str
    stories: list[dict[str, Any]]


def groups(message: Message, words: Mapping[str, str], moment: Moment, shown: int) -> list[Group]:
    """The stories of a mail under their first topic: title, link, topics, and where and when they were published."""
    by: dict[str, list[dict[str, Any]]] = {}
    for story in ordered(message)[:shown]:
        heading = "" if message.kind == "late" else _name(*story.topics[0])
        by.setdefault(heading, []).append(_line(story, words, moment, skip=bool(heading)))
    return [Group(heading=heading, stories=stories) for heading, stories in by.items()]


def numbered(words: Mapping[str, str], name: str, number: int) -> str:
    """The sentence about so many; of one where the language has another for it."""
    return words[f"{name}_1" if number == 1 and f"{name}_1" in words else name].format(number)


def ordered(message: Message) -> tuple[BundledStory, ...]:
    """The stories, those of one topic together; late ones as they were found."""
    if message.kind == "late":
        return message.stories
    places = {slug: place for place, (slug, _) in enumerate(message.topics)}
    return tuple(sorted(message.stories, key=lambda story: places.get(story.topics[0][0], len(places))))


def rest(message: Message, words: Mapping[str, str], see: str, shown: int) -> str:
    """How many stories a mail leaves out, and where to `see` them; nothing where it has all."""
    left = len(message.stories) - shown
    return words["rest"].format(left, see) if left > 0 else ""


def foot(message: Message, words: Mapping[str, str], zone: tzinfo) -> str:
    """The coverage line: how many portals are seen, and which are not since when."""
    seen = message.coverage
    if seen is None or not seen.is_judged:
        return words["unjudged"] if seen else ""
    told = []
    if seen.blind and seen.since is not None:
        since = seen.since.astimezone(zone)
        at = f"{words['days'].split()[since.weekday()]} {since:%H:%M} ({since:%Y-%m-%d}, {zone})"
        told.append(words["blind"].format(len(seen.blind), seen.portals, at, _listed(seen.blind, words)))
    if seen.failed:
        told.append(words["failed"].format(len(seen.failed), seen.portals, _listed(seen.failed, words)))
    return " ".join(told) or numbered(words, "healthy", seen.portals)


def _listed(names: Sequence[str], words: Mapping[str, str]) -> str:
    more = [words["more"].format(len(names) - NAMED)] if len(names) > NAMED else []
    return words["comma"].join([*(clipped(name, 40) for name in names[:NAMED]), *more])


def payload(message: Message) -> dict[str, Any]:
    """What the body of such a webhook holds besides that of any other, see docs/webhook.schema.json."""
    found = {
        "title": TITLES[message.kind].format(len(message.stories), "story" if len(message.stories) == 1 else "stories"),
        "stories": [_object(story) for story in ordered(message)[:LISTED]],
        "more": max(len(message.stories) - LISTED, 0),
    }
    seen = message.coverage
    if seen is None:
        return found
    since = seen.since.astimezone(UTC).isoformat() if seen.since else None
    blind, failed = ([clipped(name, 200) for name in names] for names in (seen.blind, seen.failed))
    coverage = {"portals": seen.portals, "blind": blind, "since": since, "failed": failed, "judged": seen.is_judged}
    return found | {"coverage": coverage}


def _line(story: BundledStory, words: Mapping[str, str], moment: Moment, *, skip: bool) -> dict[str, Any]:
    link, names = web_link(story.url), [_name(slug, title) for slug, title in story.topics[skip:]]
    more = [words["more"].format(len(names) - TOPICS)] if len(names) > TOPICS else []
    state = "gone" if story.gone else "updated" if story.revision else "developed" if story.development else None
    facts = (words[state] if state else "", clipped(story.portal_name, 40), moment(story.published_at))
    language = story.language or ""
    return {
        "title": clipped(story.title, 100) or "…",
        "link": link if link and len(link) <= LINK_CAP else None,
        "topics": [*names[:TOPICS], *more],
        "byline": " · ".join(fact for fact in facts if fact),
        "lang": language if language and len(language) < 20 and set(language) <= _PLAIN else "zh",
    }


def _name(slug: str, title: str) -> str:
    return clipped(title or slug, 30)


def _object(story: BundledStory) -> dict[str, Any]:
    return {
        "topics": [{"slug": slug, "title": clipped(name, 200)} for slug, name in story.topics],
        "story_id": story.story_id,
        "development": story.development,
        "revision": story.revision,
        "gone": story.gone,
        "title": clipped(story.title, 300),
        "url": web_link(story.url),
        "portal": {"slug": story.portal, "name": clipped(story.portal_name, 200)},
        "published_at": story.published_at.isoformat() if story.published_at else None,
        "language": clipped(story.language, 35) if story.language else None,
    }
