"""Was it fetched and read: the page's outcome, the article that it gave, the story that this tells."""

from typing import Any

from sqlalchemy import select

from pipelines.models import Outcome, PageKind
from pipelines.store import listed
from pipelines.store.forget import WHY as FORGOTTEN
from pipelines.store.tables import ArticleRow, PageRow, Revision, Telling
from pipelines.why.stage import Case, Mark, Stage

KINDS = {
    PageKind.CHALLENGE: "a challenge page stood in its place",
    PageKind.PAYWALL: "a paywall stood in its place",
    PageKind.MISSING: "its page says that it is not there",
    PageKind.LISTING: "its page is a listing, no article",
}
NOTHING: dict[str, Any] = {"outcome": None, "next_look": None}
GOOD = frozenset({Outcome.NEW, Outcome.REVISED, Outcome.UNCHANGED, Outcome.KNOWN})


def page(case: Case) -> Stage:
    """What became of the page, and when it is looked at next."""
    row = case.page
    if row is None:
        return _unfetched(case)
    outcome, evidence = Outcome(row.outcome), tuple(filter(None, [row.evidence]))
    fetched = f"fetched on {case.when(row.looked_at)}{_next(case, row)}"
    says, mark = (fetched, Mark.YES) if outcome in GOOD else _trouble(case, row, outcome)
    mark = Mark.WAIT if mark is Mark.NO and case.article is not None else mark
    told = {"outcome": row.outcome, "next_look": row.due_at.isoformat() if row.due_at else None}
    return Stage(name="page", mark=mark, says=says, at=row.looked_at, evidence=evidence, told=told)


def article(case: Case) -> Stage:
    """What is kept of it."""
    row = case.article
    assert row is not None
    quality = f", quality {row.quality:.2f}" if row.quality is not None else ""
    revised = f", revision {row.revision}" if row.revision else ""
    says = f"kept as article {row.id} on {case.when(row.first_seen_at)}{revised}: {row.title}"
    evidence = [f"read by {row.rung}{quality}; {len(row.text)} characters, {row.script or row.language or 'no script told'}", row.url]
    evidence += [f"partial: {row.partial}"] if row.partial else []
    evidence += [f"vanished on {case.when(row.vanished_at)}"] if row.vanished_at else []
    evidence += _revisions(case, row)
    told = {"article": row.id, "revision": row.revision, "quality": row.quality}
    return Stage(name="article", mark=Mark.YES, says=says, at=row.first_seen_at, evidence=tuple(evidence), told=told)


def aged_out(case: Case) -> tuple[Stage, ...]:
    """That the article which the page gave is not kept any more; its page row stays so that it is no news again."""
    if case.page is None or Outcome(case.page.outcome) not in GOOD:
        return ()
    return (Stage(name="article", mark=Mark.NO, says=f"first seen on {case.when(case.page.first_seen_at)}, and aged out since"),)


def story(case: Case) -> tuple[Stage, ...]:
    """Each story that the article tells, and as what: first, a copy of another, a part."""
    query = select(Telling).where(Telling.article_id == getattr(case.article, "id", 0)).order_by(Telling.story_id)
    tellings = case.session.scalars(query).all()
    return tuple(_telling(case, telling) for telling in tellings) or (Stage(name="story", mark=Mark.NO, says="it tells no story"),)


def _unfetched(case: Case) -> Stage:
    named = [row for _, row in listed.of_identity(case.session, case.portal or "", case.identity or "")]
    if refused := next((row.refused for row in named if row.refused), None):
        return Stage(name="page", mark=Mark.NO, says=f"denied: {refused}", told={"outcome": str(Outcome.DENIED), "next_look": None})
    if any(row.last_at is None for row in named):
        return Stage(name="page", mark=Mark.WAIT, says="not fetched yet; the next crawl asks for it", told=NOTHING)
    return Stage(name="page", mark=Mark.NO, says="never fetched", told=NOTHING)


def _trouble(case: Case, row: PageRow, outcome: Outcome) -> tuple[str, Mark]:
    match outcome:
        case Outcome.FAILED:
            again = Mark.WAIT if row.due_at else Mark.NO
            return f"failed {_times(row.failures)}, last on {case.when(row.looked_at)}{_next(case, row)}", again
        case Outcome.LEFT:
            return f"left on {case.when(row.looked_at)}: the run could not ask for it{_next(case, row)}", Mark.WAIT
        case Outcome.DENIED:
            return ("forgotten on request" if row.evidence == FORGOTTEN else "denied"), Mark.NO
        case Outcome.EMPTY:
            return f"empty on {case.when(row.looked_at)}: no text on its page{_next(case, row)}", Mark.NO
        case _:
            kind = (row.evidence or "").partition(":")[0]
            what = KINDS[PageKind(kind)] if kind in KINDS else "its page is no article"
            return f"{what} on {case.when(row.looked_at)}{_next(case, row)}", Mark.NO


def _next(case: Case, row: PageRow) -> str:
    if row.due_at is None:
        return "; it is looked at no more"
    return f"; next look due {case.when(row.due_at)}" if row.due_at > case.now else "; the next crawl looks at it again"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _revisions(case: Case, row: ArticleRow) -> list[str]:
    query = select(Revision).where(Revision.article_id == row.id, Revision.number > 0).order_by(Revision.number)
    return [f"revision {each.number} of {case.when(each.seen_at)}: {each.why or each.title}" for each in case.session.scalars(query)]


def _telling(case: Case, telling: Telling) -> Stage:
    told = {"story": telling.story_id, "role": telling.role, "partner": telling.partner_id, "containment": telling.containment}
    other = case.session.get(ArticleRow, telling.partner_id) if telling.partner_id else None
    if telling.role == "first" or other is None:
        says = f"{'opened' if telling.role == 'first' else telling.role + ' in'} story {telling.story_id}"
        return Stage(name="story", mark=Mark.YES, says=says, evidence=(telling.why,), told=told)
    whose = f"article {other.id} ({other.portal}, {case.when(other.first_seen_at)}), {other.title}"
    says = f"{telling.role} in story {telling.story_id}: of {whose}"
    mark = Mark.NOTE if telling.role in ("copy", "part") else Mark.YES
    return Stage(name="story", mark=mark, says=says, at=other.first_seen_at, evidence=(telling.why, other.url), told=told)
