from sqlalchemy import func, select

from auditor.store.tables import metadata


def test_a_new_store_has_every_table(store):
    with store.reading() as connection:
        for table in metadata.sorted_tables:
            assert connection.scalar(select(func.count()).select_from(table)) == 0
