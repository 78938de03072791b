"""STAYING ALIVE: the clock, restarting, health, logs, the watchdog."""
