"""The boundary to the host: the generated bindings, or stand-ins outside a component.

`componentize-py` generates `wit_world` from the world `http-service` when it builds a
component. Type checkers use the stand-ins, which have the same members.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__all__ = [
    "IN_COMPONENT",
    "Body",
    "BodyBytes",
    "BodyEmpty",
    "BodyForm",
    "BodyJson",
    "BodyText",
    "Content",
    "ContentBytes",
    "ContentEmpty",
    "ContentJson",
    "ContentText",
    "Description",
    "Err",
    "Method",
    "Route",
    "failure",
    "global_context",
    "io",
    "local_context",
    "reply",
    "request",
]

if not TYPE_CHECKING:
    try:
        import wit_world  # noqa: F401

        IN_COMPONENT = True
    except ModuleNotFoundError:
        IN_COMPONENT = False

    if IN_COMPONENT:
        try:
            from wit_world.imports import io
        except ImportError:
            raise ImportError(
                "the component is not built for the world `http-service`; "
                "give `-w http-service` to `componentize-py`, or use `spikard-wasm build`"
            ) from None

        from componentize_py_types import Err
        from wit_world.exports.definition import Description, Method, Route
        from wit_world.imports import failure, global_context, local_context, reply, request
        from wit_world.imports.types import Body_Bytes as BodyBytes
        from wit_world.imports.types import Body_Empty as BodyEmpty
        from wit_world.imports.types import Body_Form as BodyForm
        from wit_world.imports.types import Body_Json as BodyJson
        from wit_world.imports.types import Body_Text as BodyText
        from wit_world.imports.types import Content_Bytes as ContentBytes
        from wit_world.imports.types import Content_Empty as ContentEmpty
        from wit_world.imports.types import Content_Json as ContentJson
        from wit_world.imports.types import Content_Text as ContentText

        Body = BodyEmpty | BodyJson | BodyText | BodyForm | BodyBytes
        Content = ContentEmpty | ContentJson | ContentText | ContentBytes
else:
    IN_COMPONENT: bool

if TYPE_CHECKING or not IN_COMPONENT:
    from spikard_wasm._local import (
        Body,
        BodyBytes,
        BodyEmpty,
        BodyForm,
        BodyJson,
        BodyText,
        Content,
        ContentBytes,
        ContentEmpty,
        ContentJson,
        ContentText,
        Description,
        Err,
        Method,
        Route,
        failure,
        global_context,
        io,
        local_context,
        reply,
        request,
    )
