"""Enrolment at the center: codes, tickets, the officer's decision, the routes that sites call."""
