"""The local authorization list of a charge point, as its accepted answers imply (OCPP 1.6 section 5.15)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_MOST_TAGS = 100_000


def updated_list(
    tags: Mapping[str, Mapping[str, Any]], request: Mapping[str, Any]
) -> tuple[int, Mapping[str, Mapping[str, Any]]]:
    """Return the version and the list after an accepted SendLocalList.

    Args:
        tags: the idTagInfo by idTag before.
        request: the payload of SendLocalList.req. In a differential update an idTag without idTagInfo is removed.
    """
    kept = {} if request["updateType"] == "Full" else dict(tags)
    for entry in request.get("localAuthorizationList", ()):
        if "idTagInfo" in entry:
            kept[entry["idTag"]] = entry["idTagInfo"]
        else:
            kept.pop(entry["idTag"], None)
    return request["listVersion"], dict(list(kept.items())[:_MOST_TAGS])
