"""tom_treasuremap: follow-up coordinated with the Gravitational Wave Treasure Map."""
