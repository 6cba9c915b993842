from typing import Any


def titles(reply: Any) -> list[str]:
    return [article["title"] for article in reply.json()["articles"]]


def test_an_article(send: Any, register: Any, publish: Any) -> None:
    ann = register("ann")
    article = publish(ann, "A title", tagList=["z", "a", "z"])
    assert article["slug"] == "a-title"
    assert article["tagList"] == ["z", "a"]
    assert article["createdAt"].endswith("Z")
    assert len(article["createdAt"]) == len("2026-01-02T03:04:05.678Z")
    assert send("GET", "/articles/a-title").json() == {"article": article}
    assert send("GET", "/articles/other").status == 404


def test_titles_may_repeat(register: Any, publish: Any) -> None:
    ann = register("ann")
    slugs = {publish(ann, "Same")["slug"] for _ in range(3)}
    assert len(slugs) == 3
    assert "same" in slugs


def test_an_update_keeps_what_it_does_not_name(send: Any, register: Any, publish: Any) -> None:
    ann = register("ann")
    before = publish(ann, "A title", tagList=["t"])
    reply = send("PUT", "/articles/a-title", ann, {"article": {"title": "Another", "body": "new"}})
    after = reply.json()["article"]
    changed = {name for name in after if after[name] != before[name]}
    assert changed - {"updatedAt"} == {"title", "slug", "body"}


def test_only_the_author_changes_an_article(send: Any, register: Any, publish: Any) -> None:
    ann, bob = register("ann"), register("bob")
    publish(ann, "A title")
    assert send("PUT", "/articles/a-title", bob, {"article": {"body": "x"}}).status == 403
    assert send("DELETE", "/articles/a-title", bob).status == 403
    assert send("DELETE", "/articles/a-title", ann).status == 204
    assert send("GET", "/articles/a-title").status == 404


def test_lists(send: Any, register: Any, publish: Any) -> None:
    ann, bob = register("ann"), register("bob")
    publish(ann, "One", tagList=["t"])
    publish(bob, "Two", tagList=["t"])
    publish(ann, "Three")
    send("POST", "/articles/one/favorite", bob)
    assert titles(send("GET", "/articles")) == ["Three", "Two", "One"]
    assert titles(send("GET", "/articles?tag=t")) == ["Two", "One"]
    assert titles(send("GET", "/articles?author=ann&tag=t")) == ["One"]
    assert titles(send("GET", "/articles?favorited=bob")) == ["One"]
    page = send("GET", "/articles?limit=1&offset=1")
    assert titles(page) == ["Two"]
    assert page.json()["articlesCount"] == 3
    assert "body" not in page.json()["articles"][0]
    assert titles(send("GET", "/articles/feed", bob)) == []
    send("POST", "/profiles/ann/follow", bob)
    assert titles(send("GET", "/articles/feed", bob)) == ["Three", "One"]
    assert send("GET", "/tags").json() == {"tags": ["t"]}


def test_favorites(send: Any, register: Any, publish: Any) -> None:
    ann, bob = register("ann"), register("bob")
    publish(ann, "One")
    for _ in range(2):
        article = send("POST", "/articles/one/favorite", bob).json()["article"]
        assert (article["favorited"], article["favoritesCount"]) == (True, 1)
    article = send("GET", "/articles/one", ann).json()["article"]
    assert (article["favorited"], article["favoritesCount"]) == (False, 1)
    article = send("DELETE", "/articles/one/favorite", bob).json()["article"]
    assert (article["favorited"], article["favoritesCount"]) == (False, 0)


def test_comments(send: Any, register: Any, publish: Any) -> None:
    ann, bob = register("ann"), register("bob")
    publish(ann, "One")
    body = {"comment": {"body": "Well said!"}}
    comment = send("POST", "/articles/one/comments", bob, body).json()["comment"]
    assert comment["author"]["username"] == "bob"
    assert send("GET", "/articles/one/comments").json() == {"comments": [comment]}
    path = f"/articles/one/comments/{comment['id']}"
    assert send("DELETE", path, ann).status == 403
    assert send("DELETE", path, bob).status == 204
    assert send("DELETE", path, bob).status == 404
    assert send("GET", "/articles/one/comments").json() == {"comments": []}
