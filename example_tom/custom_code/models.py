# from django.db import models
# 
# from tom_targets.base_models import BaseTarget
# 
# 
# class UserDefinedTarget(BaseTarget):
#     """
#     A target with fields defined by a user.
#     """
# 
#     class Meta:
#         verbose_name = "target"
#         permissions = (
#             ('view_target', 'View Target'),
#             ('add_target', 'Add Target'),
#             ('change_target', 'Change Target'),
#             ('delete_target', 'Delete Target'),
#         )
