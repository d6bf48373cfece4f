/** What is wrong at one place of a request. */
export interface ProblemField {
  location: string;
  code: string;
  message: string;
}

/** The sentence of a problem in the reader's language: of its code and of what the API states in English. */
type InWords = (code: string, stated: string) => string;

let inWords: InWords = (_, stated) => stated;

/** Sets the language of problems. */
export function describeProblems(words: InWords) {
  inWords = words;
}

/** An error of the API, as problem+json; or no answer at all (status 0). */
export class ApiProblem extends Error {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly requestId: string | undefined;
  /** Seconds that the answer asks to wait; 0: it does not state one. */
  readonly retryAfter: number;
  readonly errors: ProblemField[];
  readonly details: Record<string, unknown>;

  constructor(status: number, body: unknown, requestId?: string, retryAfter = 0) {
    const problem = isRecord(body) ? body : {};
    const stated = text(problem['detail']) || text(problem['title']);
    super(stated || `HTTP ${status}`);
    this.name = 'ApiProblem';
    this.status = status;
    this.code =
      text(problem['code']) ||
      (text(problem['message']) && gatewayCodes[status]) ||
      (status === 0 ? 'unreachable' : `http_${status}`);
    this.detail = inWords(this.code, stated);
    this.requestId = text(problem['request_id']) || requestId;
    this.retryAfter = retryAfter;
    this.errors = Array.isArray(problem['errors']) ? problem['errors'].filter(isField) : [];
    this.details = isRecord(problem['details']) ? problem['details'] : {};
  }

  /** No answer came: the network or the server is away. What was asked may be asked again. */
  get unreachable(): boolean {
    return this.status === 0 || this.status === 502 || this.status === 503 || this.status === 504;
  }

  /** The credential is missing or not good any more: the session is over. A missing permission is 403. */
  get signedOut(): boolean {
    return this.status === 401;
  }

  /** What is wrong at a place: "context.applicant.email". */
  at(location: string): string | undefined {
    return this.errors.find((error) => error.location === location || error.location === `body.${location}`)?.message;
  }
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

// What API Gateway means by what it answers itself: {"message": "Unauthorized"}.
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

/**
 * Whether an answer means that the credential is not valid: 401, or API Gateway's own 403, which is not a problem document. A missing
 * permission is the API's 403, and the session continues.
 */
export function refusesCredential(response: Response): boolean {
  if (response.status === 401) return true;
  return response.status === 403 && !response.headers.get('Content-Type')?.includes('problem+json');
}

/** How often a call that the server had no room for is made again by itself, and the longest that it waits for that, in seconds. */
const repeats = 3;
const longestWait = 60;

/** Whether a call is made again by itself: nothing was done of one that was one too many. */
export function repeatsBusy(count: number, error: unknown): boolean {
  const problem = asProblem(error);
  return problem.status === 429 && count < repeats && problem.retryAfter <= longestWait;
}

/** How long a call waits until it is made again, in milliseconds: as long as the answer asks for, else longer each time. */
export function pauseBefore(count: number, error: unknown): number {
  return asProblem(error).retryAfter * 1000 || Math.min(1000 * 2 ** count, 30_000);
}

/** Any failure as a problem. */
export function asProblem(error: unknown): ApiProblem {
  if (error instanceof ApiProblem) return error;
  return new ApiProblem(0, { detail: error instanceof Error ? error.message : String(error) });
}
