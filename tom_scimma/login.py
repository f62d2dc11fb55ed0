"""Log in with SCiMMA: what allauth's OpenID Connect leaves open.

For `SOCIALACCOUNT_ADAPTER = "tom_scimma.login.LoginAdapter"`.
Over allauth's own: the ID token's signature, issuer, audience and nonce are checked, PKCE is on, an issuer that does
not answer is a page that says so, accounts are never joined by e-mail, members of a mapped group may sign up, and the
TOM's rule that a person approves new accounts holds here too. See docs/login.md.
"""

from __future__ import annotations

import logging
from typing import Any

import jwt
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from django.conf import settings
from django.contrib.auth.models import Group
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.crypto import constant_time_compare, get_random_string

from tom_scimma.conf import conf
from tom_scimma.login_groups import claimed, follow_claim, in_mapped_group, may_enter, speaks_for_groups

logger = logging.getLogger(__name__)

#: signatures that only the issuer can make; never `none`, never one made with the client's secret
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
#: seconds by which the issuer's clock and ours may differ
LEEWAY = 60
TOKEN = "scimma_id_token"  # attribute of the request


class CheckedProvider(OpenIDConnectProvider):
    """OpenID Connect with PKCE and a nonce, which ties the ID token to the browser that asked for it."""

    pkce_enabled_default = True

    def redirect(self, request, process, next_url=None, data=None, **kwargs):
        """The redirect to the issuer; the nonce is kept with the state."""
        nonce = get_random_string(32)
        params = kwargs.pop("auth_params", None) or self.get_auth_params()
        kwargs["auth_params"] = {**params, "nonce": nonce}
        return super().redirect(request, process, next_url=next_url, data=data, nonce=nonce, **kwargs)


class LoginAdapter(DefaultSocialAccountAdapter):
    """allauth's adapter for log-ins through others, strict for OpenID Connect."""

    def get_provider(self, request, provider, client_id=None):
        found = super().get_provider(request, provider, client_id=client_id)
        return CheckedProvider(request, app=found.app) if found.id == OpenIDConnectProvider.id else found

    def get_requests_session(self):
        """A session with allauth's time-out, in which a service that does not answer ends in a page that says so."""
        session = super().get_requests_session()
        ask = session.request

        def request(method, url, **kwargs):
            try:
                response = ask(method, url, **kwargs)
            except OSError as error:  # the base of everything requests raises
                raise ImmediateHttpResponse(_unavailable(url, type(error).__name__)) from error
            body = _json(response)
            if response.status_code >= 500 or (
                method.upper() == "GET" and (body is None or response.status_code >= 400)
            ):
                raise ImmediateHttpResponse(_unavailable(url, f"HTTP {response.status_code}"))
            if body and "id_token" in body:
                setattr(context.request, TOKEN, body["id_token"])
            return response

        session.request = request
        return session

    def pre_social_login(self, request, sociallogin):
        """Refuses the log-in unless its ID token is whole, of this issuer, for this TOM and for this browser."""
        provider = self.get_provider(request, sociallogin.account.provider)
        if not isinstance(provider, CheckedProvider):
            return
        try:
            claims = self._verified(request, provider)
            _same("nonce", claims.get("nonce"), sociallogin.state.get("nonce"))
            _same("subject", claims.get(provider.app.settings.get("uid_field", "sub")), sociallogin.account.uid)
            if "azp" in claims:
                _same("authorized party", claims["azp"], provider.app.client_id)
        except (jwt.PyJWTError, KeyError, TypeError) as error:
            logger.warning("log-in through %s refused: %s: %s", provider.app.provider_id, type(error).__name__, error)
            raise ImmediateHttpResponse(_refused(str(error))) from error
        if speaks_for_groups(sociallogin):
            self._admit(sociallogin)

    @staticmethod
    def _admit(sociallogin) -> None:
        """Refuses who may not enter by LOGIN_REQUIRES; what they lost at SCiMMA is lost here all the same."""
        data = sociallogin.account.extra_data
        if conf.LOGIN_REQUIRES and not may_enter(claimed(data, conf.LOGIN_GROUPS_CLAIM)):
            logger.warning("log-in of subject %s refused: in none of LOGIN_REQUIRES", sociallogin.account.uid)
            if sociallogin.is_existing:
                follow_claim(sociallogin.user, data)
            raise ImmediateHttpResponse(_not_for_you())

    def _verified(self, request, provider: CheckedProvider) -> dict[str, Any]:
        """The ID token's claims (OpenID Connect Core 3.1.3.7). Raises jwt.PyJWTError."""
        token = getattr(request, TOKEN, None)
        if not token:
            raise jwt.InvalidTokenError("the issuer gave no ID token")
        config = provider.get_oauth2_adapter(request).openid_config
        with self.get_requests_session() as session:
            keys = jwt.PyJWKSet.from_dict(session.get(config["jwks_uri"]).json())
        name = jwt.get_unverified_header(token).get("kid")
        key = next((key for key in keys.keys if key.key_id == name), None)
        if key is None:
            raise jwt.InvalidTokenError(f"the issuer has no key {name!r}")
        return jwt.decode(
            token,
            key.key,
            algorithms=ALGORITHMS,
            audience=provider.app.client_id,
            issuer=config["issuer"],
            leeway=LEEWAY,
            options={"require": ["exp", "iat", "sub"]},
        )

    def can_authenticate_by_email(self, login, email):
        """Never: SCiMMA does not vouch for addresses, so an account is joined by subject or by its owner, logged in."""
        return False

    def is_open_for_signup(self, request, sociallogin):
        """As the TOM has it, and for members of a group that LOGIN_GROUPS maps."""
        return super().is_open_for_signup(request, sociallogin) or in_mapped_group(sociallogin)

    def populate_user(self, request, sociallogin, data):
        """The issuer's words for a new account; a user name is cut at the @, since others see it."""
        name = data.get("username") or ""
        return super().populate_user(request, sociallogin, {**data, "username": name.partition("@")[0]})

    def save_user(self, request, sociallogin, form=None):
        """A new account, inactive until approved where the TOM says so (allauth forgets that without a form)."""
        approval = getattr(settings, "TOM_REGISTRATION_STRATEGY", None) == "approval_required"
        if approval and not in_mapped_group(sociallogin):
            sociallogin.user.is_active = False
        user = super().save_user(request, sociallogin, form=form)
        user.groups.add(Group.objects.get_or_create(name="Public")[0])  # as the host does with those who register
        return user


def _same(what: str, seen: Any, expected: Any) -> None:
    if not seen or not expected or not constant_time_compare(str(seen), str(expected)):
        raise jwt.InvalidTokenError(f"the ID token's {what} is not the one expected")


def _json(response) -> dict | None:
    try:
        body = response.json()
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def _unavailable(url: str, why: str) -> HttpResponse:
    logger.warning("log-in: %s does not answer: %s", url, why)
    words = "SCiMMA's log-in service does not answer. Try again in a while, or log in with your password here."
    return _page("SCiMMA cannot be reached", words, why, 503)


def _refused(why: str) -> HttpResponse:
    words = "What SCiMMA's log-in service answered could not be trusted, so you were not logged in. Please try again."
    return _page("Log-in refused", words, why, 401)


def _not_for_you() -> HttpResponse:
    words = "SCiMMA knows you, but you are in none of the groups there that may enter this TOM. Ask whoever runs it."
    return _page("No access", words, "not in a group that may enter", 401)  # the host makes a redirect of a 403


def _page(title: str, words: str, why: str, status: int) -> HttpResponse:
    return render(
        context.request, "tom_scimma/login_problem.html", {"title": title, "words": words, "why": why}, status=status
    )
