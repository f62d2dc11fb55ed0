"""The TOM's settings for this app: `TOM_TREASUREMAP`, read at use, each key with a default.

    from tom_treasuremap.conf import conf
    conf.BASE_URL                                  # this TOM's value, or the default

`OPTIONS` is also what the settings table in docs/settings.md is generated from.
"""

from __future__ import annotations

from datetime import timedelta

from tom_scimma.conf import Conf, Option

OPTIONS: dict[str, Option] = {
    "BASE_URL": Option(
        "https://treasuremap.space",
        (str,),
        "The Treasure Map that this TOM speaks to. Empty: none, nothing is asked and nothing reported.",
    ),
    "TOKEN": Option("", (str,), "This TOM's token there. Reading needs none; people may have their own for reports."),
    "TEAM": Option("", (str,), "What this team is called among pointings; by default the host's TOM_NAME."),
    "PRIVATE": Option(
        False,
        (bool,),
        "That server is this team's own: it may be asked about events that only a protected topic knows.",
    ),
    "TEST_EVENTS": Option(
        False,
        (bool,),
        "Pointings at test events are reported, too; those of the Treasure Map itself are for trying that out.",
    ),
    "TEST_SERVER": Option(
        False, (bool,), "That server is for trying things out: nobody takes for real what it is told."
    ),
    "FOLLOW": Option(
        True, (bool,), "The worker fetches the pointings of the events that FOLLOW_KINDS and FOLLOW_DAYS name."
    ),
    "FOLLOW_KINDS": Option(
        ["GW"], (list, tuple), "Kinds of events whose pointings are fetched without being asked for."
    ),
    "FOLLOW_DAYS": Option(14, (int, float), "So long after an event its pointings are fetched, ever less often."),
    "FOLLOW_TESTS": Option(False, (bool,), "Pointings of test events too."),
    "EVERY": Option(
        timedelta(minutes=5),
        (timedelta,),
        "Between two fetches of a young event; for older ones a fiftieth of their age, at most 6 hours.",
    ),
    "PAUSE_SECONDS": Option(1.0, (int, float), "Between two questions to a server."),
    "CONNECT_SECONDS": Option(5.0, (int, float), "How long a connection may take."),
    "READ_SECONDS": Option(30.0, (int, float), "How long a server may be silent."),
    "FETCH_SECONDS": Option(120.0, (int, float), "How long a whole answer may take."),
    "WHOLE_ROWS": Option(2000, (int,), "Of an event with more pointings than this, not all are read each time."),
    "WHOLE_EVERY": Option(
        timedelta(hours=6),
        (timedelta,),
        "All of them are read this often; between, only those that may have changed.",
    ),
    "TELESCOPES": Option(
        [],
        (list, tuple),
        "Telescopes beside the shipped ones: paths of JSON files, or dicts as those files have them. One with the name of a "
        "shipped one stands in its place.",
    ),
    "PLAN_TELESCOPES": Option(
        [],
        (list, tuple),
        "Names of the telescopes that a plan is for where nobody chose; empty: the first that can be asked from here.",
    ),
    "PLAN_SECONDS": Option(60.0, (int, float), "How long an exposure of a plan is where nobody said."),
    "PLAN_REPORTS": Option(
        False,
        (bool,),
        "Who approves a plan also tells the Treasure Map what it plans, unless they say no; otherwise only where they say so.",
    ),
    "PLAN_NODES": Option(2000, (int,), "How far the search for a better plan goes where nobody said."),
    "PLAN_LIMIT": Option(30.0, (int, float), "And for how many seconds at most."),
    "EXTINCTION": Option(
        "",
        (str,),
        "Dotted path of a function (band, ra[], dec[]) -> magnitudes of extinction, for how likely a source would have been seen. "
        "Empty: none is taken off, and the page says so.",
    ),
    "OCS_URL": Option(
        "https://observe.lco.global",
        (str,),
        "The portal of the Observatory Control System by which telescopes with the transport `ocs` are asked. Empty: none.",
    ),
    "OCS_TOKEN": Option(
        "",
        (str,),
        "This TOM's API token there; people may have their own. Empty: the `api_key` of `FACILITIES['LCO']`, where that is the "
        "same portal.",
    ),
    "OCS_PROPOSAL": Option(
        "", (str,), "The proposal whose time is used, where neither request nor telescope names one."
    ),
    "OCS_ARCHIVE_URL": Option(
        "",
        (str,),
        "The science archive of that portal, from which data products come; it is shown the same token. Empty: LCO's, where the "
        "portal is LCO's.",
    ),
    "OCS_TEST_SERVER": Option(False, (bool,), "That portal is for trying things out: nothing is observed."),
    "SIMULATED": Option(
        {},
        (dict,),
        "How simulated telescopes behave, where their own `options` do not say it: `seed` (1), `speed` (1: their seconds in one of "
        "ours), the parts of cases from 0 to 1 of `weather`, `failures`, `refusals` and `lost` answers (0), `off` (False).",
    ),
    "OBSLOCTAP": Option(
        [],
        (list, tuple),
        "Services that publish observing plans by ObsLocTAP. Each: `name`, `url` (of the TAP service), `telescope` (by default "
        "what it says), `table` (`ivoa.obsplan`), `days` (30).",
    ),
    "STATES_SECONDS": Option(
        30.0,
        (int, float),
        "Between two questions to a telescope about what became of requests; `poll_seconds` among a telescope's options wins.",
    ),
    "VETO_SECONDS": Option(
        120.0,
        (int, float),
        "What this TOM asks by itself waits so long before it leaves, and anybody who sees it may stop it.",
    ),
    "CANCEL_GRACE": Option(
        timedelta(minutes=5),
        (timedelta,),
        "After a retraction this TOM takes back what it asked by itself so much later, where the telescope is armed for that.",
    ),
}

conf = Conf("TOM_TREASUREMAP", OPTIONS)
