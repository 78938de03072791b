"""Trouble: an error that a technician or an officer reads, in Vietnamese and English."""

from __future__ import annotations


class Trouble(Exception):
    """Something a person must act on: it names the thing, the cause and what to do.

    `code` is a dotted noun for logs and events (`camera.password_refused`); `vi` and `en` say the
    same sentence in both languages and hold no secret.
    """

    def __init__(self, code: str, vi: str, en: str) -> None:
        super().__init__(en)
        self.code = code
        self.vi = vi
        self.en = en

    def __str__(self) -> str:
        return f"{self.vi}\n  {self.en}"

    def __reduce__(self) -> tuple[type[Trouble], tuple[str, str, str]]:
        return type(self), (self.code, self.vi, self.en)
