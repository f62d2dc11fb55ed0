"""The HTTP of the stand-in: tokens, answers, and the faults that a test asks for."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from tom_treasuremap import standin
from tom_treasuremap.fake import accounts
from tom_treasuremap.fake.answers import DATABASE, NO_TOKEN, UNEXPECTED, Answer
from tom_treasuremap.fake.routes import has_body, nowhere, route
from tom_treasuremap.fake.schema import ABSENT, Faults, integer
from tom_treasuremap.fake.world import World
from tom_treasuremap.standin import Asked, Standin

ODD = {
    "pointing_ids": [],
    "ERRORS": [["Object: {}", ["400: something the stand-in was told to say"]]],
    "WARNINGS": [],
    "DOI": None,
}
#: what a fault may do here
DOES: dict[str, Answer | None] = {
    **standin.DOES,
    "500": Answer(500, {"message": DATABASE}),
    "200_error": Answer(200, ODD),
    "429": Answer(429, {"message": "Too many requests"}, headers={"Retry-After": "3"}),
    "503": Answer(503, {"message": "Service unavailable"}, headers={"Retry-After": "3"}),
}


@dataclass
class Call:
    """One request, read."""

    query: dict[str, str]
    body: Any
    user: dict[str, Any] | None
    parts: dict[str, Any] = field(default_factory=dict)


class Fake(Standin):
    """The stand-in, serving from construction to `close`."""

    does = DOES
    software = "uvicorn"
    broken = Answer(500, {"message": DATABASE})
    ends = {"message": UNEXPECTED}

    def __init__(self, seed: dict[str, Any] | None = None, *, zenodo: bool = False, **serving: Any):
        self.world = World(seed, zenodo=zenodo)
        super().__init__(**serving)

    @property
    def token(self) -> str:
        """The first account's token."""
        return self.world.users[0]["token"]

    def observe(self, graceid: str, rows: list[dict[str, Any]], **common: Any) -> list[int]:
        """Stores pointings as other teams' reports would have; their ids."""
        with self.lock:
            return [self.world.keep({**common, **row, "graceid": graceid})["id"] for row in rows]

    def found(self, asked: Asked, data: bytes, headers: Any) -> Any:
        found, parts = route(asked.method, asked.path)
        if found is None:
            raise nowhere(asked.path, asked.query, headers.get("Host", ""))
        body = _decoded(data, headers.get("Content-Type", "")) if has_body(asked.method, asked.path) else ABSENT
        asked.body = None if body is ABSENT else body
        user = accounts.bearer(self.world, headers)
        asked.user = user["username"] if user else None
        if found[3] and user is None:
            raise Answer(401, {"message": NO_TOKEN})
        return found[2](self.world, Call(asked.query, body, user, _numbers(parts)))


def _numbers(parts: dict[str, str]) -> dict[str, Any]:
    """What a path names; an id is a number. Raises Answer 400."""
    faults = Faults()
    found = {
        name: integer(said, f"path.{name}", faults) if name.endswith("_id") else said for name, said in parts.items()
    }
    faults.stop()
    return found


def _decoded(data: bytes, kind: str) -> Any:
    """The body as JSON, ABSENT when there is none; what was not sent as JSON is text, which no schema takes."""
    if not data:
        return ABSENT
    if kind and "json" not in kind:
        return data.decode("utf-8", "replace")
    try:
        return json.loads(data)
    except json.JSONDecodeError as error:
        faults = Faults()
        faults.add("JSON decode error", f"body.{error.pos}", "json_invalid")
        return faults.stop()
    except ValueError:
        raise Answer(400, {"detail": "There was an error parsing the body"}) from None
