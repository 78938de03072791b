"""Benches of the rules, cut short."""
