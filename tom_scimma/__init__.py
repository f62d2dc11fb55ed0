"""tom_scimma: listens to Hopskotch and turns what it hears into events of a TOM."""
