from guide.background import (
    invitations,
    load_blocked,
    prepare_invitations,
    report_invitations,
)
from guide.databases import notes
from guide.key_value import carts
from guide.passwords import accounts
from guide.requests import rates
from guide.routers import TeamFullError, reply_to_full_team, teams
from guide.settings import Settings, add_greeting
from guide.waiting import waiting
from spikard_wasm import Spikard

app = Spikard("guide", version="1.0.0", config=Settings, secrets=["jwt", "rates"])

app.include_router(notes, prefix="/notes")
app.include_router(rates, prefix="/rates")
app.include_router(carts, prefix="/carts")
app.include_router(accounts, prefix="/accounts")
app.include_router(waiting, prefix="/waiting")
app.include_router(invitations, prefix="/invitations")
app.include_router(teams, prefix="/teams")
add_greeting(app)

app.exception_handler(TeamFullError)(reply_to_full_team)

app.on_start(prepare_invitations)
app.on_instance(load_blocked)
app.on_stop(report_invitations)

app.component()
