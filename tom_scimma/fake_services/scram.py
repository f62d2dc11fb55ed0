"""Who asks, as SCiMMA Auth finds out: a token, or SCRAM-SHA-512 inside HTTP (RFC 7804). The archive asks the same."""

from __future__ import annotations

import base64
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tom_scimma.fake_services.server import Answered, Request, Response, as_json, crash
from tom_scimma.fake_services.world import User, World

MECHANISM = "SCRAM-SHA-512"
EXCHANGE_LIFE = timedelta(minutes=15)
NOT_GIVEN = {"detail": "Authentication credentials were not provided."}


@dataclass
class Caller:
    """Somebody known; `credential` is None for a token that was made for a user without one."""

    user: User
    credential: str | None


@dataclass
class Exchange:
    """A SCRAM exchange between its two calls."""

    server: Any
    credential: str
    began: datetime


class Unknown(Exception):
    """No such credential, or a suspended one, or no SCRAM at all."""


def who(world: World, request: Request) -> Caller:
    """The caller. Raises Answered with what SCiMMA Auth says to one that it does not know."""
    if request.caller is None:
        request.caller = _who(world, request)
    return request.caller


def _who(world: World, request: Request) -> Caller:
    given = request.headers.get("Authorization")
    if not given:
        raise Answered(as_json(NOT_GIVEN, 401, **{"WWW-Authenticate": MECHANISM}))
    scheme, _, rest = given.partition(" ")
    if scheme.lower() == "token":
        return by_token(world, rest.strip())
    if scheme.upper() != MECHANISM:
        raise Answered(as_json(NOT_GIVEN, 403))
    said = dict(re.findall(r"(\w+)=([^,\s]+)", rest))
    try:
        data = base64.b64decode(said.get("data", "")).decode()
        if "sid" in said:
            caller, final = finish(world, said["sid"], data)
            coded = base64.b64encode(final.encode()).decode()
            request.said["Authentication-Info"] = f"sid={said['sid']}, data={coded}"
            return caller
        sid, first = begin(world, data)
    except (Unknown, ValueError, KeyError) as error:
        raise Answered(as_json(NOT_GIVEN, 403)) from error
    coded = base64.b64encode(first.encode()).decode()
    asking = f"{MECHANISM} sid={sid}, data={coded}"
    raise Answered(as_json(NOT_GIVEN, 401, **{"WWW-Authenticate": asking}))


def by_token(world: World, key: str) -> Caller:
    """The caller with this token. Raises Answered (403) for one that is wrong, expired, replaced or lost its credential."""
    token = world.tokens.get(key)
    if token is None or token.expires <= world.clock():
        raise Answered(as_json({"detail": "invalid auth token"}, 403))
    return Caller(world.users[token.subject], token.credential)


def begin(world: World, first: str) -> tuple[str, str]:
    """sid and server-first. Raises Unknown."""
    from scramp import ScramException, ScramMechanism

    name = dict(re.findall(r"(?:^|,)([nr])=([^,]*)", first)).get("n", "")
    credential = world.credentials.get(name)
    if credential is None or credential.suspended:
        raise Unknown(name)
    known = (credential.salt, credential.stored_key, credential.server_key, credential.iterations)
    server = ScramMechanism(MECHANISM).make_server(lambda _: known)
    try:
        server.set_client_first(first)
        said = server.get_server_first()
    except (ScramException, ValueError, TypeError) as error:
        raise Unknown(name) from error
    sid = secrets.token_urlsafe(32)
    world.exchanges[sid] = Exchange(server, name, world.clock())
    return sid, said


def finish(world: World, sid: str, final: str) -> tuple[Caller, str]:
    """The caller and server-final. Raises KeyError for no such exchange; a wrong password is a crash, as it is there."""
    from scramp import ScramException

    exchange = world.exchanges.pop(sid)
    if world.clock() - exchange.began > EXCHANGE_LIFE:
        raise KeyError(sid)
    try:
        exchange.server.set_client_final(final)
        said = exchange.server.get_server_final()
    except (ScramException, ValueError, TypeError) as error:
        raise Answered(crash()) from error
    credential = world.credentials[exchange.credential]
    return Caller(world.users[credential.owner], credential.name), said


def scram_first(world: World, request: Request) -> Response:
    """POST /scram/first"""
    said = _body(request)
    if not isinstance(said.get("client_first"), str):
        return Response(400)
    try:
        sid, first = begin(world, said["client_first"])
    except Unknown:
        return as_json({"error": "Invalid SCRAM request"}, 401)
    return as_json({"server_first": first, "sid": sid})


def scram_final(world: World, request: Request) -> Response:
    """POST /scram/final"""
    said = _body(request)
    final = said.get("client_final")
    if not isinstance(final, str):
        return Response(400)
    sid = said.get("sid") or _by_nonce(world, final)
    try:
        caller, server_final = finish(world, str(sid), final)
    except KeyError:
        return Response(400)
    token = world.issue(caller.user.subject, caller.credential)
    return as_json({"server_final": server_final, "sid": sid, **token_said(token)})


def token_said(token: Any) -> dict[str, str]:
    return {"token": token.key, "token_expires": token.expires.isoformat().replace("+00:00", "Z")}


def _by_nonce(world: World, final: str) -> str:
    nonce = dict(re.findall(r"(?:^|,)(r)=([^,]*)", final)).get("r", "-")
    return next((sid for sid, exchange in world.exchanges.items() if str(exchange.server.nonce) == nonce), "")


def _body(request: Request) -> dict[str, Any]:
    from tom_scimma.fake_services.hopauth import body

    return body(request)
