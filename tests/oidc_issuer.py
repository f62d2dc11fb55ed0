"""A stand-in OpenID Connect issuer on a loopback port, over real HTTP. Authority: OpenID Connect Core 1.0, RFC 7636.

with Issuer() as issuer:
    issuer.person["groups"] = ["/LVC"]        who logs in next; every consent is given at once
    issuer.fault = "signature"                what is wrong with the next tokens, see FAULTS
python -m tests.oidc_issuer                   to try by hand
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

FAULTS = (
    "signature", "unsigned", "shared_secret", "audience", "issuer", "expired", "nonce", "no_nonce", "subject",
    "no_token", "other_key", "token_500", "userinfo_500", "discovery_404", "discovery_html",
)  # fmt: skip


class Issuer:
    """Discovery, authorize, token, userinfo and jwks; `url` is the issuer."""

    def __init__(self, client_id="tom", secret="not a secret at all, it is a stand-in"):
        self.client_id, self.secret = client_id, secret
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.forged = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.person = {
            "sub": "0d988bdd-ec83-420d-8ded-dd9091318c24",
            "email": "alice@example.org",
            "email_verified": False,
        }
        self.person |= {"preferred_username": "alice@example.org", "given_name": "Alice", "family_name": "A."}
        self.fault = ""
        self.strict = True  #: a log-in without nonce or PKCE is refused
        self.codes: dict[str, dict] = {}
        self.tokens: dict[str, dict] = {}
        self.asked: list[str] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"issuer": self}))
        self.url = f"http://127.0.0.1:{self.server.server_port}/realms/SCiMMA"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def id_token(self, grant: dict) -> str:
        """The signed ID token for one grant, with the fault that is asked for."""
        now = int(time.time())
        claims = {"iss": self.url, "aud": self.client_id, "azp": self.client_id, "iat": now, "exp": now + 300}
        claims |= {"sub": grant["person"]["sub"], "jti": secrets.token_hex(8), "nonce": grant.get("nonce")}
        changes = {
            "audience": {"aud": "another"}, "issuer": {"iss": "https://evil.example"}, "expired": {"exp": now - 3600},
            "nonce": {"nonce": "another"}, "subject": {"sub": "somebody-else"}, "no_nonce": {"nonce": None},
        }  # fmt: skip
        claims = {key: value for key, value in (claims | changes.get(self.fault, {})).items() if value is not None}
        if self.fault == "unsigned":
            return jwt.encode(claims, None, algorithm="none", headers={"kid": "one"})
        if self.fault == "shared_secret":
            return jwt.encode(claims, self.secret, algorithm="HS256", headers={"kid": "one"})
        key = self.forged if self.fault in ("signature", "other_key") else self.key
        return jwt.encode(
            claims, key, algorithm="RS256", headers={"kid": "two" if self.fault == "other_key" else "one"}
        )


class _Handler(BaseHTTPRequestHandler):
    issuer: Issuer

    def do_GET(self):
        path = urlsplit(self.path).path.removeprefix("/realms/SCiMMA")
        self.issuer.asked.append(path)
        pages = {
            "/.well-known/openid-configuration": self.discovery,
            "/protocol/openid-connect/auth": self.authorize,
            "/protocol/openid-connect/userinfo": self.userinfo,
            "/protocol/openid-connect/certs": self.certs,
        }
        pages.get(path, lambda: self.answer(404, {"error": "not_found"}))()

    def do_POST(self):
        self.issuer.asked.append("/token")
        form = self.form(self.rfile.read(int(self.headers["Content-Length"])).decode())
        grant = self.issuer.codes.pop(form.get("code"), None)  # a code is good once
        if self.issuer.fault == "token_500":
            return self.answer(500, {"error": "server_error"})
        if (form.get("client_id"), form.get("client_secret")) != (self.issuer.client_id, self.issuer.secret):
            return self.answer(401, {"error": "invalid_client"})
        if grant is None or form.get("redirect_uri") != grant["redirect_uri"] or not self.proved(form, grant):
            return self.answer(400, {"error": "invalid_grant"})
        token = secrets.token_hex(16)
        self.issuer.tokens[token] = grant["person"]
        body = {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": 300,
            "id_token": self.issuer.id_token(grant),
        }
        if self.issuer.fault == "no_token":
            del body["id_token"]
        return self.answer(200, body)

    def discovery(self):
        place = self.issuer.url + "/protocol/openid-connect"
        if self.issuer.fault == "discovery_404":
            return self.answer(404, {"error": "Realm does not exist"})
        if self.issuer.fault == "discovery_html":
            return self.answer(200, "<h1>maintenance</h1>")
        return self.answer(200, {
            "issuer": self.issuer.url, "authorization_endpoint": place + "/auth", "token_endpoint": place + "/token",
            "userinfo_endpoint": place + "/userinfo", "jwks_uri": place + "/certs",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
            "code_challenge_methods_supported": ["S256"],
        })  # fmt: skip

    def authorize(self):
        """Consent, given at once. Refuses a request without state and, if strict, nonce or PKCE."""
        form = self.form(urlsplit(self.path).query)
        needed = ["state", "redirect_uri", *(["nonce", "code_challenge"] if self.issuer.strict else [])]
        lacking = [key for key in needed if not form.get(key)]
        wrong = form.get("client_id") != self.issuer.client_id or form.get("code_challenge_method", "S256") != "S256"
        if lacking or wrong or "openid" not in form.get("scope", "").split():
            return self.answer(400, {"error": "invalid_request", "lacking": lacking})
        code = secrets.token_hex(16)
        self.issuer.codes[code] = {**form, "person": dict(self.issuer.person)}
        self.send_response(302)
        self.send_header("Location", f"{form['redirect_uri']}?{urlencode({'code': code, 'state': form['state']})}")
        self.end_headers()

    def userinfo(self):
        person = self.issuer.tokens.get(self.headers.get("Authorization", "").removeprefix("Bearer "))
        if self.issuer.fault == "userinfo_500":
            return self.answer(500, {"error": "server_error"})
        return self.answer(200, person) if person else self.answer(401, {"error": "invalid_token"})

    def certs(self):
        key = json.loads(RSAAlgorithm.to_jwk(self.issuer.key.public_key()))
        return self.answer(200, {"keys": [{**key, "kid": "one", "use": "sig", "alg": "RS256"}]})

    def proved(self, form: dict, grant: dict) -> bool:
        if "code_challenge" not in grant:
            return not self.issuer.strict
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == grant["code_challenge"]

    @staticmethod
    def form(text: str) -> dict[str, str]:
        return {key: values[0] for key, values in parse_qs(text).items()}

    def answer(self, status: int, body):
        payload = (body if isinstance(body, str) else json.dumps(body)).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html" if isinstance(body, str) else "application/json")
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def log_message(self, *args):
        """Says nothing."""


if __name__ == "__main__":
    issuer = Issuer()
    issuer.person["is_member_of"] = ["/Hopskotch Users"]
    print(f"issuer {issuer.url}, client {issuer.client_id!r}, secret {issuer.secret!r}; Ctrl-C ends it", flush=True)
    try:
        issuer.server.serve_forever()
    except KeyboardInterrupt:
        issuer.server.server_close()
