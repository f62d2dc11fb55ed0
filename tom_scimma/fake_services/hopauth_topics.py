"""SCiMMA Auth's API v1, continued: groups and topics."""

from __future__ import annotations

from tom_scimma.fake_services.hopauth import (
    as_group,
    as_members,
    as_permission,
    as_topic,
    bad,
    body,
    denied,
    missing,
    route,
)
from tom_scimma.fake_services.scram import who
from tom_scimma.fake_services.server import Request, Response, as_json, crash
from tom_scimma.fake_services.world import Group, World


@route("GET", "/groups")
def groups(world: World, request: Request) -> Response:
    who(world, request)
    return as_json([as_group(group) for group in world.groups.values()])


@route("GET", "/groups/{}")
def group(world: World, request: Request) -> Response:
    who(world, request)
    if request.parts[0] not in world.groups:
        raise missing("Group")
    return as_json(as_group(world.groups[request.parts[0]]))


def own_group(world: World, request: Request, *, owner: bool = False) -> Group:
    """The group of the path, for its members (or owners) and staff."""
    caller, found = who(world, request).user, world.groups.get(request.parts[0])
    if found is None:
        raise bad()
    status = found.members.get(caller.subject)
    if not (caller.staff or status == "Owner" or (status and not owner)):
        raise denied()
    return found


@route("GET", "/groups/{}/members")
def members(world: World, request: Request) -> Response:
    return as_json(as_members(own_group(world, request)))


@route("POST", "/groups/{}/members")
def add_member(world: World, request: Request) -> Response:
    found, said = own_group(world, request, owner=True), body(request)
    if said.get("user") in found.members:
        raise bad()
    found.members[said["user"]] = said.get("status", "Member")
    return as_json(next(row for row in as_members(found) if row["user"] == said["user"]), 201)


@route("GET", "/groups/{}/topics")
def topics_of(world: World, request: Request) -> Response:
    name = own_group(world, request).name
    return as_json([as_topic(topic) for topic in world.topics.values() if topic.owning_group == name])


@route("POST", "/groups/{}/topics")
def make_topic(world: World, request: Request) -> Response:
    found, said = own_group(world, request, owner=True), body(request)
    name = f"{found.name}.{said.get('name', '')}"
    if name in world.topics or not said.get("name", "").replace("-", "").replace("_", "").replace(".", "").isalnum():
        return as_json({"non_field_errors": ["The fields owning_group, name must make a unique set."]}, 400)
    public, kept = bool(said.get("publicly_readable")), bool(said.get("archivable"))
    topic = world.add_topic(name, public=public, archivable=kept, description=said.get("description", ""))
    return as_json(as_topic(topic), 201)


@route("GET", "/groups/{}/permissions_received")
def received(world: World, request: Request) -> Response:
    name = own_group(world, request).name
    return as_json([as_permission(row) for row in world.given if row.principal == name])


@route("GET", "/groups/{}/permissions_given")
def given(world: World, request: Request) -> Response:
    name = own_group(world, request).name
    own = {topic.name for topic in world.topics.values() if topic.owning_group == name}
    return as_json([as_permission(row) for row in world.given if row.topic in own])


@route("GET", "/topics")
def topics(world: World, request: Request) -> Response:
    user = who(world, request).user
    return as_json([as_topic(topic) for topic in world.topics.values() if world.sees(user, topic)])


@route("GET", "/topics/{}")
def topic(world: World, request: Request) -> Response:
    user, found = who(world, request).user, world.topics.get(request.parts[0])
    if found is None or not world.sees(user, found):
        raise missing("KafkaTopic")
    return as_json(as_topic(found))


@route("PATCH", "/topics/{}")
def change_topic(world: World, request: Request) -> Response:
    """Its publicity, which an owner cannot really change there."""
    user, found = who(world, request).user, world.topics.get(request.parts[0])
    if found is None or not world.sees(user, found):
        raise missing("KafkaTopic")
    owner = world.groups[found.owning_group].members.get(user.subject) == "Owner"
    if not (user.staff or owner):
        raise denied()
    if body(request).get("publicly_readable"):
        return crash()
    return as_json({"publicly_readable": ["Public topics may not be made private"]}, 400)


@route("GET", "/topics/{}/permissions")
def topic_permissions(world: World, request: Request) -> Response:
    user, found = who(world, request).user, world.topics.get(request.parts[0])
    if found is None or not world.sees(user, found):
        raise bad()
    if not (user.staff or user.subject in world.groups[found.owning_group].members):
        raise denied()
    return as_json([as_permission(row) for row in world.given if row.topic == found.name])
