from shared.database import run_migrations

run_migrations()
