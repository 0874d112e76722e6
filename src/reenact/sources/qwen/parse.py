"""A Qwen Code file's lines to drafts: one pass, in order, never looking ahead."""

from __future__ import annotations

from reenact.sources import lines
from reenact.sources.names import name_of
from reenact.sources.protocol import Disposition, Line, Parsed, Setting
from reenact.sources.qwen import dialog, notices
from reenact.sources.qwen.records import Record, is_row, read
from reenact.sources.qwen.state import File

VERSION = 2


class QwenParser:
    """Reads one chat file from its first line on."""

    def __init__(self, setting: Setting) -> None:
        self._file = File(setting)

    def feed(self, line: Line) -> Parsed:
        decoded = lines.decode(line, is_row=is_row)
        if decoded.held:
            return Parsed(disposition="held")
        file = self._file
        version = file.version
        disposition: Disposition = "metadata"
        for value in decoded.values:
            disposition = self._record(read(value))
        if decoded.warning is not None:
            file.begin(Record(uuid=None, type=""))
            file.drafts.ts = None
            head = f"{decoded.warning.category}\x1f{decoded.warning.raw}"
            file.drafts.emit(name_of("warn", head), decoded.warning)
            disposition = "warning"
        changed = file.version if file.version != version else None
        return file.drafts.taken(disposition, others=file.others(), version=changed)

    def _record(self, record: Record) -> Disposition:
        file = self._file
        if record.uuid is not None and record.uuid in file.anchors:
            return "repeat"
        file.drafts.ts = record.ts
        file.begin(record)
        file.version = record.version or file.version
        file.enter(record)
        match record.type:
            case "user":
                found = dialog.user(file, record)
            case "assistant":
                found = dialog.assistant(file, record)
            case "tool_result":
                found = dialog.tool_result(file, record)
            case "system":
                found = notices.system(file, record)
            case _:
                found = notices.unknown(file, record)
        file.leave(record)
        return found
