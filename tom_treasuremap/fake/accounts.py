"""Accounts, tokens and log-in, and the public lists of values."""

from __future__ import annotations

import re
import secrets
from datetime import datetime, timezone
from typing import Any

from tom_treasuremap.fake import schema
from tom_treasuremap.fake.answers import Answer
from tom_treasuremap.fake.schema import Faults, boolean, text
from tom_treasuremap.fake.world import Row, World
from tom_treasuremap.vocabulary import BANDS

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
    """`POST /auth/login`, by name or e-mail."""
    kinds = {"username": text, "email": text, "password": text, "remember_me": boolean}
    asked = schema.body(call.body, kinds, ("password",))
    name = asked["username"] or asked["email"]
    row = next((row for row in world.users if name and name in (row["username"], row["email"])), None)
    if row is None or not row.get("password") or row["password"] != asked["password"]:
        raise Answer(401, {"message": "Invalid username or password"})
    if not row.get("verified"):
        raise Answer(403, {"message": "Please verify your email address before logging in"})
    session = f"{secrets.token_urlsafe(12)}.{secrets.token_urlsafe(24)}.{secrets.token_urlsafe(24)}"
    world.sessions[session] = row["id"]
    return {"access_token": session, "token_type": "bearer", "expires_in": LASTS, "user": shown(row)}


def logout(world: World, call: Any) -> Row:
    """`POST /auth/logout`."""
    return {"message": "Successfully logged out"}


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
    if len(said) < 3:
        faults.rule("Username must be at least 3 characters long", where)
    elif len(said) > 50:
        faults.rule("Username must be at most 50 characters long", where)
    elif not re.fullmatch(r"[A-Za-z0-9_-]+", said):
        faults.rule("Username can only contain letters, numbers, underscores, and dashes", where)
    return said


def register(world: World, call: Any) -> Row:
    """`POST /register`: the account waits for a click in a mail that is not sent here."""
    kinds = {"email": _email, "username": _username, "password": text, "first_name": text, "last_name": text}
    asked = schema.body(call.body, kinds, ("email", "username", "password"))
    row = {"id": world.number("users"), "verified": False, "token": None, "firstname": asked["first_name"]}
    row |= {"lastname": asked["last_name"]} | {key: asked[key] for key in ("username", "email", "password")}
    world.users.append(row)
    message = "Registration successful. Please check your email to verify your account."
    return {"message": message, "email": asked["email"], "verification_required": True}


def health(world: World, call: Any) -> Row:
    """`GET /health`."""
    return {"status": "ok", "time": datetime.now(timezone.utc).isoformat()}


# --- lists of values

SPELLED = {
    "I": "I (uppercase)",
    "i": "i (lowercase)",
    "UVW1": "UV W1",
    "UVW2": "UV W2",
    "UVM2": "UV M2",
    "XRT": "X-ray Telescope",
    "UHF": "Ultra High Frequency",
    "VHF": "Very High Frequency",
}


def _options(*rows: tuple[str, str, str]) -> list[Row]:
    return [dict(zip(("name", "value", "description"), row, strict=True)) for row in rows]


ENUMS: dict[str, list[Row]] = {
    "bandpass": _options(*((SPELLED.get(name, name), name, f"Bandpass filter: {name}") for name in BANDS)),
    "depth_unit": _options(
        *(
            (name, value, f"{name} - {more}")
            for name, value, more in (
                ("AB Magnitude", "ab_mag", "Standard astronomical magnitude system"),
                ("Vega Magnitude", "vega_mag", "Magnitude system referenced to Vega"),
                ("Flux (erg/cm²/s)", "flux_erg", "Energy flux in CGS units"),
                ("Flux (Jy)", "flux_jy", "Flux density in Janskys"),
            )
        )
    ),
    "pointing_status": _options(
        ("Planned", "planned", "Observation is planned but not yet executed"),
        ("Completed", "completed", "Observation has been successfully completed"),
        ("Cancelled", "cancelled", "Observation was cancelled and will not be executed"),
    ),
    "instrument_type": _options(
        ("Photometric", "1", "Photometric instruments measure brightness and colors of astronomical objects"),
        ("Spectroscopic", "2", "Spectroscopic instruments analyze the spectrum of light from astronomical objects"),
    ),
    "footprint_type": _options(
        ("Rectangular", "Rectangular", "Rectangular footprint with specified height and width"),
        ("Circular", "Circular", "Circular footprint with specified radius"),
        ("Polygon", "Polygon", "Custom polygon footprint with user-defined vertices"),
    ),
    "footprint_unit": _options(
        ("Degrees", "deg", "Degrees - Standard angular measurement"),
        ("Arc Minutes", "arcmin", "Arc Minutes - 1/60th of a degree"),
        ("Arc Seconds", "arcsec", "Arc Seconds - 1/3600th of a degree"),
    ),
}


def enum(world: World, call: Any) -> Row:
    """`GET /enums/NAME`."""
    name = call.parts[0]
    if name == "all":
        kinds = [{**row, "value": row["name"].lower()} for row in ENUMS["instrument_type"]]
        return {"enums": {**ENUMS, "instrument_type": kinds}}
    if name not in ENUMS:
        raise Answer(404, {"detail": "Not Found"})
    return {"enum_type": name, "options": ENUMS[name]}
