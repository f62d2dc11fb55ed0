"""SCiMMA Auth's API v1 ("hopauth"), as its contract has it: its names, its HTML, its 403s and 500s."""

from __future__ import annotations

import json
import re
from typing import Any

from tom_scimma.fake_services import scram
from tom_scimma.fake_services.scram import Caller, who
from tom_scimma.fake_services.server import Answered, Request, Response, Route, as_json, crash
from tom_scimma.fake_services.world import Credential, Group, Permission, Topic, User, World

BASE = "/hopauth/api/v1"
DENIED = {"detail": "You do not have permission to perform this action."}
ROUTES: dict[tuple[str, str], Route] = {}


def route(method: str, pattern: str):
    """Adds a route below BASE; `{}` is one part of the path."""

    def adding(answer: Route) -> Route:
        ROUTES[method, re.escape(BASE) + pattern.replace("{}", "([^/]+)")] = answer
        return answer

    return adding


def body(request: Request) -> dict[str, Any]:
    """The JSON object that was sent. Raises Answered: 415 for a form, 400 for what is no JSON."""
    kind = request.headers.get("Content-Type", "")
    if "json" not in kind:
        raise Answered(as_json({"detail": f'Unsupported media type "{kind}" in request.'}, 415))
    try:
        said = json.loads(request.body or b"{}")
    except ValueError as error:
        raise Answered(as_json({"detail": f"JSON parse error - {error}"}, 400)) from error
    return said if isinstance(said, dict) else {}


def missing(kind: str) -> Answered:
    return Answered(as_json({"detail": f"No {kind} matches the given query."}, 404))


def bad() -> Answered:
    """What Django says where a name inside the path is unknown."""
    return Answered(Response(400, "<!doctype html><h1>Bad Request (400)</h1>", "text/html"))


def denied() -> Answered:
    return Answered(as_json(DENIED, 403))


# --- the shapes ---------------------------------------------------------------------------------------------------


def as_user(user: User) -> dict[str, Any]:
    return {"id": user.id, "username": user.subject, "email": user.email}


def as_group(group: Group) -> dict[str, Any]:
    return {"id": group.id, "name": group.name, "description": group.description}


def as_members(group: Group) -> list[dict[str, Any]]:
    rows = enumerate(group.members.items())
    return [
        {"id": 1000 * group.id + n, "user": who, "group": group.name, "status": status} for n, (who, status) in rows
    ]


def as_permission(row: Permission) -> dict[str, Any]:
    return {"id": row.id, "principal": row.principal, "topic": row.topic, "operation": row.operation}


def as_topic(topic: Topic) -> dict[str, Any]:
    return {
        "id": topic.id, "owning_group": topic.owning_group, "name": topic.name,
        "publicly_readable": topic.publicly_readable, "description": topic.description, "archivable": topic.archivable,
        "index_archived_text": True, "n_partitions": 2, "max_message_bytes": 1000012, "retention_ms": 2422800000,
        "retention_bytes": -1,
    }  # fmt: skip


def as_credential(credential: Credential) -> dict[str, Any]:
    made = credential.created.isoformat() if credential.created else None
    return {
        "id": credential.id, "owner": credential.owner, "username": credential.name, "created_at": made,
        "suspended": credential.suspended, "description": credential.description,
    }  # fmt: skip


# --- tokens ---------------------------------------------------------------------------------------------------------

ROUTES["GET", r"/hopauth/api/version"] = lambda world, request: as_json({"current": 1, "minimum_supported": 0})
ROUTES["*", r"/hopauth/api/v2/.*"] = lambda world, request: crash()
route("POST", "/scram/first")(scram.scram_first)
route("POST", "/scram/final")(scram.scram_final)


@route("GET", "/token/replace")
def replace_token(world: World, request: Request) -> Response:
    caller = who(world, request)
    world.tokens.pop(request.headers.get("Authorization", "").partition(" ")[2].strip(), None)
    return as_json(scram.token_said(world.issue(caller.user.subject, caller.credential)))


@route("GET", "/token/issue")
def issue_token(world: World, request: Request) -> Response:
    caller = who(world, request)
    if not request.headers.get("Authorization", "").upper().startswith(scram.MECHANISM):
        raise denied()
    return as_json(scram.token_said(world.issue(caller.user.subject, caller.credential)))


@route("POST", "/oidc/token_for_user")
def token_for_user(world: World, request: Request) -> Response:
    if not who(world, request).user.staff:
        raise denied()
    said = body(request)
    if "vo_person_id" not in said:
        return crash()
    if said["vo_person_id"] not in world.users:
        return as_json({"error": "Unknown username"}, 404)
    return as_json(scram.token_said(world.issue(said["vo_person_id"], None)))


@route("POST", "/multi")
def multi(world: World, request: Request) -> Response:
    """Several requests in one; each answers for itself, the outer status is 200."""
    caller = who(world, request)
    answers: dict[str, Any] = {}
    for name, asked in body(request).items():
        headers = {**asked.get("headers", {}), "Content-Type": "application/json"}
        inherits = headers.get("Authorization") == "Inherit"
        if inherits:
            headers["Authorization"] = request.headers["Authorization"]
        data = json.dumps(asked["body"]).encode() if "body" in asked else b""
        inner = Request(asked["method"].upper(), asked["path"], [], headers, data, caller=caller if inherits else None)
        assert request.again is not None
        said = request.again(inner)
        answers[name] = {"status": said.status}
        if said.kind == "application/json":
            answers[name] |= {"headers": said.headers, "body": json.loads(said.data())}
        elif said.status == 404:  # no such route, or a query behind the path
            answers[name]["body"] = "URL not found"
    return as_json(answers)


# --- who am I ---------------------------------------------------------------------------------------------------------


@route("GET", "/current_user")
def current_user(world: World, request: Request) -> Response:
    return as_json(as_user(who(world, request).user))


@route("GET", "/current_user/memberships")
def memberships(world: World, request: Request) -> Response:
    return as_json(memberships_said(world, who(world, request).user.subject))


def memberships_said(world: World, subject: str) -> list[dict[str, Any]]:
    return [row for group in world.groups_of(subject) for row in as_members(group) if row["user"] == subject]


@route("GET", "/current_user/available_permissions")
def available(world: World, request: Request) -> Response:
    names = {group.name for group in world.groups_of(who(world, request).user.subject)}
    found = {(row.topic, row.operation): row for row in reversed(world.given) if row.principal in names}
    return as_json([as_permission(found[key]) for key in sorted(found)])


@route("GET", "/current_user/credentials")
def own_credentials(world: World, request: Request) -> Response:
    return as_json(credentials_said(world, who(world, request).user.subject))


def credentials_said(world: World, subject: str) -> list[dict[str, Any]]:
    return [as_credential(row) for row in world.credentials.values() if row.owner == subject]


def with_credential(world: World, request: Request) -> Caller:
    """The caller, who came with a credential; 400 for a token that has none."""
    caller = who(world, request)
    if caller.credential is None:
        raise bad()
    return caller


@route("GET", "/current_credential")
def current_credential(world: World, request: Request) -> Response:
    caller = with_credential(world, request)
    if not caller.user.staff:
        raise denied()
    return as_json(as_credential(world.credentials[caller.credential or ""]))


@route("GET", "/current_credential/permissions")
def permissions(world: World, request: Request) -> Response:
    name = with_credential(world, request).credential
    return as_json([as_permission(row) for row in world.permissions if row.principal == name])


@route("GET", "/current_credential/permissions/topic/{}")
def permissions_on(world: World, request: Request) -> Response:
    name, topic = with_credential(world, request).credential, world.topics.get(request.parts[0])
    if topic is None:
        raise bad()
    found = [row.operation for row in world.permissions if (row.principal, row.topic) == (name, topic.name)]
    if topic.publicly_readable and not {"Read", "All"} & set(found):
        found.append("Read")
    return as_json({"allowed_operations": ["All"] if "All" in found else found})
