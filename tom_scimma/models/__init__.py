"""The tables, one file a group."""

from tom_scimma.models.alerts import Alert, Localization, Reaction
from tom_scimma.models.annotations import Annotation
from tom_scimma.models.archive import ArchiveDay, ArchiveRecord
from tom_scimma.models.backfills import Backfill
from tom_scimma.models.candidates import Candidate, CandidateDecision, CandidateLevel, Placement
from tom_scimma.models.detectors import Detector
from tom_scimma.models.events import Alias, Event, NoticeId
from tom_scimma.models.galaxies import Galaxy, GalaxyCatalog
from tom_scimma.models.identity import (
    AccessChange,
    AccountTest,
    HopskotchCredential,
    Membership,
    RightsAsked,
    TopicAccess,
)
from tom_scimma.models.merges import Hint, Merge
from tom_scimma.models.messages import Message, MessageBody
from tom_scimma.models.outbox import Attempt, Delivery, Job, Stop, Worker
from tom_scimma.models.people import Contact, Telling
from tom_scimma.models.places import TargetPlace
from tom_scimma.models.sharing import Approval, Draft, Embargo, Question, SendRule, Share, SharedItem, StandingShare
from tom_scimma.models.subscriptions import Match, Subscription, SubscriptionAction
from tom_scimma.models.topics import Listener, TopicState

__all__ = [
    "AccessChange",
    "AccountTest",
    "Alert",
    "Alias",
    "Annotation",
    "Approval",
    "ArchiveDay",
    "ArchiveRecord",
    "Attempt",
    "Backfill",
    "Candidate",
    "CandidateDecision",
    "CandidateLevel",
    "Contact",
    "Delivery",
    "Detector",
    "Draft",
    "Embargo",
    "Event",
    "Galaxy",
    "GalaxyCatalog",
    "Hint",
    "HopskotchCredential",
    "Job",
    "Listener",
    "Localization",
    "Match",
    "Membership",
    "Merge",
    "Message",
    "MessageBody",
    "NoticeId",
    "Placement",
    "Question",
    "Reaction",
    "RightsAsked",
    "SendRule",
    "Share",
    "SharedItem",
    "StandingShare",
    "Stop",
    "Subscription",
    "SubscriptionAction",
    "TargetPlace",
    "Telling",
    "TopicAccess",
    "TopicState",
    "Worker",
]
