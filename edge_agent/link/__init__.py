"""FROM DISK TO THE CENTER: wire (pure), mqtt, relay."""
