// A learning platform of the tests' own (LTI 1.3), as Moodle and Canvas are one: people sign in to it, a course has a link, its
// page posts each launch, and its services take grades and tell who is in the course. It says no to what it ought to.
import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";

import { type Certificate, Listener } from "./https.ts";
import { type Jwk, SigningKey, claimsOf } from "./jwt.ts";

export interface Person {
  /** The platform's number for them. */
  id: string;
  name: string;
  role: "Instructor" | "Learner";
}

/** What Lunchbox's page tells an admin to paste here. */
export interface Tool {
  launch: string;
  login: string;
}

interface Score {
  userId: string;
  scoreGiven: number;
  scoreMaximum: number;
  activityProgress: string;
  gradingProgress: string;
}

/** A refusal, with its status. */
class No extends Error {
  readonly status: number;

  constructor(status: number, why: string) {
    super(why);
    this.status = status;
  }
}

const NAME = "platform.localhost";
const SPEC = "https://purl.imsglobal.org/spec/";
const SCORE = `${SPEC}lti-ags/scope/score`;
const MEMBERS = `${SPEC}lti-nrps/scope/contextmembership.readonly`;
const ROLE = "http://purl.imsglobal.org/vocab/lis/v2/membership#";
const SIGNED_IN = "school";
const LAUNCH_HOLDS_S = 300;

export class Platform {
  readonly course = "Containers <101>";
  readonly link = "First lab";
  readonly clientId = "client-7";
  readonly deployment = "1";
  /** Grades, as they came. */
  readonly scores: Score[] = [];
  /** What went wrong between servers: a test looks that it is nothing. */
  readonly refused: string[] = [];
  /** The launch that was made last, as a browser posts it. */
  lastLaunch: { state: string; id_token: string } | undefined;
  /** The next launch waits for a click, as where scripts are off. */
  waits = false;
  tool: Tool | undefined;
  readonly #people: Person[];
  readonly #key = new SigningKey("key0");
  readonly #leaves = new Map<string, string>();
  readonly #used = new Set<unknown>();
  readonly #pages: Listener;
  readonly #services: Listener;
  readonly #toolKeys: string;

  private constructor(people: Person[], toolKeys: string, pages: Listener, services: Listener) {
    this.#people = people;
    this.#toolKeys = toolKeys;
    this.#pages = pages;
    this.#services = services;
  }

  /** `toolKeys`: where the tool's key set is, as this machine reaches it. */
  static async open(certificate: Certificate, people: Person[], toolKeys: string): Promise<Platform> {
    let platform: Platform | undefined;
    const answer = (request: IncomingMessage, response: ServerResponse): void => {
      if (platform) void platform.#answer(request, response);
    };
    const [pages, services] = [await Listener.open(answer, certificate), await Listener.open(answer)];
    platform = new Platform(people, toolKeys, pages, services);
    return platform;
  }

  async close(): Promise<void> {
    await Promise.all([this.#pages.close(), this.#services.close()]);
  }

  /** Under this name browsers know it. */
  get url(): string {
    return `https://${NAME}:${this.#pages.port}`;
  }

  /** Where another server asks it: one on this machine may do so without TLS. */
  get services(): string {
    return `http://127.0.0.1:${this.#services.port}`;
  }

  get authorizeUrl(): string {
    return `${this.url}/authorize`;
  }

  get tokenUrl(): string {
    return `${this.services}/token`;
  }

  get keysUrl(): string {
    return `${this.services}/keys`;
  }

  signInPath(person: Person): string {
    return `${this.url}/sign-in?as=${person.id}`;
  }

  get framedPath(): string {
    return `${this.url}/course/framed`;
  }

  /** A page of somebody else's, on a site of its own, that posts the last launch once more. */
  get lurePath(): string {
    return `https://elsewhere.localhost:${this.#pages.port}/lure`;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", this.url);
    try {
      const body = await text(request);
      const made = await this.#route(`${request.method ?? ""} ${url.pathname}`, url.searchParams, body, request);
      response.writeHead(made.status ?? 200, { "content-type": made.json ? "application/json" : "text/html; charset=utf-8", ...made.headers });
      response.end(made.json ? JSON.stringify(made.json) : made.html);
    } catch (error) {
      const status = error instanceof No ? error.status : 500;
      this.refused.push(`${url.pathname}: ${String(error)}`);
      response.writeHead(status, { "content-type": "text/plain" });
      response.end(String(error));
    }
  }

  async #route(what: string, asked: URLSearchParams, body: string, request: IncomingMessage): Promise<Made> {
    switch (what) {
      case "GET /favicon.ico":
        return { html: "" };
      case "GET /sign-in":
        // As Moodle's: it must come along where the course is in a frame.
        return { status: 303, html: "", headers: { location: "/course", "set-cookie": `${SIGNED_IN}=${asked.get("as") ?? ""}; Path=/; HttpOnly; Secure; SameSite=None` } };
      case "GET /course":
        return page(this.course, `<p>Signed in as ${escaped(this.#who(request)?.name ?? "nobody")}.</p>${this.#loginForm(request)}<button form="login">${this.link}</button>`);
      case "GET /course/framed":
        return page(this.course, `${this.#loginForm(request, "tool")}<iframe name="tool" title="${this.link}" width="900" height="500"></iframe>${submits("login")}`);
      case "GET /authorize":
        return this.#authorize(asked, request);
      case "GET /lure":
        return page("Win a lunch", form("launch", this.#tool().launch, this.lastLaunch ?? {}) + submits("launch"));
      case "GET /keys":
        return { json: { keys: [this.#key.jwk] } };
      case "POST /token":
        return this.#grant(new URLSearchParams(body));
      case "POST /items/7/scores":
        this.#must(request, SCORE);
        this.scores.push(JSON.parse(body) as Score);
        return { json: {} };
      case "GET /members":
        this.#must(request, MEMBERS);
        return { json: { id: `${this.services}/members`, context: { id: "c1" }, members: this.#people.map(member) } };
      default:
        throw new No(404, what);
    }
  }

  #tool(): Tool {
    if (!this.tool) throw new No(409, "No tool is set up.");
    return this.tool;
  }

  #who(request: IncomingMessage): Person | undefined {
    const id = new RegExp(`(?:^|; )${SIGNED_IN}=([^;]*)`).exec(request.headers.cookie ?? "")?.[1];
    return this.#people.find((person) => person.id === id);
  }

  /** Third-party initiated login (Security Framework 1.0, section 5.1.1.1). */
  #loginForm(request: IncomingMessage, target?: string): string {
    const { login, launch } = this.#tool();
    const hint = this.#who(request)?.id ?? "";
    return form("login", login, { iss: this.url, login_hint: hint, target_link_uri: launch, client_id: this.clientId, lti_message_hint: "m1" }, target);
  }

  /** Section 5.1.1.2: who it is, for the tool that asks and for nobody else. */
  #authorize(asked: URLSearchParams, request: IncomingMessage): Made {
    const { launch } = this.#tool();
    const expected = { scope: "openid", response_type: "id_token", response_mode: "form_post", prompt: "none", client_id: this.clientId, redirect_uri: launch, lti_message_hint: "m1" };
    for (const [name, value] of Object.entries(expected)) if (asked.get(name) !== value) throw new No(400, `${name} is ${asked.get(name) ?? "missing"}`);
    const [state, nonce] = [asked.get("state") ?? "", asked.get("nonce") ?? ""];
    const person = this.#who(request);
    if (!person || asked.get("login_hint") !== person.id) return page(this.course, form("launch", launch, { state, error: "login_required" }) + submits("launch"));
    this.lastLaunch = { state, id_token: this.#key.signed(this.#claims(person, nonce, launch)) };
    return page(this.course, `${form("launch", launch, this.lastLaunch)}<button form="launch">Go on</button>${this.waits ? "" : submits("launch")}`);
  }

  #claims(person: Person, nonce: string, target: string): Record<string, unknown> {
    const at = Math.floor(Date.now() / 1000);
    const lti = `${SPEC}lti/claim/`;
    return {
      iss: this.url,
      aud: this.clientId,
      sub: person.id,
      iat: at,
      exp: at + LAUNCH_HOLDS_S,
      nonce,
      name: person.name,
      [`${lti}message_type`]: "LtiResourceLinkRequest",
      [`${lti}version`]: "1.3.0",
      [`${lti}deployment_id`]: this.deployment,
      [`${lti}target_link_uri`]: target,
      [`${lti}roles`]: [`${ROLE}${person.role}`],
      [`${lti}context`]: { id: "c1", title: this.course },
      [`${lti}resource_link`]: { id: "r1", title: this.link },
      [`${SPEC}lti-ags/claim/endpoint`]: { scope: [SCORE], lineitem: `${this.services}/items/7` },
      [`${SPEC}lti-nrps/claim/namesroleservice`]: { context_memberships_url: `${this.services}/members`, service_versions: ["2.0"] },
    };
  }

  /** Leave to ask, for who shows by its key that it is the tool (RFC 7523). */
  async #grant(asked: URLSearchParams): Promise<Made> {
    const { keys } = (await (await fetch(this.#toolKeys)).json()) as { keys: Jwk[] };
    const claims = claimsOf(asked.get("client_assertion") ?? "", keys);
    const scope = asked.get("scope") ?? "";
    const seconds = Date.now() / 1000;
    const rules = {
      "grant type": asked.get("grant_type") === "client_credentials",
      "assertion type": asked.get("client_assertion_type") === "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
      client: claims["iss"] === this.clientId && claims["sub"] === this.clientId,
      audience: claims["aud"] === this.tokenUrl,
      time: Number(claims["iat"]) <= seconds + 1 && Number(claims["exp"]) > seconds,
      "first use": claims["jti"] !== undefined && !this.#used.has(claims["jti"]),
      scope: [SCORE, MEMBERS].includes(scope),
    };
    const broken = Object.entries(rules).filter(([, holds]) => !holds);
    if (broken.length > 0) throw new No(401, `broken: ${broken.map(([name]) => name).join(", ")}`);
    this.#used.add(claims["jti"]);
    const leave = randomBytes(16).toString("hex");
    this.#leaves.set(leave, scope);
    return { json: { access_token: leave, token_type: "Bearer", expires_in: 3600, scope } };
  }

  #must(request: IncomingMessage, scope: string): void {
    const leave = /^Bearer (\w+)$/.exec(request.headers.authorization ?? "")?.[1] ?? "";
    if (this.#leaves.get(leave) !== scope) throw new No(401, "no leave for that");
  }
}

interface Made {
  status?: number;
  html?: string;
  json?: unknown;
  headers?: Record<string, string>;
}

function member({ id, name, role }: Person): Record<string, unknown> {
  return { user_id: id, name, status: "Active", roles: [role] };
}

function page(title: string, main: string): Made {
  const head = `<meta charset="utf-8"><title>${escaped(title)}</title><link rel="icon" href="data:,">`;
  return { html: `<!DOCTYPE html><html lang="en"><head>${head}</head><body><h1>${escaped(title)}</h1>${main}</body></html>` };
}

function form(id: string, to: string, fields: Record<string, string>, target = "_self"): string {
  const inputs = Object.entries(fields).map(([name, value]) => `<input type="hidden" name="${name}" value="${escaped(value)}">`);
  return `<form id="${id}" method="post" action="${escaped(to)}" target="${target}">${inputs.join("")}</form>`;
}

function submits(id: string): string {
  return `<script>document.getElementById("${id}").submit()</script>`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}

async function text(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}
