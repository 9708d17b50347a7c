// Renews the page in place: what is open stays open, and what is being read or typed is not disturbed.
(() => {
  const EVERY = 10000;
  const stale = document.getElementById("stale");
  const held = () => {
    const selection = document.getSelection();
    return document.hidden || (selection && !selection.isCollapsed);
  };
  const replace = (next) => {
    const live = document.getElementById("live");
    const focused = live.contains(document.activeElement) && document.activeElement.closest("[id]");
    for (const { id } of live.querySelectorAll("details[open]")) {
      next.getElementById(id)?.setAttribute("open", "");
    }
    document.title = next.title;
    live.replaceWith(document.adoptNode(next.getElementById("live")));
    if (focused) {
      const again = document.getElementById(focused.id);
      (again?.querySelector("summary") ?? again)?.focus({ preventScroll: true });
    }
  };
  const renew = async () => {
    if (held()) return;
    try {
      const answer = await fetch(location.href, { cache: "no-store", signal: AbortSignal.timeout(EVERY) });
      if (!answer.ok) throw new Error(answer.status);
      const next = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (!held()) replace(next);
      stale.hidden = true;
    } catch {
      stale.hidden = false;
    }
  };
  setInterval(renew, EVERY);
  document.addEventListener("visibilitychange", renew);
})();
