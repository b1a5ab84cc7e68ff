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
