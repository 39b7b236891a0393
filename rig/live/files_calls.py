"""The calls of a file server, by name."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Any, Literal

from rig.files import Files
from rig.live.calls import Call, Caller
from rig.live.messages import RequestError
from rig.util.checked import Text


class FilesCalls:
    """The calls of a file server.

    Args:
        files: returns the present file server: a reopened bench has a new one.
    """

    def __init__(self, files: Callable[[], Files]) -> None:
        self._files = files

    def table(self) -> dict[str, Call]:
        """Return the calls by name."""
        return {
            "files.put": Call(self.put),
            "files.remove": Call(self.remove),
            "files.list": Call(self.list, acts=False),
            "files.root": Call(self.root, acts=False),
        }

    def put(
        self, _caller: Caller, name: Text, content: str, encoding: Literal["text", "base64"] = "text"
    ) -> dict[str, str]:
        """Serve a file from memory, and return its URLs."""
        try:
            data = base64.b64decode(content, validate=True) if encoding == "base64" else content.encode()
        except binascii.Error as error:
            raise RequestError("request", f"the content is not Base64: {error}") from None
        files = self._files()
        return {"url": files.put(name, data), "tls_url": files.url(name, tls=True)}

    def remove(self, _caller: Caller, name: Text) -> None:
        """Stop serving a file from memory."""
        self._files().remove(name)

    def list(self, _caller: Caller) -> dict[str, Any]:
        """Return the beginnings of the URLs, the files in memory, and the uploads."""
        files = self._files()
        return {
            "url": files.url(),
            "tls_url": files.url(tls=True),
            "files": files.names,
            "uploads": [
                {"name": each.name, "size": each.size, "sha256": each.sha256, "type": each.content_type}
                for each in files.uploads
            ],
        }

    def root(self, _caller: Caller) -> dict[str, str]:
        """Return the root of the certificates of HTTPS, as PEM."""
        return {"root": self._files().root}
