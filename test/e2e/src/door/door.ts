import type { Deployment } from '@parley/testkit';

/** What the door answered. */
export interface DoorAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Readonly<Record<string, unknown>>;
}

/** How a call differs from a proper one. */
export interface CallChange {
  readonly verb?: string;
  /** Undefined: the key of the deployment; empty: none. */
  readonly authorization?: string;
}

const answerWithinMs = 30_000;

/** The back-end API as `curl` would use it: any path, any body. */
export class Door {
  readonly #url: string;
  readonly #key: string;

  constructor({ adminUrl, adminKey }: Pick<Deployment, 'adminUrl' | 'adminKey'>) {
    this.#url = adminUrl;
    this.#key = adminKey;
  }

  /** `method` is `<service>/<method>`. */
  call(method: string, request: object): Promise<DoorAnswer> {
    return this.send(`/v1/${method}`, JSON.stringify(request));
  }

  async send(path: string, body: string | Uint8Array | undefined, { verb = 'POST', authorization }: CallChange = {}): Promise<DoorAnswer> {
    const key = authorization ?? `Bearer ${this.#key}`;
    const response = await fetch(`${this.#url}${path}`, {
      method: verb,
      headers: { 'content-type': 'application/json', ...(key === '' ? {} : { authorization: key }) },
      ...(body === undefined ? {} : { body }),
      signal: AbortSignal.timeout(answerWithinMs),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: parsed(text) };
  }
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  const value: unknown = text === '' ? {} : JSON.parse(text);
  if (typeof value !== 'object' || value === null) throw new Error(`expected an object, got ${text}`);
  return { ...value };
}

/** Status and error of a refusal. */
export function refusalIn({ status, body }: DoorAnswer): { readonly status: number; readonly name: string; readonly detail: string } {
  const { name = '', detail = '' } = (body['error'] ?? {}) as { readonly name?: string; readonly detail?: string };
  return { status, name, detail };
}
