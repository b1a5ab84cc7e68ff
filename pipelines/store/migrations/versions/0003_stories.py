"""What stories, their tellings and revisions keep beyond collection."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add columns and tables; all of them nullable or with a default, so that a running installation keeps its rows."""
    _revisions()


def _revisions() -> None:
    op.add_column("revisions", sa.Column("material", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.add_column("revisions", sa.Column("gone", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("revisions", sa.Column("why", sa.Text(), nullable=True))
