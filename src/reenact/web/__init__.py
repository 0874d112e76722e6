"""The page: a local web server over one archive, and the bundle it shows.

Values in `views` are the contract with `frontend/`. This room writes nothing to the archive, lets no
recorded text out unscrubbed or as HTML, and refuses requests of other sites and names.
"""
