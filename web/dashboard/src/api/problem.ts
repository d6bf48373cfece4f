/** What is wrong at one place of a request. */
export interface ProblemField {
  location: string;
  code: string;
  message: string;
}

/** An answer of the API that says no, as problem+json; or no answer at all (status 0). */
export class ApiProblem extends Error {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly requestId: string | undefined;
  readonly errors: ProblemField[];
  readonly details: Record<string, unknown>;

  constructor(status: number, body: unknown, requestId?: string) {
    const problem = isRecord(body) ? body : {};
    const detail = text(problem['detail']) || text(problem['title']);
    super(detail || `HTTP ${status}`);
    this.name = 'ApiProblem';
    this.status = status;
    this.code = text(problem['code']) || (status === 0 ? 'unreachable' : `http_${status}`);
    this.detail = detail;
    this.requestId = text(problem['request_id']) || requestId;
    this.errors = Array.isArray(problem['errors']) ? problem['errors'].filter(isField) : [];
    this.details = isRecord(problem['details']) ? problem['details'] : {};
  }

  /** No answer came: the network or the server is away. What was asked may be asked again. */
  get unreachable(): boolean {
    return this.status === 0 || this.status === 502 || this.status === 503 || this.status === 504;
  }

  /** The session is over. */
  get signedOut(): boolean {
    return (
      this.status === 401 ||
      (this.status === 403 && this.code === 'forbidden' && this.detail === 'The credential is not accepted.')
    );
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

/** Any failure as a problem. */
export function asProblem(error: unknown): ApiProblem {
  if (error instanceof ApiProblem) return error;
  return new ApiProblem(0, { detail: error instanceof Error ? error.message : String(error) });
}
