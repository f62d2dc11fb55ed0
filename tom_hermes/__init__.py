"""tom_hermes: tells HERMES, and through it TNS and GCN, what this TOM found."""
