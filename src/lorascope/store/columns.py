"""The kinds of columns. They behave alike on SQLite and PostgreSQL: whole numbers have 64 bits, text sorts by code point.

Used by the tables and by every migration. What they mean on SQLite must never change: released stores are made of it.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

# SQLite's INTEGER has 64 bits, and only a column of exactly this kind may be the key that counts by itself.
Integer = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
Json = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
