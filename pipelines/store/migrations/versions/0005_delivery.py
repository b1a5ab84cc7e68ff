"""What delivery and health keep."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add columns and tables; all of them nullable or with a default, so that a running installation keeps its rows."""
    _bundles()
    _mutes()
    _attempts()
    _circuits()
    _queues()
    _health()
    _tallies()


def _bundles() -> None:
    op.add_column("alerts", sa.Column("bundle", sa.String(length=10), nullable=True))
    op.execute("UPDATE alerts SET bundle = 'late' WHERE late IS NOT NULL")
    op.create_index(op.f("ix_alerts_recipient_owed_at"), "alerts", ["recipient", "owed_at"])


def _mutes() -> None:
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "mutes",
        sa.Column("id", big, nullable=False),
        sa.Column("topic", sa.String(length=100), nullable=True),
        sa.Column("story_id", sa.BigInteger(), nullable=True),
        sa.Column("recipient", sa.String(length=320), nullable=True),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("who", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mutes")),
    )
    op.create_index(op.f("ix_mutes_until"), "mutes", ["until"])
    op.create_table(
        "silenced",
        sa.Column("id", big, nullable=False),
        sa.Column("mute_id", big, nullable=False),
        sa.Column("topic", sa.String(length=100), nullable=False),
        sa.Column("article_id", big, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(length=100), nullable=False),
        sa.Column("recipient", sa.String(length=320), nullable=False),
        sa.Column("silenced_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_silenced")),
    )
    op.create_index(op.f("ix_silenced_mute_id"), "silenced", ["mute_id"])
    op.create_index(op.f("ix_silenced_article_id_topic"), "silenced", ["article_id", "topic"])


def _attempts() -> None:
    op.create_table(
        "attempts",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("message", sa.String(length=64), nullable=False),
        sa.Column("channel", sa.String(length=100), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("ok", sa.Boolean(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("retry_after", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempts")),
    )
    for column in ("message", "at"):
        op.create_index(op.f(f"ix_attempts_{column}"), "attempts", [column])


def _circuits() -> None:
    op.create_table(
        "circuits",
        sa.Column("channel", sa.String(length=100), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("message", sa.String(length=64), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("channel", name=op.f("pk_circuits")),
    )


def _queues() -> None:
    """By which a sender finds the next message of a channel, and what must go out before it."""
    for table in ("alerts", "retractions"):
        op.create_index(op.f(f"ix_{table}_channel_state_next_try_at"), table, ["channel", "state", "next_try_at"])
    op.drop_index(op.f("ix_alerts_story_id"), "alerts")
    op.create_index(op.f("ix_alerts_story_id_recipient"), "alerts", ["story_id", "recipient"])


def _health() -> None:
    """Figures of runs; incidents, and what ops are owed of them."""
    moment, big = sa.DateTime(timezone=True), sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.add_column("runs", sa.Column("figures", sa.JSON(), nullable=True))
    op.create_table(
        "incidents",
        sa.Column("id", big, nullable=False),
        sa.Column("what", sa.String(length=10), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("slot", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("since", moment, nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("opened_at", moment, nullable=False),
        sa.Column("told_at", moment, nullable=True),
        sa.Column("acked_at", moment, nullable=True),
        sa.Column("snoozed_until", moment, nullable=True),
        sa.Column("mended_at", moment, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incidents")),
    )
    op.create_index(op.f("ix_incidents_what_name_slot"), "incidents", ["what", "name", "slot"])
    op.create_index(op.f("ix_incidents_mended_at"), "incidents", ["mended_at"])
    op.create_table(
        "notices",
        sa.Column("id", big, nullable=False),
        sa.Column("message", sa.String(length=64), nullable=False),
        sa.Column("incident_id", big, nullable=True),
        sa.Column("event", sa.String(length=10), nullable=False),
        sa.Column("thread", sa.String(length=64), nullable=True),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("channel", sa.String(length=100), nullable=False),
        sa.Column("recipient", sa.String(length=320), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("owed_at", moment, nullable=False),
        sa.Column("sent_at", moment, nullable=True),
        sa.Column("next_try_at", moment, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_notices_incident_id")),
        sa.UniqueConstraint("message", name=op.f("uq_notices_message")),
    )
    op.create_index(op.f("ix_notices_incident_id"), "notices", ["incident_id"])
    op.create_index(op.f("ix_notices_state_next_try_at"), "notices", ["state", "next_try_at"])


def _tallies() -> None:
    """Counters; runs begin with those that are kept."""
    op.create_table(
        "tallies",
        sa.Column("metric", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=100), nullable=False),
        sa.Column("label", sa.String(length=40), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("metric", "subject", "label", name=op.f("pk_tallies")),
    )
    op.execute(
        "INSERT INTO tallies (metric, subject, label, count, at)"
        " SELECT 'runs', portal, CASE WHEN succeeded THEN 'succeeded' ELSE 'failed' END, count(*), max(finished_at) FROM runs"
        " WHERE finished_at IS NOT NULL AND history IS NULL GROUP BY portal, CASE WHEN succeeded THEN 'succeeded' ELSE 'failed' END"
    )
