"""What the desk said of its alerts, and what a topic told beside them."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pipelines.errors import WrongUseError
from pipelines.store.articles import readable
from pipelines.store.recent import Recent, told
from pipelines.store.tables import AlertRow, ArticleRow, Telling, Verdict
from pipelines.watch.readable import Readable


def alerts_named(session: Session, name: str) -> Sequence[AlertRow]:
    """The alerts of a message, or the alert of that number; WrongUseError where there is none."""
    chosen = AlertRow.id == int(name) if name.isascii() and name.isdigit() and len(name) < len("1" * 19) else AlertRow.message == name
    rows = session.scalars(select(AlertRow).where(chosen).order_by(AlertRow.id)).all()
    if not rows:
        raise WrongUseError(f"no alert or message is called `{name}`; {_known(session)}")
    return rows


def _known(session: Session) -> str:
    first, last = session.execute(select(func.min(AlertRow.id), func.max(AlertRow.id))).one()
    if last is None:
        return "there is none yet"
    return f"alerts are numbered {first} to {last}, and `portalwatch alerts list --json` shows their messages"


def remember(session: Session, row: AlertRow, because: str | None, now: datetime, *, relevant: bool) -> None:
    """Keep the verdict on the alert's article for its topic, in the place of an earlier one."""
    session.merge(Verdict(topic=row.topic, article_id=row.article_id, relevant=relevant, because=because, decided_at=now))


def article_of(session: Session, row: AlertRow) -> tuple[Recent, Readable]:
    """The article of an alert, in its present state."""
    return told(session.get_one(ArticleRow, row.article_id))


def others(session: Session, row: AlertRow, limit: int) -> Iterator[Readable]:
    """Articles that the topic alerted of otherwise, the newest first: none of this story, and none that is irrelevant."""
    irrelevant = select(Verdict.article_id).where(Verdict.topic == row.topic, Verdict.relevant.is_(False))
    same = select(Telling.article_id).where(Telling.story_id == row.story_id)
    alerted = select(AlertRow.article_id).where(AlertRow.topic == row.topic, AlertRow.story_id != row.story_id)
    query = select(ArticleRow).where(ArticleRow.id.in_(alerted), ArticleRow.id.not_in(irrelevant), ArticleRow.id.not_in(same))
    for article in session.scalars(query.order_by(ArticleRow.id.desc()).limit(limit)):
        yield readable(article)


def shares(session: Session) -> dict[str, tuple[int, int]]:
    """For each topic (articles that it alerted of, those of them that were not relevant)."""
    pairs = select(AlertRow.topic, AlertRow.article_id).distinct().subquery()
    wrong = Verdict.relevant.is_(False)
    joined = (Verdict.topic == pairs.c.topic) & (Verdict.article_id == pairs.c.article_id) & wrong
    query = select(pairs.c.topic, func.count(), func.count(Verdict.article_id)).select_from(pairs).outerjoin(Verdict, joined)
    return {topic: (alerted, irrelevant) for topic, alerted, irrelevant in session.execute(query.group_by(pairs.c.topic))}
