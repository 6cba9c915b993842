"""The workloads of the Spikard benchmark harness: raw, and validated under `/validated`."""

import raw
import validated
from spikard_wasm import Spikard

app = Spikard("spikard-target-python", version="0.1.0", extra="forbid")


@app.get("/")
@app.get("/health")
def health() -> dict[str, str]:
    return {"status": "ok"}


raw.define(app)
validated.define(app)

Handler, Definition, Hooks = app.component()
