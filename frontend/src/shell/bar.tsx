/** The top bar: where one can go, whether the agents are followed, jump, theme, keys. */
import type { JSX } from "preact";
import { Mark } from "../parts/icons";
import { href, route, type View } from "../router";

const VIEWS: readonly (readonly [View, string])[] = [
    ["home", "Sessions"],
    ["now", "Now"],
    ["usage", "Usage"],
];

export function Bar(): JSX.Element {
    const at = route.value.view === "session" ? "home" : route.value.view;
    return (
        <header class="bar">
            <a class="home" href={href({ view: "home" })}>
                <Mark />
                reenact
            </a>
            <nav aria-label="Views">
                {VIEWS.map(([view, title]) => (
                    <a key={view} href={href({ view })} aria-current={at === view ? "page" : undefined}>
                        {title}
                    </a>
                ))}
            </nav>
            <span class="rest" />
        </header>
    );
}
