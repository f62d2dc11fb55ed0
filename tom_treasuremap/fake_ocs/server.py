"""The HTTP of the stand-in: who asks, and the faults that a test asks for."""

from __future__ import annotations

import json
import re
from datetime import datetime, timezone
from typing import Any
from urllib.parse import urlencode

from tom_treasuremap import standin
from tom_treasuremap.fake_ocs.answers import ROUTES
from tom_treasuremap.fake_ocs.world import Row, World
from tom_treasuremap.standin import Answer, Asked, Standin
from tom_treasuremap.transports.simulation import Manner

HTML = b"<!doctype html><html><head><title>Server Error (500)</title></head><body><h1>Server Error (500)</h1></body></html>"
BROKEN = Answer(500, HTML, "text/html; charset=utf-8")
NOWHERE = Answer(404, HTML.replace(b"Server Error (500)", b"Not Found"), "text/html; charset=utf-8")
#: what a fault may do here
DOES: dict[str, Answer | None] = {
    **standin.DOES,
    "500": BROKEN,
    "refuse": Answer(400, {"non_field_errors": ["Refused by a fault of the stand-in."]}),
    "429": Answer(
        429, {"detail": "Request was throttled. Expected available in 3 seconds."}, headers={"Retry-After": "3"}
    ),
    "503": Answer(503, b"", "text/html", {"Retry-After": "3"}),
}


class FakeOcs(Standin):
    """The stand-in, serving from construction to `close`."""

    does = DOES
    software = "gunicorn"
    broken = BROKEN

    def __init__(self, *, manner: Manner | None = None, **serving: Any):
        self.world = World(manner)
        super().__init__(**serving)
        self.world.address = self.url

    @property
    def token(self) -> str:
        """The first account's token."""
        return self.world.users[0]["token"]

    @property
    def groups(self) -> list[Row]:
        """The groups that are stored, the oldest first."""
        return list(self.world.groups.values())

    def put(self, number: int, state: str, **how: Any) -> None:
        """Lets a request become something, see `World.put`."""
        with self.lock:
            self.world.put(number, state, **how)

    def found(self, asked: Asked, data: bytes, headers: Any) -> Any:
        if not asked.path.endswith("/"):  # Django's APPEND_SLASH
            more = f"?{urlencode(asked.query)}" if asked.query else ""
            return Answer(301, b"", "text/html", {"Location": f"{asked.path}/{more}"})
        now = datetime.now(timezone.utc)
        self.world.progress(now)
        user = self._user(headers)
        asked.user = user["username"] if user else None
        asked.body = _decoded(data)
        for method, pattern, answer in ROUTES:
            match = re.fullmatch(pattern, asked.path)
            if match and method == asked.method:
                return answer(self.world, asked, user, now, *map(int, match.groups()))
        if any(re.fullmatch(pattern, asked.path) for _, pattern, _ in ROUTES):
            return Answer(405, {"detail": f'Method "{asked.method}" not allowed.'})
        return NOWHERE

    def _user(self, headers: Any) -> Row | None:
        said = headers.get("Authorization")
        if not said:
            return None
        user = next((user for user in self.world.users if said == f"Token {user['token']}"), None)
        if user is None:
            raise Answer(403, {"detail": "Invalid token."})
        return user


def _decoded(data: bytes) -> Any:
    try:
        return json.loads(data) if data else None
    except ValueError as error:
        raise Answer(400, {"detail": f"JSON parse error - {error}"}) from error
