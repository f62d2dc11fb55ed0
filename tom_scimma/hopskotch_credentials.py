"""With which Hopskotch credential SCiMMA Auth is asked, for a person or for the TOM; and whether it is good.

asked(row)              asks SCiMMA about a person's own credential and keeps the answer on the row
tested(user)            the same for *Test it* on the profile page, by the worker
of_tom(source)           SCiMMA Auth with the credential of the settings
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from tom_scimma import memberships, secrets, services, sources
from tom_scimma.conf import conf
from tom_scimma.errors import DeliveryError, Unavailable
from tom_scimma.hopauth import SECONDS, CredentialRefused, HopAuth
from tom_scimma.models.identity import HopskotchCredential, Kind
from tom_scimma.scimma_account import Account
from tom_scimma.sources import Login, Source

#: its name in account_tests.py
SERVICE = "scimma"
#: what is kept of a test in which SCiMMA, or the log-in's subject, said no
REFUSED = {"refused": True}
NO_SERVICE = "This TOM has no source at SCiMMA, so there is no SCiMMA Auth to ask (TOM_SCIMMA['SOURCES'], HOPAUTH_URL)."


def of_tom(source: Source, *, seconds: float = SECONDS) -> HopAuth | None:
    """SCiMMA Auth of a source with this TOM's credential; None where there is no service, or no SCRAM credential."""
    url = services.hopauth_url(source)
    if not url or source.auth is False:
        return None
    login = source.auth if isinstance(source.auth, Login) else _from_file(source)
    if login is None or not login.mechanism.startswith("SCRAM"):
        return None
    return HopAuth(url, login.username, login.password, seconds=seconds)


def _from_file(source: Source) -> Login | None:
    from tom_scimma import stream

    try:
        return stream.credential(source)
    except ImproperlyConfigured:
        return None


def place() -> str:
    """The SCiMMA Auth that people's own credentials are of: that of the source this TOM publishes to; "" for none."""
    try:
        return services.hopauth_url(sources.default())
    except ImproperlyConfigured:
        return ""


def of_person(row: HopskotchCredential, *, seconds: float = SECONDS) -> HopAuth | None:
    """SCiMMA Auth with a person's own credential; None where there is no service, or nothing kept. Raises Lost."""
    url, password = place(), secrets.clear(row.password)
    return HopAuth(url, row.name, password, seconds=seconds) if url and password else None


def own(user: Any) -> HopskotchCredential | None:
    """A person's own credential, if they gave one."""
    if user is None or not user.is_authenticated:
        return None
    row = HopskotchCredential.objects.filter(user=user).first()
    return row if row is not None and row.password else None


def asked(row: HopskotchCredential, *, seconds: float = SECONDS) -> Account | None:
    """What the credential is and may; None where it is refused or nobody answers, and the row says which."""
    try:
        asking = of_person(row, seconds=seconds)
        if asking is None:
            raise Unavailable(NO_SERVICE)
        account = asking.account()
        if not _still(row):
            raise Unavailable("The credential was changed while it was being tested.")
        if stranger := _of_somebody_else(row, account):
            raise CredentialRefused(stranger)
        row.subject, row.problem, row.said = account.subject, "", _said(account)
        return account
    except CredentialRefused as error:
        row.problem, row.said = str(error)[:500], REFUSED
        return None
    except DeliveryError as error:  # nobody answers: what was known of it stays
        row.problem = str(error)[:500]
        return None
    finally:
        if _still(row):
            row.tested = timezone.now()
            row.save(update_fields=["subject", "said", "problem", "tested"])


def _still(row: HopskotchCredential) -> bool:
    """Whether it is still the credential that its person has given."""
    now = HopskotchCredential.objects.filter(pk=row.pk).first()
    return now is not None and (now.name, now.password) == (row.name, row.password)


def tested(user: Any) -> str:
    """What a person's own credential is, asked now, in words; their groups follow. Raises DeliveryError; see account_tests.py."""
    row = own(user)
    account = asked(row) if row is not None else None
    if row is None or account is None:
        raise Unavailable(row.problem if row is not None else "There is no credential any more.")
    words = [f"{row.name} is good: it reads {len(account.readable)} topics and writes {len(account.writable)}."]
    if conf.HOPSKOTCH_GROUPS:
        by = user.get_username()
        changes = memberships.follow(user, Kind.HOPSKOTCH, account.groups, conf.HOPSKOTCH_GROUPS, by=by)
        words += [f"{by} {text}." for text in changes]
    return " ".join(words)


def _of_somebody_else(row: HopskotchCredential, account: Account) -> str:
    from tom_scimma.syncing import subject_of

    linked = subject_of(row.user)
    if not linked or linked == account.subject:
        return ""
    return (
        f"{row.name} belongs to somebody else at SCiMMA than the account you log in with; nothing follows from it here."
    )


def _said(account: Account) -> dict[str, Any]:
    """What is kept of a good test, for pages."""
    return {
        "groups": dict(account.groups),
        "readable": sorted(account.readable),
        "writable": sorted(account.writable),
        "addable": account.addable,
    }
