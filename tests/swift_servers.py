"""An OpenStack Swift of four servers; run by the system's Python, where Debian puts it.

``python3 swift_servers.py FOLDER HOST PORT PORT PORT`` serves accounts, containers and objects at
the ports, and what ``FOLDER/proxy-server.conf`` says before them, as one process each. They are of
one process group, and die with their parent.
"""

import ctypes
import os
import signal
import sys
from pathlib import Path

from swift.common import utils  # type: ignore[import-not-found]
from swift.common.ring import RingBuilder  # type: ignore[import-not-found]
from swift.common.wsgi import run_wsgi  # type: ignore[import-not-found]

_PR_SET_PDEATHSIG = 1
_PARTS_POWER = 4
_KINDS = ("account", "container", "object")


def main(folder: Path, host: str, *ports: str) -> None:
    """Start the servers and wait for their end."""
    for kind, port in zip(_KINDS, ports, strict=True):
        _write_ring(folder / f"{kind}.ring.gz", host, int(port))
    utils.set_swift_dir(str(folder))
    for kind in _KINDS:
        if os.fork() == 0:
            _die_with_parent()
            _serve(folder, f"{kind}-server")
    _serve(folder, "proxy-server")


def _serve(folder: Path, name: str) -> None:
    sys.exit(run_wsgi(str(folder / f"{name}.conf"), name))


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _write_ring(path: Path, host: str, port: int) -> None:
    builder = RingBuilder(_PARTS_POWER, replicas=1, min_part_hours=0)
    device = {"region": 1, "zone": 1, "ip": host, "port": port, "device": "disk", "weight": 1}
    builder.add_dev(device)
    builder.rebalance()
    builder.get_ring().save(str(path))


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
