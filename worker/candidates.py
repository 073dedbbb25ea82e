"""Localisation as JSON: part of the inspection (``gouji.inspection/1``, docs/localisation.md)."""

from typing import Any

from models.disclosure.localisation import Block, Candidate, Localisation, Search


def candidates_json(found: Localisation | None) -> list[dict[str, Any]]:
    """Return every candidate, block by block, the cheapest first."""
    return [] if found is None else [_candidate(one) for one in found.candidates]


def localisation_json(found: Localisation | None) -> dict[str, Any] | None:
    """Return how far localisation came, ``None`` where no balance edit fails."""
    if found is None:
        return None
    return {
        "status": str(found.status),
        "search": _search(found.search),
        "blocks": [_block(block) for block in found.blocks],
    }


def _block(block: Block) -> dict[str, Any]:
    return {
        "block": block.number,
        "table": block.table,
        "edits": list(block.edits),
        "status": str(block.status),
        "search": _search(block.search),
        "listed": len(block.candidates),
        "cut": block.cut,
    }


def _search(search: Search) -> dict[str, Any]:
    return {"k": search.k, "nodes": search.nodes, "capped": search.capped}


def _candidate(one: Candidate) -> dict[str, Any]:
    return {
        "id": one.id,
        "block": one.block,
        "rank": one.rank,
        "tie_group": one.tie_group,
        "changes": [
            {
                "cell": change.cell,
                "raw": change.raw,
                "read": change.read,
                "proposed": change.proposed,
                "delta": change.delta,
            }
            for change in one.changes
        ],
        "mechanism": str(one.mechanism),
        "cost": one.cost,
        "cost_parts": dict(one.cost_parts),
        "resolves": list(one.resolves),
        "evidence": [
            {
                "kind": witness.kind,
                "supports": witness.supports,
                "quote": witness.quote,
                "place": None if witness.place is None else dict(witness.place),
            }
            for witness in one.evidence
        ],
        "origin": str(one.origin),
    }
