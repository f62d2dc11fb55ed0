"""SCiMMA Auth's API v1, continued: users, and their credentials with what these may."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from tom_scimma.fake_services.hopauth import (
    as_credential,
    as_permission,
    as_user,
    bad,
    body,
    credentials_said,
    denied,
    memberships_said,
    missing,
    route,
)
from tom_scimma.fake_services.scram import who
from tom_scimma.fake_services.server import Request, Response, as_json, crash
from tom_scimma.fake_services.world import OPERATIONS, Credential, User, World


def own_user(world: World, request: Request) -> User:
    """The user of the path, for themselves or staff."""
    caller, user = who(world, request).user, world.users.get(request.parts[0])
    if user is None:
        raise bad()
    if not (caller.staff or caller.subject == user.subject):
        raise denied()
    return user


@route("POST", "/users")
def make_user(world: World, request: Request) -> Response:
    """Staff make an account for somebody who may have one and never logged in there."""
    if not who(world, request).user.staff:
        raise denied()
    said = body(request)
    if not said.get("sub") or not said.get("email") or "/Hopskotch Users" not in said.get("is_member_of", ()):
        return as_json({"error": "the claims do not allow an account"}, 400)
    made = world.add_user(said["sub"], said.get("name", ""), said["email"], is_member_of=said["is_member_of"])
    return as_json(as_user(made), 201)


@route("GET", "/users/{}")
def user(world: World, request: Request) -> Response:
    who(world, request)
    found = world.users.get(request.parts[0])
    if found is None:
        raise missing("User")
    return as_json(as_user(found))


@route("GET", "/users/{}/memberships")
def memberships_of(world: World, request: Request) -> Response:
    return as_json(memberships_said(world, own_user(world, request).subject))


@route("GET", "/users/{}/credentials")
def credentials_of(world: World, request: Request) -> Response:
    return as_json(credentials_said(world, own_user(world, request).subject))


@route("POST", "/users/{}/credentials")
def make_credential(world: World, request: Request) -> Response:
    owner = own_user(world, request)
    name = f"{owner.email.partition('@')[0]}-{secrets.token_hex(4)}"
    password = secrets.token_hex(16)
    made = world.add_credential(name, owner.subject, password, description=body(request).get("description", ""))
    return as_json({"username": name, "password": password, "pk": made.id}, 201)


def own_credential(world: World, request: Request) -> Credential:
    owner, found = own_user(world, request), world.credentials.get(request.parts[1])
    if found is None or found.owner != owner.subject:
        raise missing("SCRAMCredentials")
    return found


@route("GET", "/users/{}/credentials/{}")
def credential(world: World, request: Request) -> Response:
    return as_json(as_credential(own_credential(world, request)))


@route("PATCH", "/users/{}/credentials/{}")
def change_credential(world: World, request: Request) -> Response:
    """Its description; suspending it is for staff. Tokens that were made of it stay good."""
    found, said = own_credential(world, request), body(request)
    if "suspended" in said and not who(world, request).user.staff:
        raise denied()
    found.description = str(said.get("description", found.description))
    found.suspended = bool(said.get("suspended", found.suspended))
    return as_json(as_credential(found))


@route("DELETE", "/users/{}/credentials/{}")
def delete_credential(world: World, request: Request) -> Response:
    world.drop_credential(own_credential(world, request).name)
    return Response(204)


@dataclass
class _Asked:
    topic: str
    operation: str


@route("POST", "/users/{}/credentials/{}/permissions")
def permit(world: World, request: Request) -> Response:
    """One more permission for a credential, if a group of its owner has exactly that operation, or All."""
    found, said = own_credential(world, request), body(request)
    asked = _Asked(said.get("topic", ""), said.get("operation", ""))
    if said.get("principal") != found.name or asked.topic not in world.topics:
        return crash()
    if asked.operation not in OPERATIONS:
        return as_json({"operation": [f'"{asked.operation}" is not a valid choice.']}, 400)
    has = {row.operation for row in world.permissions if (row.principal, row.topic) == (found.name, asked.topic)}
    if asked.operation in has:
        return as_json(as_permission(world.permit(found.name, asked.topic, asked.operation)))
    if "All" in has:
        return crash()
    if not world.supports(found.owner, asked.topic, asked.operation):
        raise denied()
    return as_json(as_permission(world.permit(found.name, asked.topic, asked.operation)), 201)
