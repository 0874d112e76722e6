/** Times in the reader's zone, in plain English, on a 24-hour clock. */

const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const FULL_MONTHS = [
    "January", "February", "March", "April", "May", "June", "July",
    "August", "September", "October", "November", "December",
];
const DAY = 86_400_000;
const two = (value: number): string => String(value).padStart(2, "0");

/** 09:26 */
export const clock = (at: Date): string => `${two(at.getHours())}:${two(at.getMinutes())}`;

/** 09:26:12.4 */
export const clockTenths = (at: Date): string =>
    `${clock(at)}:${two(at.getSeconds())}.${Math.floor(at.getMilliseconds() / 100)}`;

/** 20 Nov, with the year when it is not the present one. */
export function dayMonth(at: Date, now: Date = new Date()): string {
    const year = at.getFullYear() === now.getFullYear() ? "" : ` ${at.getFullYear()}`;
    return `${at.getDate()} ${MONTHS[at.getMonth()]}${year}`;
}

/** Fri 20 Nov */
export const shortDay = (at: Date, now: Date = new Date()): string => `${DAYS[at.getDay()]!.slice(0, 3)} ${dayMonth(at, now)}`;

/** Sunday 15 November */
export const longDay = (at: Date): string => `${DAYS[at.getDay()]} ${at.getDate()} ${FULL_MONTHS[at.getMonth()]}`;

/** Nov */
export const monthName = (at: Date): string => MONTHS[at.getMonth()]!;

/** The exact time, for tooltips: 2026-11-20 09:26:12 */
export const exact = (at: Date): string => `${isoDay(at)} ${clock(at)}:${two(at.getSeconds())}`;

/** 2026-11-20 in the reader's zone. */
export const isoDay = (at: Date): string => `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;

/** The day that 2026-11-20 names, at noon here, so that no change of clocks moves it. */
export function fromIsoDay(text: string): Date {
    const [year, month, day] = text.split("-").map(Number);
    return new Date(year ?? 1970, (month ?? 1) - 1, day ?? 1, 12);
}

/** Midnight that begins the day. */
export const startOfDay = (at: Date): Date => new Date(at.getFullYear(), at.getMonth(), at.getDate());

/** Whole days from one day to another, counted on the calendar. */
export const daysBetween = (from: Date, to: Date): number =>
    Math.round((startOfDay(to).getTime() - startOfDay(from).getTime()) / DAY);

/** Length of time in little room: 152 ms, 2 s, 4 min, 1 h 20 min, 3 d. */
export function span(ms: number): string {
    if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
    if (ms < 10_000 && ms % 1000 >= 100) return `${(ms / 1000).toFixed(1)} s`;
    if (ms < 60_000) return `${Math.round(ms / 1000)} s`;
    const minutes = Math.floor(ms / 60_000);
    if (minutes < 60) return `${minutes} min`;
    const hours = Math.floor(minutes / 60);
    if (hours < 48) return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
    return `${Math.floor(hours / 24)} d`;
}

/** Running time as a clock: 4:40, 1:02:09. */
export function stopwatch(ms: number): string {
    const seconds = Math.max(0, Math.floor(ms / 1000));
    const hours = Math.floor(seconds / 3600);
    const minutes = Math.floor((seconds % 3600) / 60);
    return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

/** When something happened, as a list writes it: 09:26 today, else the day. */
export function when(at: Date, now: Date = new Date()): string {
    return daysBetween(at, now) <= 1 && at <= now ? clock(at) : `${dayMonth(at, now)} ${clock(at)}`;
}
