"""The number of extra numbered routes of the app.

Modules run when the component is built, before any environment variable of the server exists, so
bench/apps/more-routes copies the app and writes another number here.
"""

MORE_ROUTES = 0
