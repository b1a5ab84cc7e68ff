"""What listings named: only what moves is written, and everything ages out."""

from datetime import datetime, timedelta

from sqlalchemy import Engine, select

from pipelines.store.database import reading, writing
from pipelines.store.listed import KEPT, Seen, age_out, note, of_identity, of_portal
from pipelines.store.tables import Listed

HOUR = timedelta(hours=1)


def read(store: Engine, at: datetime, *identities: str, whole: bool = True, **refused: str) -> None:
    named = {each: refused.get(each) for each in identities}
    with writing(store) as session:
        note(session, Seen(portal="cape", url="http://cape.example/list", identities=named, whole=whole), at)


def rows(store: Engine) -> dict[str, tuple[datetime, datetime | None, str | None]]:
    with reading(store) as session:
        return {row.identity: (row.first_at, row.last_at, row.refused) for row in session.scalars(select(Listed))}


def test_what_goes_was_last_named_by_the_reading_before(store: Engine, now: datetime) -> None:
    read(store, now, "a", "b")
    read(store, now + HOUR, "a", "b")
    read(store, now + 2 * HOUR, "b", "c")
    assert rows(store) == {"a": (now, now + HOUR, None), "b": (now, None, None), "c": (now + 2 * HOUR, None, None)}


def test_what_comes_back_is_named_since_its_first_time(store: Engine, now: datetime) -> None:
    for hours, identity in enumerate("aba"):
        read(store, now + hours * HOUR, identity)
    assert rows(store)["a"] == (now, None, None)


def test_a_part_of_a_listing_takes_nothing_off(store: Engine, now: datetime) -> None:
    read(store, now, "a", "b")
    read(store, now + HOUR, "c", whole=False)
    read(store, now + 2 * HOUR, whole=False)
    assert {identity for identity, (_, last, _) in rows(store).items() if last is None} == {"a", "b", "c"}
    with reading(store) as session:
        assert [(each.readings, each.read_at) for each in of_portal(session, "cape")] == [(3, now + 2 * HOUR)]


def test_a_refusal_is_kept_and_lifted(store: Engine, now: datetime) -> None:
    read(store, now, "a", "b", a="robots.txt does not allow it")
    assert rows(store)["a"][2] == "robots.txt does not allow it"
    read(store, now + HOUR, "a", "b")
    assert rows(store)["a"] == (now, None, None)


def test_names_age_out_after_they_went_and_with_their_listing(store: Engine, now: datetime) -> None:
    read(store, now, "a", "b")
    read(store, now + HOUR, "b")
    with writing(store) as session:
        assert age_out(session, now + KEPT) == 0
        assert age_out(session, now + KEPT + timedelta(seconds=1)) == 1
    assert set(rows(store)) == {"b"}
    with writing(store) as session:
        assert age_out(session, now + KEPT + 2 * HOUR) == 1
        assert of_portal(session, "cape") == []
        assert of_identity(session, "cape", "b") == []
