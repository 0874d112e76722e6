/** How a row of usage is called: its day, week, month or session. */
import type { UsageRow } from "../api/types";
import { dayMonth, fromIsoDay, longDay, monthName, shortDay } from "../parts/times";
import type { By } from "./period";

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const MONTH = /^(\d{4})-(\d{2})$/;
const WEEK = /^(\d{4})-W(\d{2})$/;

/** Monday of the week that "2026-W47" names. */
export function mondayOf(key: string): Date | null {
    const found = WEEK.exec(key);
    if (!found) return null;
    const fourth = new Date(Number(found[1]), 0, 4, 12); // always in week 1
    const monday = fourth.getDate() - ((fourth.getDay() + 6) % 7) + (Number(found[2]) - 1) * 7;
    return new Date(Number(found[1]), 0, monday, 12);
}

function startOf(key: string): Date | null {
    if (DAY.test(key)) return fromIsoDay(key);
    const month = MONTH.exec(key);
    if (month) return new Date(Number(month[1]), Number(month[2]) - 1, 1, 12);
    return mondayOf(key);
}

/** In the table: "Fri 20 Nov", "week of 16 Nov", "Nov 2026". */
export function rowTitle(row: UsageRow, by: By): string {
    const key = row.key ?? "";
    const start = by === "session" ? null : startOf(key);
    if (!start) return row.title ?? (key || "unknown");
    if (by === "day") return shortDay(start);
    if (by === "week") return `week of ${dayMonth(start)}`;
    return `${monthName(start)} ${start.getFullYear()}`;
}

/** Over a column: "Sunday 15 November". */
export function columnTitle(row: UsageRow, by: By): string {
    const start = by === "day" ? startOf(row.key ?? "") : null;
    return start ? longDay(start) : rowTitle(row, by);
}

/** Under a column, short. */
export function tickTitle(row: UsageRow, by: By, room: number): string {
    const start = by === "session" ? null : startOf(row.key ?? "");
    if (!start) {
        const title = row.title ?? row.key ?? "";
        const most = Math.max(4, Math.floor(room / 6.5));
        return title.length > most ? `${title.slice(0, most - 1)}…` : title;
    }
    if (by === "month") return `${monthName(start)}${start.getMonth() === 0 ? ` ${start.getFullYear()}` : ""}`;
    return dayMonth(start);
}
