/** The head of the list: what each column is, and by which the list is sorted. */
import type { JSX } from "preact";
import { columns } from "./columns";

/** Orders the list knows; the empty one is by time, in groups. */
export const SORTS = ["", "cost", "tokens", "turns", "tools"] as const;

export const nextSort = (sort: string): string => SORTS[(SORTS.indexOf(sort as (typeof SORTS)[number]) + 1) % SORTS.length]!;

export function Headings({ sort, onSort }: { sort: string; onSort: (sort: string) => void }): JSX.Element {
    const has = columns.value;
    const sortable = (name: string, title: string) => (
        <div role="columnheader" class={`num ${title.toLowerCase()}`} aria-sort={sort === name ? "descending" : "none"}>
            <button type="button" class="label" onClick={() => onSort(name)}>
                {title}
                {sort === name && <span aria-hidden="true"> ↓</span>}
            </button>
        </div>
    );
    return (
        <div class="heads" role="row" aria-rowindex={1}>
            <div role="columnheader" class="mark">
                <span class="hear">Status</span>
            </div>
            <div role="columnheader" class="who">
                <span class="hear">Agent</span>
            </div>
            <div role="columnheader" class="label">
                Session
            </div>
            {has.has("project") && (
                <div role="columnheader" class="label">
                    Project{has.has("branch") && " / branch"}
                </div>
            )}
            {has.has("tape") && (
                <div role="columnheader">
                    <span class="label">Tape</span> <span class="meta">model over tools, by time</span>
                </div>
            )}
            {has.has("turns") && sortable("turns", "Turns")}
            {has.has("tokens") && sortable("tokens", "Tokens")}
            {sortable("cost", "Cost")}
            {has.has("tools") && sortable("tools", "Tools")}
            {sortable("", "When")}
        </div>
    );
}
