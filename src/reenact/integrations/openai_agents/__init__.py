"""OpenAI Agents SDK: records runs, keeps conversations in an archive, mocks models.

```python
agents.set_trace_processors([Recorder()])
with archive.record(agent="helpdesk") as session:
    await Runner.run(agent, "hello")
```
"""

from reenact.integrations.openai_agents.conversation import Conversation
from reenact.integrations.openai_agents.model import MockModel
from reenact.integrations.openai_agents.recorder import Recorder

__all__ = ["Conversation", "MockModel", "Recorder"]
