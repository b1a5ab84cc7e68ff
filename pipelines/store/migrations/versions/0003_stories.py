"""What stories, their tellings and revisions keep beyond collection."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add columns and tables; all of them nullable or with a default, so that a running installation keeps its rows."""
    _decisions()
    _add_retractions()
    _postings()
    _developments()
    _revisions()


def _decisions() -> None:
    json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
    op.add_column("tellings", sa.Column("evidence", json, nullable=True))
    op.add_column("tellings", sa.Column("by_hand", sa.DateTime(timezone=True), nullable=True))
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "related",
        sa.Column("story_id", big, nullable=False, autoincrement=False),
        sa.Column("other_id", big, nullable=False, autoincrement=False),
        sa.Column("partner_id", big, nullable=False),
        sa.Column("containment", sa.Float(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("story_id", "other_id", name=op.f("pk_related")),
    )
    op.create_table(
        "rulings",
        sa.Column("story_id", big, nullable=False, autoincrement=False),
        sa.Column("other_id", big, nullable=False, autoincrement=False),
        sa.Column("verdict", sa.String(length=10), nullable=False),
        sa.Column("ruled_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("story_id", "other_id", name=op.f("pk_rulings")),
    )
    for table in ("related", "rulings"):
        op.create_index(op.f(f"ix_{table}_other_id"), table, ["other_id"])


def _add_retractions() -> None:
    op.create_table(
        "retractions",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("message", sa.String(64), nullable=False),
        sa.Column("retracts", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("story_id", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.String(100), nullable=False),
        sa.Column("recipient", sa.String(320), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("owed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retractions")),
        sa.UniqueConstraint("message", name=op.f("uq_retractions_message")),
    )
    op.create_index(op.f("ix_retractions_state_next_try_at"), "retractions", ["state", "next_try_at"])
    op.create_index(op.f("ix_alerts_article_id"), "alerts", ["article_id"])
    op.create_index(op.f("ix_stories_article_id"), "stories", ["article_id"])


def _postings() -> None:
    """Postings to the index of near-duplicates get an order of their own, since a revision posts an old article again."""
    op.add_column("articles", sa.Column("posted", sa.BigInteger(), nullable=False, server_default="0"))
    op.execute("UPDATE articles SET posted = id")
    op.execute("INSERT INTO meta (key, value) SELECT 'posted', CAST(max(id) AS TEXT) FROM articles HAVING count(*) > 0")
    op.create_index(op.f("ix_articles_posted"), "articles", ["posted"])


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


def _revisions() -> None:
    op.add_column("revisions", sa.Column("material", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.add_column("revisions", sa.Column("gone", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("revisions", sa.Column("why", sa.Text(), nullable=True))
