"""Did a topic match: by which clauses and words, or which clause failed, or what kept the topic from looking."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from pipelines.store.tables import ArticleRow, Match, WatchlistRow
from pipelines.watch.clauses import Clause, clauses, script_written
from pipelines.watch.readable import Readable
from pipelines.watch.topic import Topic
from pipelines.watch.watchlist import Watchlist
from pipelines.why.alerts import alerts
from pipelines.why.stage import Case, Mark, Stage

WORDS = 6
"""Words of a clause that a sentence tells."""
FEW = 20
"""Topics of a watchlist of which each is answered; of a longer one those that matched."""

NONE: dict[str, Any] = {"topic": None, "clauses": []}


def topics(case: Case, readable: Readable, slug: str | None = None, *, everyone: bool = False) -> tuple[Stage, ...]:
    """The answer of each topic, or of one; of a long watchlist those that matched and a note on the others, unless `everyone` is asked."""
    watchlist, row = case.watchlist, case.article
    assert row is not None
    if watchlist is None:
        return (Stage(name="topic", mark=Mark.NO, says="no watchlist was ever active", told=NONE),)
    matched = _matched(case, row)
    asked = [slug] if slug else _asked(watchlist, matched, everyone=everyone)
    aliases = watchlist.aliases

    def judged(each: str) -> tuple[Clause, ...]:
        topic = watchlist.topics.get(each)
        return clauses(topic.asked, topic.aliases, aliases, readable) if topic else ()

    stages = tuple(_topic(case, each, judged(each), matched.get(each)) for each in asked)
    left = len(watchlist.topics) - len(set(asked) & set(watchlist.topics))
    if slug or not left:
        return stages or (Stage(name="topic", mark=Mark.NO, says="the watchlist has no topic", told=NONE),)
    others = f"{left} other topics did not match" if stages else f"none of the {left} topics matched"
    return (*stages, Stage(name="topic", mark=Mark.NO, says=f"{others}; ask for one with --topic, or for --all", told=NONE))


def near(stages: Sequence[Stage]) -> tuple[Stage, ...]:
    """The stages, but of the topics that more than one clause kept from matching only how many they are."""
    far = [stage for stage in stages if stage.name == "topic" and stage.mark is Mark.NO and _is_far(stage.told["clauses"])]
    if not far:
        return tuple(stages)
    some = sum(any(map(_is_met, stage.told["clauses"])) for stage in far)
    counts = {"none of their words": len(far) - some, "too few of their words": some}
    said = [f"{words} ({count})" if count < len(far) else words for words, count in counts.items() if count]
    says = f"{len(far)} other topic{'' if len(far) == 1 else 's'}: {', '.join(said)}"
    told = [stage for stage in stages if stage not in far]
    return (*told, Stage(name="topic", mark=Mark.NO, says=f"{says}; --all tells their clauses", told=NONE))


def _is_far(judged: Sequence[Mapping[str, Any]]) -> bool:
    failed = sum(not clause["holds"] for clause in judged)
    return failed > 1 or (failed == 1 and not any(map(_is_met, judged)))


def _is_met(clause: Mapping[str, Any]) -> bool:
    """Whether words that the clause wants are there."""
    return not clause["negated"] and (bool(clause["terms"]) or any(map(_is_met, clause["parts"])))


def _matched(case: Case, row: ArticleRow) -> dict[str, Match]:
    """The newest match of each topic, in any state of the article."""
    query = select(Match).where(Match.article_id == row.id).order_by(Match.revision)
    return {match.topic: match for match in case.session.scalars(query)}


def _asked(watchlist: Watchlist, matched: dict[str, Match], *, everyone: bool) -> list[str]:
    others = list(watchlist.topics) if everyone or len(watchlist.topics) <= FEW else []
    return list(dict.fromkeys([*matched, *others]))


def _topic(case: Case, slug: str, judged: tuple[Clause, ...], match: Match | None) -> Stage:
    watchlist = case.watchlist
    assert watchlist is not None
    topic = watchlist.topics.get(slug)
    told = {"topic": slug, "clauses": [each.as_json() for each in judged]}
    if match is None:
        says = _why_not(case, topic, judged) if topic else "is not in the watchlist"
        evidence = (f"query: {topic.asked}",) if topic else ()
        return Stage(name="topic", mark=Mark.NO, says=f"{slug}: {says}", evidence=evidence, told=told, below=_told(judged))
    sent = alerts(case, match, topic)
    return Stage(
        name="topic", mark=Mark.YES, says=f"{slug}: {_how(match)}", at=match.matched_at, told=told, below=(*_told(judged), *sent),
        evidence=(f"matched on {case.when(match.matched_at)} under watchlist {match.watchlist}",),
    )  # fmt: skip


def _why_not(case: Case, topic: Topic, judged: tuple[Clause, ...]) -> str:
    row = case.article
    assert row is not None
    if topic.portals and row.portal not in topic.portals:
        return f"reads only {', '.join(topic.portals)}, not {row.portal}"
    failed = [number for number, clause in enumerate(judged, 1) if not clause.holds]
    if failed:
        clause = judged[failed[0] - 1]
        more = f" (so did {len(failed) - 1} more)" if len(failed) > 1 else ""
        return f"clause {failed[0]} of {len(judged)} failed{more}: {_clause(clause)}"
    if not topic.is_active(row.first_seen_at.date()):
        return f"expired on {topic.expires}, before the article came"
    return _later(case, row)


def _later(case: Case, row: ArticleRow) -> str:
    active = case.session.get(WatchlistRow, case.watchlist.version) if case.watchlist else None
    since = f", which runs since {case.when(active.activated_at)}" if active else ""
    kept = f"its query is satisfied, yet it did not match when the article was read ({case.when(row.first_seen_at)})"
    return f"{kept}: the watchlist or the article was another then{since}"


def _how(match: Match) -> str:
    words = list(dict.fromkeys(_word(hit["term"], hit["as_written"], hit["field"]) for hit in match.hits))
    more = f" and {len(words) - WORDS} more" if len(words) > WORDS else ""
    return f"matched by {', '.join(words[:WORDS])}{more}" if words else "matched"


def _told(judged: tuple[Clause, ...]) -> tuple[Stage, ...]:
    return tuple(
        Stage(
            name="clause", mark=Mark.YES if clause.holds else Mark.NO, says=_clause(clause), told={"clause": number},
            below=() if clause.holds or clause.negated else tuple(_part(part) for part in clause.parts),
        )
        for number, clause in enumerate(judged, 1)
    )  # fmt: skip


def _part(clause: Clause) -> Stage:
    return Stage(name="part", mark=Mark.YES if clause.holds else Mark.NO, says=_clause(clause))


def _clause(clause: Clause) -> str:
    words = list(dict.fromkeys(_word(hit.term, hit.as_written, hit.field) for hit in clause.hits))
    told = ", ".join(words[:WORDS])
    if clause.negated:
        return clause.written if clause.holds else f"{clause.written}: but there is {told}"
    return f"{clause.written}: {told}" if clause.holds and told else clause.written if clause.holds else f"{clause.written}: not there"


def _word(term: str, as_written: str, field: str) -> str:
    script = script_written(as_written)
    tells = f", {script}" if script and script != "Latn" else ""
    return f"{as_written} ({'' if term == as_written else term + ', '}{field}{tells})"
