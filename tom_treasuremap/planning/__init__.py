"""How a plan is found; docs/planning.md says what is solved. Pure: no Django, no clock but the one that a limit asks for."""
