"""The pages of one article, and the readings of one comment, made one."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from pipelines.extract.sift import squeeze
from pipelines.models import Article, Comment

MOST_COMMENTS = 500
"""Comments that are held of an article; where there are more, the oldest go."""


def joined(pages: Sequence[Article], own: str | None = None) -> Article:
    """One article out of its pages, in order. What a later page repeats at its beginning or end is not doubled.

    `own` is the portal's own name: a publisher that a later page credits counts more than that.
    """
    first = pages[0]
    if len(pages) == 1:
        return first
    credited = next((page for page in pages if page.publisher and page.publisher != (own,)), first)
    return replace(
        first,
        text="\n".join(_paragraphs(pages)),
        script=first.script if len({page.script for page in pages if page.script}) < 2 else "mixed",
        captions=_merged(page.captions for page in pages),
        rights="\n".join(_merged((page.rights or "").split("\n") for page in pages)) or None,
        images=tuple({image.url: image for page in reversed(pages) for image in reversed(page.images)}.values())[::-1],
        publisher=credited.publisher,
        publisher_from=credited.publisher_from,
        author=next((page.author for page in pages if page.author), None),
        quality=min((page.quality for page in pages if page.quality is not None), default=None),
        comments=united((), [comment for page in pages for comment in page.comments]),
        comment_count=next((page.comment_count for page in pages if page.comment_count is not None), None),
    )


def adds(pages: Sequence[Article], page: Article) -> bool:
    """Whether the page tells anything that the ones before it do not."""
    told = {squeeze(line) for before in pages for line in (before.title, *before.text.split("\n"))}
    return any(squeeze(line) not in told for line in page.text.split("\n"))


def united(held: Sequence[Comment], read: Iterable[Comment]) -> tuple[Comment, ...]:
    """`held` with what was `read`, each comment once and in the place that it had; the newest MOST_COMMENTS of them."""
    found = {comment.name: comment for comment in held}
    for comment in read:
        known = found.get(comment.name)
        found[comment.name] = _updated(known, comment) if known else comment
    newest = sorted(found.values(), key=_age)[-MOST_COMMENTS:]
    kept = {comment.name for comment in newest}
    return tuple(comment for name, comment in found.items() if name in kept)


def _updated(known: Comment, read: Comment) -> Comment:
    """The newer reading, with what only the older one says. A thread, which counts floors, tells times more exactly than an excerpt."""
    unsaid = {name: getattr(known, name) for name in _LASTING if getattr(read, name) in (None, "", ())}
    excerpt = known.floor is not None and read.floor is None
    return replace(read, **(unsaid | {"at": known.at} if excerpt and known.at else unsaid))


_LASTING = ("author", "badges", "at", "up", "down", "floor", "quotes", "key")
"""All but the text: a comment that lost that was deleted."""


def _age(comment: Comment) -> tuple[int, str]:
    at = comment.at
    return comment.floor or 0, at.isoformat() if isinstance(at, datetime) else str(at or "")


def _paragraphs(pages: Sequence[Article]) -> list[str]:
    told: list[str] = []
    for page in pages:
        lines = page.text.split("\n")
        told = [*_without_end(told, lines), *_without_beginning(lines, {squeeze(line) for line in (pages[0].title, *told)})]
    return told


def _without_end(told: list[str], lines: Sequence[str]) -> list[str]:
    """Without the last lines that the next page ends with too: what stands at the foot of every page belongs to the last."""
    same = 0
    while same < min(len(told), len(lines)) - 1 and squeeze(told[-1 - same]) == squeeze(lines[-1 - same]):
        same += 1
    return told[: len(told) - same]


def _without_beginning(lines: Sequence[str], told: set[str]) -> list[str]:
    start = next((at for at, line in enumerate(lines) if squeeze(line) not in told), len(lines))
    return list(lines[start:])


def _merged(parts: Iterable[Iterable[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for part in parts for text in part if text))
