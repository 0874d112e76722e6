/** The list of sessions: a grid over a virtual window, moved through with keys. */
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef } from "preact/hooks";
import type { SessionRow } from "../api/types";
import { dayMonth } from "../parts/times";
import { useWindow } from "../parts/window";
import { go } from "../router";
import { useKeys } from "../shell/keys";
import { columns, narrow, template } from "./columns";
import { Headings, nextSort } from "./headings";
import { star, stars } from "./kept";
import { CHILD, GROUP, layout, nextLine, starts } from "./layout";
import type { Listing } from "./listing";
import { ChildLine, GroupLine, SessionLine, WaitingLine } from "./row";

/** Height of a heading, a session, a sub-agent. */
const WIDE = [26, 36, 30] as const;
const NARROW = [26, 54, 54] as const;
/** What the head of the list covers. */
const HEAD = 29;

/** Where the reader left the list: which query, how far down, which session. */
let left: { place: string; scroll: number; session: string | null } = { place: "", scroll: 0, session: null };

export interface ListProps {
    listing: Listing;
    sort: string;
    onSort: (sort: string) => void;
    onSearch: () => void;
}

export function List({ listing, sort, onSort, onSearch }: ListProps): JSX.Element {
    const answer = listing.answer.value!;
    const scroller = useRef<HTMLDivElement>(null);
    const place = `${answer.q} ${answer.sort}`;
    const selected = useSignal(-1);
    const marked = useSignal<ReadonlySet<string>>(new Set());
    const date = useSignal("");
    const floating = useRef<HTMLSpanElement>(null);
    // Laid out anew only where lines come or go: pages and tapes that arrive change none.
    const unfolded = listing.shown();
    const folds = [...unfolded].flat().join();
    const lines = useMemo(() => layout(answer.matched, answer.groups, unfolded), [answer.matched, answer.groups, folds]);
    const heights = narrow.value ? NARROW : WIDE;
    const offsets = useMemo(() => starts(lines, heights), [lines, heights]);
    const view = useWindow({ starts: offsets, scroller: () => scroller.current });
    const shown = view.lines;
    const first = shown.find((item) => lines.kind[item.index] !== GROUP);
    const last = shown.at(-1);
    useEffect(() => {
        if (first && last) listing.need(lines.ref[first.index]!, lines.ref[last.index]!);
    }, [first?.index, last?.index, lines, listing.arrived.value]);

    const sessionAt = (line: number): SessionRow | null => {
        if (line < 0 || line >= lines.count || lines.kind[line] === GROUP) return null;
        const row = listing.row(lines.ref[line]!);
        return row && lines.kind[line] === CHILD ? (listing.children(row.id)?.[lines.sub[line]!] ?? null) : row;
    };
    const select = (line: number) => {
        selected.value = line;
        left.session = sessionAt(line)?.id ?? null;
        view.reveal(line, HEAD);
    };
    // Rows move while agents write; the choice stays with its session, also after a look at another view.
    useLayoutEffect(() => {
        if (left.place === place && selected.value < 0) {
            if (scroller.current) scroller.current.scrollTop = left.scroll;
        } else if (left.place !== place) {
            left = { place, scroll: 0, session: null };
            selected.value = -1;
            if (scroller.current) scroller.current.scrollTop = 0;
        }
        const at = left.session === null ? null : listing.find(left.session);
        if (at !== null && sessionAt(selected.value)?.id !== left.session) selected.value = lines.line[at] ?? -1;
    }, [answer, lines]);
    const open = (line: number) => {
        const session = sessionAt(line);
        left.session = session?.id ?? null;
        if (session) go({ view: "session", id: session.id });
    };
    const onSelected = (act: (session: SessionRow, line: number) => void) => () => {
        const session = sessionAt(selected.value);
        if (session) act(session, selected.value);
    };
    const fold = (session: SessionRow, wanted: boolean) => {
        if (session.agents > 0) void listing.fold(session.id, wanted);
    };
    useKeys("List", [
        { keys: ["j", "ArrowDown"], does: "next session", run: () => select(nextLine(lines, selected.value, 1)) },
        { keys: ["k", "ArrowUp"], does: "session before", run: () => select(nextLine(lines, selected.value, -1)) },
        { keys: ["Enter"], does: "open", run: (event) => (onControl(event) ? press(event) : open(selected.value)) },
        { keys: ["ArrowRight"], does: "show its sub-agents", run: onSelected((session) => fold(session, true)) },
        {
            keys: ["ArrowLeft"],
            does: "hide them",
            run: onSelected((session, line) => {
                const at = lines.kind[line] === CHILD ? lines.ref[line]! : null;
                const parent = at === null ? session : listing.row(at);
                if (at !== null) select(lines.line[at]!);
                if (parent) fold(parent, false);
            }),
        },
        { keys: ["s"], does: "star", run: onSelected((session) => star(session.id)) },
        {
            keys: ["x"],
            does: "mark",
            run: onSelected((session) => {
                const next = new Set(marked.value);
                if (!next.delete(session.id)) next.add(session.id);
                marked.value = next;
            }),
        },
        { keys: ["o"], does: "sort by the next column", run: () => onSort(nextSort(sort)) },
        { keys: ["/"], does: "search", run: onSearch },
        { keys: ["Home"], does: "first", run: () => select(nextLine(lines, -1, 1)) },
        { keys: ["End"], does: "last", run: () => select(nextLine(lines, lines.count, -1)) },
    ]);
    // The date beside the thumb: in a long list the position alone says little.
    useEffect(() => {
        const box = scroller.current;
        if (!box) return;
        let timer: ReturnType<typeof setTimeout>;
        const moved = () => {
            left.scroll = box.scrollTop;
            const session = sessionAt(view.lineAt(box.scrollTop + 40));
            const at = session?.ended_ts ?? session?.started_ts;
            date.value = answer.matched > 500 && at ? dayMonth(new Date(at)) : "";
            const share = box.scrollTop / Math.max(1, box.scrollHeight - box.clientHeight);
            if (floating.current) floating.current.style.transform = `translateY(${Math.round(share * (box.clientHeight - 56))}px)`;
            clearTimeout(timer);
            timer = setTimeout(() => (date.value = ""), 800);
        };
        box.addEventListener("scroll", moved, { passive: true });
        return () => {
            clearTimeout(timer);
            box.removeEventListener("scroll", moved);
        };
    }, [lines]);
    const inner = useRef<HTMLDivElement>(null);
    useLayoutEffect(() => {
        scroller.current?.style.setProperty("--columns", template.value);
    }, [template.value]);
    return (
        <div class="list" data-pane>
            <div
                class="grid"
                role="grid"
                aria-label="Sessions"
                aria-rowcount={lines.count + 1}
                aria-activedescendant={selected.value >= 0 ? `line-${selected.value}` : undefined}
                aria-busy={listing.slow.value}
                tabIndex={0}
                ref={scroller}
                onFocus={(event) => event.target === event.currentTarget && selected.value < 0 && (selected.value = nextLine(lines, -1, 1))}
            >
                <Headings sort={sort} onSort={onSort} />
                <Tall height={view.total} boxRef={inner}>
                    {shown.map((item) => (
                        <Line key={item.index} top={item.start} height={item.size}>
                            {line(item.index)}
                        </Line>
                    ))}
                </Tall>
            </div>
            <span class="date" aria-hidden="true" ref={floating} hidden={!date.value}>
                {date.value}
            </span>
        </div>
    );

    function line(at: number): JSX.Element {
        const kind = lines.kind[at];
        if (kind === GROUP) {
            const group = answer.groups[lines.ref[at]!];
            return group ? <GroupLine group={group} /> : <WaitingLine />;
        }
        const session = sessionAt(at);
        if (!session) return <WaitingLine />;
        const props = {
            session,
            tape: listing.tape(session),
            columns: columns.value,
            line: at,
            selected: selected.value === at,
            starred: stars.value.has(session.id),
            marked: marked.value.has(session.id),
            onStar: () => star(session.id),
            onOpen: () => open(at),
        };
        if (kind === CHILD) return <ChildLine {...props} lane={lines.sub[at]! + 1} />;
        const unfolded = listing.unfolded.value.has(session.id);
        return <SessionLine {...props} unfolded={unfolded} onFold={() => fold(session, !unfolded)} />;
    }
}

/** Enter on a button or link is that control's. */
const onControl = (event: Event): boolean => event.target instanceof Element && event.target.matches("a, button, [role='gridcell']");

function press(event: Event): void {
    (event.target as HTMLElement).click();
}

/** As high as all lines together; styles are set as properties, for the page allows none in its text. */
function Tall({ height, boxRef, children }: { height: number; boxRef: { current: HTMLDivElement | null }; children: JSX.Element[] }): JSX.Element {
    useLayoutEffect(() => {
        if (boxRef.current) boxRef.current.style.height = `${height}px`;
    }, [height]);
    return (
        <div class="tall" role="presentation" ref={boxRef}>
            {children}
        </div>
    );
}

function Line({ top, height, children }: { top: number; height: number; children: JSX.Element }): JSX.Element {
    const box = useRef<HTMLDivElement>(null);
    useLayoutEffect(() => {
        if (!box.current) return;
        box.current.style.transform = `translateY(${top}px)`;
        box.current.style.height = `${height}px`;
    }, [top, height]);
    return (
        <div class="line" role="presentation" ref={box}>
            {children}
        </div>
    );
}
