/** Everything the page asks of `reenact up`: values by GET, news by server-sent events. */

/** What went wrong, in the server's words. */
export class ApiError extends Error {
    constructor(
        readonly status: number,
        message: string,
        readonly hint: string | null = null,
    ) {
        super(message);
    }
}

/** Whether an error only says that a newer request took this one's place. */
export const isAbort = (error: unknown): boolean => error instanceof DOMException && error.name === "AbortError";

export type Params = Record<string, string | number | boolean | null | undefined>;

/** An address below /api; parameters that are null, false or empty are left out. */
export function address(path: string, params: Params = {}): string {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(params)) {
        if (value !== null && value !== undefined && value !== "" && value !== false) query.set(name, String(value));
    }
    const text = query.toString();
    return `api/${path}${text ? `?${text}` : ""}`;
}

/** The JSON value at an address, e.g. `get<Home>("home")`. */
export async function get<T>(path: string, params: Params = {}, signal?: AbortSignal): Promise<T> {
    const answer = await ask(path, params, signal);
    return (await answer.json()) as T;
}

/** Asks for something to be done; the header is one that no other site can send. */
export async function post<T>(path: string, wish: string): Promise<T> {
    return (await (await answered(() => fetch(address(path), { method: "POST", headers: { accept: "application/json", "x-reenact": wish } }))).json()) as T;
}

/** The text at an address (further pages of a body). */
export async function getText(path: string, params: Params = {}, signal?: AbortSignal): Promise<string> {
    return (await ask(path, params, signal)).text();
}

function ask(path: string, params: Params, signal?: AbortSignal): Promise<Response> {
    return answered(() => fetch(address(path, params), { signal: signal ?? null, headers: { accept: "application/json" } }));
}

async function answered(asking: () => Promise<Response>): Promise<Response> {
    let answer: Response;
    try {
        answer = await asking();
    } catch (error) {
        if (isAbort(error)) throw error;
        throw new ApiError(0, "reenact does not answer", "is `reenact up` still running?");
    }
    if (answer.ok) return answer;
    const told = (await answer.json().catch(() => null)) as { error?: { message?: string; hint?: string | null } } | null;
    throw new ApiError(answer.status, told?.error?.message ?? `answered ${answer.status}`, told?.error?.hint ?? null);
}

/** Asks where only the latest answer counts: each new one drops the one before. */
export class Latest {
    #controller: AbortController | null = null;

    /** The answer, or null when a newer request took this one's place. */
    async get<T>(path: string, params: Params = {}): Promise<T | null> {
        this.drop();
        const controller = new AbortController();
        this.#controller = controller;
        try {
            const value = await get<T>(path, params, controller.signal);
            return this.#controller === controller ? value : null;
        } catch (error) {
            if (isAbort(error) || this.#controller !== controller) return null;
            throw error;
        }
    }

    /** Forget the request under way. */
    drop(): void {
        this.#controller?.abort();
        this.#controller = null;
    }
}
