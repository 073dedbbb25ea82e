"""The manifests of Kubernetes: every overlay is built, held to strict schemas, followed through.

Schemas of Kubernetes come with kubernetes-validate. Those of KEDA and of the Prometheus operator
are ours, in ``kubernetes/schemas``: the fields that are used here, and no others.
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import jsonschema  # type: ignore[import-untyped]
import kubernetes_validate  # type: ignore[import-untyped]

from console.web.probes import PATHS
from deploy.check import compose, documents, doors, image, network, pods, understood
from deploy.check.pods import Document, Pod, containers, is_ours, selected
from deploy.check.programs import run

OUTSIDE: Final = {
    "gouji": {
        "database_url",
        "broker_url",
        "admin_password",
        "broker_password",
        "s3_credentials",
        "notify_webhook",
    },
    "gouji-servers": {"database_password", "broker_conf"},
    "gouji-metrics": {"token"},
}
"""Secrets that whoever runs the cluster makes, and their keys; kubernetes/secrets.sh makes some."""

_SECRETS: Final = "/run/secrets/gouji/"
_VERSIONS: Final = ("1.28", "1.34")
"""The oldest that is supported, and a new one."""


class Cluster:
    """What one overlay builds."""

    def __init__(self, built: list[Document]) -> None:
        self.documents = built

    def of(self, kind: str) -> dict[str, Document]:
        """Return the documents of a kind by name."""
        return {one["metadata"]["name"]: one for one in self.documents if one.get("kind") == kind}

    @property
    def pods(self) -> list[Pod]:
        """Every pod that is run."""
        found = []
        for kind in ("Deployment", "StatefulSet", "Job"):
            for name, one in self.of(kind).items():
                template, claims = (
                    one["spec"]["template"],
                    one["spec"].get("volumeClaimTemplates", []),
                )
                kept = frozenset(claim["metadata"]["name"] for claim in claims)
                labels = template["metadata"].get("labels", {})
                found.append(Pod(kind, name, labels, template["spec"], kept))
        return found


def overlays(place: Path) -> list[Path]:
    """Return the directories that are built."""
    return sorted(path.parent for path in place.glob("kubernetes/overlays/*/kustomization.yaml"))


def build(overlay: Path) -> tuple[list[Document], str]:
    """Return what an overlay builds, and what kubectl said where it builds nothing."""
    code, out, err = run("kubectl", "kustomize", overlay)
    return ([], err.strip() or f"kubectl ended with {code}") if code else (
        documents.several(out), err.strip())  # fmt: skip


def faults(place: Path) -> Iterator[str]:
    """Yield what is wrong with ``kubernetes/`` of the directory."""
    schemas = {
        path.stem: json.loads(path.read_text("utf-8"))
        for path in place.glob("kubernetes/schemas/*.json")
    }
    set_in_image = image.variables(image.stages((place / image.NAME).read_text("utf-8"))[-1])
    run_by = set()
    for overlay in overlays(place):
        built, said = build(overlay)
        if said:
            yield f"{overlay.name}: {said}"
        cluster = Cluster(built)
        for check in (_whole, _claimed, _headless, _wired, _scaled):
            yield from (f"{overlay.name}: {why}" for why in check(cluster))
        if cluster.of("StatefulSet"):
            yield from (f"{overlay.name}: {why}" for why in _addressed(place, cluster))
        policies = cluster.of("NetworkPolicy")
        yield from (f"{overlay.name}: {why}" for why in network.faults(policies, cluster.pods))
        namespaces = cluster.of("Namespace").values()
        yield from (f"{overlay.name}: {why}" for why in pods.namespaced(namespaces))
        for one in built:
            yield from (f"{overlay.name}: {why}" for why in _by_schema(one, schemas))
        for pod in cluster.pods:
            run_by |= {(_arguments(one) or [""])[0] for one in pod.spec["containers"]}
            told = [*pods.faults(pod), *_pod(cluster, pod, set_in_image)]
            yield from (f"{overlay.name}: {pod.name}: {why}" for why in told)
    yield from doors.unrun(run_by, "overlay")


def _by_schema(one: Document, schemas: Mapping[str, Document]) -> Iterator[str]:
    where = f"{one.get('kind')}/{one.get('metadata', {}).get('name')}"
    own = schemas.get(str(one.get("kind")).lower())
    if own is not None:
        for error in jsonschema.Draft202012Validator(own).iter_errors(one):
            yield f"{where}: {error.json_path}: {error.message}"
        return
    for version in _VERSIONS:
        try:
            kubernetes_validate.validate(one, version, strict=True)
        except kubernetes_validate.ValidationError as error:
            path = ".".join(map(str, error.path))
            yield f"{where}: {path}: {error.message}"
            return
        except kubernetes_validate.SchemaNotFoundError:
            yield f"{where}: there is no schema of {one.get('apiVersion')} {one.get('kind')}"
            return


def _settings(cluster: Cluster, container: Document) -> dict[str, str]:
    """Return the environment that a container is given."""
    found: dict[str, str] = {one["name"]: one.get("value", "") for one in container.get("env", [])}
    for source in container.get("envFrom", []):
        config = cluster.of("ConfigMap").get(source["configMapRef"]["name"], {})
        found.update(config.get("data", {}))
    return found


def _arguments(container: Document) -> list[str] | None:
    """Return the arguments that a container gives to ``gouji``; ``None`` for other programs."""
    if not is_ours(container):
        return None
    if "command" not in container:
        return [str(word) for word in container.get("args", [])]
    found = re.search(rf"\b{understood.PROGRAM} ([^<>|&;]*)", " ".join(container.get("args", [])))
    return found[1].split() if found else None


def _pod(cluster: Cluster, pod: Pod, set_in_image: Mapping[str, str]) -> Iterator[str]:
    volumes = {one["name"]: one for one in pod.spec.get("volumes", [])}
    for name, volume in volumes.items():
        yield from (f"volume {name}: {why}" for why in _volume(cluster, volume))
    for container in containers(pod):
        name = container["name"]
        mounts = {one["name"]: one["mountPath"] for one in container.get("volumeMounts", [])}
        yield from (f"{name}: {why}" for why in _probes(container))
        environment = _settings(cluster, container)
        texts = [*environment.values(), *documents.strings(container.get("args", []))]
        yield from (f"{name}: {why}" for why in _files(texts, volumes, mounts))
        arguments = _arguments(container)
        if arguments is not None:
            yield from (f"{name}: {why}" for why in understood.command(arguments))
            yield from (f"{name}: {why}" for why in pods.told(container, environment))
            yield from (f"{name}: {why}" for why in doors.alone(environment))
            ours = {**set_in_image, **environment}
            yield from (f"{name}: {why}" for why in understood.environment(ours))
            ends = pod.spec.get("terminationGracePeriodSeconds", 30)
            serves = arguments[0] in doors.PARTS
            if serves and ends <= documents.grace(ours):
                yield "terminationGracePeriodSeconds is not above GOUJI_GRACE"
            config = _config(cluster, ours, volumes, mounts)
            yield from (f"{name}: {why}" for why in doors.faults(arguments, ours, config))
            listens = doors.port(arguments, ours, config)
            for port in container.get("ports", []):
                if str(port["containerPort"]) != listens:
                    yield f"{name}: port {port['containerPort']} is not {listens}, where it listens"


def _config(
    cluster: Cluster,
    ours: Mapping[str, str],
    volumes: Mapping[str, Document],
    mounts: Mapping[str, str],
) -> str | None:
    """Return what the file says that ``GOUJI_CONFIG`` names, if it is mounted."""
    folder, _, file = ours.get(doors.CONFIG, "").rpartition("/")
    for name, where in mounts.items():
        config = volumes.get(name, {}).get("configMap", {}).get("name")
        if where == folder and config:
            said: str | None = cluster.of("ConfigMap").get(config, {}).get("data", {}).get(file)
            return said
    return None


def _volume(cluster: Cluster, volume: Document) -> Iterator[str]:
    if "secret" in volume and volume["secret"]["secretName"] not in OUTSIDE:
        yield f"there is no secret {volume['secret']['secretName']}"
    config = volume.get("configMap", {}).get("name")
    if config and config not in cluster.of("ConfigMap"):
        yield f"there is no ConfigMap {config}"
    claim = volume.get("persistentVolumeClaim", {}).get("claimName")
    if claim and claim not in cluster.of("PersistentVolumeClaim"):
        yield f"there is no claim {claim}"


def _files(
    texts: list[str], volumes: Mapping[str, Document], mounts: Mapping[str, str]
) -> Iterator[str]:
    """Yield the files of secrets that are named, and are in no secret that is mounted there."""
    keys: set[str] = set()
    for name, where in mounts.items():
        if where == _SECRETS.rstrip("/"):
            keys |= OUTSIDE.get(volumes.get(name, {}).get("secret", {}).get("secretName"), set())
    for text in texts:
        for named in re.findall(rf"{_SECRETS}(\w+)", text):
            if named not in keys:
                yield f"{_SECRETS}{named}: no secret that is mounted there has it"


def _probes(container: Document) -> Iterator[str]:
    ports = {one["name"] for one in container.get("ports", [])}
    for kind in ("startupProbe", "livenessProbe", "readinessProbe"):
        probe = container.get(kind, {})
        asked = (probe.get("httpGet") or probe.get("tcpSocket") or {}).get("port")
        if asked is not None and asked not in ports:
            yield f"{kind}: there is no port {asked}"
        command = probe.get("exec", {}).get("command", [])
        if command[:1] == [understood.PROGRAM]:
            yield from (f"{kind}: {why}" for why in understood.command(command[1:]))


def _headless(cluster: Cluster) -> Iterator[str]:
    for name, service in cluster.of("Service").items():
        if service["spec"].get("clusterIP", "None") != "None":
            yield f"Service/{name}: clusterIP is {service['spec']['clusterIP']}, not None"


def _wired(cluster: Cluster) -> Iterator[str]:
    """Yield what selects no pod, and services that lead to no port."""
    for name, service in cluster.of("Service").items():
        pods = selected(cluster.pods, service["spec"]["selector"])
        ports = {p["name"] for pod in pods for c in containers(pod) for p in c.get("ports", [])}
        for port in service["spec"]["ports"]:
            if port.get("targetPort") not in ports:
                yield f"Service/{name}: no pod has the port {port.get('targetPort')}"
    for name, budget in cluster.of("PodDisruptionBudget").items():
        if not selected(cluster.pods, budget["spec"]["selector"]["matchLabels"]):
            yield f"PodDisruptionBudget/{name}: selects no pod"
    for name, monitor in cluster.of("ServiceMonitor").items():
        wanted = monitor["spec"]["selector"]["matchLabels"].items()
        services = [
            one
            for one in cluster.of("Service").values()
            if wanted <= one["metadata"].get("labels", {}).items()
        ]
        ports = {port["name"] for one in services for port in one["spec"]["ports"]}
        for endpoint in monitor["spec"]["endpoints"]:
            if endpoint.get("path") not in PATHS:
                yield f"ServiceMonitor/{name}: nothing answers at {endpoint.get('path')}"
            if endpoint["port"] not in ports:
                yield f"ServiceMonitor/{name}: no service has the port {endpoint['port']}"


def _whole(cluster: Cluster) -> Iterator[str]:
    """Yield what an overlay lacks, or has beside what it needs: names, tables, budgets."""
    namespaces = set(cluster.of("Namespace"))
    for one in cluster.documents:
        name, place = one["metadata"]["name"], one["metadata"].get("namespace")
        if one["kind"] != "Namespace" and place not in namespaces:
            yield f"{one['kind']}/{name}: there is no namespace {place}"
    if not any(
        (_arguments(one) or [""])[0] == "init" for p in cluster.pods for one in containers(p)
    ):
        yield "no job runs gouji init: there would be no tables"
    budgets = [one["spec"]["selector"]["matchLabels"] for one in
               cluster.of("PodDisruptionBudget").values()]  # fmt: skip
    for pod in cluster.pods:
        if pod.kind == "Deployment" and not any(
            budget.items() <= pod.labels.items() for budget in budgets
        ):
            yield f"Deployment/{pod.name}: no PodDisruptionBudget is for it"


def _claimed(cluster: Cluster) -> Iterator[str]:
    """Yield accounts that there are not, and claims that no pod has or several cannot share."""
    accounts = cluster.of("ServiceAccount")
    claimed = set()
    for pod in cluster.pods:
        account = pod.spec.get("serviceAccountName")
        ours = all(map(is_ours, containers(pod)))
        if (ours or account is not None) and account not in accounts:
            yield f"{pod.name}: there is no ServiceAccount {account}"
        for volume in pod.spec.get("volumes", []):
            claimed.add(volume.get("persistentVolumeClaim", {}).get("claimName"))
    for name, claim in cluster.of("PersistentVolumeClaim").items():
        if name not in claimed:
            yield f"PersistentVolumeClaim/{name}: no pod has it"
        if claim["spec"]["accessModes"] != ["ReadWriteMany"]:
            yield f"PersistentVolumeClaim/{name}: accessModes is not ReadWriteMany: pods share it"


def _addressed(place: Path, cluster: Cluster) -> Iterator[str]:
    """Yield the servers in the addresses of the secrets that no service leads to."""
    for host, port in compose.hosts(place):
        service = cluster.of("Service").get(host)
        if service is None:
            yield f"prepare.sh: {host}: there is no such Service"
        elif port not in {one["port"] for one in service["spec"]["ports"]}:
            yield f"prepare.sh: {host}:{port}: the Service has no such port"


def _scaled(cluster: Cluster) -> Iterator[str]:
    """Yield where what is scaled does not follow the queues that it works on."""
    for name, scaled in cluster.of("ScaledObject").items():
        spec = scaled["spec"]
        target = cluster.of("Deployment").get(spec["scaleTargetRef"]["name"])
        if target is None:
            yield f"ScaledObject/{name}: there is no deployment {spec['scaleTargetRef']['name']}"
        else:
            yield from (f"ScaledObject/{name}: {why}" for why in _follows(spec, target["spec"]))
        for trigger in spec["triggers"]:
            named = trigger.get("authenticationRef", {}).get("name")
            if named not in cluster.of("TriggerAuthentication"):
                yield f"ScaledObject/{name}: there is no TriggerAuthentication {named}"
    scaled_ones = {
        one["spec"]["scaleTargetRef"]["name"] for one in cluster.of("ScaledObject").values()
    }
    for name, one in cluster.of("Deployment").items():
        if "replicas" not in one["spec"] and name not in scaled_ones:
            yield f"Deployment/{name}: replicas is missing, and nothing scales it"
    for name, one in cluster.of("TriggerAuthentication").items():
        for reference in one["spec"].get("secretTargetRef", []):
            if reference["key"] not in OUTSIDE.get(reference["name"], set()):
                yield f"TriggerAuthentication/{name}: no secret has {reference['key']}"


def _follows(spec: Document, target: Document) -> Iterator[str]:
    if spec.get("minReplicaCount", 0) < 1:
        yield "minReplicaCount is below 1: one worker has to stay"
    if "replicas" in target:
        yield "the deployment says replicas, which undoes the scaling"
    said = target["template"]["spec"]["containers"][0].get("args", [])
    lists = {trigger["metadata"].get("listName") for trigger in spec["triggers"]}
    wanted = {f"dramatiq:{queue}.msgs" for queue in understood.queues_of(said)}
    for one in sorted(map(str, lists ^ wanted)):
        yield f"{one}: triggers and --queues do not agree"
