"""A user's own HERMES account: the card on the profile page, and the form for its token. The token is never shown."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from tom_hermes import accounts
from tom_hermes.conf import conf, is_test_server
from tom_hermes.credentials import stands, token_of
from tom_hermes.models import HermesProfile, Known
from tom_scimma import secrets, workload
from tom_scimma.models import Job
from tom_scimma.own_token import OwnTokenForm


def card(user: Any) -> dict[str, Any]:
    """What the card says; asks HERMES nothing, and has the worker ask where it never did."""
    how = stands(user)
    token = "" if how == secrets.LOST else token_of(user)
    row = Known.objects.filter(name=accounts.name_of(token)).first() if token else None
    if token and row is None:
        Job.wake(accounts.JOB)
    return {
        "hermes_user": user,
        "hermes_server": conf.BASE_URL,
        "hermes_is_test": is_test_server(),
        "hermes_own": bool(how),
        "hermes_lost": how == secrets.LOST,
        "hermes_token": bool(token),
        "hermes_known": row,
        "hermes_waits": bool(token) and (row is None or row.asked is None),
        "attended": workload.attended(timezone.now()),
    }


class TokenForm(OwnTokenForm):
    wrong = "A token of HERMES is 40 letters and digits, without spaces."

    class Meta:
        model = HermesProfile
        fields = ("token",)

    def may_be(self, token: str) -> bool:
        return token.isalnum()
