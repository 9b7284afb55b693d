"""Which data is it? The law's categories, the agency's systems, and what their flows may carry."""

from auditor.classify.content import recognised
from auditor.classify.flows import classified
from auditor.classify.lists import catalogue, sources
from auditor.classify.systems import inventory, inventory_source

__all__ = ["catalogue", "classified", "inventory", "inventory_source", "recognised", "sources"]
