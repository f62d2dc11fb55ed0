"""The TOM's settings for this app: `TOM_SCIMMA`, read at use, each key with a default.

    from tom_scimma.conf import conf, topic_policy
    conf.LIVE_AGE                                  # this TOM's value, or the default
    topic_policy("igwn.gwalert", "hopskotch").keep

`OPTIONS` is also what the settings table in docs/settings.md is generated from.
"""

from __future__ import annotations

import fnmatch
from dataclasses import fields
from datetime import timedelta
from typing import Any

from tom_scimma.known_topics import KNOWN_TOPICS
from tom_scimma.options import Conf, Option
from tom_scimma.policy import TargetPolicy, TopicPolicy

#: how people may be told: mail, chat, push, telephones, duty rosters, webhooks
SCHEMES = (
    "email mailto mailtos mailgun sendgrid postmark resend brevo smtp2go sparkpost o365 "
    "slack discord tgram workflow workflows gchat mmost mmosts rocket rockets zulip wxteams "
    "ntfy ntfys gotify gotifys pover pbul prowl pushy spush join bark barks signal signals threema "
    "twilio vonage nexmo plivo clicksend clickatell msgbird sinch seven bulksms telnyx voipms 46elks httpsms whatsapp "
    "pagerduty opsgenie splunk victorops signl4 squadcast spike ilert incidentio betterstack "
    "json jsons form forms xml xmls ifttt"
).split()

OPTIONS: dict[str, Option] = {
    "SOURCES": Option(
        {},
        (dict,),
        'Kafka sources by name. Each: `brokers` (list or comma-separated), `kind` ("hopskotch", "gcn" or "kafka"; by default '
        "from the name), `auth` (None: environment, then hop's auth file; False: none; or a dict), `group`, `start` "
        '("latest", "earliest" or an ISO time), `topics` (names and patterns; by default those of TOPICS for this source), '
        "`config` (librdkafka properties, which win).",
    ),
    "TOPICS": Option(
        {},
        (dict,),
        "What to do with a topic, by name or pattern: `source`, `keep` (all, matched, none), `days`, `groups`, `lane` (fast, bulk), "
        "`authority` (sources it may speak for), `senders` (credentials it may come from), `targets`. See the table of topic policy.",
    ),
    "LIVE_AGE": Option(timedelta(hours=6), (timedelta,), "An alert sent longer ago is history: shown, never acted on."),
    "ACT_AGE": Option(timedelta(hours=2), (timedelta,), "An alert sent longer ago never moves a telescope."),
    "DRY_RUN": Option(False, (bool,), "Nothing leaves this TOM; what would have is shown."),
    "DRY_DESTINATIONS": Option(
        [],
        (list, tuple),
        'The same for some destinations alone, by name or pattern: `["hopskotch:*"]`.',
    ),
    "DELIVERY_PATIENCE": Option(
        timedelta(days=1),
        (timedelta,),
        "How long something is tried that a service does not take; past it, it is shown as not sent in time. "
        "A destination may have its own.",
    ),
    "SEND_PERMISSION": Option(
        "",
        (str,),
        "Permission that a person needs to send anything, `tom_scimma.send_delivery` for example. Empty: whoever may see it.",
    ),
    "TEST_TOPICS": Option(
        [],
        (list, tuple),
        "Further topics, by name or pattern, that carry tests only, besides those with a part `test`, `tests`, `testing`, "
        "`playground` or `devel` in their name. What comes from one goes to test destinations only.",
    ),
    "REACTION_SECONDS": Option(
        300.0,
        (int, float),
        "A reaction or job that runs longer is given up on: what comes after it goes on, and it is tried again later.",
    ),
    "REACTION_THREADS": Option(2, (int,), "So many alerts are reacted to at once by one worker."),
    "TOM_NAME": Option("", (str,), "Suffix of the consumer group; by default the host's TOM_NAME setting."),
    "MAX_MESSAGE_BYTES": Option(32 * 2**20, (int,), "A larger message, or decompression, is quarantined unread."),
    "MAX_SKYMAP_BYTES": Option(512 * 2**20, (int,), "A sky map that would grow larger in memory is refused."),
    "AVRO_SCHEMAS": Option(
        "",
        (str,),
        "Folder of Avro schemas for messages that bring none (Confluent's framing), one file a schema: its number and `.avsc`. "
        "Rubin's 7.0 to 7.4, 8.0, 9.0, 10.0, 11.0 and 11.1 ship with the app.",
    ),
    "CANDIDATE_LEVEL": Option(0.95, (float,), "Targets inside this credible level of a map are its candidates."),
    "CANDIDATE_DAYS": Option(
        (-2, 30),
        (tuple, list),
        "From how many days before an event to how many after a target must be discovered, first measured or made to become "
        "a candidate; so long the event is live for targets that are made or moved.",
    ),
    "ANNOTATORS": Option(
        [],
        (list, tuple),
        "Annotators of this TOM's own, by dotted path, run after those that ship with the app; see docs/annotators.md.",
    ),
    "ANNOTATOR_SECONDS": Option(
        10.0, (int, float), "An annotator of yours that takes longer is left to itself, and its answer missing."
    ),
    "ALADIN_URL": Option(
        "https://aladin.cds.unistra.fr/AladinLite/api/v3/3.8.2/aladin.js",
        (str,),
        "Where a browser gets Aladin Lite for the interactive sky, once somebody opens it: an address, or the name of a static file. "
        "Empty: no interactive sky.",
    ),
    "SKY_SURVEYS": Option(
        {
            "DSS2 colour": "CDS/P/DSS2/color",
            "Pan-STARRS DR1": "CDS/P/PanSTARRS/DR1/color-z-zg-g",
            "Legacy Surveys DR10": "CDS/P/DESI-Legacy-Surveys/DR10/color",
            "2MASS": "CDS/P/2MASS/color",
        },
        (dict,),
        "Surveys that a button of the interactive sky shows, name to HiPS identifier or address. Empty: no button.",
    ),
    "COINCIDENCE_SECONDS": Option(
        500.0, (int, float), "Events no further apart in time may be one; see docs/annotators.md."
    ),
    "COINCIDENCE_WINDOWS": Option(
        {
            "GW-XRT": (-500, 86400),
            "GW-OT": (-500, 259200),
            "GRB-OT": (-500, 259200),
            "GW-FRB": (-7200, 7200),
            "GRB-GRB": (-120, 120),
        },
        (dict,),
        'The same for pairs of kinds: `{"GW-OT": (-500, 259200)}`, from how many seconds before a gravitational wave to how many '
        "after it an optical transient is near it. Other pairs have COINCIDENCE_SECONDS.",
    ),
    "FETCH_HOSTS": Option(
        [],
        (list, tuple),
        "Further hosts (or host:port) that offloaded messages may be fetched from; hop's own is always allowed.",
    ),
    "GRACEDB_URL": Option(
        "https://gracedb.ligo.org", (str,), "The GraceDB whose public API `backfill --gracedb` asks."
    ),
    "ARCHIVE_URL": Option(
        "",
        (str,),
        "The Hopskotch archive that keeps what Hopskotch sources say; by default the one that belongs to the broker.",
    ),
    "ARCHIVE_DAYS": Option(
        30,
        (int,),
        "So many days back the worker compares with the archive: what it has and we do not, and what is marked retracted there. "
        "0: never.",
    ),
    "FETCH_SECONDS": Option(20.0, (int, float), "Time-out of one fetch from outside."),
    "NOTIFY_SCHEMES": Option(
        SCHEMES,
        (list, tuple),
        'Channels by which people may be told: "email" (this TOM\'s own mail) and the schemes of apprise. The default has '
        "those that speak to a service or server over HTTPS, HTTP or SMTP, and none that reaches into this machine.",
    ),
    "NOTIFY_HOSTS": Option(
        [],
        (list, tuple),
        "Hosts (host or host:port) that people may be told by although their address is private: an own ntfy or mail server. "
        "All other private, loopback and link-local addresses are refused.",
    ),
    "REPUBLISH_TOPICS": Option(
        [],
        (list, tuple),
        "Hopskotch topics, by name or pattern, that subscriptions may republish to with this TOM's credential.",
    ),
    "SHARE_TOPICS": Option(
        [], (list, tuple), "Topics (or patterns) that people may share to; empty: REPUBLISH_TOPICS."
    ),
    "URL": Option(
        "", (str,), "Address of this TOM for links in what people are told, such as https://tom.example.org."
    ),
    "IVORN": Option(
        "",
        (str,),
        "What the identifiers of our VOEvents begin with, such as ivo://tom.example.org/alerts; by default made of URL and TOM_NAME.",
    ),
    "LATENCY_BUDGETS": Option(
        {},
        (dict,),
        "Seconds each step of the latency ledger may take after the one before; past it the step turns red. Merged over the defaults.",
    ),
    "QUERY_SECONDS": Option(
        10.0, (int, float), "The database is asked no longer than this for a query that a person wrote."
    ),
    "MAX_SUBSCRIPTIONS": Option(200, (int,), "One person may save so many subscriptions."),
    "GALAXY_DIR": Option(
        "", (str,), "Where the column files of galaxy catalogues are; by default `galaxies` in BASE_DIR."
    ),
    "GALAXY_CATALOG": Option(
        "", (str,), "The galaxy catalogue shown first, by name; by default the one with the most galaxies."
    ),
    "LOGIN_GROUPS": Option(
        {},
        (dict,),
        "SCiMMA log-in: groups of the OpenID claim to Django groups, `{claimed name or pattern: Django group}`. Empty: off.",
    ),
    "LOGIN_GROUPS_CLAIM": Option("groups", (str,), "Name of the OpenID claim that lists a person's groups."),
    "LOGIN_REQUIRES": Option(
        [],
        (list, tuple),
        "SCiMMA log-in: only members of one of these groups of the claim, by name or pattern, may enter. Empty: everybody.",
    ),
    "HOPSKOTCH_GROUPS": Option(
        {},
        (dict,),
        "SCiMMA Auth's own groups to Django groups, `{group there, by name or pattern: Django group}`: who is in them, and who "
        "sees topics that are not public at SCiMMA. See docs/login.md.",
    ),
    "HOPAUTH_URL": Option(
        "",
        (str, type(None)),
        "SCiMMA Auth, which knows topics, groups and rights; empty: the one that belongs to the broker, for SCiMMA's own brokers. "
        "None: never asked.",
    ),
}


conf = Conf("TOM_SCIMMA", OPTIONS)


def reading_limits() -> dict[str, Any]:
    """How `reading.read` is to read in this TOM: its bounds, and where it finds schemas."""
    return {
        "max_bytes": conf.MAX_MESSAGE_BYTES,
        "max_skymap_bytes": conf.MAX_SKYMAP_BYTES,
        "schemas": str(conf.AVRO_SCHEMAS),
    }


def best(table: dict[str, dict], topic: str, source: str) -> dict:
    """The entry for a topic: exact name, else the longest pattern that fits; entries of another source do not count."""
    here = {name: entry for name, entry in table.items() if entry.get("source", source) in (source, "", None)}
    if topic in here:
        return here[topic]
    fitting = [name for name in here if fnmatch.fnmatchcase(topic, name)]
    return here[max(fitting, key=len)] if fitting else {}


def topic_policy(topic: str, source: str = "") -> TopicPolicy:
    """The policy of one topic: what the world knows of it, overlaid key by key with this TOM's TOPICS."""
    entry = {**best(KNOWN_TOPICS, topic, source), **best(conf.TOPICS, topic, source)}
    targets = entry.get("targets", {})
    if targets is not None:
        entry["targets"] = TargetPolicy(**{key: _frozen(value) for key, value in targets.items()})
    known = {item.name for item in fields(TopicPolicy)}
    return TopicPolicy(**{key: _frozen(value) for key, value in entry.items() if key in known})


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, (list, set)) else value
