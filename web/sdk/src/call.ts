import type { Clock, Failure, FailureKind, FieldFault, Options, Result, Retry } from './types.ts';

export const clockOfMachine: Clock = {
  now: () => Date.now(),
  setTimeout: (call, milliseconds) => setTimeout(call, milliseconds),
  clearTimeout: (timer) => clearTimeout(timer as number),
};

export interface Request {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  /** The version that the call is based on. */
  readonly version?: number | undefined;
  readonly key?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** An answer. `unsure`: an attempt before had no answer, so it may have done what was asked. */
export type Answered<T> = Result<T> & { readonly unsure: boolean; readonly after?: number };

export function failure(kind: FailureKind, code: string, rest: Partial<Failure> = {}): Failure {
  return Object.freeze({ kind, code, status: 0, message: '', fields: [], ...rest });
}

const noToken = { ok: false, error: failure('offline', 'no_token'), unsure: false } as const;

/** Makes calls: with the token, again where that is safe, and with every failure as a result. */
export class Caller {
  readonly clock: Clock;
  readonly retry: Required<Retry>;
  private readonly options: Options;
  private readonly base: string;
  private readonly ended = new AbortController();

  constructor(options: Options) {
    this.options = options;
    this.clock = options.clock ?? clockOfMachine;
    this.retry = { attempts: 4, pause: 500, longest: 30_000, attemptTime: 30_000, ...options.retry };
    this.base = options.baseUrl.replace(/\/+$/, '');
  }

  end(): void {
    this.ended.abort();
  }

  /** How long to pause after so many failed attempts. */
  pause(failed: number, asked = 0): number {
    const grown = Math.min(this.retry.pause * 2 ** (failed - 1), this.retry.longest);
    return Math.max(asked, grown * (1 - (this.options.random ?? Math.random)() / 2));
  }

  sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.clock.clearTimeout(timer);
        for (const one of [this.ended.signal, signal]) one?.removeEventListener('abort', done);
        resolve();
      };
      const timer = this.clock.setTimeout(done, milliseconds);
      for (const one of [this.ended.signal, signal]) {
        if (one?.aborted) done();
        one?.addEventListener('abort', done);
      }
    });
  }

  /** Calls, and calls again what had no answer, up to the bound. */
  async call<T>(request: Request): Promise<Answered<T>> {
    let unsure = false;
    for (let attempt = 1; ; attempt++) {
      const answer = await this.once<T>(request);
      const again = !answer.ok && isPassing(answer.error) && attempt < this.retry.attempts;
      if (!again || (answer.after ?? 0) > this.retry.longest) return { ...answer, unsure: unsure || answer.unsure };
      unsure ||= answer.unsure;
      await this.sleep(this.pause(attempt, answer.after), request.signal);
    }
  }

  /** One attempt; a second one with another token when the first was not accepted. */
  async once<T>(request: Request): Promise<Answered<T>> {
    const first = await this.token(false);
    if (first === undefined) return noToken;
    const answer = await this.attempt<T>(request, first);
    if (answer.error?.status !== 401) return answer;
    const second = await this.token(true);
    if (second === undefined) return noToken;
    return second === first ? answer : this.attempt<T>(request, second);
  }

  private async token(renew: boolean): Promise<string | undefined> {
    try {
      return await this.options.getToken(renew);
    } catch {
      return undefined;
    }
  }

  private attempt<T>(request: Request, token: string): Promise<Answered<T>> {
    const { body, version, key } = request;
    const headers: Record<string, string> = { Authorization: `Bearer ${token}`, Accept: 'application/json' };
    if (body !== undefined) headers['Content-Type'] = 'application/json';
    if (version !== undefined) headers['If-Match'] = `"${version}"`;
    if (key !== undefined) headers['Idempotency-Key'] = key;
    return this.fetched(request, {
      method: request.method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }

  private async fetched<T>(request: Request, init: RequestInit): Promise<Answered<T>> {
    const fetch = this.options.fetch ?? globalThis.fetch;
    return this.bounded<Answered<T>>(
      request.signal,
      async (signal) => {
        const response = await fetch(this.base + request.path, {
          ...init,
          signal,
          credentials: 'omit',
          redirect: 'error', // a redirect would take the token along
        });
        const text = await response.text();
        if (response.ok) return { ok: true, value: JSON.parse(text) as T, unsure: false };
        const after = Number(response.headers.get('Retry-After')) * 1000 || 0;
        return { ok: false, error: refusal(response.status, text), unsure: response.status >= 500, after };
      },
      (error) => ({ ok: false, error, unsure: true }),
    );
  }

  /** Runs something that can be given up: by the caller, by the end of the flow, or because it takes too long. */
  async bounded<R>(
    signal: AbortSignal | undefined,
    work: (signal: AbortSignal) => Promise<R>,
    failed: (error: Failure) => R,
    time = this.retry.attemptTime,
  ): Promise<R> {
    const given = new AbortController();
    const stop = () => given.abort();
    const timer = this.clock.setTimeout(stop, time);
    const outer = [this.ended.signal, signal];
    for (const one of outer) {
      if (one?.aborted) stop();
      one?.addEventListener('abort', stop);
    }
    try {
      return await work(given.signal);
    } catch {
      if (this.ended.signal.aborted) return failed(failure('cancelled', 'destroyed'));
      if (signal?.aborted) return failed(failure('cancelled', 'cancelled'));
      return failed(failure('offline', 'unreachable'));
    } finally {
      this.clock.clearTimeout(timer);
      for (const one of outer) one?.removeEventListener('abort', stop);
    }
  }
}

/** Whether the same call may go through in a while. */
export function isPassing(error: Failure): boolean {
  return error.kind === 'offline' || (error.kind === 'failed' && error.status >= 500);
}

const closed = ['not_collecting', 'case_closed', 'event_not_allowed'];
const passing = ['conflict', 'idempotency_in_flight', 'rate_limited'];

function refusal(status: number, text: string): Failure {
  let problem: Record<string, unknown> = {};
  try {
    problem = JSON.parse(text) ?? {};
  } catch {
    // what a proxy answers has any form
  }
  const code = typeof problem['code'] === 'string' ? problem['code'] : `http_${status}`;
  return failure(kindOf(status, code), code, {
    status,
    message: String(problem['detail'] ?? ''),
    fields: Array.isArray(problem['errors']) ? problem['errors'].map(placed) : [],
    ...(typeof problem['request_id'] === 'string' ? { requestId: problem['request_id'] } : {}),
  });
}

function kindOf(status: number, code: string): FailureKind {
  if (status === 401) return 'expired';
  if (status === 412) return 'conflict';
  if (closed.includes(code)) return 'closed';
  if (passing.includes(code) || [429, 502, 503, 504].includes(status)) return 'offline';
  return status >= 500 ? 'failed' : 'refused';
}

/** The field of a place: body.values.applicant.name.given, pages.about.applicant.name.given, pages.passport.documents.passport.front. */
function placed(error: { location?: unknown; code?: unknown; message?: unknown }): FieldFault {
  const field = String(error.location).replace(/^(body\.values|body|pages\.[^.]+)\./, '');
  return { field, code: String(error.code), message: String(error.message) };
}
