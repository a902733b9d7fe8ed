addEventListener("DOMContentLoaded", () => {
  for (const time of document.querySelectorAll("time[data-at]")) {
    time.textContent = new Date(Number(time.dataset.at)).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" });
  }
});
addEventListener("click", (event) => {
  const pressed = event.target instanceof Element ? event.target.closest("[data-do]") : null;
  if (pressed?.dataset.do === "print") print();
  if (pressed?.dataset.do === "full") {
    if (document.fullscreenElement) document.exitFullscreen();
    else document.documentElement.requestFullscreen();
  }
});
