"""REST routes; the host finds them here and shows them under /api/."""

from tom_common.api_router import SharedAPIRootRouter

from tom_scimma import api
from tom_scimma.archive_api import BackfillViewSet, GapViewSet
from tom_scimma.candidates.api import CandidateViewSet
from tom_scimma.sent_api import DeliveryViewSet
from tom_scimma.subscriptions_api import SubscriptionViewSet

router = SharedAPIRootRouter()
router.register("events", api.EventViewSet, "events")
router.register("alerts", api.AlertViewSet, "alerts")
router.register("annotations", api.AnnotationViewSet, "annotations")
router.register("candidates", CandidateViewSet, "candidates")
router.register("merges", api.MergeViewSet, "merges")
router.register("messages", api.MessageViewSet, "messages")
router.register("localizations", api.LocalizationViewSet, "localizations")
router.register("deliveries", DeliveryViewSet, "deliveries")
router.register("gaps", GapViewSet, "gaps")
router.register("backfills", BackfillViewSet, "backfills")
router.register("subscriptions", SubscriptionViewSet, "subscriptions")

urlpatterns: list = []
