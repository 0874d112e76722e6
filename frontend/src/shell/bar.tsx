/** The top bar: where one can go, whether the agents are followed, jump, theme, keys. */
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useRef } from "preact/hooks";
import { Icon, Mark } from "../parts/icons";
import { Popover } from "../parts/popover";
import { href, route, type View } from "../router";
import { nextTheme, theme } from "../theme";
import { FollowingState } from "./following";
import { jumpOpen, JumpBox } from "./jump";
import { useKeys } from "./keys";
import { KeySheet } from "./sheet";
import { busy, waiting } from "./state";

const VIEWS: readonly (readonly [View, string])[] = [
    ["home", "Sessions"],
    ["now", "Now"],
    ["usage", "Usage"],
];

export function Bar(): JSX.Element {
    const sheet = useSignal(false);
    const menu = useSignal(false);
    const keysButton = useRef<HTMLButtonElement>(null);
    const menuButton = useRef<HTMLButtonElement>(null);
    const jump = useRef<HTMLButtonElement>(null);
    useKeys("Everywhere", [
        { keys: ["Ctrl+k"], does: "jump to a session, a step, a view", always: true, run: () => (jumpOpen.value = true) },
        { keys: ["?"], does: "these keys", run: () => (sheet.value = !sheet.value) },
        { keys: ["F6"], does: "next pane", always: true, run: (event) => nextPane(event.shiftKey) },
    ]);
    return (
        <header class="bar">
            <a class="brand" href={href({ view: "home" })}>
                <Mark />
                reenact
            </a>
            <Views />
            <span class="rest" />
            <FollowingState />
            <button ref={jump} type="button" class="jump" aria-haspopup="dialog" onClick={() => (jumpOpen.value = true)}>
                <span>Jump to…</span>
                <kbd>{isMac ? "⌘K" : "Ctrl K"}</kbd>
            </button>
            <button type="button" class="quiet" aria-label={`Theme: ${theme.value}`} title={`Theme: ${theme.value}`} onClick={nextTheme}>
                <Icon name="theme" />
            </button>
            <button
                ref={keysButton}
                type="button"
                class="quiet keys"
                aria-label="Keys"
                title="Keys"
                aria-expanded={sheet.value}
                onClick={() => (sheet.value = !sheet.value)}
            >
                ?
            </button>
            <button
                ref={menuButton}
                type="button"
                class="quiet more"
                aria-label="Views"
                aria-expanded={menu.value}
                onClick={() => (menu.value = !menu.value)}
            >
                <Icon name="menu" />
            </button>
            {sheet.value && <KeySheet anchor={keysButton.current} onClose={() => (sheet.value = false)} />}
            {menu.value && (
                <Popover anchor={menuButton.current} align="end" label="Views" class="views" onClose={() => (menu.value = false)}>
                    <Views onGo={() => (menu.value = false)} />
                    <FollowingState />
                </Popover>
            )}
            {jumpOpen.value && <JumpBox anchor={jump.current} />}
        </header>
    );
}

const isMac = /Mac|iPhone|iPad/.test(navigator.userAgent);

function Views({ onGo }: { onGo?: () => void }): JSX.Element {
    const at = route.value.view === "session" ? "home" : route.value.view;
    return (
        <nav aria-label="Views">
            {VIEWS.map(([view, title]) => (
                <a key={view} href={href({ view })} aria-current={at === view ? "page" : undefined} onClick={onGo}>
                    {title}
                    {view === "now" && busy.value > 0 && (
                        <span class="count" aria-label={`${busy.value} at work, ${waiting.value.length} waiting`}>
                            {busy.value}
                        </span>
                    )}
                </a>
            ))}
        </nav>
    );
}

/** Move the focus to the next piece of the page that says it is a pane. */
function nextPane(back: boolean): void {
    const panes = [...document.querySelectorAll<HTMLElement>("header.bar, main, [data-pane]")].filter((pane) => pane.offsetParent);
    const at = panes.findLastIndex((pane) => pane.contains(document.activeElement));
    const next = panes[(at + (back ? -1 : 1) + panes.length) % panes.length];
    if (!next) return;
    if (!next.hasAttribute("tabindex")) next.tabIndex = -1;
    next.focus();
}
