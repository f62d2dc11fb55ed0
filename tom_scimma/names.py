"""Names that tell one event from all others, by the conventions of those who give them."""

from __future__ import annotations

import re

#: gravitational-wave superevents, mock (MS) and test (TS) ones too; LVK alone gives them
SUPEREVENT = re.compile(r"(M|T)?S\d{6}[a-z]+", re.IGNORECASE)

_EVENTS = re.compile(
    r"""(
      (M|T)?S\d{6}[a-z]+              # superevents
    | GRB\ ?\d{6}[A-Z]?(\.\d+)?      # gamma-ray bursts, by date
    | bn\d{9}                         # Fermi GBM, by date and fraction of day
    | sb\d{8}                         # SVOM
    | EP\d{6}[a-z]+                   # Einstein Probe
    | IceCube-\d{6}[A-Z]              # IceCube, by date
    | (AT|SN)\ ?\d{4}[A-Za-z]+        # TNS
    | FRB\ ?\d{6,8}[A-Z]*             # fast radio bursts, by date
    )""",
    re.VERBOSE,
)


def is_event(name: str) -> bool:
    """Whether a name stands for one event; names of sources (Swift J1858.6-0814) come again with each outburst."""
    return _EVENTS.fullmatch(name) is not None
