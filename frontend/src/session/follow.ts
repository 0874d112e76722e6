/** Loads what belongs to a moving key: one request under way, the newest waiting, those between never sent. */

export interface Followed<V> {
    key: string;
    value: V;
}

export class Follower<V> {
    #known = new Map<string, V>();
    #busy = false;
    #wanted: string | null = null;

    /**
     * Args:
     *   load: asks for the value of a key.
     *   shown: told the value of the newest key, and, where `between` is true, values on the way there.
     *   most: values kept.
     */
    constructor(
        private readonly load: (key: string) => Promise<V>,
        private readonly shown: (followed: Followed<V>) => void,
        private readonly failed: (error: unknown) => void = () => undefined,
        private readonly most = 60,
    ) {}

    want(key: string): void {
        this.#wanted = key;
        const known = this.#known.get(key);
        if (known !== undefined) this.shown({ key, value: known });
        else if (!this.#busy) void this.#run();
    }

    forget(): void {
        this.#known.clear();
    }

    async #run(): Promise<void> {
        this.#busy = true;
        try {
            while (this.#wanted !== null && !this.#known.has(this.#wanted)) {
                const key = this.#wanted;
                const value = await this.load(key);
                this.#keep(key, value);
                // what came for a key the hand has left is still nearer to it than what stands there
                this.shown({ key, value });
            }
            const known = this.#wanted === null ? undefined : this.#known.get(this.#wanted);
            if (this.#wanted !== null && known !== undefined) this.shown({ key: this.#wanted, value: known });
        } catch (error) {
            this.failed(error);
        } finally {
            this.#busy = false;
        }
    }

    #keep(key: string, value: V): void {
        if (this.#known.size >= this.most) this.#known.delete(this.#known.keys().next().value as string);
        this.#known.set(key, value);
    }
}
