"""REST routes; the host finds them here and shows them under /api/."""

from tom_common.api_router import SharedAPIRootRouter

from tom_treasuremap import api, plans_api, telescope_api
from tom_treasuremap.followup import api as followup

router = SharedAPIRootRouter()
router.register("pointings", api.PointingViewSet, "pointings")
router.register("treasuremap-reports", api.ReportViewSet, "treasuremap-reports")
router.register("plans", plans_api.PlanViewSet, "plans")
router.register("followup", followup.AskedViewSet, "followup")
router.register("armings", followup.ArmingViewSet, "armings")
router.register("telescopes", telescope_api.TelescopeViewSet, "telescopes")

urlpatterns: list = []
