"""A real process that delivers is told to end: it does so at once, and nothing is lost or doubled."""

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

from pipelines.store.database import engine, writing
from pipelines.store.tables import Meta
from pipelines.store.watchlists import activate
from tests.alerts.exchange import SECRET, Hook, Mailbox, Town, receiving
from tests.conftest import wait_for
from tests.whole.conftest import Started

STORIES, STOPPED_AT = 30, 6
PATIENCE = 10.0  # seconds for what is in flight


def delivering(home: Path, mail: Mailbox) -> Started:
    """`portalwatch alerts deliver` with the store of `home`."""
    env = os.environ | {
        "PORTALWATCH_HOME": str(home),
        "PORTALWATCH_SMTP_HOST": "127.0.0.1",
        "PORTALWATCH_SMTP_PORT": str(mail.port),
        "PORTALWATCH_MAIL_FROM": "alerts@watch.example.org",
        "PORTALWATCH_ALLOW_HOSTS": "127.0.0.1",
        "HOOK": SECRET,
    }
    return Started(["alerts", "deliver"], env, home)


def test_a_delivery_that_is_told_to_end_does_so_with_what_is_in_flight_and_the_next_one_does_the_rest(
    tmp_path: Path, migrated_sqlite: Path
) -> None:
    mail, hook, running = Mailbox(), Hook(), list[Started]()

    def stops(number: int) -> None:
        if number >= STOPPED_AT and running:
            running.pop().terminate()

    hook.answer = stops
    (home := tmp_path / "home").mkdir(mode=0o700)
    shutil.copyfile(migrated_sqlite, home / "portalwatch.db")
    store = engine(f"sqlite:///{home / 'portalwatch.db'}")
    with writing(store) as session:
        session.add(Meta(key="store", value="town"))
    mail.up()
    with receiving(crm=hook):
        at = Town(store=store, now=datetime.now(UTC), mail=mail, hooks={"crm": hook}, readers=("a@example.org",))
        (tmp_path / "watchlist.yaml").write_text(at.watchlist.source[0], encoding="utf-8")
        activate(store, tmp_path / "watchlist.yaml", tmp_path / "aliases.yaml", at.now)
        at.owes(STORIES)
        running.append(started := delivering(home, mail))
        try:
            wait_for(lambda: not running, 60)
            _, told = started.communicate(timeout=PATIENCE)
        finally:
            started.kill()
        assert (started.returncode, told.splitlines()[-1]) == (130, "stopped: what was in flight is recorded, the rest stays owed")
        sent = len(hook.took) + len(mail.mails)
        assert STOPPED_AT <= sent < 2 * STORIES
        assert [len(at.rows(state)) for state in ("sent", "owed", "sending")] == [sent, 2 * STORIES - sent, 0]
        at.now = datetime.now(UTC)
        at.round()
    mail.down()
    store.dispose()
    assert (len(hook.took), hook.repeated, len(mail.mails), len(set(mail.mails))) == (STORIES, 0, STORIES, STORIES)
