"""The types of validated bodies, forms and queries."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, EmailStr, Field


class Exact(BaseModel):
    """A body that rejects unknown members."""

    model_config = ConfigDict(extra="forbid")


class SmallItem(Exact):
    name: str
    description: str
    price: float
    tax: float


class Image(Exact):
    url: str
    name: str


class MediumItem(Exact):
    name: str
    price: float
    image: Image


class Country(Exact):
    name: str
    code: str


class Address(Exact):
    street: str
    city: str
    country: Country


class Seller(Exact):
    name: str
    address: Address


class LargeItem(Exact):
    name: str
    price: float
    seller: Seller


class Bundle(Exact):
    name: str
    tags: list[str]
    images: list[Image]


class SimpleForm(Exact):
    name: str
    email: EmailStr
    age: int
    subscribe: bool


class ComplexForm(Exact):
    username: str
    password: str
    email: EmailStr
    first_name: str
    last_name: str
    age: int
    country: str
    state: str
    city: str
    zip: str
    phone: str
    company: str
    job_title: str
    subscribe: bool
    newsletter: bool
    terms_accepted: bool
    privacy_accepted: bool
    marketing_consent: bool
    two_factor_enabled: bool


class Many(BaseModel):
    q: str
    page: int
    limit: int
    sort: str
    order: str
    category: str
    subcategory: str
    brand: str
    min_price: float
    max_price: float
    rating: int
    in_stock: bool
    on_sale: bool
    color: str
    size: str
    material: str


Text = Annotated[str, Field(min_length=1, max_length=64)]
Count = Annotated[int, Field(ge=0)]
Price = Annotated[float, Field(ge=0)]


class Twenty(Exact):
    text0: Text
    text1: Text
    text2: Text
    text3: Text
    text4: Text
    count0: Count
    count1: Count
    count2: Count
    count3: Count
    count4: Count
    price0: Price
    price1: Price
    price2: Price
    price3: Price
    price4: Price
    flag0: bool
    flag1: bool
    flag2: bool
    flag3: bool
    flag4: bool
