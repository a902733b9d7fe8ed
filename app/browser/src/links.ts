// What a click on a link in the terminal opens.

/**
 * The learner's `localhost` is the workstation's, which the browser can't reach: a link to a
 * published port goes to its preview, whose button the page shows (`a[data-port]`).
 */
export function target(url: string, preview: (port: string) => string | undefined): string | undefined {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    return undefined;
  }
  if (parsed.protocol !== "http:" && parsed.protocol !== "https:") return undefined;
  if (parsed.hostname !== "localhost" && parsed.hostname !== "127.0.0.1") return parsed.href;
  const port = parsed.port || (parsed.protocol === "https:" ? "443" : "80");
  const base = preview(port);
  return base && new URL(parsed.pathname.slice(1) + parsed.search + parsed.hash, base.endsWith("/") ? base : `${base}/`).href;
}

export function openLink(url: string): void {
  const previewOf = (port: string) => document.querySelector<HTMLAnchorElement>(`a[data-port="${CSS.escape(port)}"]`)?.href;
  const href = target(url, previewOf);
  if (href) window.open(href, "_blank", "noopener,noreferrer");
}
