"""The endpoints of the stand-in under /api/v0/, and the few pages of its front end."""

from __future__ import annotations

import html
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tom_hermes.fake.accounts import token_of
from tom_hermes.fake.archive import identity
from tom_hermes.fake.http import HTML, Reply, Request, crash
from tom_hermes.fake.submit import check, submit
from tom_hermes.fake.world import World
from tom_hermes.plaintext import plaintext
from tom_hermes.schema import Bad
from tom_hermes.schema.fields import Items, Shape, Text, Whole

USAGE = Path(__file__).with_name("usage.txt")
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
    document = request.parts()[0] if request.multipart else request.document()
    return Reply(200, plaintext(document))


def profile(world: World, request: Request) -> Reply:
    if request.method == "GET":
        return Reply(200, world.profile(request.account))
    try:
        known = CHANGES.take(request.document(forms=True))
    except Bad as bad:
        return Reply(400, bad.detail)
    if "default_topics_list" in known:
        request.account.topics = known["default_topics_list"]
    if "tns_bot_id" in known:
        request.account.bot = (known["tns_bot_id"], known["tns_bot_name"])
    return Reply(200, world.profile(request.account))


def _changes(given: dict[str, Any]) -> dict[str, list[str]]:
    bot = list(CHANGES.keys)[:3]
    if not given:
        return {"non_field_errors": [f"Must update at least one of {', '.join(CHANGES.keys)}"]}
    if any(name in given for name in bot) and not all(name in given for name in bot):
        return {"non_field_errors": ["Must update tns_bot_id, tns_bot_name, and tns_bot_api_token all together"]}
    return {}


#: what of a profile may be changed
CHANGES = Shape(
    strip=False,
    keys={
        "tns_bot_id": Whole(),
        "tns_bot_name": Text(blank=True),
        "tns_bot_api_token": Text(),
        "default_topics_list": Items(each=Text(blank=True)),
    },
    check=_changes,
)


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
    if not world.services:
        return crash()
    name = request.account.username
    request.account.credential = f"{name}-{token_of(request.account.credential)[:8]}"
    return Reply(200, {"message": "Hop credential revoked and regenerated."})


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
