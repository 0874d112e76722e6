"""The page: a local web server over one archive, and the bundle it shows.

Values in `views` are the contract with `frontend/`. This room writes nothing to the archive but what
following the transcripts brings in, lets no recorded text out unscrubbed or as HTML, and refuses
requests of other sites and names.
"""

from reenact.web.bundle import Bundle
from reenact.web.running import Page
from reenact.web.serving import Address, listen, new_tokens

__all__ = ["Address", "Bundle", "Page", "listen", "new_tokens"]
