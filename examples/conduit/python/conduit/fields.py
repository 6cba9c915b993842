"""Types of fields that several features use."""

from typing import Annotated

from spikard_wasm import Field

# Some visible character, and no NUL, which PostgreSQL cannot store.
NOT_BLANK = r"^[^\u0000]*[^\s\u0000][^\u0000]*$"
NO_NUL = r"^[^\u0000]*$"

Username = Annotated[str, Field(pattern=NOT_BLANK, max_length=100)]
Email = Annotated[str, Field(pattern=NOT_BLANK, max_length=254, format="email")]
Password = Annotated[str, Field(pattern=NOT_BLANK, max_length=1000)]
