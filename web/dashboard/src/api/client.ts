import createClient, { type Middleware } from 'openapi-fetch';
import { reportReachable, reportSignedOut, reportUnreachable } from '@/session/connection';
import { bearer, renew } from '@/session/oidc';
import type { paths } from '../../../client/src/schema';
import { ApiProblem, refusesCredential } from './problem';
import { noteUnreadable } from './unreadable';

// Every call of the API goes through here: it carries the session's token, renews it once when it is refused, and turns
// every answer that is not good into an ApiProblem.

const authorize: Middleware = {
  async onRequest({ request }) {
    const token = await bearer();
    if (!token) {
      reportSignedOut();
      throw new ApiProblem(401, { code: 'unauthenticated', detail: '' });
    }
    request.headers.set('Authorization', `Bearer ${token}`);
    return request;
  },
};

async function send(request: Request): Promise<Response> {
  const again = request.clone();
  const response = await reach(request);
  if (!refusesCredential(response)) return response;
  const user = await renew();
  if (!user?.id_token) {
    reportSignedOut();
    return response;
  }
  again.headers.set('Authorization', `Bearer ${user.id_token}`);
  const second = await reach(again);
  if (refusesCredential(second)) reportSignedOut();
  return second;
}

async function reach(request: Request): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(request);
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    reportUnreachable();
    throw new ApiProblem(0, { code: 'unreachable', detail: '' });
  }
  if (response.status >= 502 && response.status <= 504) reportUnreachable();
  else reportReachable();
  return response;
}

export const client = createClient<paths>({
  baseUrl: location.origin,
  fetch: send,
});
client.use(authorize);

interface Outcome<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The answer's body; an answer that is not good is thrown as an ApiProblem. */
export async function answer<T>(call: Promise<Outcome<T>>): Promise<T> {
  const { data, error, response } = await call;
  if (!response.ok && response.status !== 304) {
    const id = response.headers.get('X-Request-Id') ?? response.headers.get('Apigw-Requestid') ?? undefined;
    throw new ApiProblem(response.status, error, id, Number(response.headers.get('Retry-After')) || 0);
  }
  noteUnreadable(response.url, data);
  return data as T;
}

/** The answer's body, or null when what is known is still so (304). */
export async function answerIfChanged<T>(call: Promise<Outcome<T>>): Promise<T | null> {
  const outcome = await call;
  if (outcome.response.status === 304) return null;
  return answer(Promise.resolve(outcome));
}

/** A key that makes a repeated call the same call. */
export function idempotencyKey(): string {
  return crypto.randomUUID();
}

/** The ETag of a version. */
export function etag(version: number): string {
  return `"${version}"`;
}
