import pytest
from conduit.articles.slugs import slugify


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("How to train your dragon", "how-to-train-your-dragon"),
        ("  Hello,   World! ", "hello-world"),
        ("Crème brûlée", "creme-brulee"),
        ("snake_case", "snake-case"),
        ("如何训练", "如何训练"),
        ("!?", ""),
    ],
)
def test_a_slug_has_the_words_of_the_title(title: str, slug: str) -> None:
    assert slugify(title) == slug
