"""The pages that are looked at: every feature adds its own.

A page is a path and who looks at it: `visitor`, or one of the demonstration accounts' roles.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shown:
    """A page as one role sees it; `status` is what it answers."""

    path: str
    role: str = "visitor"
    status: int = 200

    def __str__(self) -> str:
        return f"{self.role}{self.path}".replace("/", "_")


PAGES = [
    Shown("/"),
    Shown("/components"),
    Shown("/catalogue/"),
    Shown("/catalogue/?q=无人机&price=free"),
    Shown("/no/such/page", status=404),
]
