"""Many rows of one table at once, without Django's way of saying it, which takes longer than the database takes to do it.

On PostgreSQL rows go in by COPY and are updated by one statement; on SQLite both are one prepared statement run for each row.
Any other database gets Django's own.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from operator import attrgetter
from typing import Any

from django.db import connections, models, router

from tom_scimma import columns


def insert(rows: Sequence[models.Model]) -> None:
    """Stores new rows of one model, which then have their keys. Inside the caller's transaction; no signals, as bulk_create."""
    if not rows:
        return
    model, connection = _place(rows)
    if columns.copies(connection):
        _number(model, rows, _next_of_sequence(connection, model, len(rows)))
        _copy(connection, model, rows)
    elif connection.vendor == "sqlite":
        _number(model, rows, _next_of_sqlite(connection, model, len(rows)))
        _insert_each(connection, model, rows)
    else:
        model._base_manager.bulk_create(rows)
    for row in rows:
        row._state.adding, row._state.db = False, connection.alias


def insert_rows(model: type[models.Model], names: Sequence[str], rows: Sequence[Sequence[Any]]) -> Sequence[int]:
    """Stores rows given as values of these fields, all that a row needs, and returns their keys. For tens of thousands:
    making a model instance of each takes longer than storing it. The key is the table's own number.
    """
    if not rows:
        return []
    connection = connections[router.db_for_write(model)]
    fields = [model._meta.pk, *(model._meta.get_field(name) for name in names)]
    if columns.copies(connection):
        keys = list(_next_of_sequence(connection, model, len(rows)))
        _copy_values(connection, model, fields, _adapted(keys, rows, columns.copied(fields)))
    elif connection.vendor == "sqlite":
        keys = list(_next_of_sqlite(connection, model, len(rows)))
        _insert_values(connection, model, fields, list(_adapted(keys, rows, columns.adapters(fields, connection))))
    else:
        made = [model(**dict(zip((field.attname for field in fields[1:]), row, strict=True))) for row in rows]
        keys = [row.pk for row in model._base_manager.bulk_create(made)]
    return keys


def link(through: type[models.Model], names: Sequence[str], pairs: Sequence[Sequence[int]]) -> None:
    """Stores pairs, none of which is there yet, of a many-to-many table; the database numbers them.

    Not `insert_rows`: the type of such a table's own key is that of the day on which it was made, not the model's.
    """
    if not pairs:
        return
    connection = connections[router.db_for_write(through)]
    fields = [through._meta.get_field(name) for name in names]
    if columns.copies(connection):
        _copy_values(connection, through, fields, pairs)
    elif connection.vendor == "sqlite":
        _insert_values(connection, through, fields, pairs)
    else:
        attributes = [field.attname for field in fields]
        through._base_manager.bulk_create([through(**dict(zip(attributes, pair, strict=True))) for pair in pairs])


def update(rows: Sequence[models.Model], names: Sequence[str]) -> None:
    """Writes these fields of rows that are stored, each row once. Values are as the fields keep them, numbers finite."""
    if not rows:
        return
    model, connection = _place(rows)
    fields = [model._meta.get_field(name) for name in names]
    if columns.copies(connection):
        _update_from_json(connection, model, rows, fields)
    elif connection.vendor == "sqlite":
        _update_each(connection, model, rows, fields)
    else:
        model._base_manager.bulk_update(rows, names)


def find(model: type[models.Model], names: Sequence[str], **among: Collection[Any]) -> list[tuple]:
    """Of the rows each of whose fields in `among` is one of its values: the fields of these names, text or numbers; in no order.

    What is asked of every batch, mostly in vain: Django takes longer to write such a question than the database to answer it.
    """
    if not all(among.values()):
        return []
    connection = connections[router.db_for_read(model)]
    fields = [model._meta.get_field(by) for by in among]
    values = [list(wanted) for wanted in among.values()]
    if columns.copies(connection):
        these = [f"= ANY(ARRAY(SELECT json_array_elements_text(%s)::{columns.type_of(field)}))" for field in fields]
    elif connection.vendor == "sqlite":
        these = ["IN (SELECT value FROM json_each(%s))"] * len(fields)
        for place, adapt in columns.adapters(fields, connection):
            values[place] = [adapt(value) for value in values[place]]
    else:
        asked = {f"{by}__in": wanted for by, wanted in zip(among, values, strict=True)}
        return list(model._base_manager.filter(**asked).values_list(*names))
    quote = connection.ops.quote_name
    listed = ", ".join(quote(model._meta.get_field(name).column) for name in names)
    where = " AND ".join(f"{quote(field.column)} {one}" for field, one in zip(fields, these, strict=True))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {listed} FROM {quote(model._meta.db_table)} WHERE {where}",
            [columns.to_json(wanted).decode() for wanted in values],
        )
        return cursor.fetchall()


def having(rows: models.QuerySet, **among: Collection[Any]) -> list[Any]:
    """Those of a query's rows each of whose fields in `among` is one of its values; as `find`, where mostly there are none."""
    found = [key for (key,) in find(rows.model, [rows.model._meta.pk.name], **among)]
    return list(rows.filter(pk__in=found)) if found else []


def is_empty(model: type[models.Model]) -> bool:
    """Whether a table has no row, as those have that few TOMs use; for what is looked up with every batch."""
    connection = connections[router.db_for_read(model)]
    if connection.vendor not in ("postgresql", "sqlite"):
        return not model._base_manager.exists()
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT 1 FROM {connection.ops.quote_name(model._meta.db_table)} LIMIT 1")
        return cursor.fetchone() is None


def _place(rows: Sequence[models.Model]) -> tuple[type[models.Model], Any]:
    model = type(rows[0])
    return model, connections[router.db_for_write(model)]


def _number(model: type[models.Model], rows: Sequence[models.Model], numbers: Iterable[int]) -> None:
    """Gives rows their keys, in order, where the table numbers them itself."""
    key = model._meta.pk
    if isinstance(key, models.AutoField):
        for row, number in zip(rows, numbers, strict=True):
            setattr(row, key.attname, number)


def _next_of_sequence(connection: Any, model: type[models.Model], count: int) -> Iterable[int]:
    key, table = model._meta.pk, connection.ops.quote_name(model._meta.db_table)
    if not isinstance(key, models.AutoField):
        return ()
    with connection.cursor() as cursor:
        sequence = "(SELECT pg_get_serial_sequence(%s, %s)::regclass AS name OFFSET 0) AS sequence"  # looked up once
        cursor.execute(f"SELECT nextval(name) FROM {sequence}, generate_series(1, %s)", [table, key.column, count])
        return sorted(number for (number,) in cursor.fetchall())


def _next_of_sqlite(connection: Any, model: type[models.Model], count: int) -> Iterable[int]:
    """The numbers after the last that the table ever gave. Nobody else writes while our transaction does."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [model._meta.db_table])
        (last,) = cursor.fetchone() or (0,)
    return range(last + 1, last + 1 + count)


def _copy(connection: Any, model: type[models.Model], rows: Sequence[models.Model]) -> None:
    fields = model._meta.local_concrete_fields
    _copy_values(connection, model, fields, _values(fields, rows, columns.copied(fields)))


def _copy_values(
    connection: Any, model: type[models.Model], fields: Sequence[models.Field], rows: Iterable[Sequence[Any]]
) -> None:
    quote = connection.ops.quote_name
    names = ", ".join(quote(field.column) for field in fields)
    query = f"COPY {quote(model._meta.db_table)} ({names}) FROM STDIN (FORMAT BINARY)"
    with connection.cursor() as cursor, connection.wrap_database_errors, cursor.copy(query) as copy:
        copy.set_types([columns.type_of(field) for field in fields])
        for values in rows:
            copy.write_row(values)


def _values(
    fields: Sequence[models.Field], rows: Sequence[models.Model], adapters: Sequence[tuple[int, Callable]]
) -> Iterator[list[Any]]:
    """What each row has in these fields (two at least), those at the adapters' places adapted."""
    moments = [field for field in fields if getattr(field, "auto_now_add", False) or getattr(field, "auto_now", False)]
    values_of = attrgetter(*(field.attname for field in fields))
    for row in rows:
        for field in moments:
            field.pre_save(row, True)
        values = list(values_of(row))
        for place, adapt in adapters:
            values[place] = adapt(values[place])
        yield values


def _adapted(
    keys: Sequence[int], rows: Sequence[Sequence[Any]], adapters: Sequence[tuple[int, Callable]]
) -> Iterator[list[Any]]:
    """Each row's key and values, those at the adapters' places adapted."""
    for key, row in zip(keys, rows, strict=True):
        values = [key, *row]
        for place, adapt in adapters:
            if values[place] is not None:
                values[place] = adapt(values[place])
        yield values


def _update_from_json(
    connection: Any, model: type[models.Model], rows: Sequence[models.Model], fields: Sequence[models.Field]
) -> None:
    key, quote = model._meta.pk, connection.ops.quote_name
    listed = ", ".join(quote(field.column) for field in fields)
    values = ", ".join(f"r.{quote(field.column)}" for field in fields)
    types = ", ".join(
        f"{quote(field.column)} {columns.stored(field).rel_db_type(connection)}" for field in (key, *fields)
    )
    query = (
        f"UPDATE {quote(model._meta.db_table)} AS t SET ({listed}) = ROW({values}) "
        f"FROM json_to_recordset(%s) AS r({types}) WHERE t.{quote(key.column)} = r.{quote(key.column)}"
    )
    wanted = [{field.column: getattr(row, field.attname) for field in (key, *fields)} for row in rows]
    with connection.cursor() as cursor:
        cursor.execute(query, [columns.to_json(wanted).decode()])


def _insert_each(connection: Any, model: type[models.Model], rows: Sequence[models.Model]) -> None:
    fields = model._meta.local_concrete_fields
    _insert_values(connection, model, fields, list(_values(fields, rows, columns.adapters(fields, connection))))


def _insert_values(
    connection: Any, model: type[models.Model], fields: Sequence[models.Field], rows: Sequence[Sequence[Any]]
) -> None:
    quote = connection.ops.quote_name
    listed, places = ", ".join(quote(field.column) for field in fields), ", ".join(["%s"] * len(fields))
    with connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO {quote(model._meta.db_table)} ({listed}) VALUES ({places})", rows)


def _update_each(
    connection: Any, model: type[models.Model], rows: Sequence[models.Model], fields: Sequence[models.Field]
) -> None:
    key, quote = model._meta.pk, connection.ops.quote_name
    listed = ", ".join(f"{quote(field.column)} = %s" for field in fields)
    values = list(_values((*fields, key), rows, columns.adapters((*fields, key), connection)))
    with connection.cursor() as cursor:
        cursor.executemany(f"UPDATE {quote(model._meta.db_table)} SET {listed} WHERE {quote(key.column)} = %s", values)
