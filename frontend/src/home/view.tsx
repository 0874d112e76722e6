import type { JSX } from "preact";
import type { Route } from "../router";

export function HomeView({ route }: { route: Route }): JSX.Element {
    return <main class="home" id="main" data-view={route.view} />;
}
