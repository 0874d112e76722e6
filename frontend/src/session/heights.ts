/** Heights of a long list: guessed until measured, summed in blocks, so that any of 100,000 rows is found at once. */

const BLOCK = 256;

export class Heights {
    #heights: Float32Array;
    #sums: Float64Array;

    constructor(guesses: Float32Array) {
        this.#heights = guesses;
        this.#sums = new Float64Array(Math.ceil(guesses.length / BLOCK) + 1);
        for (let b = 0; b * BLOCK < guesses.length; b++) this.#sum(b);
    }

    get count(): number {
        return this.#heights.length;
    }

    #sum(b: number): void {
        let sum = 0;
        const end = Math.min(this.#heights.length, (b + 1) * BLOCK);
        for (let i = b * BLOCK; i < end; i++) sum += this.#heights[i] as number;
        this.#sums[b] = sum;
    }

    of(i: number): number {
        return this.#heights[i] ?? 0;
    }

    /** Tells whether the height is another than before. */
    set(i: number, height: number): boolean {
        const before = this.#heights[i];
        if (before === undefined || Math.abs(before - height) < 0.5) return false;
        this.#heights[i] = height;
        const b = Math.floor(i / BLOCK);
        this.#sums[b] = (this.#sums[b] as number) + height - before;
        return true;
    }

    /** Where row `i` begins; for `i` = count where the list ends. */
    top(i: number): number {
        const b = Math.floor(i / BLOCK);
        let sum = 0;
        for (let k = 0; k < b; k++) sum += this.#sums[k] as number;
        for (let k = b * BLOCK; k < i; k++) sum += this.#heights[k] as number;
        return sum;
    }

    get total(): number {
        return this.top(this.#heights.length);
    }

    /** The row at a height. */
    at(y: number): number {
        let rest = y;
        let b = 0;
        while (b + 1 < this.#sums.length && rest >= (this.#sums[b] as number) && (b + 1) * BLOCK < this.count)
            rest -= this.#sums[b++] as number;
        let i = b * BLOCK;
        while (i + 1 < this.count && rest >= (this.#heights[i] as number)) rest -= this.#heights[i++] as number;
        return Math.min(i, Math.max(0, this.count - 1));
    }

    /** The same rows with more or fewer behind; the heights known are kept. */
    resized(guesses: Float32Array): Heights {
        guesses.set(this.#heights.subarray(0, guesses.length));
        return new Heights(guesses);
    }
}
