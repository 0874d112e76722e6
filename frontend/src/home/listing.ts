/** The sessions of a query: asked in pages as they come into view, kept until a new answer is there. */
import { signal } from "@preact/signals";
import { get, isAbort } from "../api/client";
import type { Group, Groups, QueryPart, QueryProblem, SessionList, SessionRow, Tape, Tapes } from "../api/types";
import { withNow } from "./layout";

export const PAGE = 100;
/** How long rows wait for their groups, in ms. */
const PATIENCE = 120;
/** How long the list rests before pages are asked, in ms. */
const REST = 40;
/** Pages kept; beyond that the ones seen longest ago are asked again when they are needed. */
const KEPT = 60;

export interface Answer {
    q: string;
    sort: string;
    total: number;
    matched: number;
    tookMs: number;
    problems: QueryProblem[];
    parts: QueryPart[] | null;
    groups: Group[];
}

const after = (ms: number): Promise<null> => new Promise((done) => setTimeout(() => done(null), ms));

export class Listing {
    /** The latest answer as a whole; null before the first. */
    readonly answer = signal<Answer | null>(null);
    readonly error = signal<Error | null>(null);
    /** Whether an answer has been waited for long enough to say so. */
    readonly slow = signal(false);
    /** Counts whenever rows, sub-agents or tapes arrived. */
    readonly arrived = signal(0);
    readonly unfolded = signal<ReadonlySet<string>>(new Set());

    #q = "";
    #sort = "";
    #pages = new Map<number, SessionRow[]>();
    /** Pages of an older answer. */
    #stale = new Set<number>();
    #children = new Map<string, SessionRow[]>();
    #tapes = new Map<string, Tape | null>();
    /** Sessions whose tape is older than they are, and those about to be. */
    #grown = new Set<string>();
    #redrawing = new Set<string>();
    #asking = new Map<number, AbortController>();
    #first: AbortController | null = null;
    #resting: ReturnType<typeof setTimeout> | undefined;
    #again: ReturnType<typeof setTimeout> | undefined;

    /** Ask a query from its beginning. The old rows stay until the answer is there. */
    async ask(q: string, sort: string): Promise<void> {
        this.#q = q;
        this.#sort = sort;
        this.#first?.abort();
        const mine = new AbortController();
        this.#first = mine;
        const late = setTimeout(() => (this.slow.value = true), 150);
        try {
            const params = { q, sort };
            const heads = sort ? Promise.resolve<Group[]>([]) : this.#heads(q, mine.signal);
            const list = await get<SessionList>("sessions", { ...params, offset: 0, limit: PAGE }, mine.signal);
            // Groups mostly come as fast as the rows; where they do not, the rows do not wait for them.
            const groups = await Promise.race([heads, after(PATIENCE)]);
            if (this.#first !== mine) return;
            for (const other of this.#asking.values()) other.abort();
            this.#asking.clear();
            this.error.value = null;
            const before = this.answer.value;
            if (before?.q === q && before.sort === sort) {
                // The same question again: what is seen stays until its page is there anew.
                this.#stale = new Set(this.#pages.keys());
                this.#stale.delete(0);
                this.#pages.set(0, list.rows);
            } else {
                this.#stale.clear();
                this.#pages = new Map([[0, list.rows]]);
            }
            const still = before?.q === q && before.sort === sort && before.matched === list.matched ? before.groups : [];
            this.answer.value = {
                q,
                sort,
                total: list.total,
                matched: list.matched,
                tookMs: list.took_ms,
                problems: list.problems,
                parts: list.parts,
                groups: groups ? withNow(groups, list.rows) : still,
            };
            this.arrived.value += 1;
            if (!groups) void heads.then((late) => this.#headed(mine, late, list.rows));
        } catch (error) {
            if (!isAbort(error) && this.#first === mine) this.error.value = error as Error;
        } finally {
            clearTimeout(late);
            if (this.#first === mine) this.slow.value = false;
        }
    }

    /** The groups of a query; none where they cannot be told. */
    async #heads(q: string, until: AbortSignal): Promise<Group[]> {
        return get<Groups>("groups", { q }, until).then(
            (told) => told.groups,
            () => [],
        );
    }

    #headed(asked: AbortController, groups: Group[], rows: SessionRow[]): void {
        if (this.#first !== asked || !this.answer.value) return;
        this.answer.value = { ...this.answer.value, groups: withNow(groups, rows) };
        this.arrived.value += 1;
    }

    /** Ask the same again, soon; several wishes at once are one. */
    refresh(afterMs: number): void {
        if (this.#again !== undefined) return;
        this.#again = setTimeout(() => {
            this.#again = undefined;
            void this.ask(this.#q, this.#sort);
        }, afterMs);
    }

    /** The session at a place of the list, once it is here. */
    row(at: number): SessionRow | null {
        return this.#pages.get(Math.floor(at / PAGE))?.[at % PAGE] ?? null;
    }

    /** The sub-agents of a session, once they are here. */
    children(id: string): readonly SessionRow[] | null {
        return this.#children.get(id) ?? null;
    }

    tape(row: SessionRow): Tape | null {
        return this.#tapes.get(row.id) ?? row.tape ?? null;
    }

    /** Where a session stands among the rows that are here. */
    find(id: string): number | null {
        for (const [page, rows] of this.#pages) {
            const at = rows.findIndex((row) => row.id === id);
            if (at >= 0) return page * PAGE + at;
        }
        return null;
    }

    /** How many sub-agents are shown, by the place of their session. */
    shown(): Map<number, number> {
        const found = new Map<number, number>();
        for (const id of this.unfolded.value) {
            const at = this.find(id);
            const children = this.#children.get(id);
            if (at !== null && children) found.set(at, children.length);
        }
        return found;
    }

    /** Make sure that the sessions from … to are here or asked for; others under way are dropped. */
    need(from: number, to: number): void {
        const wanted = new Set<number>();
        for (let page = Math.floor(from / PAGE); page <= Math.floor(to / PAGE); page += 1) wanted.add(page);
        for (const [page, asked] of this.#asking) {
            if (wanted.has(page)) continue;
            asked.abort();
            this.#asking.delete(page);
        }
        // While the list flies by, nothing is asked; once it rests for a moment, what is seen then.
        clearTimeout(this.#resting);
        this.#resting = setTimeout(() => {
            for (const page of wanted) {
                const known = this.#pages.has(page) && !this.#stale.has(page);
                if (!known && !this.#asking.has(page)) void this.#load(page);
            }
        }, REST);
        const missing: string[] = [];
        for (let at = from; at <= to; at += 1) {
            const row = this.row(at);
            if (row && (this.#grown.has(row.id) || (!row.tape && !this.#tapes.has(row.id)))) missing.push(row.id);
        }
        if (missing.length) void this.#draw(missing);
    }

    async #load(page: number): Promise<void> {
        const asked = new AbortController();
        this.#asking.set(page, asked);
        try {
            const params = { q: this.#q, sort: this.#sort, offset: page * PAGE, limit: PAGE };
            const list = await get<SessionList>("sessions", params, asked.signal);
            if (this.#asking.get(page) !== asked) return;
            this.#pages.set(page, list.rows);
            this.#stale.delete(page);
            if (this.#pages.size > KEPT) this.#pages.delete(this.#pages.keys().next().value!);
            this.arrived.value += 1;
        } catch (error) {
            if (!isAbort(error)) this.error.value = error as Error;
        } finally {
            if (this.#asking.get(page) === asked) this.#asking.delete(page);
        }
    }

    async #draw(ids: string[]): Promise<void> {
        for (const id of ids) {
            this.#grown.delete(id);
            if (!this.#tapes.has(id)) this.#tapes.set(id, null);
        }
        try {
            const { tapes } = await get<Tapes>("tapes", { ids: ids.join(",") });
            for (const [id, tape] of Object.entries(tapes)) this.#tapes.set(id, tape);
            this.arrived.value += 1;
        } catch {
            for (const id of ids) if (!this.#tapes.get(id)) this.#tapes.delete(id); // asked again when next seen
        }
    }

    /** Show or hide the sub-agents of a session. */
    async fold(id: string, open: boolean): Promise<void> {
        const next = new Set(this.unfolded.value);
        if (open) next.add(id);
        else next.delete(id);
        this.unfolded.value = next;
        if (!open || this.#children.has(id)) return;
        try {
            const list = await get<SessionList>(`sessions/${encodeURIComponent(id)}/children`);
            this.#children.set(id, list.rows);
            const missing = list.rows.filter((row) => !row.tape && !this.#tapes.has(row.id)).map((row) => row.id);
            if (missing.length) void this.#draw(missing);
        } catch (error) {
            this.error.value = error as Error;
        }
        this.arrived.value += 1;
    }

    /** The tape of a session is old: a new one is asked, at most every second and a half; until then the old one stays. */
    #redraw(id: string): void {
        if (this.#redrawing.has(id)) return;
        this.#redrawing.add(id);
        setTimeout(() => {
            this.#redrawing.delete(id);
            this.#grown.add(id);
            this.arrived.value += 1;
        }, 1500);
    }

    /** A session was written to: its row is replaced where it stands; false where it is not here. */
    heard(session: SessionRow): boolean {
        this.#redraw(session.id);
        for (const rows of this.#pages.values()) {
            const at = rows.findIndex((row) => row.id === session.id);
            if (at < 0) continue;
            rows[at] = { ...session, snippet: rows[at]!.snippet, snippet_seq: rows[at]!.snippet_seq, tape: session.tape ?? rows[at]!.tape };
            this.arrived.value += 1;
            return true;
        }
        return false;
    }
}
