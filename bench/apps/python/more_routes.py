"""How many numbered routes the app has beside the others.

Modules are run when the component is built, where no variable of the server reaches:
bench/apps/more-routes makes an app with another number here.
"""

MORE_ROUTES = 0
