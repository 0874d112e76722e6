/** The one floating surface of the page: under what opened it, closed by Esc or a click elsewhere. */
import { useLayoutEffect, useRef } from "preact/hooks";
import type { ComponentChildren, JSX } from "preact";

export interface PopoverProps {
    /** What it hangs from. */
    anchor: HTMLElement | null;
    onClose: () => void;
    label: string;
    children: ComponentChildren;
    class?: string;
    /** Which edges meet. */
    align?: "start" | "end";
    /** Whether it takes the focus when it opens (suggestions do not). */
    takeFocus?: boolean;
    role?: "dialog" | "listbox" | "menu";
}

/** A popover: give it the focus, get it back where it was when it closes. */
export function Popover(props: PopoverProps): JSX.Element {
    const { anchor, onClose, label, children, align = "start", takeFocus = true, role = "dialog" } = props;
    const box = useRef<HTMLDivElement>(null);
    useLayoutEffect(() => {
        const before = document.activeElement as HTMLElement | null;
        const placed = () => box.current && anchor && place(box.current, anchor, align);
        placed();
        if (takeFocus) {
            const first = box.current?.querySelector<HTMLElement>("[data-first], button, a, input, [tabindex='0']");
            (first ?? box.current)?.focus();
        }
        const outside = (event: Event) => {
            const target = event.target as Node;
            if (!box.current?.contains(target) && !anchor?.contains(target)) onClose();
        };
        addEventListener("pointerdown", outside, true);
        addEventListener("resize", placed);
        return () => {
            removeEventListener("pointerdown", outside, true);
            removeEventListener("resize", placed);
            if (takeFocus && before?.isConnected) before.focus();
        };
    }, [anchor]);
    const key = (event: KeyboardEvent) => {
        if (event.key === "Escape") {
            event.stopPropagation();
            onClose();
        } else if (!event.ctrlKey && !event.metaKey && event.key !== "?" && event.key !== "F6") {
            event.stopPropagation(); // what is typed here is not for the view below
        }
    };
    return (
        <div ref={box} class={`popover ${props.class ?? ""}`} role={role} aria-label={label} tabIndex={-1} onKeyDown={key}>
            {children}
        </div>
    );
}

/** Under the anchor, or above where there is no room; never past the window's edge. */
function place(box: HTMLElement, anchor: HTMLElement, align: "start" | "end"): void {
    const from = anchor.getBoundingClientRect();
    const size = box.getBoundingClientRect();
    const left = align === "start" ? from.left : from.right - size.width;
    const below = from.bottom + 6;
    const above = from.top - 6 - size.height;
    const top = below + size.height > innerHeight - 8 && above > 8 ? above : below;
    box.style.left = `${Math.round(Math.max(8, Math.min(left, innerWidth - size.width - 8)))}px`;
    box.style.top = `${Math.round(top)}px`;
    box.style.maxHeight = `${Math.round(innerHeight - Math.max(8, top) - 8)}px`;
}
