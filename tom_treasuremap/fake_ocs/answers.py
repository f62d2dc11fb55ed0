"""Which address of the stand-in is answered by what: the portal's, and its archive's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from tom_treasuremap.fake_ocs import patterns, rules
from tom_treasuremap.fake_ocs.instruments import INSTRUMENTS, telescope_states
from tom_treasuremap.fake_ocs.world import Row, World
from tom_treasuremap.standin import Answer, Asked


def _missing(what: str) -> Answer:
    return Answer(404, {"detail": f"No {what} matches the given query."})


def _known(user: Row | None) -> Row:
    """Who asks. Nobody is answered 403 and no 401, since the portal lets people log in by a session, too."""
    if user is None:
        raise Answer(403, {"detail": "Authentication credentials were not provided."})
    return user


def _seen(world: World, user: Row | None) -> list[Row]:
    """Groups of one's own proposals, the newest first; nobody sees any."""
    mine = user["proposals"] if user else ()
    return [group for group in reversed(world.groups.values()) if group["proposal"] in mine]


def _validate(world: World, asked: Asked, user: Row | None, now: datetime) -> Any:
    wrong = rules.errors(asked.body, _known(user), world.proposals, now)
    return {"request_durations": {} if wrong else rules.durations(asked.body), "errors": wrong}


def _submit(world: World, asked: Asked, user: Row | None, now: datetime) -> Any:
    wrong = rules.errors(asked.body, _known(user), world.proposals, now)
    return Answer(400, wrong) if wrong else Answer(201, world.keep(asked.body, _known(user), now))


def _list(world: World, asked: Asked, user: Row | None, now: datetime) -> Any:
    rows, query = _seen(world, user), asked.query
    if query.get("name"):
        rows = [row for row in rows if query["name"].lower() in row["name"].lower()]
    if query.get("request_id"):
        rows = [row for row in rows if query["request_id"] in [str(one["id"]) for one in row["requests"]]]
    if query.get("state"):
        rows = [row for row in rows if row["state"] == query["state"]]
    limit, offset = int(query.get("limit") or 10), int(query.get("offset") or 0)
    more = offset + limit < len(rows)

    def page(begin: int) -> str:
        return f"{world.address}/api/requestgroups/?{urlencode({**query, 'limit': limit, 'offset': begin})}"

    return {
        "count": len(rows),
        "next": page(offset + limit) if more else None,
        "previous": page(max(0, offset - limit)) if offset else None,
        "results": rows[offset : offset + limit],
    }


def _group(world: World, asked: Asked, user: Row | None, now: datetime, number: int) -> Any:
    return next((group for group in _seen(world, user) if group["id"] == number), _missing("RequestGroup"))


def _cancel(world: World, asked: Asked, user: Row | None, now: datetime, number: int) -> Any:
    _known(user)
    group = _group(world, asked, user, now, number)
    if isinstance(group, Answer):
        return group
    why = world.cancel(group, now)
    return Answer(400, {"errors": [why]}) if why else group


def _cadence(world: World, asked: Asked, user: Row | None, now: datetime) -> Any:
    """The group with a request for each window, not stored. As the portal it says first what is wrong."""
    _known(user)
    said, rows = dict(asked.body or {}), []
    for row in said.get("requests") or ():
        if not isinstance(row, dict) or not row.get("cadence"):
            rows.append(row)
            continue
        if row.get("windows"):
            return Answer(400, {"windows": ["Cadence requests may not contain windows"]})
        wrong = patterns.wrong_cadence(row["cadence"], now)
        if wrong:
            return Answer(400, {"cadence": wrong})
        rows += patterns.cadence(row, now, rules.duration(row))
    if not rows:
        return Answer(400, {"errors": "No visible requests within cadence window parameters"})
    said |= {"requests": rows, **({"operator": "MANY"} if len(rows) > 1 else {})}
    wrong = rules.errors(said, _known(user), world.proposals, now)
    return Answer(400, wrong) if wrong else said


def _dither(world: World, asked: Asked, user: Row | None, now: datetime) -> Any:
    wrong = patterns.wrong(asked.body, "configuration")
    return Answer(400, wrong) if wrong else patterns.dithered(asked.body)


def _mosaic(world: World, asked: Asked, user: Row | None, now: datetime) -> Any:
    wrong = patterns.wrong(asked.body, "request")
    return Answer(400, wrong) if wrong else patterns.mosaic(asked.body)


def _telescopes(world: World, asked: Asked, user: Row | None, now: datetime) -> Any:
    return telescope_states(now)


def _request(world: World, asked: Asked, user: Row | None, now: datetime, number: int) -> Any:
    found = [row for group in _seen(world, user) for row in group["requests"] if row["id"] == number]
    return found[0] if found else _missing("Request")


def _observations(world: World, asked: Asked, user: Row | None, now: datetime, number: int) -> Any:
    found = _request(world, asked, user, now, number)
    return found if isinstance(found, Answer) else world.tries[number]


def _instruments(world: World, asked: Asked, user: Row | None, now: datetime) -> Any:
    return INSTRUMENTS


def _profile(world: World, asked: Asked, user: Row | None, now: datetime) -> Any:
    known = _known(user)
    rows = [{"id": name, "title": f"Proposal {name}", "current": True} for name in known["proposals"]]
    return {"username": known["username"], "proposals": rows}


def _frames(world: World, asked: Asked, user: Row | None, now: datetime) -> Any:
    """The archive's: of one's own proposals."""
    rows = [row for row in world.frames if row["proposal_id"] in (user["proposals"] if user else ())]
    for name in ("REQNUM", "request_id"):
        if asked.query.get(name):
            rows = [row for row in rows if str(row["request_id"]) == asked.query[name]]
    limit, offset = int(asked.query.get("limit") or 100), int(asked.query.get("offset") or 0)
    more = f"{world.address}/frames/?{urlencode({**asked.query, 'limit': limit, 'offset': offset + limit})}"
    page = rows[offset : offset + limit]
    return {"count": len(rows), "next": more if offset + limit < len(rows) else None, "previous": None, "results": page}


def _frame(world: World, asked: Asked, user: Row | None, now: datetime, number: int) -> Any:
    rows = [row for row in world.frames if row["proposal_id"] in (user["proposals"] if user else ())]
    return next((row for row in rows if row["id"] == number), _missing("Frame"))


def _file(world: World, asked: Asked, user: Row | None, now: datetime, number: int) -> Any:
    """What a frame's address gives to whoever has it."""
    found = [row for row in world.frames if row["id"] == number]
    return Answer(200, f"frame {number}".encode(), "application/fits") if found else _missing("Frame")


def _put(world: World, asked: Asked, user: Row | None, now: datetime, number: int) -> Any:
    """No address of a portal's: what becomes of a request."""
    try:
        world.put(number, str((asked.body or {}).get("state")), why=str((asked.body or {}).get("why", "")))
    except LookupError:
        return _missing("Request")
    return world.tries[number]


NUMBER = r"(\d+)"
ROUTES: list[tuple[str, str, Callable[..., Any]]] = [
    ("POST", "/api/requestgroups/validate/", _validate),
    ("POST", "/api/requestgroups/", _submit),
    ("GET", "/api/requestgroups/", _list),
    ("POST", "/api/requestgroups/cadence/", _cadence),
    ("POST", "/api/configurations/dither/", _dither),
    ("POST", "/api/requests/mosaic/", _mosaic),
    ("GET", f"/api/requestgroups/{NUMBER}/", _group),
    ("POST", f"/api/requestgroups/{NUMBER}/cancel/", _cancel),
    ("GET", f"/api/requests/{NUMBER}/", _request),
    ("GET", f"/api/requests/{NUMBER}/observations/", _observations),
    ("GET", "/api/instruments/", _instruments),
    ("GET", "/api/profile/", _profile),
    ("GET", "/api/telescope_states/", _telescopes),
    ("GET", "/frames/", _frames),
    ("GET", f"/frames/{NUMBER}/", _frame),
    ("GET", f"/files/{NUMBER}/", _file),
    ("POST", f"/fake/requests/{NUMBER}/", _put),
]
