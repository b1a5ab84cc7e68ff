"""What delivery and health keep."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add columns and tables; all of them nullable or with a default, so that a running installation keeps its rows."""
    _tallies()


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
