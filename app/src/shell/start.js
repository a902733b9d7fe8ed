// Fetches the terminal and the app, and starts them. What can't be fetched is tried again, as pages are by the browser
// itself: on the way there may be a weak Wi-Fi, a proxy that restarts, or, on the machine that Lunchbox runs on, a browser
// that drops connections whenever a container's network comes or goes. Without the app a page is only looked at, so it
// says when it waits, and when it gave up.
{
  const WAITS_MS = [250, 1000, 2000, 4000, 8000];
  // The wait that a learner takes for slow, rather than for broken.
  const TOLD_FROM = 1;
  const { app } = document.currentScript.dataset;
  let notice = null;

  const tell = (text, ...buttons) => {
    if (!notice) {
      notice = document.createElement("div");
      notice.className = "start-notice";
      notice.setAttribute("role", "status");
      document.body.append(notice);
    }
    notice.replaceChildren(text, ...buttons);
  };

  const wait = (ms) =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      addEventListener("online", () => (clearTimeout(timer), resolve()), { once: true });
    });

  // `load` gets what makes an address another one: browsers may remember that a module could not be had.
  const insist = async (load) => {
    for (let tried = 0; ; tried++) {
      try {
        return await load(tried ? `?try=${tried}` : "");
      } catch (error) {
        if (tried === WAITS_MS.length) throw error;
        if (tried >= TOLD_FROM) tell("Parts of this page have not come yet. Trying again …");
        await wait(WAITS_MS[tried]);
      }
    }
  };

  const start = async () => {
    const terminal = insist((again) => import(`/pkg/terminal.js${again}`));
    const program = insist((again) => import(`/pkg/${app}.js${again}`));
    const ready = program.then(async (module) => {
      await insist((again) => module.default({ module_or_path: `/pkg/${app}_bg.wasm${again}` }));
      return module;
    });
    try {
      const [module] = await Promise.all([ready, terminal]);
      notice?.remove();
      module.hydrate();
    } catch (error) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "button";
      button.textContent = "Reload the page";
      button.addEventListener("click", () => location.reload());
      tell("This page came only in part: its buttons do nothing. Is the network still there?", button);
      console.error("Lunchbox could not be started:", error);
    }
  };
  if (document.readyState === "loading") addEventListener("DOMContentLoaded", start, { once: true });
  else start();
}
