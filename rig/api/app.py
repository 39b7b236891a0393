"""The application: one path for each call of the live socket, the state, and the trace."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

import pydantic
from fastapi import Depends, FastAPI, Query
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from fastapi.security import HTTPBearer
from starlette.exceptions import HTTPException

from rig.api.trace import Trace
from rig.live.client import Client, RejectedError
from rig.timeline.codec import EVENT_TYPES
from rig.util.errors import BenchError, DeviceError

_STATUS = {"request": 400, "busy": 409, "test": 409, "gone": 409, "bench": 503}
"""HTTP statuses by the kind of error (docs/live.md#requests)."""
_FAILURES: Mapping[int | str, str] = {
    400: "An argument is unknown, missing or invalid.",
    401: "The token is missing or wrong.",
    409: "Another client is making a call, or a test runs.",
    413: "The body is too large.",
    502: "The charge point or device failed.",
    503: "The CSMS or bench failed, or has ended.",
}
_LONGEST_WAIT_S = 60
_TYPES: Mapping[str, type] = {"bool": bool, "int": int, "float": float, "str": str}


class Link:
    """A connection to the live socket that several threads share, one request after the other.

    Args:
        client: the connection.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._lock = threading.Lock()

    def request(self, do: str, **fields: Any) -> Any:
        """Send a request and wait for its result. Raises as `Client.request`."""
        with self._lock:
            return self._client.request(do, **fields)


class _Part(pydantic.BaseModel, extra="forbid"):
    """The query of `/v1/events`."""

    cursor: int = pydantic.Field(1, ge=1, description="1, or `cursor` of the previous part")
    kind: list[str] = pydantic.Field([], description="types of events, such as ocpp_frame; none: all")
    limit: int = pydantic.Field(100, ge=1, le=1000)
    wait: float = pydantic.Field(0, ge=0, le=_LONGEST_WAIT_S, description="seconds to wait for an event")


class _Error(pydantic.BaseModel):
    kind: str = pydantic.Field(description="the kind of error (docs/live.md#requests)")
    message: str


class _Failure(pydantic.BaseModel):
    """The body of the answer to a failed request."""

    error: _Error


def make_app(looking: Link, acting: Link, trace: Trace) -> FastAPI:
    """Make the application of an open bench.

    Args:
        looking: the connection for the state.
        acting: the connection for calls; the faults that they inject end with it.
        trace: the events.
    """
    bearer = HTTPBearer(auto_error=False, description="The token that `rig csms api` prints. The gate checks it.")
    app = FastAPI(
        title="Plugbench",
        version="1",
        description="The calls of an open bench or CSMS. Each path under /v1/calls is one call of its live socket.",
        docs_url=None,  # the pages would load scripts from other servers
        redoc_url=None,
        strict_content_type=False,  # also accept a body without Content-Type: the token already excludes web pages
        dependencies=[Depends(bearer)],
        responses={status: {"description": text, "model": _Failure} for status, text in _FAILURES.items()},
    )
    app.openapi = lambda: _without_422(app)

    @app.exception_handler(RequestValidationError)
    async def answer_invalid(_request: Any, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        if first["type"] == "json_invalid":
            return _error(400, "request", f"the body is not JSON: {first['ctx']['error']}, at byte {first['loc'][1]}")
        where = ".".join(str(step) for step in first["loc"][1:])
        return _error(400, "request", f"{where}: {first['msg']}" if where else first["msg"])

    @app.exception_handler(HTTPException)
    async def answer_refused(_request: Any, error: HTTPException) -> JSONResponse:
        return _error(error.status_code, "request", error.detail, error.headers)

    @app.exception_handler(RejectedError)
    async def answer_rejected(_request: Any, error: RejectedError) -> JSONResponse:
        return _error(_STATUS.get(error.kind, 503), error.kind, str(error))

    @app.exception_handler(DeviceError)
    async def fail(_request: Any, error: DeviceError) -> JSONResponse:
        return _error(502, "device", str(error))

    @app.exception_handler(BenchError)
    async def end(_request: Any, error: BenchError) -> JSONResponse:
        return _error(503, "bench", str(error))

    @app.get("/v1/state", summary="Return the state (docs/live.md#state).")
    def state() -> dict[str, Any]:
        found: dict[str, Any] = looking.request("state")
        return found

    @app.get("/v1/events", summary="Return a part of the trace.")
    def events(wanted: Annotated[_Part, Query()]) -> Response:
        if unknown := sorted(set(wanted.kind) - set(EVENT_TYPES)):
            known = ", ".join(sorted(EVENT_TYPES))
            raise RejectedError("request", f"kind: there is no type of event {unknown[0]!r}. These exist: {known}")
        page = trace.page(wanted.cursor, wanted.kind, wanted.limit, wanted.wait)
        head = f'{{"cursor":{page.cursor},"lost":{page.lost},"events":['.encode()
        return Response(head + b",".join(page.events) + b"]}", media_type="application/json")

    for name, described in acting.request("calls").items():
        app.add_api_route(
            f"/v1/calls/{name}",
            _call(acting, name, described["arguments"]),
            methods=["POST"],
            summary=described["summary"],
            name=name,
            operation_id=name.replace(".", "_"),
        )
    return app


def _call(link: Link, name: str, arguments: Mapping[str, Mapping[str, Any]]) -> Callable[..., Any]:
    """Return the function of a call's path. Its body is a model of the call's arguments."""
    model = pydantic.create_model(  # type: ignore[call-overload]
        f"{name}.arguments".replace(".", "_"),
        __config__=pydantic.ConfigDict(extra="forbid", strict=True),
        **{key: _field(described) for key, described in arguments.items()},
    )

    def call(body: Any) -> Any:
        given = body.model_dump(exclude_unset=True)
        _reject_what_is_not_json(given)
        return {"result": link.request("call", call=name, arguments=given, by="rig csms api")}

    # With `from __future__ import annotations` the model could not be an annotation of the parameter.
    call.__annotations__ = {"body": model, "return": dict[str, Any]}
    return call


def _reject_what_is_not_json(given: Mapping[str, Any]) -> None:
    """Reject NaN, infinite numbers, half surrogate pairs and deep nesting, which Python's reader of JSON accepts.

    Raises:
        RejectedError: a value cannot be sent as JSON.
    """
    try:
        json.dumps(given, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError) as error:
        raise RejectedError("request", f"the body is not JSON: {error}") from None


def _without_422(app: FastAPI) -> dict[str, Any]:
    """Return the description of the API without the status 422 and its models, which this API never sends."""
    if app.openapi_schema is None:
        found = FastAPI.openapi(app)  # also stores it in `openapi_schema`
        for path in found["paths"].values():
            for operation in path.values():
                operation["responses"].pop("422", None)
        for model in ("HTTPValidationError", "ValidationError"):
            found["components"]["schemas"].pop(model, None)
    described: dict[str, Any] = app.openapi_schema or {}
    return described


def _field(described: Mapping[str, Any]) -> tuple[Any, Any]:
    """Return an argument's description as a field of pydantic."""
    kind: Any = _TYPES.get(described["type"], dict[str, Any])
    if "choices" in described:
        kind = Literal[tuple(described["choices"])]
    limits = {
        "ge": described.get("least"),
        "gt": described.get("above"),
        "le": described.get("most"),
    }
    constraints = {key: value for key, value in limits.items() if value is not None}
    if described["required"]:
        return kind, pydantic.Field(**constraints)
    return kind | None if described["default"] is None else kind, pydantic.Field(described["default"], **constraints)


def _error(status: int, kind: str, message: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"error": {"kind": kind, "message": message}}, status, headers)
