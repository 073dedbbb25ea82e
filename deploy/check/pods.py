"""The pods of an overlay: as restricted as their namespace wants them, mounted where they are told.

Source: Pod Security Standards, "restricted".
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from console.web.probes import PATHS
from deploy.check import documents, image, servers

Document = dict[str, Any]

_OURS: Final = "gouji"
_SCARCE: Final = frozenset({"cpu", "memory", "ephemeral-storage"})
_LEVEL: Final = "pod-security.kubernetes.io/enforce"


class Pod(NamedTuple):
    """A pod that is run: the kind and name of what makes it, its labels, its specification.

    ``kept`` names the volumes that each replica is given for good.
    """

    kind: str
    name: str
    labels: Mapping[str, str]
    spec: Document
    kept: frozenset[str] = frozenset()


def containers(pod: Pod) -> list[Document]:
    """Return all containers of a pod, those first that end before the others begin."""
    return [*pod.spec.get("initContainers", []), *pod.spec["containers"]]


def selected(pods: Iterable[Pod], labels: Mapping[str, str]) -> list[Pod]:
    """Return the pods that have all of these labels."""
    return [pod for pod in pods if labels.items() <= pod.labels.items()]


def is_ours(container: Document) -> bool:
    """Tell whether a container is of our image."""
    return _OURS in container["image"]


def faults(pod: Pod) -> Iterator[str]:
    """Yield what is wrong with a pod as such: who it is, what it may, what it mounts."""
    yield from _restricted(pod)
    yield from _mounted(pod)
    for container in containers(pod):
        name = container["name"]
        for check in (_confined, _bounded):
            yield from (f"{name}: {why}" for why in check(container))
        if not is_ours(container):
            yield from (f"{name}: {why}" for why in _theirs(pod, container))
    if pod.kind != "Job":
        for container in pod.spec["containers"]:
            yield from (f"{container['name']}: {why}" for why in _watched(container))


def told(container: Document, variables: Mapping[str, str]) -> Iterator[str]:
    """Yield the paths that a container is told, where nothing is mounted.

    Args:
        container: one that runs with a read-only root.
        variables: its environment.
    """
    mounts = [one["mountPath"] for one in container.get("volumeMounts", [])]
    texts = [*variables.values(), *documents.strings(container.get("args", []))]
    for path in sorted({path for text in texts for path in documents.paths(text)}):
        if not documents.is_under(path, mounts):
            yield f"{path}: nothing is mounted there"


def namespaced(namespaces: Iterable[Document]) -> Iterator[str]:
    """Yield the namespaces that would take a pod which is not restricted."""
    for one in namespaces:
        if one["metadata"].get("labels", {}).get(_LEVEL) != "restricted":
            yield f"Namespace/{one['metadata']['name']}: {_LEVEL} is not restricted"


def _restricted(pod: Pod) -> Iterator[str]:
    context = pod.spec.get("securityContext", {})
    if not context.get("runAsNonRoot"):
        yield "runAsNonRoot is not true"
    if context.get("seccompProfile", {}).get("type") != "RuntimeDefault":
        yield "seccompProfile is not RuntimeDefault"
    if pod.spec.get("automountServiceAccountToken") is not False:
        yield "automountServiceAccountToken is not false: nothing here speaks to the cluster"
    user, _, group = image.USER.partition(":")
    is_one_of_ours = all(map(is_ours, containers(pod)))
    who = [context.get(name) for name in ("runAsUser", "runAsGroup", "fsGroup")]
    if is_one_of_ours and who != [int(user), int(group), int(group)]:
        yield f"runAsUser, runAsGroup and fsGroup are not those of the image, {image.USER}"
    if is_one_of_ours and pod.spec.get("enableServiceLinks") is not False:
        yield "enableServiceLinks is not false: the cluster would set GOUJI_… that are no settings"
    if len(set(who)) != 1 or who[0] is None:
        yield f"runAsUser, runAsGroup and fsGroup are not one number: {who}"


def _confined(container: Document) -> Iterator[str]:
    context = container.get("securityContext", {})
    if context.get("allowPrivilegeEscalation") is not False:
        yield "allowPrivilegeEscalation is not false"
    if context.get("readOnlyRootFilesystem") is not True:
        yield "readOnlyRootFilesystem is not true"
    if context.get("capabilities", {}).get("drop") != ["ALL"]:
        yield "capabilities are not dropped"
    if ":" not in container["image"]:
        yield f"image {container['image']} has no tag"


def _bounded(container: Document) -> Iterator[str]:
    resources = container.get("resources", {})
    for section, needed in (("requests", {"cpu", "memory"}), ("limits", {"memory"})):
        given = set(resources.get(section, {}))
        yield from (f"resources: {section}: {one} is missing" for one in sorted(needed - given))
        yield from (f"resources: {section}: what is {one}?" for one in sorted(given - _SCARCE))


def _mounted(pod: Pod) -> Iterator[str]:
    volumes = {one["name"] for one in pod.spec.get("volumes", [])} | pod.kept
    mounted = set()
    for container in containers(pod):
        names = {one["name"] for one in container.get("volumeMounts", [])}
        mounted |= names
        for name in sorted(names - volumes):
            yield f"{container['name']}: volumeMounts: there is no volume {name}"
    yield from (f"volume {name}: no container mounts it" for name in sorted(volumes - mounted))


def _theirs(pod: Pod, container: Document) -> Iterator[str]:
    variables = {one["name"]: one.get("value", "") for one in container.get("env", [])}
    kept = {
        one["mountPath"] for one in container.get("volumeMounts", []) if one["name"] in pod.kept
    }
    yield from servers.unread(container["image"], variables)
    yield from servers.homeless(container["image"], kept)
    yield from servers.refused([str(word) for word in container.get("args", [])])
    yield from told(container, variables)


def _watched(container: Document) -> Iterator[str]:
    """Yield the probes that are missing, and those that ask what nobody answers."""
    if not is_ours(container):
        if "readinessProbe" not in container:
            yield "readinessProbe is missing"
        return
    for kind in ("startupProbe", "livenessProbe"):
        if kind not in container:
            yield f"{kind} is missing"
    if "ports" in container and "readinessProbe" not in container:
        yield "readinessProbe is missing: what is not ready would be asked"
    for kind in ("startupProbe", "livenessProbe", "readinessProbe"):
        probe = container.get(kind)
        if probe is None:
            continue
        if not {"httpGet", "tcpSocket", "exec"} & set(probe):
            yield f"{kind} asks nothing"
        asked = probe.get("httpGet", {}).get("path")
        if asked is not None and asked not in PATHS:
            yield f"{kind}: nothing answers at {asked}"
