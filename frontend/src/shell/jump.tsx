/** Jump: sessions, a step by its number, views and actions, from one line (`Ctrl K`). */
import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { Latest } from "../api/client";
import type { SessionList } from "../api/types";
import { AgentTag, StatusMark } from "../parts/status";
import { Popover } from "../parts/popover";
import { go, href, route } from "../router";
import { theme } from "../theme";

export const jumpOpen = signal(false);

interface Target {
    key: string;
    title: JSX.Element | string;
    detail: string;
    run: () => void;
}

export function JumpBox({ anchor }: { anchor: HTMLElement | null }): JSX.Element {
    const [text, setText] = useState("");
    const [found, setFound] = useState<Target[]>([]);
    const [at, setAt] = useState(0);
    const latest = useMemo(() => new Latest(), []);
    const list = useRef<HTMLUListElement>(null);
    const close = () => (jumpOpen.value = false);
    useEffect(() => {
        setAt(0);
        void sessions(latest, text.trim()).then((targets) => targets && setFound(targets), () => setFound([]));
        return () => latest.drop();
    }, [text]);
    const targets = [...steps(text), ...fixed(text), ...found];
    const take = (target: Target | undefined) => {
        if (!target) return;
        close();
        target.run();
    };
    const key = (event: KeyboardEvent) => {
        const by = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
        if (by) {
            const next = (at + by + targets.length) % Math.max(1, targets.length);
            setAt(next);
            list.current?.children[next]?.scrollIntoView({ block: "nearest" });
            event.preventDefault();
        } else if (event.key === "Enter") {
            event.preventDefault();
            take(targets[at]);
        }
    };
    return (
        <Popover anchor={anchor} align="end" label="Jump" class="jumpbox" onClose={close}>
            <input
                data-first
                role="combobox"
                aria-expanded="true"
                aria-controls="jump-list"
                aria-activedescendant={targets.length ? `jump-${at}` : undefined}
                aria-label="Jump to a session, a step, a view"
                placeholder={route.value.view === "session" ? "step number, session, view" : "session, view"}
                spellcheck={false}
                value={text}
                onInput={(event) => setText(event.currentTarget.value)}
                onKeyDown={key}
            />
            <ul id="jump-list" role="listbox" aria-label="Where to" ref={list}>
                {targets.map((target, index) => (
                    <li
                        key={target.key}
                        id={`jump-${index}`}
                        role="option"
                        aria-selected={index === at}
                        onPointerMove={() => setAt(index)}
                        onClick={() => take(target)}
                    >
                        <span class="title">{target.title}</span>
                        <span class="meta">{target.detail}</span>
                    </li>
                ))}
            </ul>
            {targets.length === 0 && <p class="meta none">Nothing of that name.</p>}
        </Popover>
    );
}

function steps(text: string): Target[] {
    const here = route.value;
    if (here.view !== "session" || !/^\d+$/.test(text.trim())) return [];
    const at = Number(text.trim());
    const run = () => go({ view: "session", id: here.id, at, params: here.params });
    return [{ key: "step", title: `Step ${at}`, detail: "this session", run }];
}

function fixed(text: string): Target[] {
    const wanted = text.trim().toLowerCase();
    const all: Target[] = [
        { key: "home", title: "Sessions", detail: "view", run: () => go({ view: "home" }) },
        { key: "now", title: "Now", detail: "view", run: () => go({ view: "now" }) },
        { key: "usage", title: "Usage", detail: "view", run: () => go({ view: "usage" }) },
        { key: "light", title: "Light theme", detail: "action", run: () => (theme.value = "light") },
        { key: "dark", title: "Dark theme", detail: "action", run: () => (theme.value = "dark") },
        { key: "system", title: "Theme of the system", detail: "action", run: () => (theme.value = "system") },
        { key: "licences", title: "Licences", detail: "view", run: () => go({ view: "licences" }) },
    ];
    const views = wanted ? all.filter((target) => String(target.title).toLowerCase().includes(wanted)) : all.slice(0, 3);
    return views;
}

async function sessions(latest: Latest, text: string): Promise<Target[] | null> {
    const list = await latest.get<SessionList>("sessions", { q: text, limit: 8 });
    return (
        list?.rows.map((row) => ({
            key: row.id,
            title: (
                <>
                    <StatusMark status={row.live_status} /> <AgentTag agent={row.agent} /> <bdi>{row.title ?? row.native_id}</bdi>
                </>
            ),
            detail: row.project?.split("/").pop() ?? "",
            run: () => go(href({ view: "session", id: row.id })),
        })) ?? null
    );
}
