"""Alembic's entry: runs the migrations on the connection that ``store/migrate.py`` hands over, in its transaction."""

from alembic import context

# a version table of our own: other programs' migrations, which may live in the same database, use Alembic's default name
context.configure(
    connection=context.config.attributes["connection"],
    transactional_ddl=True,
    version_table=context.config.attributes["version_table"],
)
with context.begin_transaction():
    context.run_migrations()
