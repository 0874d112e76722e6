"""The archive: the one class that the command line, the page and scripts hold. No logic of its own.

```python
import reenact

with reenact.open() as archive:     # or reenact.open("/path")
    archive.catch_up()              # imports what the agents wrote since
    tree = archive.tree("last")
```
"""

from reenact.archive.agents import SOURCES
from reenact.archive.facade import Archive
from reenact.archive.opening import open_archive, open_sample
from reenact.archive.values import Checkup, Risk
from reenact.archive.zones import zone
from reenact.store import Past

__all__ = ["SOURCES", "Archive", "Checkup", "Past", "Risk", "open_archive", "open_sample", "zone"]
