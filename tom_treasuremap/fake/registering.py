"""Registering an account. The mail that it waits for is not sent here."""

from __future__ import annotations

import re
import secrets
from typing import Any

from tom_treasuremap.fake import schema
from tom_treasuremap.fake.answers import Answer, refused
from tom_treasuremap.fake.schema import Faults, text
from tom_treasuremap.fake.world import Row, World

LONGEST = 25  #: characters of a name that the database takes; the schema takes 50
STRENGTH = (
    (r".{8}", "Password must be at least 8 characters long"),
    (r"[A-Z]", "Password must contain at least one uppercase letter"),
    (r"[a-z]", "Password must contain at least one lowercase letter"),
    (r"\d", "Password must contain at least one number"),
)
SENT = "If an account with this email exists, a verification email has been sent."


def _email(value: Any, where: str, faults: Faults) -> str | None:
    said = text(value, where, faults)
    if said is not None and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", said):
        start = "value is not a valid email address: "
        faults.add(f"{start}An email address must have an @-sign.", where, "value_error")
    return said


def _username(value: Any, where: str, faults: Faults) -> str | None:
    said = text(value, where, faults)
    if said is None:
        return None
    name = said.strip()
    if not name:
        faults.rule("Username is required", where)
    elif len(name) < 3:
        faults.rule("Username must be at least 3 characters long", where)
    elif len(name) > 50:
        faults.rule("Username must be no more than 50 characters long", where)
    elif not re.fullmatch(r"[A-Za-z0-9_-]+", name):
        faults.rule("Username can only contain letters, numbers, underscores, and dashes", where)
    return name


def _password(value: Any, where: str, faults: Faults) -> str | None:
    said = text(value, where, faults)
    if said is None:
        return None
    problems = [words for pattern, words in STRENGTH if re.search(pattern, said, re.DOTALL) is None]
    if problems:
        faults.rule(problems[0] if said else "Password is required", where)
    return said


def _name(value: Any, where: str, faults: Faults) -> str | None:
    said = text(value, where, faults)
    if said is not None and len(said.strip()) > 100:
        faults.rule("Name must be no more than 100 characters long", where)
    return said and said.strip()


def register(world: World, call: Any) -> Row:
    """`POST /register`."""
    kinds = {"email": _email, "username": _username, "password": _password, "first_name": _name, "last_name": _name}
    asked = schema.body(call.body, kinds, ("email", "username", "password"))
    if any(row["email"] == asked["email"] for row in world.users):
        raise refused("An account with this email address already exists")
    if any(row["username"] == asked["username"] for row in world.users):
        raise refused("This username is already taken")
    if len(asked["username"]) > LONGEST:
        raise Answer(500, {"message": "Registration failed. Please try again."})
    row = {"id": world.number("users"), "verified": False, "token": None, "firstname": asked["first_name"] or ""}
    row |= {"lastname": asked["last_name"] or ""} | {key: asked[key] for key in ("username", "email", "password")}
    row["verification_token"] = secrets.token_urlsafe(32)
    world.users.append(row)
    message = "Registration successful. Please check your email to verify your account."
    return {"message": message, "email": asked["email"], "verification_required": True}


def verify(world: World, call: Any) -> Row:
    """`POST /auth/verify-email`: gives the account its token."""
    said = schema.body(call.body, {"verification_token": text}, ("verification_token",))["verification_token"]
    row = next((row for row in world.users if said and row.get("verification_token") == said), None)
    if row is None:
        raise refused("Invalid verification token")
    row.update(verified=True, verification_token=None, token=secrets.token_hex(32))
    return {"message": "Email verified successfully! You can now log in.", "verified": True}


def resend(world: World, call: Any) -> Row:
    """`POST /auth/resend-verification`: it does not say whether there is such an account."""
    email = schema.query(call.query, {"email": text}, ("email",))["email"]
    row = next((row for row in world.users if row["email"] == email), None)
    if row is not None and row.get("verified"):
        raise refused("Account is already verified")
    return {"message": SENT, "email": email, "verification_required": True}
