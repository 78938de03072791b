"""PACKETS → DISK: recorder, segments, index; nothing else in the house can stop it."""
