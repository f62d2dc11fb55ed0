"""*Test it* on the profile page: whose account at a service a person's token is. The worker asks, so that no click waits for a service.

ask(user, "treasuremap")       has the worker ask; what was said before is forgotten
shown(user, "treasuremap")     what the card says of it
run()                          the worker's job

An app names who asks: `account_tests() -> {"treasuremap": "dotted.path(user) -> words"}`, which raises DeliveryError.
"""

from __future__ import annotations

import logging
import time
from typing import Any

from django.utils import timezone
from django.utils.module_loading import import_string

from tom_scimma import hooks, storable, workload
from tom_scimma.errors import DeliveryError, Rejected
from tom_scimma.models import AccountTest, Job
from tom_scimma.secrets import Lost

logger = logging.getLogger("tom_scimma.deliver")
JOB = "accounts tested"
#: seconds that one turn of the job goes on with further tests
TURN = 20.0


def ask(user: Any, service: str) -> None:
    """Has the worker ask the service who this person is there."""
    values = {"asked": timezone.now(), "answered": None, "said": "", "problem": ""}
    AccountTest.objects.update_or_create(user=user, service=service, defaults=values)
    Job.wake(JOB)


def forget(user: Any, service: str) -> None:
    """What was said is of another token than the one that was given now."""
    AccountTest.objects.filter(user=user, service=service).delete()


def shown(user: Any, service: str) -> dict[str, Any]:
    """What a page says of the last test; asks nothing."""
    row = AccountTest.objects.filter(user=user, service=service).first() if user.is_authenticated else None
    return {"service": service, "row": row, "attended": workload.attended(timezone.now())}


def run() -> None:
    """The job: what was asked, the oldest first."""
    until = time.monotonic() + TURN
    rows = AccountTest.objects.filter(answered=None).select_related("user").order_by("asked")
    while time.monotonic() < until and (row := rows.first()) is not None:
        _test(row)


def _test(row: AccountTest) -> None:
    """Asks one, and keeps the answer; where another token was given, or it was asked anew meanwhile, that is still open."""
    from tom_scimma.worker.lane import caught

    found = {"said": ""}
    error = caught(lambda: found.update(said=_asker(row.service)(row.user)))
    if error is not None and not isinstance(error, DeliveryError):
        logger.error("user=%s service=%s failed: %s", row.user_id, row.service, error, exc_info=error)
    values = {"said": storable.text(found["said"])[:2000], "problem": "" if error is None else _problem(error)}
    AccountTest.objects.filter(pk=row.pk, asked=row.asked).update(answered=timezone.now(), **values)


def _asker(service: str) -> Any:
    found = {name: path for tests in hooks.gather("account_tests") for name, path in tests.items()}
    return import_string(found[service])


def _problem(error: BaseException) -> str:
    """Why it says nothing, in words."""
    why = storable.text(str(error) or type(error).__name__)[:2000]
    if isinstance(error, Lost):
        return why
    return f"The token was not taken: {why}" if isinstance(error, Rejected) else f"It could not be asked: {why}"
