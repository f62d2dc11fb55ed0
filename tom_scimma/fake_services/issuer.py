"""SCiMMA's log-in: an OpenID Connect issuer. Authority: OpenID Connect Core 1.0, RFC 7636; claims as SCiMMA's userinfo has them.

    with Issuer() as issuer:                      by itself, without the other services
        issuer.person["is_member_of"] = ["/LVC"]  who logs in next; every consent is given at once
        issuer.fault = "signature"                what is wrong with the next tokens, see FAULTS

In a world, `world.issuer.asks = True` lets the browser choose whom to log in as.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from html import escape
from typing import Any
from urllib.parse import urlencode

from tom_scimma.fake_services.server import Request, Response, Route, Running, as_json
from tom_scimma.fake_services.world import ALICE, User, World

FAULTS = (
    "signature", "unsigned", "shared_secret", "audience", "issuer", "expired", "nonce", "no_nonce", "subject",
    "no_token", "other_key", "token_500", "userinfo_500", "discovery_404", "discovery_html",
)  # fmt: skip


class Issuer:
    """The issuer's keys, client and grants; `url` once it runs by itself."""

    def __init__(self, client_id: str = "tom", secret: str = "not a secret at all, it is a stand-in"):
        from cryptography.hazmat.primitives.asymmetric import rsa

        self.client_id, self.secret = client_id, secret
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.forged = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.person = User(ALICE, "Alice A.", "alice@example.org", is_member_of=None).claims()
        self.fault = ""
        self.strict = True  #: a log-in without nonce or PKCE is refused
        self.asks = False  #: the browser chooses who logs in, among the world's users
        self.codes: dict[str, dict[str, Any]] = {}
        self.tokens: dict[str, dict[str, Any]] = {}
        self._running: Running | None = None

    def __enter__(self) -> Issuer:
        self._running = Running(World(issuer=self))
        self.url = self._running.issuer
        return self

    def __exit__(self, *error: object) -> None:
        assert self._running is not None
        self._running.close()

    @property
    def asked(self) -> list[str]:
        """The paths that were asked, below the issuer's."""
        assert self._running is not None
        return [request.path.removeprefix("/realms/SCiMMA") for request in self._running.asked]

    def id_token(self, url: str, grant: dict[str, Any]) -> str:
        """The signed ID token for one grant, with the fault that is asked for."""
        import jwt

        now = int(time.time())
        claims = {"iss": url, "aud": self.client_id, "azp": self.client_id, "iat": now, "exp": now + 300}
        claims |= {"sub": grant["person"]["sub"], "jti": secrets.token_hex(8), "nonce": grant.get("nonce")}
        changes = {
            "audience": {"aud": "another"}, "issuer": {"iss": "https://evil.example"}, "expired": {"exp": now - 3600},
            "nonce": {"nonce": "another"}, "subject": {"sub": "somebody-else"}, "no_nonce": {"nonce": None},
        }  # fmt: skip
        claims = {key: value for key, value in (claims | changes.get(self.fault, {})).items() if value is not None}
        if self.fault == "unsigned":
            return jwt.encode(claims, None, algorithm="none", headers={"kid": "one"})  # type: ignore[arg-type]
        if self.fault == "shared_secret":
            return jwt.encode(claims, self.secret, algorithm="HS256", headers={"kid": "one"})
        key = self.forged if self.fault in ("signature", "other_key") else self.key
        name = "two" if self.fault == "other_key" else "one"
        return jwt.encode(claims, key, algorithm="RS256", headers={"kid": name})


def of(world: World) -> Issuer:
    """The world's issuer, made when it is first asked."""
    if world.issuer is None:
        world.issuer = Issuer()
    return world.issuer


def discovery(world: World, request: Request) -> Response:
    url, fault = f"{request.url}/realms/SCiMMA", of(world).fault
    place = url + "/protocol/openid-connect"
    if fault == "discovery_404":
        return as_json({"error": "Realm does not exist"}, 404)
    if fault == "discovery_html":
        return Response(200, "<h1>maintenance</h1>", "text/html")
    return as_json({
        "issuer": url, "authorization_endpoint": place + "/auth", "token_endpoint": place + "/token",
        "userinfo_endpoint": place + "/userinfo", "jwks_uri": place + "/certs",
        "token_endpoint_auth_methods_supported": ["client_secret_post"], "code_challenge_methods_supported": ["S256"],
    })  # fmt: skip


def authorize(world: World, request: Request) -> Response:
    """Consent, given at once or after a choice. Refuses a request without state and, if strict, nonce or PKCE."""
    issuer, form = of(world), dict(request.query)
    needed = ["state", "redirect_uri", *(["nonce", "code_challenge"] if issuer.strict else [])]
    lacking = [key for key in needed if not form.get(key)]
    wrong = form.get("client_id") != issuer.client_id or form.get("code_challenge_method", "S256") != "S256"
    if lacking or wrong or "openid" not in form.get("scope", "").split():
        return as_json({"error": "invalid_request", "lacking": lacking}, 400)
    chosen = form.pop("as", "")
    if issuer.asks and not chosen:
        return _choice(world, request.query)
    person = world.users[chosen].claims() if chosen in world.users else dict(issuer.person)
    code = secrets.token_hex(16)
    issuer.codes[code] = {**form, "person": person}
    back = f"{form['redirect_uri']}?{urlencode({'code': code, 'state': form['state']})}"
    return Response(302, b"", "", {"Location": back})


def _choice(world: World, query: list[tuple[str, str]]) -> Response:
    links = "".join(
        f'<li><a href="?{escape(urlencode([*query, ("as", user.subject)]))}">{escape(user.name)}</a></li>'
        for user in world.users.values()
    )
    return Response(
        200, f"<!doctype html><title>Log in</title><h1>SCiMMA, a stand-in</h1><ul>{links}</ul>", "text/html"
    )


def token(world: World, request: Request) -> Response:
    from urllib.parse import parse_qsl

    issuer, form = of(world), dict(parse_qsl(request.body.decode()))
    grant = issuer.codes.pop(form.get("code", ""), None)  # a code is good once
    if issuer.fault == "token_500":
        return as_json({"error": "server_error"}, 500)
    if (form.get("client_id"), form.get("client_secret")) != (issuer.client_id, issuer.secret):
        return as_json({"error": "invalid_client"}, 401)
    if grant is None or form.get("redirect_uri") != grant["redirect_uri"] or not _proved(issuer, form, grant):
        return as_json({"error": "invalid_grant"}, 400)
    key = secrets.token_hex(16)
    issuer.tokens[key] = grant["person"]
    said: dict[str, Any] = {"access_token": key, "token_type": "Bearer", "expires_in": 300}
    if issuer.fault != "no_token":
        said["id_token"] = issuer.id_token(f"{request.url}/realms/SCiMMA", grant)
    return as_json(said)


def _proved(issuer: Issuer, form: dict[str, str], grant: dict[str, Any]) -> bool:
    if "code_challenge" not in grant:
        return not issuer.strict
    digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == grant["code_challenge"]


def userinfo(world: World, request: Request) -> Response:
    issuer = of(world)
    person = issuer.tokens.get(request.headers.get("Authorization", "").removeprefix("Bearer "))
    if issuer.fault == "userinfo_500":
        return as_json({"error": "server_error"}, 500)
    return as_json(person) if person else as_json({"error": "invalid_token"}, 401)


def certs(world: World, request: Request) -> Response:
    from jwt.algorithms import RSAAlgorithm

    key = json.loads(RSAAlgorithm.to_jwk(of(world).key.public_key()))
    return as_json({"keys": [{**key, "kid": "one", "use": "sig", "alg": "RS256"}]})


_REALM, _PLACE = "/realms/SCiMMA", "/realms/SCiMMA/protocol/openid-connect"
ROUTES: dict[tuple[str, str], Route] = {
    ("GET", rf"{_REALM}/\.well-known/openid-configuration"): discovery,
    ("GET", rf"{_PLACE}/auth"): authorize,
    ("GET", rf"{_PLACE}/userinfo"): userinfo,
    ("GET", rf"{_PLACE}/certs"): certs,
    ("POST", rf"{_PLACE}/token"): token,
}
