// Pages under https, as schools have them: names below localhost are this machine to a browser, and each is a site of its
// own there.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { type IncomingMessage, type RequestListener, type Server, type ServerResponse, createServer as createPlain, request as ask } from "node:http";
import { createServer } from "node:https";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";

/** A key, and a certificate that nobody has signed but this key. */
export interface Certificate {
  key: string;
  cert: string;
}

export function selfSigned(names: string[]): Certificate {
  const folder = mkdtempSync(join(tmpdir(), "lunchbox-e2e-certificate-"));
  const [key, cert] = [join(folder, "key"), join(folder, "cert")];
  try {
    const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    const about = ["-subj", "/CN=localhost", "-addext", `subjectAltName=${names.map((name) => `DNS:${name}`).join(",")}`];
    execFileSync("openssl", ["req", "-x509", "-days", "2", ...curve, ...about, "-keyout", key, "-out", cert], { stdio: "pipe" });
    return { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A server on a free port of loopback. */
export class Listener {
  readonly port: number;
  readonly #server: Server;
  readonly #lines: Set<Duplex>;

  private constructor(server: Server, lines: Set<Duplex>) {
    this.port = (server.address() as AddressInfo).port;
    this.#server = server;
    this.#lines = lines;
  }

  /** Over TLS where there is a certificate. */
  static async open(answer: RequestListener, certificate?: Certificate): Promise<Listener> {
    const server = certificate ? createServer({ ...certificate }, answer) : createPlain(answer);
    const lines = new Set<Duplex>();
    server.on("connection", (line: Duplex) => {
      lines.add(line);
      line.on("close", () => lines.delete(line));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new Listener(server, lines);
  }

  onUpgrade(take: (request: IncomingMessage, line: Duplex, first: Buffer) => void): void {
    this.#server.on("upgrade", take);
  }

  /** Streams and WebSockets would hold it open for ever. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const line of this.#lines) line.destroy();
    await closed;
  }
}

/** The proxy with TLS that stands before a Lunchbox. */
export class Proxy {
  readonly listener: Listener;
  /** What each request for a page said of itself, by method and path: `POST /lti/launch`. */
  readonly asked: { what: string; site: string | undefined; cookies: string[] }[] = [];
  /** As browsers did before Fetch Metadata: they don't say what a page is to be shown in. */
  saysNothingOfFrames = false;

  private constructor(listener: Listener) {
    this.listener = listener;
  }

  /** `to`: asked once a request comes, so that the server may be started when this address is known. */
  static async open(certificate: Certificate, to: () => number): Promise<Proxy> {
    let proxy: Proxy | undefined;
    const listener = await Listener.open((request, response) => {
      if (proxy) proxy.#forward(to(), request, response);
    }, certificate);
    listener.onUpgrade((request, line, first) => {
      const server = connect(to(), "127.0.0.1", () => {
        const headers = Object.entries(request.headers).map(([name, value]) => `${name}: ${String(value)}\r\n`);
        server.write(`${request.method ?? "GET"} ${request.url ?? "/"} HTTP/1.1\r\n${headers.join("")}\r\n`);
        server.write(first);
        line.pipe(server).pipe(line);
      });
      server.on("error", () => line.destroy());
      line.on("error", () => server.destroy());
      line.on("close", () => server.destroy());
    });
    proxy = new Proxy(listener);
    return proxy;
  }

  #forward(port: number, request: IncomingMessage, response: ServerResponse): void {
    this.#note(request);
    const asked = ask({ port, host: "127.0.0.1", method: request.method, path: request.url, headers: this.#headers(request) }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      // Who reads a stream waits for these.
      response.flushHeaders();
      answer.pipe(response);
    });
    asked.on("error", () => response.destroy());
    response.on("close", () => asked.destroy());
    request.pipe(asked);
  }

  #headers(request: IncomingMessage): IncomingMessage["headers"] {
    const headers: IncomingMessage["headers"] = { ...request.headers, "x-forwarded-for": request.socket.remoteAddress ?? "" };
    if (this.saysNothingOfFrames) delete headers["sec-fetch-dest"];
    return headers;
  }

  #note(request: IncomingMessage): void {
    const cookies = (request.headers.cookie ?? "").split("; ").map((cookie) => cookie.split("=")[0] ?? "");
    const path = (request.url ?? "").split("?")[0] ?? "";
    this.asked.push({ what: `${request.method ?? ""} ${path}`, site: request.headers["sec-fetch-site"]?.toString(), cookies: cookies.filter((name) => name !== "") });
  }
}
