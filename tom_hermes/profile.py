"""A user's own HERMES account: the card on the profile page, and the form for its token. The token is never shown."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from tom_common.encryption import EncryptedFormField

from tom_hermes import accounts
from tom_hermes.conf import conf, is_test_server
from tom_hermes.credentials import stands, token_of
from tom_hermes.models import HermesProfile, Known
from tom_scimma import secrets


def card(user: Any) -> dict[str, Any]:
    """What the card says; asks HERMES nothing."""
    how = stands(user)
    token = "" if how == secrets.LOST else token_of(user)
    row = Known.objects.filter(name=accounts.name_of(token)).first() if token else None
    return {
        "hermes_user": user,
        "hermes_server": conf.BASE_URL,
        "hermes_is_test": is_test_server(),
        "hermes_own": bool(how),
        "hermes_lost": how == secrets.LOST,
        "hermes_token": bool(token),
        "hermes_known": row,
    }


class TokenForm(forms.ModelForm):
    """The API token; an empty field keeps the stored one, a box clears it."""

    token = EncryptedFormField(
        label="API token", help_text="From your profile page at HERMES. It is kept encrypted and never shown."
    )

    class Meta:
        model = HermesProfile
        fields = ("token",)

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        secrets.say_lost(self, "token")

    def clean_token(self) -> Any:
        token = self.cleaned_data["token"]
        if isinstance(token, str):
            token = token.strip()
            if not token.isascii() or not token.isalnum() or len(token) > 200:
                raise ValidationError("A token of HERMES is 40 letters and digits, without spaces.")
        return token
