"""Who may speak to whom: the network policies of an overlay."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from deploy.check.pods import Document, Pod, containers, selected

_OUTWARD: Final = {53: "DNS", 443: "HTTPS", 5432: "PostgreSQL", 6379: "Redis or Valkey"}
_NEEDED: Final = {53, 5432, 6379}
_WAYS: Final = ("Ingress", "Egress")


def faults(policies: Mapping[str, Document], pods: Sequence[Pod]) -> Iterator[str]:
    """Yield what is wrong with policies, by name: whom they are for, what they let in and out."""
    for name, policy in policies.items():
        spec = policy["spec"]
        for check in (_for_somebody, _both_ways, _from_somebody):
            yield from (f"NetworkPolicy/{name}: {why}" for why in check(spec, pods))
    yield from _let_out(policies)


def _for_somebody(spec: Document, pods: Sequence[Pod]) -> Iterator[str]:
    """Yield policies that select nothing, or let in to ports where nobody listens."""
    chosen = selected(pods, spec["podSelector"].get("matchLabels", {}))
    if not chosen:
        yield "selects no pod"
    listening = {
        port["containerPort"]
        for pod in chosen
        for container in containers(pod)
        for port in container.get("ports", [])
    }
    for rule in spec.get("ingress", []):
        for port in rule.get("ports", []):
            if port["port"] not in listening:
                yield f"nobody listens at port {port['port']}"


def _both_ways(spec: Document, _pods: Sequence[Pod]) -> Iterator[str]:
    types = spec.get("policyTypes", [])
    yield from (f"policyTypes: what is {way}?" for way in types if way not in _WAYS)
    for way in _WAYS:
        if way.lower() in spec and way not in types:
            yield f"policyTypes lacks {way}"


def _from_somebody(spec: Document, pods: Sequence[Pod]) -> Iterator[str]:
    for rule in spec.get("ingress", []):
        for peer in rule.get("from", []):
            labels = peer.get("podSelector", {}).get("matchLabels")
            if labels and not selected(pods, labels):
                yield f"lets in {labels}, and no pod is that"


def _let_out(policies: Mapping[str, Document]) -> Iterator[str]:
    """Yield the ports that pods are let out to and nobody is known for, and those that lack."""
    ports = {
        port["port"]
        for policy in policies.values()
        for rule in policy["spec"].get("egress", [])
        for port in rule.get("ports", [])
    }
    yield from (f"NetworkPolicy: who is at port {one}?" for one in sorted(ports - set(_OUTWARD)))
    for port in sorted(_NEEDED - ports):
        yield f"NetworkPolicy: nobody is let out to port {port}, {_OUTWARD[port]}"
