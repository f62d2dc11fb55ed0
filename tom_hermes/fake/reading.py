"""What can be read at the stand-in: the archive behind HERMES, with its files, and HERMES' own index."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qsl

from dateutil import parser

from tom_hermes.fake import lists
from tom_hermes.fake.http import Reply, Request, crash
from tom_hermes.fake.world import World

ARCHIVE = "https://archive.invalid"


def query(world: World, request: Request) -> Reply:
    """The archive's messages. The proxy pastes what it was given into another address, undone once: & and + break it."""
    times = [request.value(name) and parser.parse(request.value(name)).timestamp() * 1000 for name in ("start", "end")]
    if not world.services:
        return crash()
    pasted = "&".join([f"topic={name}" for name in request.values("topic")])
    for name in ("search_query", "include_retracted", "page"):
        if request.value(name):
            pasted += f"&{name}={request.value(name)}"
    given = dict(parse_qsl(pasted))
    found = world.archive.search(
        topics=[value for key, value in parse_qsl(pasted) if key == "topic"],
        start=times[0] or None,
        end=times[1] or None,
        words=given.get("search_query", ""),
        retracted=given.get("include_retracted", "true").lower() != "false",
        secret=_subscribed(request),
    )
    limit = request.value("limit", "10")
    place = given.get("page", "0").removeprefix("after-")
    if not limit.isdigit() or not place.isdigit():
        return Reply(400, {"error": f"400 Client Error: Bad Request for url: {ARCHIVE}/messages"})
    begin, size = int(place), max(1, int(limit))
    return Reply(
        200,
        {
            "messages": [item.row() for item in found[begin : begin + size]],
            "next": f"after-{begin + size}" if world.pages and begin + size < len(found) else None,
            "prev": f"after-{max(0, begin - size)}" if begin else None,
        },
    )


def _subscribed(request: Request) -> bool:
    """Whether HERMES asks the archive with somebody's credential, and not as everybody."""
    return request.account is not None and bool(request.account.credential)


def archived(world: World, request: Request, uuid: str) -> Reply:
    if request.method == "PATCH":
        return retract(world, request, uuid)
    if not world.services:
        return crash()
    found = world.archive.find(uuid)
    if found is None or not (found.public or _subscribed(request)):
        return Reply(404, {"error": f"404 Client Error: Not Found for url: {ARCHIVE}/msg/{uuid}"})
    return Reply(200, found.row())


def retract(world: World, request: Request, uuid: str) -> Reply:
    wanted = request.document(forms=True).get("retracted")
    if not isinstance(wanted, bool):
        return Reply(400, {"error": "'retracted' must be provided as a boolean value."})
    if not request.account.credential:
        said = "User must be authenticated with a valid SCiMMA Auth credential to access this API"
        return Reply(401, {"error": said})
    if not world.services:
        return crash()
    found = world.archive.find(uuid)
    if found is None:
        address = f"{ARCHIVE}/msg/{uuid}/retraction?retracted={str(wanted).lower()}"
        return Reply(404, {"error": f"404 Client Error: Not Found for url: {address}"})
    found.retracted = wanted
    return Reply(200, {"success": "true"})


def download(world: World, request: Request, uuid: str) -> Reply:
    if not world.services:
        return crash()
    name = request.value("filename") or "None"
    content = world.archive.files.get((uuid, name))
    if content is None:
        return Reply(404, {"error": f"404 Client Error: Not Found for url: {ARCHIVE}/msg/{uuid}/raw_file/{name}"})
    kind = request.value("content_type", "application/octet-stream")
    return Reply(200, body=content, kind=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def raw_file(world: World, request: Request, uuid: str, name: str) -> Reply:
    """The archive's own address of an uploaded file."""
    content = world.archive.files.get((uuid, name))
    return Reply(404, {"detail": "Not found."}) if content is None else Reply(200, body=content, kind="text/plain")


def index(kind: str) -> Callable[[World, Request], Reply]:
    """A list of the index."""

    def view(world: World, request: Request) -> Reply:
        return lists.page(request, getattr(lists, kind)(request, world.index), world.url)

    return view


def message(world: World, request: Request, key: str) -> Reply:
    """One row by number, else by the beginning of its uuid; more than one crashes the server."""
    rows = world.index.messages
    found = [row for row in rows if key.isdigit() and row.id == int(key)] or [
        row for row in rows if row.uuid.startswith(key)
    ]
    if len(found) > 1:
        return crash()
    return Reply(200, found[0].row()) if found else Reply(404, {"detail": "Not found."})


def message_text(world: World, request: Request, key: str) -> Reply:
    return crash()


def target(world: World, request: Request, key: str) -> Reply:
    if not key.isdigit():
        return Reply(404, {"detail": "Not found."})
    found = [row for row in world.index.targets if row.id == int(key)]
    return Reply(200, found[0].row()) if found else Reply(404, {"detail": "No Target matches the given query."})


def event(world: World, request: Request, key: str) -> Reply:
    found = [row for row in world.index.events if row.event_id == key]
    return (
        Reply(200, found[0].row()) if found else Reply(404, {"detail": "No NonLocalizedEvent matches the given query."})
    )


def event_targets(world: World, request: Request, key: str) -> Reply:
    rows = [
        row for row in world.index.targets for item in row.messages for event in item.events if event.event_id == key
    ]
    return Reply(200, [row.row() for row in rows])


def event_sequences(world: World, request: Request, key: str) -> Reply:
    return Reply(200, [])


def sequences(world: World, request: Request) -> Reply:
    """None: they are made of the alerts of gravitational waves alone."""
    wrong = lists.wrong_sequences(request)
    return Reply(400, wrong) if wrong else lists.page(request, [], world.url)


def sequence(world: World, request: Request, key: str) -> Reply:
    said = "No NonLocalizedEventSequence matches the given query." if key.isdigit() else "Not found."
    return Reply(404, {"detail": said})
