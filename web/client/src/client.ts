import createFetchClient, { type Client as FetchClient } from 'openapi-fetch';
import { type Retry, withRetries } from './retry.ts';
import type { paths } from './schema.ts';

export interface Options {
  /** Where the installation is: "https://api.example.com". */
  address: string;
  /** An API key, or the token of a person or an applicant; a function where it is renewed. */
  credential?: string | (() => string | Promise<string>);
  retry?: Retry;
  /** A product, such as "shop/2.3", before the client's own name in User-Agent. Browsers send their own. */
  userAgent?: string;
  /** Another fetch, for proxies or tests. */
  fetch?: (request: Request) => Promise<Response>;
}

/** Calls every operation by its method and path: `client.GET('/v1/cases/{id}', …)`. Use answer() to have what it answers. */
export type Client = FetchClient<paths>;

/** Makes a client. Every answer that is no success is thrown as an ApiProblem, after what is safe to repeat was repeated. */
export function createClient({ address, credential, retry, userAgent, fetch = globalThis.fetch }: Options): Client {
  const server = new URL(address);
  if (!/^https?:$/.test(server.protocol) || server.search || server.hash || server.username) {
    throw new TypeError('address must be an http(s) URL without credentials, query and fragment');
  }
  const client = createFetchClient<paths>({
    baseUrl: server.href.replace(/\/+$/, ''),
    fetch: withRetries(fetch, retry),
    redirect: 'manual', // a redirect would take the credential along
  });
  client.use({
    async onRequest({ request }) {
      const token = typeof credential === 'function' ? await credential() : credential;
      if (token) request.headers.set('Authorization', `Bearer ${token}`);
      request.headers.set('User-Agent', `${userAgent ? `${userAgent} ` : ''}ballerine-typescript/1`);
      return request;
    },
  });
  return client;
}

/** What a call answers. */
export async function answer<T>(call: Promise<{ data?: T; response: Response }>): Promise<T> {
  return (await call).data as T; // a refusal was thrown
}

/** A key that makes a repeated call the same call. An id of your own, such as that of your order, is better still. */
export function idempotencyKey(): string {
  return crypto.randomUUID();
}

/** The entity tag of a version, for If-Match. */
export function etag(version: number): string {
  return `"${version}"`;
}

interface Page<T> {
  data: T[];
  next_cursor: string | null;
}

/**
 * Everything that a list has, page by page:
 *
 *     for await (const one of each((cursor) => answer(client.GET('/v1/cases', { params: { query: { cursor } } })))) …
 */
export async function* each<T>(read: (cursor: string | undefined) => Promise<Page<T>>): AsyncGenerator<T, void> {
  let cursor: string | undefined;
  for (;;) {
    const page = await read(cursor);
    yield* page.data;
    if (page.next_cursor === null) return;
    if (page.next_cursor === cursor)
      throw new Error('the list does not advance: its next cursor is the one that was sent');
    cursor = page.next_cursor;
  }
}
