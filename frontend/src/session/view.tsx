/** One session: outline, stream, inspector and deck. Drawn when it is first opened. */
import type { JSX } from "preact";
import type { Route } from "../router";

export function SessionView({ route }: { route: Route }): JSX.Element {
    return <main class="session" id="main" data-session={route.id ?? ""} />;
}
