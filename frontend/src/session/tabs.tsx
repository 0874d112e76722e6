/** A list of tabs; arrow keys move between them. */
import type { ComponentChildren, JSX } from "preact";
import { useRef } from "preact/hooks";

export interface TabItem {
    id: string;
    title: string;
    count?: ComponentChildren;
}

export interface TabsProps {
    label: string;
    items: readonly TabItem[];
    now: string;
    /** The id of what the tabs show. */
    panel: string;
    choose: (id: string) => void;
}

export function Tabs({ label, items, now, panel, choose }: TabsProps): JSX.Element {
    const list = useRef<HTMLDivElement>(null);
    const key = (event: KeyboardEvent): void => {
        if (event.shiftKey || event.altKey || event.ctrlKey || event.metaKey) return;
        const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
        if (!by) return;
        event.preventDefault();
        const at = items.findIndex((item) => item.id === now);
        const next = (at + by + items.length) % items.length;
        choose((items[next] as TabItem).id);
        (list.current?.children[next] as HTMLElement | undefined)?.focus();
    };
    return (
        <div ref={list} class="tabs" role="tablist" aria-label={label} onKeyDown={key}>
            {items.map((item) => (
                <button key={item.id} type="button" role="tab" aria-selected={item.id === now} aria-controls={panel} tabIndex={item.id === now ? 0 : -1} data-tab={item.id} onClick={() => choose(item.id)}>
                    {item.title}
                    {item.count !== undefined && item.count !== null && <span class="count"> {item.count}</span>}
                </button>
            ))}
        </div>
    );
}
