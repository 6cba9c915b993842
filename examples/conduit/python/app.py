"""Conduit: the RealWorld blog service.

Each feature has a package: `models` declares what requests and replies contain, `queries` has the
statements, and `routes` connects the two.
"""

# Importing a module adds its routes.
import conduit.articles.routes
import conduit.comments.routes
import conduit.profiles.routes
import conduit.tags
import conduit.users.routes  # noqa: F401
from conduit.application import app

Handler, Definition, Hooks = app.component()
