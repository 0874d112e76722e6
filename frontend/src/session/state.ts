/** One open session: what is known of it, where the playhead stands, what the reader looks at. Views read the signals. */
import { batch, computed, effect, signal } from "@preact/signals";
import { type ApiError, get } from "../api/client";
import type { AtView, Columns, LiveRows, SessionView, StepView, Winding } from "../api/types";
import { rowOf, type Steps, stepsOf } from "../deck/steps";
import { recall, remember } from "../parts/stored";
import { go, type Route } from "../router";
import { Follower } from "./follow";
import { merged } from "./merge";
import { Rows } from "./rows";

export type Tab = "stream" | "files" | "context" | "todos" | "requests";
export type Reading = "full" | "compact" | "skim";
export type Detail = "step" | "request" | "usage" | "notes" | "raw";
export type Pane = "outline" | "stream" | "state" | "step";

export const TABS: readonly Tab[] = ["stream", "files", "context", "todos", "requests"];
/** All steps come at once up to this many; beyond, one entry stands for several. */
const STEPS_MOST = 400_000;
const REST_MS = 200;
const PROGRESS_MS = 400;

export const path = (id: string, rest = ""): string => `sessions/${encodeURIComponent(id)}${rest}`;

export class Session {
    readonly view = signal<SessionView | null>(null);
    readonly steps = signal<Steps | null>(null);
    readonly trouble = signal<ApiError | null>(null);
    /** The row the playhead stands at. */
    readonly at = signal(0);
    /** The row that everything beside the tape shows: the playhead's, a task later, so that the hand never waits. */
    readonly seen = signal(0);
    /** Whether the playhead goes on to whatever comes last. */
    readonly follows = signal(false);
    /** Whether the hand is on the tape. */
    readonly moving = signal(false);
    readonly tab = signal<Tab>("stream");
    readonly reading = signal<Reading>(recall<Reading>("reading", "full"));
    readonly detail = signal<Detail>("step");
    readonly pane = signal<Pane>("stream");
    /** The step that is kept beside the present one, by number. */
    readonly pinned = signal<number | null>(null);
    readonly solo = signal<number | null>(null);
    /** Rows that came while the reader was elsewhere. */
    readonly fresh = signal(0);
    readonly state = signal<AtView | null>(null);
    readonly step = signal<StepView | null>(null);
    readonly file = signal<string | null>(null);
    readonly request = signal<number | null>(null);
    readonly rows: Rows;
    /** Raised when other steps took the place of those that were there. */
    readonly era = signal(0);
    /** How much of a large session is read, from 0 to 1, while only a piece of it is here; null when all is. */
    readonly progress = signal<number | null>(null);
    /** The number of the step the playhead stands at. */
    readonly seq = computed(() => this.steps.value?.seq[this.at.value] ?? 0);
    /** The number of the step that the panes show. */
    readonly seenSeq = computed(() => this.steps.value?.seq[this.seen.value] ?? 0);
    /** All that happened before the next step: the state as of N includes what step N caused. */
    readonly until = computed(() => {
        const steps = this.steps.value;
        if (!steps?.count) return 0;
        const next = steps.seq[this.seen.value + 1];
        return next === undefined ? Math.max(this.view.value?.last ?? 0, steps.last[steps.count - 1] ?? 0) : next - 1;
    });
    #columns: Columns | null = null;
    #isClosed = false;
    #seeing: ReturnType<typeof setTimeout> | undefined;
    #rest: ReturnType<typeof setTimeout> | undefined;
    #states: Follower<AtView>;
    #details: Follower<StepView>;
    #stops: (() => void)[] = [];

    constructor(readonly id: string) {
        this.rows = new Rows(id);
        this.#states = new Follower(
            (key) => get<AtView>(path(id, `/at/${key}`)),
            ({ value }) => (this.state.value = value),
        );
        this.#details = new Follower(
            (key) => get<StepView>(path(id, `/step/${key}`)),
            ({ value }) => (this.step.value = value),
        );
    }

    async load(route: Route): Promise<void> {
        this.take(route);
        try {
            const [view, columns] = await Promise.all([
                get<SessionView>(path(this.id)),
                get<Columns>(path(this.id, "/columns"), { buckets: STEPS_MOST, part: 1, at: route.at }),
            ]);
            this.view.value = view;
            this.#set(columns);
            this.stand(route.at);
            this.seen.value = this.at.value;
            this.#stops.push(effect(() => this.#see(this.at.value)));
            this.#stops.push(effect(() => this.#state()));
            this.#stops.push(effect(() => this.#details.want(String(this.seenSeq.value))));
            if (columns.partial) await this.#whole();
        } catch (error) {
            this.trouble.value = error as ApiError;
        }
    }

    /** The state as of the playhead; a piece of a session has none. */
    #state(): void {
        const until = String(this.until.value);
        if (this.steps.value && !this.steps.value.isPart) this.#states.want(until);
    }

    /** Puts the whole session in the place of a piece, as soon as the server has read it. */
    async #whole(): Promise<void> {
        this.progress.value = 0;
        const asking = setInterval(() => {
            void get<Winding>(path(this.id, "/winding"))
                .then(({ done, total }) => this.progress.peek() !== null && (this.progress.value = Math.max(this.progress.peek() ?? 0, total ? done / total : 0)))
                .catch(() => undefined);
        }, PROGRESS_MS);
        this.#stops.push(() => clearInterval(asking));
        try {
            const columns = await get<Columns>(path(this.id, "/columns"), { buckets: STEPS_MOST });
            const view = await get<SessionView>(path(this.id));
            if (this.#isClosed) return;
            batch(() => {
                const seq = this.seq.peek();
                this.view.value = view;
                this.#columns = columns;
                const steps = stepsOf(columns, view.is_live);
                this.rows.renew(steps);
                this.era.value++;
                this.steps.value = steps;
                this.stand(this.follows.peek() ? null : seq);
                this.seen.value = this.at.value;
                this.#details.forget();
            });
            this.#details.want(String(this.seenSeq.value));
        } finally {
            clearInterval(asking);
            this.progress.value = null;
        }
    }

    #see(at: number): void {
        if (this.#seeing !== undefined || at === this.seen.peek()) return;
        this.#seeing = setTimeout(() => {
            this.#seeing = undefined;
            this.seen.value = this.at.peek();
        });
    }

    close(): void {
        this.#isClosed = true;
        clearTimeout(this.#seeing);
        clearTimeout(this.#rest);
        for (const stop of this.#stops) stop();
    }

    #set(columns: Columns): void {
        this.#columns = columns;
        const steps = stepsOf(columns, this.view.value?.is_live ?? false);
        this.rows.steps = steps;
        this.steps.value = steps;
    }

    /** What the address says besides the step. */
    take(route: Route): void {
        const tab = route.params.get("tab") as Tab | null;
        const before = this.tab.peek();
        this.tab.value = tab && TABS.includes(tab) ? tab : "stream";
        if (this.tab.peek() !== before) this.pane.value = this.tab.peek() === "stream" ? "stream" : "state";
        const file = route.params.get("file");
        if (file) this.file.value = file;
        const request = route.params.get("request");
        if (request && /^\d+$/.test(request)) this.request.value = Number(request);
    }

    /** Puts the playhead where the address says, without telling the address. */
    stand(seq: number | null): void {
        const steps = this.steps.value;
        if (!steps) return;
        this.follows.value = seq === null;
        this.at.value = seq === null ? Math.max(0, steps.count - 1) : rowOf(steps.seq, seq);
    }

    /** Moves the playhead to a row. `drag` tells the address when the hand rests, `jump` at once and to be gone back from. */
    move(i: number, how: "drag" | "jump" = "drag"): void {
        const steps = this.steps.value;
        if (!steps?.count) return;
        const row = Math.min(steps.count - 1, Math.max(0, i));
        this.follows.value = false;
        this.at.value = row;
        clearTimeout(this.#rest);
        if (how === "jump") this.#tell("push");
        else this.#rest = setTimeout(() => this.#tell("replace"), REST_MS);
    }

    moveTo(seq: number, how: "drag" | "jump" = "jump"): void {
        const steps = this.steps.value;
        if (steps) this.move(rowOf(steps.seq, seq), how);
    }

    /** The hand left the tape. */
    release(): void {
        this.moving.value = false;
        clearTimeout(this.#rest);
        this.#tell("push");
    }

    toEnd(): void {
        const steps = this.steps.value;
        if (!steps) return;
        clearTimeout(this.#rest);
        this.fresh.value = 0;
        this.at.value = Math.max(0, steps.count - 1);
        this.follows.value = true;
        this.#tell("push");
    }

    show(tab: Tab): void {
        this.tab.value = tab;
        this.pane.value = tab === "stream" ? "stream" : "state";
        this.#tell("push");
    }

    read(reading: Reading): void {
        this.reading.value = reading;
        remember("reading", reading);
    }

    open(what: { file?: string; request?: number }): void {
        if (what.file !== undefined) this.file.value = what.file;
        if (what.request !== undefined) this.request.value = what.request;
        this.show(what.file !== undefined ? "files" : "requests");
    }

    #tell(how: "push" | "replace"): void {
        const tab = this.tab.value;
        const at = this.follows.value ? null : this.seq.value;
        const file = tab === "files" ? this.file.value : null;
        const request = tab === "requests" && this.request.value !== null ? String(this.request.value) : null;
        go({ view: "session", id: this.id, at, params: { tab: tab === "stream" ? null : tab, file, request } }, how);
    }

    /** Loads all again, for news that went by unheard; the playhead stays. */
    async refresh(): Promise<void> {
        const [view, columns] = await Promise.all([
            get<SessionView>(path(this.id)),
            get<Columns>(path(this.id, "/columns"), { buckets: STEPS_MOST }),
        ]);
        const seq = this.seq.peek();
        this.view.value = view;
        this.rows.forget();
        this.#set(columns);
        this.stand(this.follows.peek() ? null : seq);
        this.#states.forget();
        this.#details.forget();
    }

    /** Takes in what the session has become: its end, its cost, its counts. */
    become(view: SessionView): void {
        const before = this.view.peek();
        this.view.value = view;
        if (before?.is_live !== view.is_live && this.#columns) this.#set(this.#columns);
    }

    /** Takes in what happened since. */
    hear(news: LiveRows): void {
        const steps = this.steps.value;
        if (!steps || !this.#columns) return;
        const before = steps.count;
        if (news.columns) this.#set(merged(this.#columns, news.columns, news.from_seq));
        this.rows.put(news.rows, news.from_seq, news.last);
        const view = this.view.value;
        if (view) this.view.value = { ...view, last: Math.max(view.last, news.last) };
        this.#states.forget();
        this.#details.forget();
        const more = Math.max(0, (this.steps.value?.count ?? 0) - before);
        if (this.follows.value) this.at.value = Math.max(0, (this.steps.value?.count ?? 1) - 1);
        else this.fresh.value += more;
        this.#state();
        this.#details.want(String(this.seenSeq.value));
    }
}
