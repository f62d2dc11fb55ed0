"""The form of one's own token at an outside service."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from tom_common.encryption import EncryptedFormField

from tom_scimma import secrets


class OwnTokenForm(forms.ModelForm):
    """The API token; an empty field keeps the stored one, a box clears it."""

    #: what is said of one that cannot be one
    wrong = ""
    token = EncryptedFormField(
        label="API token", help_text="From your profile page there. It is kept encrypted and never shown."
    )

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        secrets.say_lost(self, "token")

    def clean_token(self) -> Any:
        token = self.cleaned_data["token"]
        if isinstance(token, str):
            token = token.strip()
            if len(token) > 200 or not token.isascii() or not self.may_be(token):
                raise ValidationError(self.wrong)
        return token

    def may_be(self, token: str) -> bool:
        """Whether the service could have given this one out."""
        return token.isprintable() and " " not in token
