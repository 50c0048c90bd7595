"""What the samples map."""

from typing import Any


def mapping(kind: str, blueprint: str, query: str = "true", **properties: str) -> dict[str, Any]:
    """The mapping of one kind, as the reference document writes it."""
    entity = {
        "identifier": ".id | tostring",
        "title": ".name",
        "blueprint": f'"{blueprint}"',
        "properties": properties,
        "relations": {},
    }
    return {
        "deleteDependentEntities": True,
        "createMissingRelatedEntities": True,
        "enableMergeEntity": True,
        "resources": [{"kind": kind, "selector": {"query": query}, "port": {"entity": {"mappings": entity}}}],
    }
