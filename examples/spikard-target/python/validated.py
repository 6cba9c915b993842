"""The workloads under `/validated`: the host validates each request before its handler runs."""

from typing import Annotated, Any

from models import Bundle, ComplexForm, LargeItem, MediumItem, SimpleForm, Slug, SmallItem
from replies import count, given
from spikard_wasm import Form, HttpError, Path, Spikard, UploadFile


def define(app: Spikard) -> None:
    """Adds the validated workloads to an app."""
    app.post("/validated/json/small")(json_small)
    app.post("/validated/json/medium")(json_medium)
    app.post("/validated/json/large")(json_large)
    app.post("/validated/json/very-large")(json_very_large)
    app.post("/validated/urlencoded/simple")(form_simple)
    app.post("/validated/urlencoded/complex")(form_complex)
    for size in ("small", "medium", "large"):
        # A form may have other fields in addition to its files.
        app.post(f"/validated/multipart/{size}", extra="ignore")(count_files)
    app.get("/validated/path/simple/{id}")(path_simple)
    app.get("/validated/path/multiple/{user_id}/{post_id}")(path_multiple)
    app.get("/validated/path/deep/{org}/{team}/{project}/{resource}/{id}")(path_deep)
    app.get("/validated/path/int/{id}")(path_int)
    app.get("/validated/path/uuid/{uuid}")(path_uuid)
    app.get("/validated/path/date/{date}")(path_date)
    app.get("/validated/query/few")(query_few)
    app.get("/validated/query/medium")(query_medium)
    app.get("/validated/query/many")(query_many)


def json_small(body: SmallItem) -> SmallItem:
    return body


def json_medium(body: MediumItem) -> MediumItem:
    return body


def json_large(body: LargeItem) -> LargeItem:
    return body


def json_very_large(body: Bundle) -> Bundle:
    return body


def form_simple(form: Annotated[SimpleForm, Form()]) -> SimpleForm:
    return form


def form_complex(form: Annotated[ComplexForm, Form()]) -> ComplexForm:
    return form


def count_files(file: list[UploadFile] | None = None) -> dict[str, int]:
    if not file:
        raise HttpError(400, "the form has no file")
    return count(file)


def path_simple(id: Slug) -> dict[str, str]:
    return {"id": id}


def path_multiple(user_id: Slug, post_id: Slug) -> dict[str, str]:
    return {"user_id": user_id, "post_id": post_id}


def path_deep(org: Slug, team: Slug, project: Slug, resource: Slug, id: Slug) -> dict[str, str]:
    return {"org": org, "team": team, "project": project, "resource": resource, "id": id}


def path_int(id: int) -> dict[str, int]:
    return {"id": id}


def path_uuid(uuid: Annotated[str, Path(format="uuid")]) -> dict[str, str]:
    return {"uuid": uuid}


def path_date(date: Annotated[str, Path(format="date")]) -> dict[str, str]:
    return {"date": date}


def query_few(q: str, page: int | None = None, limit: int | None = None) -> dict[str, Any]:
    return given(q=q, page=page, limit=limit)


def query_medium(
    search: str,
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
    q: str,
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
