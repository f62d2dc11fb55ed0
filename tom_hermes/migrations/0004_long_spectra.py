"""PostgreSQL takes spectra of any length: TOM Toolkit's rule that a spectrum is stored once is kept by a hash of the fluxes.

The host's constraint has the fluxes themselves in a B-tree, whose entries PostgreSQL limits to a third of a page, some 200
fluxes. The same rule under the same name, so that a migration of the host that drops or replaces it finds it.
"""

from django.db import migrations

NAME = "unique_spectroscopy"
COLUMNS = ("target_id", "timestamp", "telescope", "instrument", "reduction_version")


def _drop(schema_editor, table):
    schema_editor.execute(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {NAME}")


def by_hash(apps, schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        return
    table = schema_editor.quote_name(apps.get_model("tom_dataproducts", "SpectroscopyReducedDatum")._meta.db_table)
    _drop(schema_editor, table)
    equal = ", ".join(f"{column} WITH =" for column in (*COLUMNS, "jsonb_hash_extended(flux, 0)"))
    schema_editor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {NAME} EXCLUDE USING btree ({equal})")


def by_value(apps, schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        return
    model = apps.get_model("tom_dataproducts", "SpectroscopyReducedDatum")
    _drop(schema_editor, schema_editor.quote_name(model._meta.db_table))
    for constraint in model._meta.constraints:
        if constraint.name == NAME:
            schema_editor.add_constraint(model, constraint)


class Migration(migrations.Migration):
    dependencies = [
        ("tom_hermes", "0003_received_retracted"),
        ("tom_dataproducts", "0020_remove_astrometryreduceddatum_unique_astrometry_and_more"),
    ]

    operations = [migrations.RunPython(by_hash, by_value)]
