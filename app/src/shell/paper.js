const clocks = () => {
  for (const time of document.querySelectorAll("time[data-at]")) {
    time.textContent = new Date(Number(time.dataset.at)).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" });
  }
};
// What is projected for an hour follows what it shows: the page is asked for again, and where a part of it that is marked
// has changed, that part is put in and the change is said.
const follow = () => {
  const said = document.querySelector("[data-said]");
  const parts = (page) => [...page.querySelectorAll("[data-follow]")];
  let known = parts(document).map((part) => part.innerHTML);
  const look = async () => {
    if (document.hidden) return;
    try {
      const answer = await fetch(location.href);
      document.querySelector("main").classList.toggle("join-sheet--gone", answer.status === 404);
      // What was deleted doesn't come back.
      if (answer.status === 404) clearInterval(timer);
      if (answer.redirected || !answer.ok) {
        said.textContent = answer.status === 404 ? said.dataset.gone : answer.redirected ? said.dataset.out : said.dataset.lost;
        return;
      }
      const now = parts(new DOMParser().parseFromString(await answer.text(), "text/html"));
      const texts = now.map((part) => part.innerHTML);
      const news = now.filter((part, index) => texts[index] !== known[index]).map((part) => part.dataset.follow);
      if (news.length) {
        parts(document).forEach((part, index) => part.replaceWith(document.importNode(now[index], true)));
        clocks();
        known = texts;
        said.textContent = news.find((words) => words) ?? "";
      } else if (Object.values(said.dataset).includes(said.textContent)) {
        said.textContent = "";
      }
    } catch {
      said.textContent = said.dataset.lost;
    }
  };
  const timer = setInterval(look, Number(said.dataset.everyMs));
  addEventListener("visibilitychange", look);
  addEventListener("focus", look);
  addEventListener("online", look);
};
addEventListener("DOMContentLoaded", () => {
  if (document.querySelector("[data-said]")) follow();
  clocks();
});
addEventListener("click", (event) => {
  const pressed = event.target instanceof Element ? event.target.closest("[data-do]") : null;
  if (pressed?.dataset.do === "print") print();
  if (pressed?.dataset.do === "full") {
    if (document.fullscreenElement) document.exitFullscreen();
    else document.documentElement.requestFullscreen();
  }
});
