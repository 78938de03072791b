"""The center's database: SQLite for a district, PostgreSQL for a province; one set of tables."""
