import { ApiProblem } from './problem.ts';

/**
 * How often and how slowly calls are repeated.
 *
 * Repeated is what is safe to repeat: 429, since nothing was done; 503, a lost connection, and a first attempt that is still
 * running, where a repeated call does nothing twice (reading, PUT, DELETE, and what has an Idempotency-Key, which is the same for all
 * attempts); and a connection that never came about. Everything else is the caller's to decide.
 */
export interface Retry {
  /** Attempts of a call, the first among them. Default 4. */
  attempts?: number;
  /** Milliseconds after the first attempt; it doubles each time, less up to half of it by chance. Default 250. */
  pause?: number;
  /** The longest pause in milliseconds; a call whose Retry-After is longer is not repeated. Default 30,000. */
  longest?: number;
  /** Milliseconds that one attempt may take. Default 60,000. */
  attemptTime?: number;
}

type Fetch = (request: Request) => Promise<Response>;

/** A fetch that repeats what is safe to repeat, and throws an ApiProblem for every answer that is no success. */
export function withRetries(fetch: Fetch, retry: Retry = {}): Fetch {
  const { attempts = 4, pause = 250, longest = 30_000, attemptTime = 60_000 } = retry;
  return async (request) => {
    for (let attempt = 1; ; attempt++) {
      const { response, problem, again } = await once(fetch, request, attempt, attemptTime);
      if (response) return response;
      const asked = problem.retryAfter * 1000;
      if (!again || attempt >= attempts || asked > longest) throw problem;
      const grown = Math.min(pause * 2 ** (attempt - 1), longest);
      await sleep(Math.max(asked, grown * (1 - Math.random() / 2)), request.signal);
    }
  };
}

type Attempt =
  | { response: Response; problem?: never; again?: never }
  | { response?: never; problem: ApiProblem; again: boolean };

async function once(fetch: Fetch, request: Request, attempt: number, time: number): Promise<Attempt> {
  const signal = AbortSignal.any([request.signal, AbortSignal.timeout(time)]);
  try {
    const response = await fetch(new Request(request.clone(), { signal }));
    if (response.ok) return { response };
    const problem = await problemOf(response, attempt);
    return { problem, again: mayRepeat(request, problem) };
  } catch (cause) {
    if (request.signal.aborted) throw request.signal.reason; // the caller does not want it any more
    const problem = new ApiProblem(0, { detail: 'There was no answer.' }, { attempts: attempt, cause });
    return { problem, again: mayReconnect(request, cause) };
  }
}

async function problemOf(response: Response, attempts: number): Promise<ApiProblem> {
  let body: unknown;
  try {
    body = JSON.parse(await response.text());
  } catch {
    body = undefined; // what a proxy answers has any form
  }
  const requestId = response.headers.get('X-Request-Id') ?? undefined;
  return new ApiProblem(response.status, body, { attempts, requestId, retryAfter: retryAfter(response.headers) });
}

function mayRepeat(request: Request, problem: ApiProblem): boolean {
  if (problem.status === 429) return true;
  if (problem.status === 503) return repeatable(request);
  return problem.code === 'idempotency_in_flight' && repeatable(request); // our first attempt, whose answer was lost
}

function mayReconnect(request: Request, cause: unknown): boolean {
  const code = codeOf(cause);
  if (/CERT|TLS|SIGNATURE|ISSUER/.test(code)) return false;
  if (code === 'ECONNREFUSED' || code === 'ENOTFOUND' || code === 'EAI_AGAIN') return true; // nothing was sent
  return repeatable(request);
}

/** The system's code of a failure, which fetch keeps in its cause. */
function codeOf(error: unknown): string {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if ('code' in at && typeof at.code === 'string') return at.code;
  }
  return '';
}

/** Calls that do nothing twice. */
function repeatable(request: Request): boolean {
  return ['GET', 'HEAD', 'PUT', 'DELETE'].includes(request.method) || request.headers.has('Idempotency-Key');
}

/** Seconds that an answer asks to wait. */
function retryAfter(headers: Headers): number {
  const text = headers.get('Retry-After') ?? '';
  if (/^\d{1,9}$/.test(text)) return Number(text);
  const at = Date.parse(text);
  return Number.isNaN(at) ? 0 : Math.max(0, (at - Date.now()) / 1000);
}

/** Waits, and stops waiting when the signal aborts. */
export function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, milliseconds);
    signal?.addEventListener('abort', stop, { once: true });
  });
}
