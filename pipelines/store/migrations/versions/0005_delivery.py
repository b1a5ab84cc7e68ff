"""What delivery and health keep."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add columns and tables; all of them nullable or with a default, so that a running installation keeps its rows."""
    _attempts()
    _circuits()
    _queues()


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
