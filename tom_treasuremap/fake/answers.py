"""What the server says when it does not do what was asked."""

from __future__ import annotations

from tom_treasuremap.standin import Answer

NO_TOKEN = "Authentication required. Please provide a valid JWT token or API token."
DATABASE = "A database error occurred"
UNEXPECTED = "An unexpected error occurred"


def refused(message: str, *errors: str) -> Answer:
    """400 as the server's own checks give it."""
    return Answer(400, {"message": message, **({"errors": [{"message": text} for text in errors]} if errors else {})})


def words(message: str, *errors: str) -> str:
    """The same, as it is quoted inside other answers."""
    return f"400: { {'message': message, 'errors': [{'message': text} for text in errors]} }"


def missing(message: str) -> Answer:
    return Answer(404, {"message": message})


def forbidden(message: str) -> Answer:
    return Answer(403, {"message": message})


def broken(message: str = DATABASE) -> Answer:
    """500. After the unexpected one the server drops the connection without saying so."""
    return Answer(500, {"message": message})


def conflict() -> Answer:
    return Answer(409, {"message": "The request conflicts with database constraints"})
