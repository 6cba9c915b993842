from guide.background import invitations
from guide.databases import notes
from guide.key_value import carts
from guide.passwords import accounts
from guide.requests import rates
from guide.waiting import waiting
from spikard_wasm import Spikard

app = Spikard("guide", version="1.0.0")

app.include_router(notes, prefix="/notes")
app.include_router(rates, prefix="/rates")
app.include_router(carts, prefix="/carts")
app.include_router(accounts, prefix="/accounts")
app.include_router(waiting, prefix="/waiting")
app.include_router(invitations, prefix="/invitations")

app.component()
