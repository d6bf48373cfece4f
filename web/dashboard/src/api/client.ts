import createClient, { type Middleware } from 'openapi-fetch';
import { reportReachable, reportSignedOut, reportUnreachable } from '@/session/connection';
import { bearer, renew } from '@/session/oidc';
import { ApiProblem } from './problem';
import type { paths } from './schema';

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
  if (response.status !== 401 && response.status !== 403) return response;
  const problem = await problemOf(response.clone());
  if (!problem.signedOut) return response;
  const user = await renew();
  if (!user?.id_token) {
    reportSignedOut();
    return response;
  }
  again.headers.set('Authorization', `Bearer ${user.id_token}`);
  const second = await reach(again);
  if (second.status === 401) reportSignedOut();
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
  querySerializer: { array: { style: 'form', explode: false } }, // lists are comma separated
});
client.use(authorize);

async function problemOf(response: Response): Promise<ApiProblem> {
  const body: unknown = await response.json().catch(() => null);
  return new ApiProblem(response.status, body, response.headers.get('X-Request-Id') ?? undefined);
}

interface Outcome<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The answer's body; an answer that is not good is thrown as an ApiProblem. */
export async function answer<T>(call: Promise<Outcome<T>>): Promise<T> {
  const { data, error, response } = await call;
  if (!response.ok && response.status !== 304) {
    throw new ApiProblem(response.status, error, response.headers.get('X-Request-Id') ?? undefined);
  }
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
