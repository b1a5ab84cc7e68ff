"""Readers' comments: kept under a pseudonym by default, for 30 days, and never mailed."""

import hmac
import re
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from pipelines.extract.joined import united
from pipelines.extract.wire import comment_from_json, comment_to_json
from pipelines.models import Comment
from pipelines.store.tables import ArticleRow, Forgotten, Meta

OFF, PSEUDONYMOUS, FULL = "off", "pseudonymous", "full"
KEPT_FOR = timedelta(days=30)
CUT_OUT = "…"  # in place of a forgotten commenter's words, where another comment repeats them
SHORTEST_WORDS = 2  # characters; a single one says nothing of anybody, and stands everywhere
CUT = -1  # in place of how many comments were read: some, but a page of them failed
_PSEUDONYM = re.compile(r"reader-[0-9a-f]{10}")


def hear(session: Session, row: ArticleRow, read: Sequence[Comment], policy: str) -> None:
    """Add comments to those held of the article, as `policy` lets us keep both, without those of forgotten commenters."""
    if not (read or row.comments):
        return
    keeper = _Keeper(key=_key(session), policy=policy, gone=frozenset(session.scalars(select(Forgotten.commenter))))
    row.comments = [comment_to_json(comment) for comment in united(keeper.kept(held(row)), keeper.kept(read))]


def held(row: ArticleRow) -> list[Comment]:
    """The comments that are held of the article, in the order in which they came."""
    return [comment_from_json(comment) for comment in row.comments]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Keeper:
    key: str
    policy: str
    gone: frozenset[str]
    called: str = ""

    def kept(self, comments: Iterable[Comment]) -> list[Comment]:
        """The comments under the names that the policy lets us keep; a pseudonym stays what it is."""
        if self.policy == OFF:
            return []
        named = [(comment, _alias(self.key, comment.author)) for comment in comments]
        gone = [comment for comment, alias in named if alias in self.gone]
        left = [(_without(comment, gone, self.called), alias) for comment, alias in named if alias not in self.gone]
        return [comment if self.policy == FULL else replace(comment, author=alias, badges=()) for comment, alias in left]


def _alias(key: str, author: str) -> str:
    return pseudonym(key, author) if author and not _PSEUDONYM.fullmatch(author) else author


def _without(comment: Comment, gone: Sequence[Comment], called: str) -> Comment:
    """The comment without what it repeats of those that are gone: their words and their authors' names, where it answers one of them."""
    text = comment.text
    for other in gone:
        if other.floor is not None and comment.quotes == other.floor:
            for words in (other.text, other.author, called):
                text = text.replace(words, CUT_OUT) if len(words) >= SHORTEST_WORDS else text
    return comment if text == comment.text else replace(comment, text=text)


def unheard(row: ArticleRow, count: int | None, now: datetime) -> frozenset[str] | None:
    """None where the article's comments need no reading: there are as many as when they were last read, or they would age out.

    Else the names of those after which a reading may stop, since the last one went beyond them.
    """
    if row.first_seen_at < now - KEPT_FOR or (count is not None and count in (0, row.comments_read)):
        return None
    return frozenset(comment.name for comment in held(row)) if row.comments_read not in (None, CUT) else frozenset()


def read_to(row: ArticleRow, count: int, *, whole: bool) -> None:
    """Remember how many comments there were when all that were new were read, or that a page of them failed."""
    row.comments_read = count if whole else None if row.comments_read is None else CUT


def alias_of(session: Session, author: str) -> str:
    """The pseudonym of a commenter's name; of a pseudonym, itself."""
    return _alias(_key(session), author)


def count_of(session: Session, author: str) -> int:
    """How many comments of the commenter are held."""
    key = session.get(Meta, "comment_key")
    names = {author, _alias(key.value, author)} if key else {author}
    lists = session.scalars(select(ArticleRow.comments).where(ArticleRow.comments != []))
    return sum(comment["author"] in names for said in lists for comment in said)


def forget_commenter(session: Session, author: str, now: datetime) -> int:
    """Remove a commenter's comments, under the plain name and the pseudonym, and keep them from coming back; gives their number.

    Where another comment that answers one of them repeats its words or the name, these go too.
    """
    key = _key(session)
    alias = _alias(key, author)
    session.merge(Forgotten(commenter=alias, asked_at=now))
    keeper, removed = _Keeper(key=key, policy=FULL, gone=frozenset((alias,)), called=author), 0
    for row in session.scalars(select(ArticleRow).where(ArticleRow.comments != [])):
        kept = keeper.kept(held(row))
        if len(kept) < len(row.comments):
            removed += len(row.comments) - len(kept)
            row.comments = [comment_to_json(comment) for comment in kept]
    return removed


def age_out(session: Session, now: datetime) -> int:
    """Drop the comments of articles first seen more than KEPT_FOR ago; gives the number of articles."""
    old = update(ArticleRow).where(ArticleRow.first_seen_at < now - KEPT_FOR, ArticleRow.comments != []).values(comments=[])
    return int(session.execute(old).rowcount)  # type: ignore[attr-defined]


def pseudonym(key: str, author: str) -> str:
    """A keyed hash of a commenter's name: the same within one store, meaningless outside of it."""
    return "reader-" + hmac.new(key.encode(), author.encode("utf-8", "surrogatepass"), "sha256").hexdigest()[:10]


def _key(session: Session) -> str:
    row = session.get(Meta, "comment_key")
    if row is None:
        row = Meta(key="comment_key", value=secrets.token_hex(16))
        session.add(row)
        session.flush()
    return row.value
