from conduit.articles import articles
from conduit.users import users
from spikard_wasm import Spikard

app = Spikard("conduit", version="1.0.0")

app.include_router(users, prefix="/api")
app.include_router(articles, prefix="/api")

app.component()
