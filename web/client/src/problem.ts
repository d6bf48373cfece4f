/** What is wrong at one place of a request. */
export interface ProblemField {
  location: string;
  code: string;
  message: string;
}

/** What an answer states beside its body. */
export interface Circumstances {
  requestId?: string | undefined;
  retryAfter?: number | undefined;
  attempts?: number | undefined;
  cause?: unknown;
}

/**
 * A call that was refused, as a problem (RFC 9457), or that got no answer (status 0, code `unreachable`). Rely on `code`, which
 * is stable; sentences may change. docs/reference/errors.md lists the codes.
 */
export class ApiProblem extends Error {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  /** Every place of the request that is wrong. */
  readonly errors: ProblemField[];
  /** For `event_not_allowed`: the events that are allowed. */
  readonly allowed: unknown;
  readonly details: Record<string, unknown>;
  readonly requestId: string | undefined;
  /** Seconds that the answer asks to wait; 0 if it does not state one. */
  readonly retryAfter: number;
  /** How many attempts were made. */
  readonly attempts: number;

  constructor(status: number, body: unknown, circumstances: Circumstances = {}) {
    const problem = isRecord(body) ? body : {};
    const detail = text(problem['detail']) || text(problem['title']);
    const code =
      text(problem['code']) ||
      (text(problem['message']) && gatewayCodes[status]) ||
      (status === 0 ? 'unreachable' : `http_${status}`);
    super(`${code}${detail ? `: ${detail}` : ''}`, { cause: circumstances.cause });
    this.name = 'ApiProblem';
    this.status = status;
    this.code = code;
    this.detail = detail;
    this.errors = Array.isArray(problem['errors']) ? problem['errors'].filter(isField) : [];
    this.allowed = problem['allowed'];
    this.details = isRecord(problem['details']) ? problem['details'] : {};
    this.requestId = text(problem['request_id']) || circumstances.requestId;
    this.retryAfter = circumstances.retryAfter ?? 0;
    this.attempts = circumstances.attempts ?? 1;
  }
}

/** What API Gateway means by what it answers itself: `{"message": "Unauthorized"}`. */
const gatewayCodes: Record<number, string> = {
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not_found',
  413: 'too_large',
  429: 'rate_limited',
  431: 'too_large',
  500: 'internal',
  503: 'unavailable',
};

/** Whether an error is a refusal with this code. */
export function hasCode(error: unknown, code: string): error is ApiProblem {
  return error instanceof ApiProblem && error.code === code;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function isField(value: unknown): value is ProblemField {
  return isRecord(value) && typeof value['location'] === 'string' && typeof value['message'] === 'string';
}
