"""Which division a publisher belongs to, by its name and what stands near it.

What several divisions are called is decided by the larger ones that title, text or source
mention, and stays open otherwise.
"""

from collections.abc import Sequence

from models.divisions.chain import Chain, begin, compact
from models.divisions.division import NOWHERE, Located
from worker.recognise.likely_divisions import suggestions
from worker.recognise.mentions import Mentions


def locate(name: str, mentions: Sequence[Mentions] = ()) -> Located:
    """Tell which division a publisher belongs to.

    Args:
        name: the publisher as printed.
        mentions: what else mentions divisions, the best witness first; asked only in doubt.
    """
    printed = compact(name)
    start, chain = begin(printed)
    if chain is None and start:
        return NOWHERE
    located = NOWHERE if chain is None else _decided(chain, mentions)
    if located.ambiguous or (located.division is not None and located.division.is_county):
        return located
    start = chain.end if chain and not chain.weak else start
    unknown, suggested = suggestions(printed[start:], located.division, mentions)
    return Located(located.division, (), unknown, suggested) if suggested else located


def _decided(chain: Chain, mentions: Sequence[Mentions]) -> Located:
    left = chain.divisions
    supported = False
    for mention in mentions if len(left) > 1 or chain.weak else ():
        narrowed = mention.narrow(left)
        supported = supported or bool(narrowed)
        left = narrowed or left
        if len(left) == 1 and supported:
            break
    if chain.weak and not (supported and len(left) == 1):
        return NOWHERE
    return Located(left[0]) if len(left) == 1 else Located(ambiguous=left)
