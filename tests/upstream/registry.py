"""Debian's `docker-registry`, in a container of ours, and images to push to it."""

from __future__ import annotations

import contextlib
import hashlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from sandbox.engine import engine, network
from sandbox.engine.container import Container
from sandbox.engine.owner import Owner
from sandbox.images import base_image, images
from sandbox.settings import load

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_CONFIG = "application/vnd.oci.image.config.v1+json"
_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
_PORT = 5000


@dataclass
class Registry:
    """A registry that is up.

    Args:
        url: Its address, without `/v2`.
    """

    url: str

    def push(self, repository: str, tag: str, *, architecture: str = "amd64", layers: int = 1) -> str:
        """Push an image that nobody can run; gives its digest."""
        config = self._blob(repository, json.dumps({"architecture": architecture, "os": "linux"}).encode())
        blobs = [self._blob(repository, f"{repository}:{tag} layer {n}".encode()) for n in range(layers)]
        manifest = {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": {"mediaType": _CONFIG, **config},
            "layers": [{"mediaType": _LAYER, **blob} for blob in blobs],
        }
        headers = {"content-type": OCI_MANIFEST}
        url = f"{self.url}/v2/{repository}/manifests/{tag}"
        return str(self._call("PUT", url, json.dumps(manifest).encode(), headers).headers["docker-content-digest"])

    def delete(self, repository: str, digest: str) -> None:
        """Delete an image, with all tags that point to it."""
        self._call("DELETE", f"{self.url}/v2/{repository}/manifests/{digest}")

    def _blob(self, repository: str, content: bytes) -> dict[str, Any]:
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        place = self._call("POST", f"{self.url}/v2/{repository}/blobs/uploads/").headers["location"]
        headers = {"content-type": "application/octet-stream"}
        self._call("PUT", str(httpx.URL(place).copy_merge_params({"digest": digest})), content, headers)
        return {"digest": digest, "size": len(content)}

    def _call(
        self, method: str, url: str, content: bytes = b"", headers: dict[str, str] | None = None
    ) -> httpx.Response:
        with httpx.Client(trust_env=False, timeout=30) as client:
            return client.request(method, url, content=content, headers=headers).raise_for_status()


@contextlib.contextmanager
def run_registry() -> Iterator[Registry]:
    """Run a registry that is empty."""
    settings = load()
    client = engine.ensure(settings)
    image = images.Image(
        "test-registry", Path(__file__).parent / "registry_image", parents={"BASE": base_image.BaseImage("trixie")}
    )
    (tag,) = images.ensure([image], settings, client)
    owner = Owner()
    front = network.create_published(client, owner, settings)
    container = Container(
        tag, role="registry", owner=owner, networks=[(front, [])], memory="256m", pids_limit=64, publish=[_PORT]
    )
    try:
        container.start()
        url = f"http://{container.address(_PORT)}"
        _wait(f"{url}/v2/", container)
        yield Registry(url)
    finally:
        container.stop()
        network.remove(front)


def _wait(url: str, container: Container) -> None:
    deadline = time.monotonic() + 30
    while True:
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(url, trust_env=False).status_code == httpx.codes.OK:
                return
        assert time.monotonic() < deadline, container.end_of_log()
        time.sleep(0.05)
