"""The Hopskotch archive as its contract has it: BSON without a Content-Type, opaque paging, its 500s for wrong tokens and empty topics."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from tom_scimma import offload
from tom_scimma.errors import Refused
from tom_scimma.fake_services import scram
from tom_scimma.fake_services.archived import BIG, Stored, as_full, as_meta, fits, put, shelf_of
from tom_scimma.fake_services.scram import Caller
from tom_scimma.fake_services.server import Answered, Request, Response, Route, as_json
from tom_scimma.fake_services.world import World

BASE = "/archive"
FULL, META = 64, 1024  #: most messages of a page
ROUTES: dict[tuple[str, str], Route] = {}
PLACES: list[tuple[str, str]] = []  #: method and path of each, as OpenAPI writes them


def route(method: str, pattern: str) -> Callable[[Route], Route]:
    """Adds a route below BASE; `{}` is one part of the path."""

    def adding(answer: Route) -> Route:
        ROUTES[method, re.escape(BASE) + pattern.replace("{}", "([^/]+)")] = answer
        PLACES.append((method, pattern.replace("{}", "{one}", 1).replace("{}", "{other}")))
        return answer

    return adding


def bson(value: Any, status: int = 200) -> Response:
    from tom_scimma.stream import tobson

    return Response(status, tobson(value))


def text(status: int, words: str) -> Response:
    return Response(status, words, "text/plain; charset=utf-8")


def caller(world: World, request: Request, refused: Response) -> Caller | None:
    """Who asks; None for nobody in particular. Raises Answered: `refused` for a credential that SCiMMA Auth does not take."""
    if not request.headers.get("Authorization"):
        return None
    try:
        return scram.who(world, request)
    except Answered as said:
        handshake = "sid=" in said.response.headers.get("WWW-Authenticate", "")
        if handshake or said.response.status == 500:  # passed through, as a wrong password's page is
            raise
        raise Answered(refused) from said


def readable(world: World, who: Caller | None) -> set[str]:
    """Topics of which this user may read what is not public. By user, not by credential, as it is there."""
    if who is None:
        return set()
    return {name for name in world.topics if world.supports(who.user.subject, name, "Read")}


@route("GET", "/health_check")
def health_check(world: World, request: Request) -> Response:
    return as_json({"DatabaseOK": True, "ObjectStoreOK": True, "HopAuthOK": True})


@route("GET", "/topics")
def topics(world: World, request: Request) -> Response:
    who = caller(world, request, text(403, "Forbidden"))
    return bson({"topics": sorted({row.topic for row in world.messages if row.public} | readable(world, who))})


@route("GET", "/messages")
def messages(world: World, request: Request) -> Response:
    return page(request, wanted(world, request, request_topics(request)))


@route("GET", "/topic/{}")
def topic(world: World, request: Request) -> Response:
    return page(request, wanted(world, request, [request.parts[0]]))


@route("GET", "/messages/count")
def count(world: World, request: Request) -> Response:
    return bson({"count": len(wanted(world, request, request_topics(request)))})


def request_topics(request: Request) -> list[str]:
    return [value for name, value in request.query if name == "topic"]


def wanted(world: World, request: Request, names: list[str]) -> list[Stored]:
    """The messages of a query that this caller may list, the oldest first. Raises Answered."""
    who = caller(world, request, text(500, "Internal Server Error"))
    if names and not any(row.topic in names for row in world.messages):
        raise Answered(text(500, "Internal Error"))
    since, until = number(request, "start_time"), number(request, "end_time")
    hidden, search = not flag(request, "include_retracted", True), request.one("search_query")
    mine = readable(world, who)
    found = [
        row
        for row in world.messages
        if (not names or row.topic in names)
        and (row.public or row.topic in mine)
        and (since is None or row.timestamp >= since)
        and (until is None or row.timestamp < until)
        and not (hidden and row.retracted)
        and (not search or fits(row, search))
    ]
    return sorted(found, key=lambda row: (row.timestamp, row.id))


def page(request: Request, found: list[Stored]) -> Response:
    """One page: `limit`, `asc`, `meta`, and the opaque `page` of the last answer."""
    meta, ascending = flag(request, "meta", False), flag(request, "asc", True)
    asked = number(request, "limit")
    limit = min(META if meta else FULL, FULL if asked is None else asked)
    found = found if ascending else found[::-1]
    begin = 0
    if mark := request.one("page"):
        match = re.fullmatch(r"([<>])i:(\d+)~i:(\d+)", mark)
        places = [(row.timestamp, row.id) for row in found]
        if match is None or (place := (int(match[2]), int(match[3]))) not in places:
            return text(500, "Internal Error")
        begin = places.index(place) + 1 if match[1] == ">" else max(0, places.index(place) - limit)
    shown = found[begin : begin + limit]
    if not meta and any(row.broken for row in shown):
        return text(500, "Internal Server Error")
    more = begin + limit < len(found)
    last, first = (shown or found)[-1:], shown[:1]
    return bson(
        {
            "messages": [as_meta(row) if meta else as_full(row) for row in shown],
            "next": f">i:{last[0].timestamp}~i:{last[0].id}" if more else None,
            "prev": f"<i:{first[0].timestamp}~i:{first[0].id}" if begin and first else None,
        }
    )


def number(request: Request, name: str) -> int | None:
    """A whole number; `12.0` is one. Raises Answered (422)."""
    said = request.one(name)
    if not said:
        return None
    try:
        value = float(said)
        if value == int(value):
            return int(said) if said.lstrip("-").isdigit() else int(value)
    except (ValueError, OverflowError):
        pass
    raise Answered(as_json({"detail": [{"type": "int_parsing", "loc": ["query", name], "input": said}]}, 422))


def flag(request: Request, name: str, default: bool) -> bool:
    said = request.one(name).lower()
    if said in ("", "true", "1", "yes", "on", "false", "0", "no", "off"):
        return default if not said else said in ("true", "1", "yes", "on")
    raise Answered(as_json({"detail": [{"type": "bool_parsing", "loc": ["query", name], "input": said}]}, 422))


@route("GET", "/msg/{}")
def message(world: World, request: Request) -> Response:
    return bson(as_full(opened(world, request)))


@route("GET", "/msg/{}/raw_file/{}")
def raw_file(world: World, request: Request) -> Response:
    row, name = opened(world, request), request.parts[1]
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(200, row.payload, "application/octet-stream", headers)


def opened(world: World, request: Request) -> Stored:
    """The message of the path, if the caller's credential may read its topic. Raises Answered."""
    row = find(world, request.parts[0])
    if row.broken:
        raise Answered(text(500, "Internal Server Error"))
    if row.public:
        return row
    who = caller(world, request, text(403, "Forbidden"))
    if who is None:
        realm = {"WWW-Authenticate": 'SCRAM-SHA-512 realm="default@dev.hop.scimma.org"'}
        raise Answered(as_json({"message": "Authentication required"}, 401, **realm))
    place = row.topic.removesuffix(BIG)
    if who.credential is None or place not in world.topics:
        raise Answered(text(500, "Internal Server Error"))
    if not world.may(who.credential, place, "Read"):
        raise Answered(text(403, "Operation not permitted"))
    return row


def find(world: World, name: str) -> Stored:
    try:
        key = uuid.UUID(name)
    except ValueError:
        raise Answered(text(400, "Invalid Message ID")) from None
    row = shelf_of(world).get(key)
    if row is None:
        raise Answered(text(404, "Message not found"))
    return row


@route("POST", "/topic/{}")
def upload(world: World, request: Request) -> Response:
    """Direct upload; nothing goes on Kafka."""
    who = caller(world, request, text(403, "Forbidden"))
    said, name = _uploaded(request), request.parts[0].removesuffix(BIG)
    place = world.topics.get(name)
    if place is None:
        return text(400, "Invalid topic")
    if who is None or not world.sees(who.user, place):
        return text(404, "Topic not found") if who else text(403, "Forbidden")
    if not world.may(who.credential, name, "Write"):
        return text(403, "Operation not permitted")
    headers = said.get("headers", [])
    pairs = [(key, value) for key, value in (headers.items() if isinstance(headers, dict) else headers)]
    now = round(world.clock().timestamp() * 1000)
    row = put(world, request.parts[0], said["message"], now, headers=pairs, direct=True)
    return bson({"archive_uuid": str(row.uuid), "is_client_uuid": row.client_uuid}, 201)


def _uploaded(request: Request) -> dict[str, Any]:
    from tom_scimma.stream import unbson

    try:
        said = offload.document("the upload", request.body, unbson)
    except Refused as error:
        raise Answered(text(400, "Invalid BSON")) from error
    if not isinstance(said.get("message"), bytes) or set(said) - {"message", "headers", "key"}:
        raise Answered(text(400, "Invalid message data"))
    return said


@route("PUT", "/msg/{}/retraction")
def retraction(world: World, request: Request) -> Response:
    """For owners of the topic's group; the message is still served."""
    who, row = caller(world, request, text(403, "Forbidden")), find(world, request.parts[0])
    place = world.topics.get(row.topic.removesuffix(BIG))
    owner = world.groups.get(place.owning_group) if place else None
    if who is None or owner is None or owner.members.get(who.user.subject) != "Owner":
        return text(403, "Operation not permitted")
    row.retracted = flag(request, "retracted", True)
    return bson({})


@route("GET", "/openapi.json")
def openapi(world: World, request: Request) -> Response:
    """What there is, without its parameters."""
    paths: dict[str, dict[str, Any]] = {}
    for method, place in PLACES:
        paths.setdefault(place, {})[method.lower()] = {"responses": {"200": {"description": "Successful Response"}}}
    return as_json({"openapi": "3.1.0", "info": {"title": "Archive API", "version": "0.1.0"}, "paths": paths})


@route("GET", "/docs")
def docs(world: World, request: Request) -> Response:
    page = "<!doctype html>\n<title>Archive API - Swagger UI</title>\n<a href='openapi.json'>openapi.json</a>\n"
    return Response(200, page, "text/html; charset=utf-8")


def elsewhere(world: World, request: Request) -> Response:
    """A path that nothing answers: with a slash too many it leads to what was meant, as FastAPI has it."""
    meant = request.path.rstrip("/")
    if meant != request.path and any(re.fullmatch(pattern, meant) for _, pattern in ROUTES):
        query = f"?{urlencode(request.query)}" if request.query else ""
        return Response(307, b"", "", {"Location": f"{request.url}{meant}{query}"})
    return as_json({"detail": "Not Found"}, 404)


#: FastAPI's own answers for the rest, after all others
ROUTES["*", re.escape(BASE) + "/.*"] = elsewhere
