import type { JSX } from "preact";
import type { Route } from "../router";

export function UsageView({ route }: { route: Route }): JSX.Element {
    return <main class="usage" id="main" data-view={route.view} />;
}
