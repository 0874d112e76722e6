/** Tapes of sessions shown outside the list: asked when first needed, again when their session has grown. */
import { signal } from "@preact/signals";
import { get } from "../api/client";
import type { SessionRow, Tape, Tapes } from "../api/types";

const tapes = signal<ReadonlyMap<string, Tape>>(new Map());
/** How long each session was when its tape was drawn. */
const drawn = new Map<string, number>();

/** The tape of a session as far as it is known; an old one stays until the new one is there. */
export const tapeOf = (session: SessionRow): Tape | null => session.tape ?? tapes.value.get(session.id) ?? null;

/** Ask the tapes of those that have none, or have grown since. */
export async function drawTapes(sessions: readonly SessionRow[]): Promise<void> {
    const wanted = sessions.filter((session) => !session.tape && drawn.get(session.id) !== session.events);
    if (!wanted.length) return;
    for (const session of wanted) drawn.set(session.id, session.events);
    try {
        const told = await get<Tapes>("tapes", { ids: wanted.map((session) => session.id).join(",") });
        tapes.value = new Map([...tapes.value, ...Object.entries(told.tapes)]);
    } catch {
        for (const session of wanted) drawn.delete(session.id); // asked again with the next news
    }
}
