"""The types for the validation of requests under `/validated`."""

from typing import Annotated, TypedDict

from spikard_wasm import Field, Path

Slug = Annotated[str, Path(min_length=1, max_length=255, pattern="^[a-zA-Z0-9_-]+$")]
Email = Annotated[str, Field(format="email")]


class SmallItem(TypedDict):
    name: str
    description: str
    price: float
    tax: float


class Image(TypedDict):
    url: str
    name: str


class MediumItem(TypedDict):
    name: str
    price: float
    image: Image


class Country(TypedDict):
    name: str
    code: str


class Address(TypedDict):
    street: str
    city: str
    country: Country


class Seller(TypedDict):
    name: str
    address: Address


class LargeItem(TypedDict):
    name: str
    price: float
    seller: Seller


class Bundle(TypedDict):
    name: str
    tags: list[str]
    images: list[Image]


class SimpleForm(TypedDict):
    name: str
    email: Email
    age: int
    subscribe: bool


class ComplexForm(TypedDict):
    username: str
    password: str
    email: Email
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
