"""How many routes the app has beside those of the workloads.

Modules are run when the component is built, where no variable of the server reaches:
bench/apps/more-routes makes an app with another number here.
"""

MORE_ROUTES = 0
