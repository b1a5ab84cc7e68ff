"""What collection and extraction keep beyond the first schema."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add columns and tables; all of them nullable or with a default, so that a running installation keeps its rows."""
    op.add_column("articles", sa.Column("quality", sa.Float(), nullable=True))
    op.add_column("articles", sa.Column("comments_read", sa.Integer(), nullable=True))
    op.add_column("articles", sa.Column("partial", sa.Text(), nullable=True))
    op.add_column("runs", sa.Column("history", sa.Date(), nullable=True))
    op.add_column("articles", sa.Column("payload", sa.String(60), nullable=True))
    op.add_column("articles", sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("alerts", sa.Column("late", sa.String(100), nullable=True))
    _collection()
    _reading()


def _collection() -> None:
    json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
    for table, name, kind in (
        ("sources", "digest", sa.Text()),
        ("sources", "rules", sa.Text()),
        ("sources", "names", json),
        ("sources", "paging", json),
        ("portals", "standings", json),
        ("portals", "reserved", json),
        ("runs", "share", sa.Float()),
        ("runs", "views", json),
    ):
        op.add_column(table, sa.Column(name, kind, nullable=True))
    op.drop_column("portals", "wait_until")


def _reading() -> None:
    json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
    op.add_column("articles", sa.Column("codec_why", sa.Text(), nullable=True))
    for name in ("publisher_from", "images"):
        op.add_column("articles", sa.Column(name, json, nullable=True))
    op.create_table(
        "learned",
        sa.Column("portal", sa.String(length=40), nullable=False),
        sa.Column("pages", json, nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("portal", name=op.f("pk_learned")),
    )
