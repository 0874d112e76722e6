/** Our own 14 px strokes (PAGE §2): no symbol outside the usual fonts carries meaning. */
import type { JSX } from "preact";

const PATHS = {
    search: "M6 2.2a3.8 3.8 0 1 0 0 7.6 3.8 3.8 0 0 0 0-7.6M8.8 8.8 12 12",
    fork: "M4 4.6v4.8M4 7.4c4.4 0 6-.6 6-2.8M4 2.4a1.1 1.1 0 1 0 0 2.2 1.1 1.1 0 0 0 0-2.2M10 2.4a1.1 1.1 0 1 0 0 2.2 1.1 1.1 0 0 0 0-2.2M4 9.4a1.1 1.1 0 1 0 0 2.2 1.1 1.1 0 0 0 0-2.2",
    parallel: "M4 2v10M10 2v10M7 4v6",
    compaction: "M2 3h10M2 11h10M4 5.4l3 1.6 3-1.6M4 8.6 7 7l3 1.6",
    replay: "M3 7a4 4 0 1 0 1.3-3M3 2v2.6h2.6",
    star: "M7 1.8l1.6 3.3 3.6.5-2.6 2.5.6 3.6L7 10l-3.2 1.7.6-3.6L1.8 5.6l3.6-.5z",
    warning: "M7 2 12.6 11.8H1.4zM7 5.6v3M7 10v.4",
    check: "M2.6 7.4 5.6 10.4 11.4 4",
    cross: "M3 3l8 8M11 3l-8 8",
    copy: "M5 4.5V2.4h6.6V9H9.4M2.4 5h6.8v6.8H2.4z",
    open: "M5 3H2.6v8.4H11V9M7.6 2.6h4v4M11.4 2.8 6.4 7.8",
    menu: "M2.5 4h9M2.5 7h9M2.5 10h9",
    down: "M3.5 5.5 7 9l3.5-3.5",
    right: "M5.5 3.5 9 7l-3.5 3.5",
    left: "M8.5 3.5 5 7l3.5 3.5",
    dots: "M3 7h.2M7 7h.2M11 7h.2",
    permission: "M5 5a2 2 0 1 1 2.8 1.8c-.6.3-.8.7-.8 1.4M7 10.6v.3",
    link: "M5.8 8.2 8.2 5.8M6.4 4.2l1.5-1.5a2.4 2.4 0 0 1 3.4 3.4L9.8 7.6M7.6 9.8l-1.5 1.5a2.4 2.4 0 0 1-3.4-3.4l1.5-1.5",
} as const;

export type IconName = keyof typeof PATHS | "theme";

/** An icon; without a label it is silent. */
export function Icon({ name, label }: { name: IconName; label?: string }): JSX.Element {
    const said = label ? ({ role: "img", "aria-label": label } as const) : ({ "aria-hidden": true } as const);
    return (
        <svg class="icon" viewBox="0 0 14 14" width="14" height="14" {...said}>
            {name === "theme" ? (
                <>
                    <circle cx="7" cy="7" r="5" />
                    <path class="fill" d="M7 2a5 5 0 0 1 0 10z" />
                </>
            ) : (
                <path d={PATHS[name]} />
            )}
        </svg>
    );
}

/** The mark of the product. */
export function Mark(): JSX.Element {
    return (
        <svg class="brandmark" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true">
            <rect width="20" height="20" rx="5" />
            <path d="M10 3.5v13M4 6.5h4M4 10h3M4 13.5h4M12 6.5h4M13 10h3M12 13.5h4" />
        </svg>
    );
}
