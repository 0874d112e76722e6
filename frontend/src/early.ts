/** Before the first paint: the theme the reader chose, so that the page never flashes in the other one. */
try {
    const chosen = localStorage.getItem("reenact.theme");
    if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch {
    // Storage may be forbidden; the system's theme then holds.
}
