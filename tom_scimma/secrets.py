"""People's own secrets: kept encrypted in a row of theirs, read here alone, shown nowhere.

    token = SecretField(null=True, blank=True)      what SECRET_KEY (or a fallback) decrypts no more is Unreadable
    own(HermesProfile, user)                        the secret, "" for none; raises Lost for an unreadable one
    stands(HermesProfile, user)                     "", OWN or LOST, for pages
    clear(row.address)                              the same of a row's field; raises Lost

A lost secret is never taken for none: what is sent would go out as somebody else, or as nobody.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from cryptography.fernet import InvalidToken
from django.forms import ModelForm
from tom_common.encryption import EncryptedModelField

from tom_scimma.errors import Rejected

OWN, LOST = "own", "lost"
WORDS = (
    "What is stored here cannot be read any more: this TOM's SECRET_KEY was changed. Enter it again, or ask whoever runs "
    "this TOM to name the former key in SECRET_KEY_FALLBACKS."
)


class Lost(Rejected):
    """A stored secret that this TOM cannot decrypt any more; the words are for its owner."""

    def __init__(self, message: str = WORDS):
        super().__init__(message)


@dataclass(frozen=True)
class Unreadable:
    """Stands for a secret that no key of this TOM decrypts. It is stored again as it was: the key may come back."""

    stored: bytes = field(repr=False)

    def __str__(self) -> str:
        return "cannot be read any more"


class SecretField(EncryptedModelField):
    """The host's encrypted field, but that a row whose secret is lost can still be loaded, shown, changed and deleted."""

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        try:
            return super().from_db_value(value, expression, connection)
        except InvalidToken:
            return Unreadable(bytes(value))

    def to_python(self, value: Any) -> Any:
        return value if isinstance(value, Unreadable) else super().to_python(value)

    def get_prep_value(self, value: Any) -> bytes | None:
        return value.stored if isinstance(value, Unreadable) else super().get_prep_value(value)

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        """As the host's: nothing of it is another column."""
        name, _, args, options = super().deconstruct()
        return name, "tom_common.encryption.EncryptedModelField", list(args), options


def say_lost(form: ModelForm, name: str) -> None:
    """Says at the field of a secret that what is stored cannot be read any more, where that is so."""
    if isinstance(getattr(form.instance, name), Unreadable):
        said = form.fields[name]
        said.widget.attrs["placeholder"] = "(what is stored cannot be read any more: enter it again)"
        said.help_text = f"{WORDS} {said.help_text}"


def own(model: Any, user: Any, name: str = "token") -> str:
    """The secret in this user's row of a model (which has `user`); "" for none, and for nobody. Raises Lost."""
    return clear(_stored(model, user, name))


def stands(model: Any, user: Any, name: str = "token") -> str:
    """How it stands with this user's secret, for pages: "" for none, OWN, or LOST."""
    found = _stored(model, user, name)
    return LOST if isinstance(found, Unreadable) else OWN if found else ""


def clear(value: Any) -> str:
    """A row's secret as it can be used; "" for none. Raises Lost."""
    if isinstance(value, Unreadable):
        raise Lost
    return value or ""


def _stored(model: Any, user: Any, name: str) -> Any:
    if user is None or not user.is_authenticated:
        return None
    return model.objects.filter(user=user).values_list(name, flat=True).first()
