"""What watchlists and the questions to them keep."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add columns and tables; all of them nullable or with a default, so that a running installation keeps its rows."""
    _versions()


def _versions() -> None:
    op.add_column("watchlists", sa.Column("since", sa.DateTime(timezone=True), nullable=True))
    op.add_column("watchlists", sa.Column("topics", sa.Integer(), nullable=True))
