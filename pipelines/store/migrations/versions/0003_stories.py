"""What stories, their tellings and revisions keep beyond collection."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add columns and tables; all of them nullable or with a default, so that a running installation keeps its rows."""
    _developments()


def _developments() -> None:
    with op.batch_alter_table("tellings") as tellings:
        tellings.alter_column("role", type_=sa.String(20), existing_type=sa.String(10), existing_nullable=False)
    with op.batch_alter_table("alerts") as alerts:
        alerts.add_column(sa.Column("development", sa.Integer(), nullable=False, server_default="0"))
        alerts.drop_constraint(op.f("uq_alerts_topic_story_id_revision_channel_recipient"), type_="unique")
        alerts.create_unique_constraint(
            op.f("uq_alerts_topic_story_id_development_revision_channel_recipient"),
            ["topic", "story_id", "development", "revision", "channel", "recipient"],
        )
