/** What the list says when it has nothing to show: an empty archive, no match, an answer on its way, an error. */
import type { JSX } from "preact";
import type { QueryPart, Status } from "../api/types";
import { ApiError } from "../api/client";
import { CopyButton } from "../parts/command";
import { grouped } from "../parts/numbers";
import { AgentTag } from "../parts/status";

export function Nothing({ status }: { status: Status | null }): JSX.Element {
    const places = (status?.places ?? []).filter((place) => place.paths.length > 0 || place.found > 0);
    return (
        <section class="nothing">
            <h1>Nothing recorded yet</h1>
            <p>reenact looked where the agents on this machine keep their transcripts:</p>
            <table>
                <thead>
                    <tr>
                        <th scope="col">Agent</th>
                        <th scope="col">Looked in</th>
                        <th scope="col" class="num">
                            Found
                        </th>
                    </tr>
                </thead>
                <tbody>
                    {places.map((place) => (
                        <tr key={place.agent}>
                            <th scope="row">
                                <AgentTag agent={place.agent} /> {place.title}
                            </th>
                            <td>
                                {place.paths.map((path) => (
                                    <code key={path}>
                                        <bdi>{path}</bdi>
                                    </code>
                                ))}
                            </td>
                            <td class="num">{place.found ? grouped(place.found) : "nothing"}</td>
                        </tr>
                    ))}
                </tbody>
            </table>
            <p>To see what a session looks like, record one of ours:</p>
            <p class="command">
                <code>reenact demo</code>
                <CopyButton text="reenact demo" />
            </p>
        </section>
    );
}

export function NoMatch({ query, parts, onPart }: { query: string; parts: readonly QueryPart[] | null; onPart: (q: string) => void }): JSX.Element {
    return (
        <section class="nothing" role="status">
            <h1>No session fits</h1>
            <p>
                <code>
                    <bdi>{query}</bdi>
                </code>
            </p>
            {parts && parts.length > 0 && (
                <>
                    <p>Each part alone:</p>
                    <ul class="alone">
                        {parts.map((part) => (
                            <li key={part.text}>
                                <button type="button" class="link" onClick={() => onPart(part.text)}>
                                    <code>
                                        <bdi>{part.text}</bdi>
                                    </code>
                                </button>
                                <span class="num">{grouped(part.matches)}</span>
                            </li>
                        ))}
                    </ul>
                </>
            )}
        </section>
    );
}

/** Twelve grey rows under the real header. */
export function Loading(): JSX.Element {
    return (
        <div class="loading" role="status" aria-label="Loading">
            {Array.from({ length: 12 }, (_, index) => (
                <div class="row grey" key={index}>
                    <span class="mark" />
                    <span class="who" />
                    <span class="what">
                        <i />
                    </span>
                </div>
            ))}
        </div>
    );
}

/** One crimson line with the cause; what was there before stays below it. */
export function Trouble({ error, onRetry }: { error: Error; onRetry: () => void }): JSX.Element {
    const hint = error instanceof ApiError ? error.hint : null;
    return (
        <div class="trouble" role="alert">
            <span>
                {error.message}
                {hint && `: ${hint}`}
            </span>
            <button type="button" class="button" onClick={onRetry}>
                Retry
            </button>
        </div>
    );
}
