"""The endpoints of the stand-in under /api/v0/, and the few pages of its front end."""

from __future__ import annotations

import html
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from dateutil import parser

from tom_hermes.fake import lists
from tom_hermes.fake.accounts import token_of
from tom_hermes.fake.archive import identity
from tom_hermes.fake.http import HTML, Reply, Request, crash
from tom_hermes.fake.submit import check, submit
from tom_hermes.fake.world import World
from tom_hermes.plaintext import plaintext
from tom_hermes.schema import Bad

USAGE = Path(__file__).with_name("usage.txt")
ARCHIVE = "https://archive.invalid"
CHANGEABLE = ("tns_bot_id", "tns_bot_name", "tns_bot_api_token", "default_topics_list")
View = Callable[..., Reply]


def usage(world: World, request: Request) -> Reply:
    """What a GET of anything about submitting answers, and a POST whose redirect was followed."""
    return Reply(200, {"message": USAGE.read_text()})


def _document(request: Request) -> Any:
    """The body of what is only looked at: of a multipart one, the nested `data` is lost."""
    if not request.multipart:
        return request.document()
    document, _ = request.parts()
    return {key: value for key, value in document.items() if key != "data"}


def validate(world: World, request: Request) -> Reply:
    """200 either way: {} or the tree of errors."""
    try:
        check(world, _document(request), request.account)
    except Bad as bad:
        return Reply(200, bad.detail)
    return Reply(200, {})


def preload(world: World, request: Request) -> Reply:
    document = _document(request)
    try:
        document = check(world, document, request.account)
    except Bad:  # kept as it was sent
        pass
    key = identity()
    world.drafts[key] = document
    return Reply(201, {"key": key})


def load(world: World, request: Request, key: str) -> Reply:
    if not world.drafts.get(key):
        return Reply(404, {"error": "No preloaded data was found with that id"})
    return Reply(200, world.drafts[key])


def as_text(world: World, request: Request) -> Reply:
    try:
        return Reply(200, plaintext(_document(request)))
    except (KeyError, TypeError, AttributeError):
        return crash()


def profile(world: World, request: Request) -> Reply:
    if request.method == "GET":
        return Reply(200, world.profile(request.account))
    given = request.document()
    known = {key: given[key] for key in CHANGEABLE if key in given}
    if not known:
        return Reply(400, {"non_field_errors": [f"Must update at least one of {', '.join(CHANGEABLE)}"]})
    bot = [known.get(key) for key in CHANGEABLE[:3]]
    if any(value is not None for value in bot) and any(value is None for value in bot):
        return Reply(400, {"non_field_errors": [f"Must update all of {', '.join(CHANGEABLE[:3])} together"]})
    topics = known.get("default_topics_list", [])
    if not isinstance(topics, list):
        said = f'Expected a list of items but got type "{type(topics).__name__}".'
        return Reply(400, {"default_topics_list": [said]})
    if "default_topics_list" in known:
        request.account.topics = topics
    if bot[0] is not None:
        request.account.bot = (bot[0], bot[1])
    return Reply(200, world.profile(request.account))


def heartbeat(world: World, request: Request) -> Reply:
    return Reply(200, {"last_timestamps": {"hop": None}, "is_authenticated": request.account is not None})


def tns_options(world: World, request: Request) -> Reply:
    return Reply(200, world.tns_options())


def topics(world: World, request: Request) -> Reply:
    return Reply(200, {"topics": sorted(world.topics)}) if world.services else crash()


def revoke_token(world: World, request: Request) -> Reply:
    account = request.account
    generation = next(n for n in range(1, 1000) if token_of(account.username, n - 1) == account.token)
    account.token = token_of(account.username, generation)
    return Reply(200, {"message": "API token revoked."})


def revoke_credential(world: World, request: Request) -> Reply:
    name = request.account.username
    request.account.credential = f"{name}-{token_of(request.account.credential)[:8]}"
    return Reply(200, {"message": "Hop credential revoked and regenerated."})


def query(world: World, request: Request) -> Reply:
    """The archive's messages. The proxy pastes what it was given into another address, undone once: & and + break it."""
    try:
        times = [
            request.value(name) and parser.parse(request.value(name)).timestamp() * 1000 for name in ("start", "end")
        ]
    except (ValueError, OverflowError):
        return crash()
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
        secret=request.account is not None,
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


def archived(world: World, request: Request, uuid: str) -> Reply:
    if request.method == "PATCH":
        return retract(world, request, uuid)
    if not world.services:
        return crash()
    found = world.archive.find(uuid)
    if found is None or not (found.public or request.account):
        return Reply(404, {"error": f"404 Client Error: Not Found for url: {ARCHIVE}/msg/{uuid}"})
    return Reply(200, found.row())


def retract(world: World, request: Request, uuid: str) -> Reply:
    document = request.document()
    wanted = document.get("retracted") if isinstance(document, dict) else None
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
    name = request.value("filename")
    content = world.archive.files.get((uuid, name))
    if content is None:
        return Reply(404, {"error": f"404 Client Error: Not Found for url: {ARCHIVE}/msg/{uuid}/raw_file/{name}"})
    kind = request.value("content_type", "application/octet-stream")
    return Reply(200, body=content, kind=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def raw_file(world: World, request: Request, uuid: str, name: str) -> Reply:
    """The archive's own address of an uploaded file."""
    content = world.archive.files.get((uuid, name))
    return Reply(404, {"detail": "Not found."}) if content is None else Reply(200, body=content, kind="text/plain")


def index(kind: str) -> View:
    """A list of the index."""

    def view(world: World, request: Request) -> Reply:
        try:
            rows = getattr(lists, kind)(request, world.index)
        except (ValueError, IndexError, OverflowError):
            return crash()
        return lists.page(request, rows, world.url)

    return view


def message(world: World, request: Request, key: str) -> Reply:
    """One row by number, else by the beginning of its uuid; more than one crashes the server."""
    rows = world.index.messages
    found = [row for row in rows if str(row.id) == key] or [row for row in rows if row.uuid.startswith(key)]
    if len(found) > 1:
        return crash()
    return Reply(200, found[0].row()) if found else Reply(404, {"detail": "Not found."})


def message_text(world: World, request: Request, key: str) -> Reply:
    return crash()


def target(world: World, request: Request, key: str) -> Reply:
    found = [row for row in world.index.targets if str(row.id) == key]
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
    return Reply(200, {"count": 0, "next": None, "previous": None, "results": []})


def root(world: World, request: Request) -> Reply:
    names = ("messages", "nonlocalizedevents", "nonlocalizedeventsequence", "targets", "submit_message")
    return Reply(200, {name: f"{world.url}/api/v0/{name}/" for name in names})


def front(world: World, request: Request, key: str = "") -> Reply:
    """A page for people: a draft, a message, a circular."""
    draft = world.drafts.get(request.value("id"))
    found = world.archive.find(key)
    shown = draft if draft is not None else found.message if found is not None else None
    if key.isdigit() and 0 <= int(key) - 40000 < len(world.gcn):
        shown = world.gcn[int(key) - 40000]
    text = json.dumps(shown, indent=1, ensure_ascii=False) if shown is not None else "Nothing."
    body = f"<!doctype html><title>HERMES stand-in</title><h1>HERMES (stand-in)</h1><pre>{html.escape(text)}</pre>"
    return Reply(200 if shown is not None else 404, body=body.encode(), kind=HTML)


__all__ = ["submit"]
