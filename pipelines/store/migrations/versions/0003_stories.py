"""What stories, their tellings and revisions keep beyond collection."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add columns and tables; all of them nullable or with a default, so that a running installation keeps its rows."""
    _postings()
    for table in ("stories", "alerts"):
        op.create_index(op.f(f"ix_{table}_article_id"), table, ["article_id"])


def _postings() -> None:
    """Postings to the index of near-duplicates get an order of their own, since a revision posts an old article again."""
    op.add_column("articles", sa.Column("posted", sa.BigInteger(), nullable=False, server_default="0"))
    op.execute("UPDATE articles SET posted = id")
    op.execute("INSERT INTO meta (key, value) SELECT 'posted', CAST(max(id) AS TEXT) FROM articles HAVING count(*) > 0")
    op.create_index(op.f("ix_articles_posted"), "articles", ["posted"])
