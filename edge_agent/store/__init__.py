"""WHAT MUST SURVIVE: SQLite (WAL, synchronous=FULL): segment index, events, outbox."""
