/** The archive by project: what each cost, as `usage project` counts it. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { get } from "../api/client";
import type { UsageView } from "../api/types";
import { Amount } from "../parts/amount";
import { costOf } from "../parts/money";
import { grouped } from "../parts/numbers";
import { shortName } from "./row";
import { Loading, Trouble } from "./states";
import { quoted } from "./words";

export function Projects({ onQuery }: { onQuery: (query: string) => void }): JSX.Element {
    const [view, setView] = useState<UsageView | null>(null);
    const [error, setError] = useState<Error | null>(null);
    const ask = () => {
        setError(null);
        void get<UsageView>("usage", { by: "project" }).then(setView, setError);
    };
    useEffect(ask, []);
    if (error) return <Trouble error={error} onRetry={ask} />;
    if (!view) return <Loading />;
    const rows = [...view.rows].sort((a, b) => b.sum.cost_known_usd - a.sum.cost_known_usd);
    return (
        <div class="projects">
            <table>
                <thead>
                    <tr>
                        <th scope="col">Project</th>
                        <th scope="col" class="num">
                            Sessions
                        </th>
                        <th scope="col" class="num">
                            Tokens
                        </th>
                        <th scope="col" class="num">
                            Cost
                        </th>
                    </tr>
                </thead>
                <tbody>
                    {rows.map((row) => {
                        const cost = costOf(row.sum.cost_usd, row.sum.cost_known_usd, row.sum.usage.quality);
                        return (
                            <tr key={row.key}>
                                <th scope="row">
                                    {row.key ? (
                                        <button type="button" class="link" title={row.key} onClick={() => onQuery(`project:${quoted(row.key!)}`)}>
                                            <bdi>{shortName(row.key)}</bdi>
                                        </button>
                                    ) : (
                                        "no project"
                                    )}
                                    {row.key && (
                                        <span class="meta">
                                            {" "}
                                            <bdi>{row.key}</bdi>
                                        </span>
                                    )}
                                </th>
                                <td class="num">{grouped(row.sessions)}</td>
                                <td class="num">
                                    <Amount value={row.sum.usage.total} quality={row.sum.usage.quality} />
                                </td>
                                <td class="num cost">
                                    <Amount value={cost.value} quality={cost.quality} kind="money" />
                                </td>
                            </tr>
                        );
                    })}
                </tbody>
            </table>
        </div>
    );
}
