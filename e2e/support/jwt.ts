// Signed claims (RFC 7519), by RS256 alone.
import { type KeyObject, createPublicKey, generateKeyPairSync, sign, verify } from "node:crypto";

export type Claims = Record<string, unknown>;

/** A public key by its name, as a key set holds it (RFC 7517). */
export type Jwk = JsonWebKey & { kid?: string };

const KEY_BITS = 2048;

function coded(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

function decoded(part: string | undefined): Claims {
  return JSON.parse(Buffer.from(part ?? "", "base64url").toString()) as Claims;
}

/** A key pair that goes by a name. */
export class SigningKey {
  readonly #private: KeyObject;
  readonly #public: KeyObject;
  readonly #name: string;

  constructor(name: string) {
    const pair = generateKeyPairSync("rsa", { modulusLength: KEY_BITS });
    this.#private = pair.privateKey;
    this.#public = pair.publicKey;
    this.#name = name;
  }

  get jwk(): Jwk {
    return { ...this.#public.export({ format: "jwk" }), use: "sig", alg: "RS256", kid: this.#name };
  }

  signed(claims: Claims): string {
    const message = `${coded({ alg: "RS256", typ: "JWT", kid: this.#name })}.${coded(claims)}`;
    return `${message}.${sign("sha256", Buffer.from(message), this.#private).toString("base64url")}`;
  }
}

/** What a token claims, where one of those keys has signed it. */
export function claimsOf(token: string, keys: Jwk[]): Claims {
  const [header, claims, signature] = token.split(".");
  const { alg, kid } = decoded(header);
  const key = keys.find((key) => key.kid === kid);
  if (alg !== "RS256" || !key) throw new Error(`No key for ${String(alg)} is called ${String(kid)}.`);
  const is = verify("sha256", Buffer.from(`${header}.${claims}`), createPublicKey({ key, format: "jwk" }), Buffer.from(signature ?? "", "base64url"));
  if (!is) throw new Error("It is signed by somebody else.");
  return decoded(claims);
}
