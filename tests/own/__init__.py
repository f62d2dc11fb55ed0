"""A TOM with a target model of its own, as TOM Toolkit's TARGET_MODEL_CLASS makes one."""
