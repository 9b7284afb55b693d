"""What do we remember? Runs, inputs, findings and their history, notices (SQL); flows (Parquet)."""

from auditor.store.database import Store, opened

__all__ = ["Store", "opened"]
