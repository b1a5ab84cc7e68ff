"""From the portals' pages to the inbox: what one whole cycle must leave behind."""

import json
from pathlib import Path

import jsonschema
from sqlalchemy import func, select

from demo.expected import missing_and_unexpected
from pipelines.models import Outcome
from pipelines.store.database import reading
from pipelines.store.tables import AlertRow, ArticleRow, PageRow, Revision, Run, Story, Telling
from tests.whole.conftest import Cycle


def test_every_run_balances_its_ledger(cycle: Cycle) -> None:
    told = [run for phase in cycle.phases for run in phase.values()]
    assert len(told) == 16
    for run in told:
        assert run["succeeded"], run
        assert sum(run["outcomes"].values()) == run["discovered"] > 0
        assert set(run["outcomes"]) <= {str(outcome) for outcome in Outcome}


def test_every_expected_alert_arrived_once_by_mail_and_webhook(cycle: Cycle) -> None:
    missing, unexpected = missing_and_unexpected(cycle.house.world.inbox(), cycle.house.world.hooks())
    assert (missing, unexpected) == ([], [])


def test_nothing_is_owed_any_more_and_nothing_is_dead(cycle: Cycle) -> None:
    with reading(cycle.house.database) as session:
        states = dict(session.execute(select(AlertRow.state, func.count()).group_by(AlertRow.state)).all())
    assert set(states) == {"sent"}


def test_the_learning_run_alerts_nobody(cycle: Cycle) -> None:
    with reading(cycle.house.database) as session:
        learned = set(session.scalars(select(ArticleRow.id).where(ArticleRow.learned)))
        alerted = set(session.scalars(select(AlertRow.article_id)))
    assert learned
    assert not learned & alerted


def test_every_article_is_read_as_it_was_written(cycle: Cycle) -> None:
    truths = {url: truth for truth in cycle.house.world.world.truth() for url in truth.urls}
    with reading(cycle.house.database) as session:
        articles = session.scalars(select(ArticleRow).where(ArticleRow.vanished_at.is_(None))).all()
    assert len(articles) >= 25
    for article in articles:
        truth = truths[article.url]
        assert article.title == truth.title
        assert article.text.split("\n") == list(truth.paragraphs), article.url
        assert article.published_at == truth.published_at, article.url
        assert tuple(article.publisher) == truth.publisher, article.url
        assert article.script == truth.script, article.url


def test_copies_share_a_story_and_a_merged_piece_belongs_to_two(cycle: Cycle) -> None:
    truths = {url: truth for truth in cycle.house.world.world.truth() for url in truth.urls}
    with reading(cycle.house.database) as session:
        rows = session.execute(select(ArticleRow.url, Telling.story_id).join(Telling, Telling.article_id == ArticleRow.id)).all()
    told: dict[str, set[int]] = {}
    for url, story in rows:
        for name in truths[url].stories if url in truths else ():
            told.setdefault(name, set()).add(story)
    parts = {url: {story for other, story in rows if other == url} for url, _ in rows}
    for url, truth in truths.items():
        if url in parts:
            assert len(parts[url]) == len(truth.stories), url
    assert max(len(url_stories) for url_stories in parts.values()) == 2


def test_the_corrected_article_has_two_states(cycle: Cycle) -> None:
    with reading(cycle.house.database) as session:
        revised = session.scalars(select(ArticleRow).where(ArticleRow.revision > 0)).all()
        states = session.scalar(select(func.count()).select_from(Revision).where(Revision.article_id == revised[0].id))
    assert [(row.portal, row.revision, states) for row in revised] == [("storm_mg", 1, 2)]


def test_the_vanished_article_is_marked_and_the_challenge_page_is_none(cycle: Cycle) -> None:
    with reading(cycle.house.database) as session:
        vanished = session.scalars(select(ArticleRow).where(ArticleRow.vanished_at.is_not(None))).all()
        challenges = session.scalars(select(PageRow).where(PageRow.evidence.like("challenge%"))).all()
    assert [row.portal for row in vanished] == ["storm_mg"]
    assert [row.outcome for row in challenges] == [Outcome.NOT_ARTICLE]


def test_runs_keep_times_bytes_and_reason(cycle: Cycle) -> None:
    with reading(cycle.house.database) as session:
        runs = session.scalars(select(Run)).all()
        stories = session.scalar(select(func.count()).select_from(Story))
    assert len(runs) == 16
    assert all(run.finished_at and run.finished_at > run.started_at and run.bytes > 0 and run.finish_reason == "finished" for run in runs)
    assert [run.learning for run in runs].count(True) == 4
    assert stories


def test_the_commands_show_it(cycle: Cycle) -> None:
    for command in (
        ["stories", "list", "--json"],
        ["alerts", "list", "--json"],
        ["portals", "list", "--json"],
        ["topics", "list", "--json"],
    ):
        done = cycle.house.run(*command)
        assert done.returncode == 0, done.stderr
        assert [json.loads(line) for line in done.stdout.splitlines()]
    story = json.loads(cycle.house.run("stories", "list", "--json", "--limit", "100").stdout.splitlines()[-1])["story"]
    assert "first" in cycle.house.run("stories", "show", str(story)).stdout
    assert "FAIL" not in cycle.house.run("doctor", "--exit-code").stdout


def test_every_thread_is_held_floor_by_floor(cycle: Cycle) -> None:
    truths = {url: truth for truth in cycle.house.world.world.truth() for url in truth.urls}
    with reading(cycle.house.database) as session:
        rows = session.scalars(select(ArticleRow).where(ArticleRow.comment_count > 0)).all()
    assert len(rows) >= 8
    for row in rows:
        thread = truths[row.url].thread
        assert {each["floor"]: (each["text"], each["quotes"], each["up"]) for each in row.comments} == {
            each.floor: (each.text, each.quotes, each.up) for each in thread
        }, row.url
        assert len(row.comments) == row.comments_read == row.comment_count


def test_readers_names_are_not_kept(cycle: Cycle) -> None:
    with reading(cycle.house.database) as session:
        authors = {comment["author"] for comments in session.scalars(select(ArticleRow.comments)) for comment in comments}
    assert authors
    assert all(author.startswith("reader-") for author in authors)


def test_no_message_carries_a_whole_text(cycle: Cycle) -> None:
    with reading(cycle.house.database) as session:
        texts = session.scalars(select(ArticleRow.text)).all()
    for mail in cycle.house.world.inbox():
        assert not any(text in mail["text"] for text in texts)


def test_every_webhook_fits_the_published_schema(cycle: Cycle) -> None:
    schema = json.loads((Path(__file__).resolve().parents[2] / "docs" / "webhook.schema.json").read_text(encoding="utf-8"))
    hooks = cycle.house.world.hooks()
    assert hooks
    for event in hooks:
        jsonschema.validate(event["payload"], schema)
