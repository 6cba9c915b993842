"""The raw workloads: parameters have types, and there is no other validation."""

from typing import Any

from replies import count, given
from spikard_wasm import Request, Spikard, UploadFile


def define(app: Spikard) -> None:
    """Adds the raw workloads to an app."""
    for size in ("small", "medium", "large", "very-large"):
        app.post(f"/json/{size}")(echo_json)
    for size in ("simple", "complex"):
        app.post(f"/urlencoded/{size}")(echo_form)
    for size in ("small", "medium", "large"):
        app.post(f"/multipart/{size}")(count_files)
    app.get("/path/simple/{id}")(path_simple)
    app.get("/path/multiple/{user_id}/{post_id}")(path_multiple)
    app.get("/path/deep/{org}/{team}/{project}/{resource}/{id}")(path_deep)
    app.get("/path/int/{id}")(path_int)
    app.get("/path/uuid/{uuid}")(path_uuid)
    app.get("/path/date/{date}")(path_date)
    app.get("/query/few")(query_few)
    app.get("/query/medium")(query_medium)
    app.get("/query/many")(query_many)


def echo_json(request: Request) -> Any:
    return request.json()


def echo_form(request: Request) -> dict[str, Any]:
    return request.form()


def count_files(request: Request) -> dict[str, int]:
    files: list[UploadFile] = []
    for value in request.form().values():
        values = value if isinstance(value, list) else [value]
        files.extend(item for item in values if isinstance(item, UploadFile))
    return count(files)


def path_simple(id: str) -> dict[str, str]:
    return {"id": id}


def path_multiple(user_id: str, post_id: str) -> dict[str, str]:
    return {"user_id": user_id, "post_id": post_id}


def path_deep(org: str, team: str, project: str, resource: str, id: str) -> dict[str, str]:
    return {"org": org, "team": team, "project": project, "resource": resource, "id": id}


def path_int(id: int) -> dict[str, int]:
    return {"id": id}


def path_uuid(uuid: str) -> dict[str, str]:
    return {"uuid": uuid}


def path_date(date: str) -> dict[str, str]:
    return {"date": date}


def query_few(
    q: str | None = None, page: int | None = None, limit: int | None = None
) -> dict[str, Any]:
    return given(q=q, page=page, limit=limit)


def query_medium(
    search: str | None = None,
    category: str | None = None,
    sort: str | None = None,
    order: str | None = None,
    page: int | None = None,
    limit: int | None = None,
    filter: str | None = None,
) -> dict[str, Any]:
    return given(
        search=search,
        category=category,
        sort=sort,
        order=order,
        page=page,
        limit=limit,
        filter=filter,
    )


def query_many(
    q: str | None = None,
    page: int | None = None,
    limit: int | None = None,
    sort: str | None = None,
    order: str | None = None,
    category: str | None = None,
    subcategory: str | None = None,
    brand: str | None = None,
    min_price: float | None = None,
    max_price: float | None = None,
    rating: int | None = None,
    in_stock: bool | None = None,
    on_sale: bool | None = None,
    color: str | None = None,
    size: str | None = None,
    material: str | None = None,
) -> dict[str, Any]:
    return given(
        q=q,
        page=page,
        limit=limit,
        sort=sort,
        order=order,
        category=category,
        subcategory=subcategory,
        brand=brand,
        min_price=min_price,
        max_price=max_price,
        rating=rating,
        in_stock=in_stock,
        on_sale=on_sale,
        color=color,
        size=size,
        material=material,
    )
