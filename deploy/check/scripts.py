"""Scripts: shellcheck, and that what is made by one is handed over by the other."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from deploy.check import documents
from deploy.check.cluster import OUTSIDE
from deploy.check.programs import complaints, find

_HANDED: Final = {
    "gouji": {"database_url", "broker_url", "admin_password"},
    "gouji-servers": OUTSIDE["gouji-servers"],
}
"""What ``kubernetes/secrets.sh`` makes of what ``prepare.sh`` made, for ``overlays/single``."""

_BOTH: Final = (("prepare.sh", ""), ("kubernetes/secrets.sh", "secrets"))
"""The scripts in order, and what of a directory each is given."""

_KUBECTL: Final = """\
#!/bin/sh
# stands where a cluster would be: makes manifests as kubectl does, and keeps what is applied
case "$*" in
  *--dry-run=client*) exec "$KUBECTL" "$@" ;;
  *"apply -f -"*) { echo ---; cat; } >>"$APPLIED" ;;
  *"apply -f "*) { echo ---; for last; do :; done; cat "$last"; } >>"$APPLIED" ;;
  *) echo "kubectl: what is $*?" >&2; exit 1 ;;
esac
"""


def faults(place: Path) -> Iterator[str]:
    """Yield what is wrong with the scripts of the directory."""
    for script in sorted(place.rglob("*.sh")):
        yield from complaints("shellcheck", script.relative_to(place), cwd=place)
    yield from _handed(place)


def _handed(place: Path) -> Iterator[str]:
    """Yield the secrets that do not come to the cluster; both scripts are run."""
    with tempfile.TemporaryDirectory() as folder:
        tools, applied = Path(folder, "tools"), Path(folder, "applied.yaml")
        tools.mkdir()
        (tools / "kubectl").write_text(_KUBECTL, "utf-8")
        (tools / "kubectl").chmod(0o755)
        environment = {
            **os.environ,
            "PATH": f"{tools}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
            "KUBECTL": find("kubectl"),
            "APPLIED": os.fspath(applied),
        }
        for script, given in (
            ("prepare.sh", folder),
            ("kubernetes/secrets.sh", f"{folder}/secrets"),
        ):
            done = subprocess.run(  # noqa: S603 - our own scripts
                ["/bin/sh", place / script, Path(folder, given)],
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode != 0:
                yield f"{script} ended with {done.returncode}: {done.stderr.strip()}"
                return
            for line in done.stderr.splitlines():
                if not line.startswith("prepare: "):
                    yield f"{script}: {line}"
        made = documents.several(applied.read_text("utf-8"))
    found = {one["metadata"]["name"]: set(one["data"]) for one in made if one["kind"] == "Secret"}
    for name, keys in _HANDED.items():
        if found.get(name) != keys:
            told = ", ".join(sorted(found.get(name, set()) ^ keys))
            yield f"kubernetes/secrets.sh: secret {name}: {told}: not what the overlay mounts"
    if not any(one["kind"] == "Namespace" for one in made):
        yield "kubernetes/secrets.sh: there is no namespace to put secrets in"
