"""What HERMES makes of a message before it leaves us: its checks, its words, and what it would publish. Pure.

    taken(document, dev=True)      what HERMES would publish, else Bad (its tree of errors) or Crash (a 500)
    faults(message, dev=True)      everything that is wrong with a message of ours, by field

The stand-in answers with the first; its answers are those of the real server, see tests/exchanges_check.py. The second
also has what HERMES takes and garbles. Fields are named as in the message, without `data`: "photometry.3.bandpass".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tom_hermes.schema import onward
from tom_hermes.schema.fields import NULL, Bad, Crash
from tom_hermes.schema.shape import message as whole
from tom_hermes.schema.tree import flat
from tom_hermes.schema.unwise import unwise

__all__ = ["FLAGS", "Bad", "Crash", "faults", "flat", "taken"]

FLAGS = ("submit_to_tns", "submit_to_mpc", "submit_to_gcn")


def taken(
    document: Any,
    *,
    dev: bool,
    user: bool = True,
    gcn_account: bool = True,
    tns_options: Mapping[str, Any] | None = None,
    known: Callable[[str], bool] = lambda uuid: True,
) -> dict[str, Any]:
    """What HERMES would publish of a document, without the flags. Raises Bad, with its tree of errors, and Crash.

    `dev`: a test server, which takes topics with `test` in their name only. `tns_options` are TNS's lists, None where
    they are not known. `known` tells whether HERMES knows the message that a `hop_uuid` reference cites.
    """
    if document is None:
        raise Bad({"non_field_errors": ["No data provided"]})
    message = whole(dev=dev, known=known).take(document)
    if message.get("submit_to_tns"):
        wrong = onward.tns(message, tns_options, user=user)
        if wrong:
            raise Bad(wrong)
    if message.get("submit_to_gcn"):
        wrong = onward.gcn(message, user=user, account=gcn_account)
        if wrong:
            raise Bad(wrong)
    return {name: value for name, value in message.items() if name not in FLAGS}


def faults(
    message: Mapping[str, Any], *, dev: bool, tns_options: Mapping[str, Any] | None = None
) -> dict[str, list[str]]:
    """Everything known to be wrong with a message before it is sent, by field; {} for nothing."""
    wrong: dict[str, list[str]] = dict(unwise(message))
    try:
        taken(message, dev=dev, tns_options=tns_options)
    except Bad as bad:
        for name, texts in flat(bad.detail).items():
            wrong[name] = [*wrong.get(name, []), *(text for text in texts if text != NULL or name not in wrong)]
    except Crash as crash:
        if not wrong:
            wrong["message"] = [f"HERMES cannot read it: {crash}"]
    return wrong
