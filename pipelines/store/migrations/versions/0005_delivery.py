"""What delivery and health keep."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add columns and tables; all of them nullable or with a default, so that a running installation keeps its rows."""
    _health()


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
