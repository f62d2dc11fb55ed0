"""Addresses of the stand-in -> what answers, which methods it takes, and whether it wants a log-in."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from tom_hermes.fake import reading, views
from tom_hermes.fake.http import Reply, Request
from tom_hermes.fake.submit import submit
from tom_hermes.fake.world import World

API = "/api/v0/"
NOT_FOUND = "\n<!doctype html>\n<html lang=\"en\">\n<head>\n  <title>Not Found</title>\n</head>\n<body>\n  <h1>Not Found</h1><p>The requested resource was not found on this server.</p>\n</body>\n</html>\n"  # fmt: skip  # noqa: E501
LOG_IN = "Authentication credentials were not provided."


@dataclass(frozen=True)
class Route:
    pattern: str  #: a part in angle brackets is anything but a slash
    views: dict[str, views.View]  #: by method
    login: tuple[str, ...] = ()  #: methods that want one
    slash: bool = True


GET, EVERY = ("GET",), ("GET", "POST", "PATCH", "PUT", "DELETE")
ROUTES = (
    Route("", {"GET": views.root}),
    Route("submit_message/", {"GET": views.usage, "POST": submit}),
    Route("submit_message/validate/", {"GET": views.usage, "POST": views.validate}),
    Route("submit_message/preload/", {"GET": views.usage, "POST": views.preload}, ("POST",)),
    Route("submit_message/load/<key>/", {"GET": views.load}, EVERY),
    Route("submit_message/plaintext/", {"GET": views.usage, "POST": views.as_text}),
    Route("messages/", {"GET": reading.index("messages")}, EVERY),
    Route("messages/<key>/", {"GET": reading.message}, EVERY),
    Route("messages/<key>/plaintext/", {"GET": reading.message_text}, EVERY),
    Route("targets/", {"GET": reading.index("targets")}, EVERY),
    Route("targets/<key>/", {"GET": reading.target}, EVERY),
    Route("nonlocalizedevents/", {"GET": reading.index("events")}, EVERY),
    Route("nonlocalizedevents/<key>/", {"GET": reading.event}, EVERY),
    Route("nonlocalizedevents/<key>/targets/", {"GET": reading.event_targets}, EVERY),
    Route("nonlocalizedevents/<key>/sequences/", {"GET": reading.event_sequences}, EVERY),
    Route("nonlocalizedeventsequence/", {"GET": reading.sequences}, EVERY),
    Route("nonlocalizedeventsequence/<key>/", {"GET": reading.sequence}, EVERY),
    Route("query/", {"GET": reading.query}),
    Route("query/message/<uuid>/", {"GET": reading.archived, "PATCH": reading.archived}, ("PATCH",)),
    Route("query/download/<uuid>/", {"GET": reading.download}),
    Route("topics/", {"GET": views.topics}),
    Route("profile/", {"GET": views.profile, "PATCH": views.profile, "PUT": views.profile}, EVERY),
    Route("tns_options/", {"GET": views.tns_options}),
    Route("heartbeat/", {"GET": views.heartbeat}),
    Route("revoke_api_token/", {"POST": views.revoke_token}, EVERY),
    Route("revoke_hop_credential/", {"POST": views.revoke_credential}, EVERY),
)
#: of the archive and the front end, which have no slash at the end
OTHERS = (
    Route("/archive/msg/<uuid>/raw_file/<name>", {"GET": reading.raw_file}),
    Route("/submit-message", {"GET": views.front}),
    Route("/message/<key>", {"GET": views.front}),
    Route("/circulars/<key>", {"GET": views.front}),
)


def _compiled() -> list[tuple[re.Pattern[str], Route]]:
    pairs = [(API + route.pattern, route) for route in ROUTES] + [(route.pattern, route) for route in OTHERS]
    return [(re.compile(re.sub(r"<(\w+)>", r"(?P<\1>[^/]+)", text) + r"\Z"), route) for text, route in pairs]


_ROUTES = _compiled()


def answer(world: World, request: Request) -> Reply:
    """The reply to a request whose account is known: 301 without the slash, 403 before 405, as Django has it."""
    match, route = _find(request.path)
    if route is None:
        if not request.path.endswith("/") and _find(request.path + "/")[1] is not None:
            place = f"{request.path}/{'?' + request.query if request.query else ''}"
            return Reply(301, body=b"", kind="text/html; charset=utf-8", headers={"Location": place})
        return Reply(404, body=NOT_FOUND.encode(), kind="text/html; charset=utf-8")
    if request.method == "HEAD":
        request = replace(request, method="GET")
    if request.method in route.login and request.account is None:
        return Reply(403, {"detail": LOG_IN})
    view = route.views.get(request.method)
    if view is None:
        return Reply(405, {"detail": f'Method "{request.method}" not allowed.'})
    return view(world, request, **match.groupdict())


def _find(path: str):
    for pattern, route in _ROUTES:
        match = pattern.match(path)
        if match:
            return match, route
    return None, None
