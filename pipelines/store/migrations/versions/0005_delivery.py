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
