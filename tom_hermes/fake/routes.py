"""Addresses of the stand-in -> what answers, which methods it takes, and whether it wants a log-in."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from tom_hermes.fake import reading, rest, views
from tom_hermes.fake.accounts import Denied, who
from tom_hermes.fake.http import HTML, JSON, Reply, Request, Unread
from tom_hermes.fake.submit import submit
from tom_hermes.fake.world import World

API = "/api/v0/"
NOT_FOUND = "\n<!doctype html>\n<html lang=\"en\">\n<head>\n  <title>Not Found</title>\n</head>\n<body>\n  <h1>Not Found</h1><p>The requested resource was not found on this server.</p>\n</body>\n</html>\n"  # fmt: skip  # noqa: E501
#: what is behind the framework's router
ROUTED = ("messages", "targets", "nonlocalizedevents", "nonlocalizedeventsequence", "submit_message")
LOG_IN = "Authentication credentials were not provided."


@dataclass(frozen=True)
class Route:
    pattern: str  #: a part in angle brackets is anything but a slash
    views: dict[str, views.View]  #: by method
    login: tuple[str, ...] = ()  #: methods that want one
    name: str = ""  #: as OPTIONS and the page for people have it
    words: str = ""
    renders: tuple[str, ...] = (JSON, "text/html")
    parses: tuple[str, ...] = rest.PARSES

    @property
    def head(self) -> bool:
        """Whether it takes HEAD: where messages are posted, GET is no action of its own to the framework."""
        return "GET" in self.views and self.views["GET"] is not views.usage

    @property
    def allow(self) -> str:
        return rest.allowed(self.views, head=self.head)


GET, EVERY = ("GET",), ("GET", "POST", "PATCH", "PUT", "DELETE", "OPTIONS")
#: what OPTIONS says of the addresses whose names and words are not made of the path
NAMES = {
    "": ("Api Root", "The default basic root view for DefaultRouter"),
    "submit_message/": ("Submit Hermes Message List", ""),
    "submit_message/validate/": ("Validate", "Validate a Message Schema"),
    "submit_message/preload/": ("Preload", "Temporarily store a message payload to preload into the frontends submission form."),
    "submit_message/load/<key>/": ("Load", "Loads a temporarily stored message from the cache if it exists"),
    "submit_message/plaintext/": ("Plaintext", ""),
    "query/": ("Query Api", "View to query the SCiMMA Archive for messages"),
    "query/message/<uuid>/": ("Message Api", "View to get a single message from the SCiMMA Archive given its uuid"),
    "query/download/<uuid>/": ("Proxy Message Download", "View to get a single file from the SCiMMA Archive given its uuid"),
    "topics/": ("Topic Api", "View to get list of available topics from SCiMMA Archive"),
    "profile/": ("Profile Api", ""),
    "tns_options/": ("Tns Options Api", "View to retrieve the set of options for TNS submission, for the hermes UI to use"),
    "heartbeat/": ("Heartbeat Api", "View to retrieve last timestamps for data received per stream"),
    "revoke_api_token/": ("Revoke Api Token Api", "View to revoke an API token."),
    "revoke_hop_credential/": ("Revoke Hop Credential Api", "View to revoke this accounts Scimma Auth Hop Credential "
        "and create a new one."),
}  # fmt: skip


def _route(pattern: str, views: dict[str, views.View], login: tuple[str, ...] = ()) -> Route:
    name, words = NAMES.get(pattern) or (_listed(pattern), "")
    posts = pattern.startswith("submit_message/")
    archive = pattern in ("query/", "query/message/<uuid>/")
    renders = (JSON,) if archive else (JSON, "text/html")
    return Route(pattern, views, login, name, words, renders, rest.MESSAGES if posts else rest.PARSES)


def _listed(pattern: str) -> str:
    """The name of a list, a row or a part of a row: "Target List", "Target Instance", "Sequences"."""
    first, *rest_of = pattern.strip("/").split("/")
    names = {"messages": "Message", "targets": "Target", "nonlocalizedevents": "Non Localized Event"}
    last = rest_of[-1].title() if len(rest_of) > 1 else ""
    return last or f"{names.get(first, 'Non Localized Event Sequence')} {'Instance' if rest_of else 'List'}"


ROUTES = (
    _route("", {"GET": views.root}),
    _route("submit_message/", {"GET": views.usage, "POST": submit}),
    _route("submit_message/validate/", {"GET": views.usage, "POST": views.validate}),
    _route("submit_message/preload/", {"GET": views.usage, "POST": views.preload}, ("POST",)),
    _route("submit_message/load/<key>/", {"GET": views.load}, EVERY),
    _route("submit_message/plaintext/", {"GET": views.usage, "POST": views.as_text}),
    _route("messages/", {"GET": reading.index("messages")}, EVERY),
    _route("messages/<key>/", {"GET": reading.message}, EVERY),
    _route("messages/<key>/plaintext/", {"GET": reading.message_text}, EVERY),
    _route("targets/", {"GET": reading.index("targets")}, EVERY),
    _route("targets/<key>/", {"GET": reading.target}, EVERY),
    _route("nonlocalizedevents/", {"GET": reading.index("events")}, EVERY),
    _route("nonlocalizedevents/<key>/", {"GET": reading.event}, EVERY),
    _route("nonlocalizedevents/<key>/targets/", {"GET": reading.event_targets}, EVERY),
    _route("nonlocalizedevents/<key>/sequences/", {"GET": reading.event_sequences}, EVERY),
    _route("nonlocalizedeventsequence/", {"GET": reading.sequences}, EVERY),
    _route("nonlocalizedeventsequence/<key>/", {"GET": reading.sequence}, EVERY),
    _route("query/", {"GET": reading.query}),
    _route("query/message/<uuid>/", {"GET": reading.archived, "PATCH": reading.archived}, ("PATCH",)),
    _route("query/download/<uuid>/", {"GET": reading.download}),
    _route("topics/", {"GET": views.topics}),
    _route("profile/", {"GET": views.profile, "PATCH": views.profile, "PUT": views.profile}, EVERY),
    _route("tns_options/", {"GET": views.tns_options}),
    _route("heartbeat/", {"GET": views.heartbeat}),
    _route("revoke_api_token/", {"POST": views.revoke_token}, EVERY),
    _route("revoke_hop_credential/", {"POST": views.revoke_credential}, EVERY),
)
#: of the archive and the front end, which have no slash at the end
OTHERS = (
    Route("/archive/msg/<uuid>/raw_file/<name>", {"GET": reading.raw_file}),
    Route("/submit-message", {"GET": views.front}),
    Route("/message/<key>", {"GET": views.front}),
    Route("/circulars/<key>", {"GET": views.front}),
)


def _compiled() -> list[tuple[re.Pattern[str], Route]]:
    found = []
    for text, route in [
        *((API + route.pattern, route) for route in ROUTES),
        *((route.pattern, route) for route in OTHERS),
    ]:
        expression = re.sub(r"<(\w+)>", r"(?P<\1>[^/]+)", text)
        if (
            text.startswith(API) and route.pattern.partition("/")[0] in ROUTED
        ):  # the router's take a form as in targets.json
            found.append(
                (re.compile(re.sub(r"\[\^/\]\+", "[^/.]+", expression[:-1]) + r"\.(?P<format>[a-z0-9]+)/?\Z"), route)
            )
        found.append((re.compile(expression + r"\Z"), route))
    return found


_ROUTES = _compiled()


def answer(world: World, request: Request) -> Reply:
    """The reply to a request: 301 without the slash, 406 before 403, 403 before 405, as Django has it. Raises Denied."""
    match, route = _find(request.path)
    if route is None:
        if not request.path.endswith("/") and _find(request.path + "/")[1] is not None:
            place = f"{request.path}/{'?' + request.query if request.query else ''}"
            return Reply(301, body=b"", kind=HTML, headers={"Location": place})
        return Reply(404, body=NOT_FOUND.encode(), kind=HTML)
    if not route.name:
        return route.views["GET"](world, request, **match.groupdict())
    kind = rest.kind_of(request, route.renders, match.groupdict().get("format") or "")
    reply = kind if isinstance(kind, Reply) else _answered(world, request, route, match)
    reply.headers = {"Allow": route.allow, "Vary": "Accept, Cookie", **reply.headers}
    return rest.page(route.name, reply, route.allow) if kind == "text/html" and reply.document is not None else reply


def _answered(world: World, request: Request, route: Route, match: re.Match[str]) -> Reply:
    try:
        request.account = who(request.headers, world.accounts)
    except Denied as denied:
        return Reply(403, {"detail": str(denied)})
    if request.method == "HEAD" and route.head:
        request = replace(request, method="GET")
    if request.method in route.login and request.account is None:
        return Reply(403, {"detail": LOG_IN})
    if request.method == "OPTIONS":
        return Reply(200, rest.metadata(route.name, route.words, route.renders, route.parses))
    view = route.views.get(request.method)
    if view is None:
        return Reply(405, {"detail": f'Method "{request.method}" not allowed.'})
    try:
        return view(world, request, **{key: text for key, text in match.groupdict().items() if key != "format"})
    except Unread as unread:
        return unread.reply


def _find(path: str):
    for pattern, route in _ROUTES:
        match = pattern.match(path)
        if match:
            return match, route
    return None, None
