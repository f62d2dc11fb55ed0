"""The rows of this app, one file a group of tables."""

from tom_treasuremap.models.asked import Arming, Asked
from tom_treasuremap.models.coverage import CoverageRun
from tom_treasuremap.models.fetches import EventName, FetchState
from tom_treasuremap.models.instruments import Instrument
from tom_treasuremap.models.plans import Plan, PlanVisit
from tom_treasuremap.models.pointings import Pointing
from tom_treasuremap.models.reports import Account, Report, ReportRule, TreasureMapProfile
from tom_treasuremap.models.telescopes import TelescopeChange, TelescopeRow, TelescopeState
from tom_treasuremap.models.telling import OcsProfile, SimulatedRequest, ToldState

__all__ = [
    "Account",
    "Arming",
    "Asked",
    "CoverageRun",
    "EventName",
    "FetchState",
    "Instrument",
    "OcsProfile",
    "Plan",
    "PlanVisit",
    "Pointing",
    "Report",
    "ReportRule",
    "SimulatedRequest",
    "TelescopeChange",
    "TelescopeRow",
    "TelescopeState",
    "ToldState",
    "TreasureMapProfile",
]
