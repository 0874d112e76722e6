/** The rows of the stream that are here, by their place among the steps; the rest is asked for when it comes near. */
import { signal } from "@preact/signals";
import { get } from "../api/client";
import type { Stream, StreamRow } from "../api/types";
import { rowOf, type Steps } from "../deck/steps";

const KEPT_MOST = 3000;
const AT_ONCE = 60;

export class Rows {
    /** Raised with every change of what is known. */
    readonly version = signal(0);
    readonly trouble = signal<string | null>(null);
    #steps: Steps | null = null;
    #known = new Uint8Array(0);
    #rows = new Map<number, StreamRow[]>();
    #busy = false;
    #wanted: [number, number] | null = null;

    constructor(private readonly id: string) {}

    get steps(): Steps | null {
        return this.#steps;
    }

    set steps(steps: Steps | null) {
        this.#steps = steps;
        const known = new Uint8Array(steps?.count ?? 0);
        known.set(this.#known.subarray(0, known.length));
        this.#known = known;
    }

    /** The rows at a step: none where it is told in the row of another, undefined where it is not here yet. */
    at(i: number): readonly StreamRow[] | undefined {
        return this.#rows.get(i) ?? (this.#known[i] ? [] : undefined);
    }

    has(from: number, to: number): boolean {
        return this.#gap(from, to) < 0;
    }

    #gap(from: number, to: number): number {
        for (let i = Math.max(0, from); i <= to && i < this.#known.length; i++) if (!this.#known[i]) return i;
        return -1;
    }

    /** Asks for what is missing in a stretch; of stretches asked for while one is under way only the last is asked. */
    want(from: number, to: number): void {
        this.#wanted = [from, to];
        if (!this.#busy) void this.#run();
    }

    async #run(): Promise<void> {
        this.#busy = true;
        try {
            while (this.#wanted && this.#steps) {
                const [from, to]: [number, number] = this.#wanted;
                const gap = this.#gap(from, to);
                if (gap < 0) break;
                let end = gap;
                while (end < to && !this.#known[end + 1]) end++;
                const middle = Math.min(end, gap + AT_ONCE / 2 - 2);
                const seq = this.#steps.seq[Math.floor((gap + middle) / 2)] ?? 1;
                const stream = await get<Stream>(`sessions/${encodeURIComponent(this.id)}/stream`, { at: seq, limit: AT_ONCE });
                this.put(stream.rows, stream.first, stream.last);
                if (this.#gap(gap, gap) === gap) this.#known[gap] = 1; // told by no row at all
                this.trouble.value = null;
            }
        } catch (error) {
            this.trouble.value = String((error as Error).message);
        } finally {
            this.#busy = false;
        }
    }

    /** Other steps take the place of these: rows stay on screen at their new places until they were asked for again. */
    renew(steps: Steps): void {
        const kept = [...this.#rows.values()].flat();
        this.#rows.clear();
        this.#steps = steps;
        this.#known = new Uint8Array(steps.count);
        for (const row of kept) {
            const i = rowOf(steps.seq, row.seq);
            if (steps.seq[i] === row.seq) this.#rows.set(i, [...(this.#rows.get(i) ?? []), row]);
        }
        this.version.value++;
    }

    forget(): void {
        this.#rows.clear();
        this.#known.fill(0);
        this.version.value++;
    }

    /** Takes rows in: everything from one position to another is in them. */
    put(rows: readonly StreamRow[], first: number, last: number): void {
        const steps = this.#steps;
        if (!steps?.count) return;
        if (this.#rows.size > KEPT_MOST) {
            this.#rows.clear();
            this.#known.fill(0);
        }
        const from = (steps.seq[rowOf(steps.seq, first)] as number) < first ? rowOf(steps.seq, first) + 1 : rowOf(steps.seq, first);
        for (let i = from; i < steps.count && (steps.seq[i] as number) <= last; i++) {
            this.#known[i] = 1;
            this.#rows.delete(i);
        }
        for (const row of rows) {
            const i = rowOf(steps.seq, row.seq);
            const there = this.#rows.get(i);
            if (!there) this.#rows.set(i, [row]);
            else if (!there.some((other) => other.seq === row.seq)) there.push(row);
            else this.#rows.set(i, there.map((other) => (other.seq === row.seq ? row : other)));
            this.#known[i] = 1;
        }
        this.version.value++;
    }
}
