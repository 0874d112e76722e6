/** A component that is drawn again only when what it is given changes. */
import { Component, type ComponentType, type JSX } from "preact";

export function memo<P extends object>(Drawn: (props: P) => JSX.Element | null): ComponentType<P> {
    return class extends Component<P> {
        override shouldComponentUpdate(next: Readonly<P>): boolean {
            const now = this.props as Record<string, unknown>;
            const then = next as Record<string, unknown>;
            const names = new Set([...Object.keys(now), ...Object.keys(then)]);
            for (const name of names) if (now[name] !== then[name]) return true;
            return false;
        }

        override render(): JSX.Element {
            const props = this.props as P;
            return <Drawn {...props} />;
        }
    };
}
