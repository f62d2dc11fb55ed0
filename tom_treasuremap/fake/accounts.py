"""Tokens and log-in."""

from __future__ import annotations

import secrets
from datetime import datetime, timezone
from typing import Any

from tom_treasuremap.fake import schema
from tom_treasuremap.fake.answers import Answer
from tom_treasuremap.fake.schema import Faults, boolean, text
from tom_treasuremap.fake.world import Row, World

LASTS = 1800  #: seconds, a log-in


def bearer(world: World, headers: Any) -> Row | None:
    """Who sent a request: a JWT first, then the header `api_token`, then the token as Bearer. None: nobody."""
    scheme, _, said = (headers.get("Authorization") or "").partition(" ")
    said = said.strip() if scheme.lower() == "bearer" else ""
    if said in world.sessions:
        return world.user(world.sessions[said])
    for token in (headers.get("api_token"), said):
        found = next((row for row in world.users if token and row.get("token") == token), None)
        if found is not None:
            return found
    return None


def shown(row: Row) -> Row:
    keys = ("id", "username", "email", "firstname", "lastname", "verified")
    return {**{key: row.get(key) for key in keys}, "api_token": row.get("token")}


def me(world: World, call: Any) -> Row:
    """`GET /auth/me`."""
    return shown(call.user)


def login(world: World, call: Any) -> Row:
    """`POST /auth/login`; the name may be the e-mail address."""
    kinds = {"username": _given("Username"), "password": _given("Password"), "remember_me": boolean}
    asked = schema.body(call.body, kinds, ("username", "password"), ("remember_me",))
    name = asked["username"].strip()
    row = next((row for key in ("username", "email") for row in world.users if row[key] == name), None)
    if row is None or not row.get("password") or row["password"] != asked["password"]:
        raise Answer(401, {"message": "Invalid username or password"}, headers={"WWW-Authenticate": "Bearer"})
    if not row.get("verified"):
        message = "Account not verified. Please check your email for a verification link."
        raise Answer(401, {"message": message})
    session = f"{secrets.token_urlsafe(12)}.{secrets.token_urlsafe(24)}.{secrets.token_urlsafe(24)}"
    world.sessions[session] = row["id"]
    return {"access_token": session, "token_type": "bearer", "expires_in": LASTS, "user": shown(row)}


def _given(what: str) -> schema.Kind:
    def read(value: Any, where: str, faults: Faults) -> str | None:
        said = text(value, where, faults)
        if said is not None and not (said.strip() if what == "Username" else said):
            faults.rule(f"{what} is required", where)
        return said

    return read


def logout(world: World, call: Any) -> Row:
    """`POST /auth/logout`."""
    return {"message": "Successfully logged out"}


def health(world: World, call: Any) -> Row:
    """`GET /health`."""
    return {"status": "ok", "time": datetime.now(timezone.utc).isoformat()}
