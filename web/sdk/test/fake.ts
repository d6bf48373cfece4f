import { createFlow, type FlowState, type Options, rules } from '../src/index.ts';

/** Time that passes only when a test says so. */
export class VirtualClock {
  time = Date.parse('2026-06-01T12:00:00Z');
  private timers: { at: number; id: number; call: () => void }[] = [];
  private made = 0;
  now = () => this.time;
  setTimeout = (call: () => void, milliseconds: number): number => {
    const id = ++this.made;
    this.timers.push({ at: this.time + milliseconds, id, call });
    return id;
  };
  clearTimeout = (id: unknown): void => {
    this.timers = this.timers.filter((one) => one.id !== id);
  };

  /** Lets everything that is ready happen. */
  async flush(): Promise<void> {
    for (let i = 0; i < 5; i++) await new Promise((done) => setImmediate(done));
  }

  /** Goes to the next timer. False when there is none. */
  async next(): Promise<boolean> {
    await this.flush();
    const [first] = this.timers.sort((a, b) => a.at - b.at || a.id - b.id);
    if (!first) return false;
    this.timers.shift();
    this.time = Math.max(this.time, first.at);
    first.call();
    await this.flush();
    return true;
  }

  async advance(milliseconds: number): Promise<void> {
    const end = this.time + milliseconds;
    for (;;) {
      await this.flush();
      if (!this.timers.some((one) => one.at <= end)) break;
      await this.next();
    }
    this.time = end;
  }

  /** Lets time pass until a promise has settled. */
  async until<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    promise.then(
      () => (settled = true),
      () => (settled = true),
    );
    for (let step = 0; ; step++) {
      await this.flush();
      if (settled) return promise;
      if (step > 1000 || !(await this.next())) throw new Error('this never happens');
    }
  }
}

/** What happens to a request. `lost`: it is done, and its answer does not arrive. `gone`: it never arrives. `hangs`: nobody answers. */
export type Fate = 'ok' | 'lost' | 'gone' | 'hangs' | { status: number; code?: string; after?: number };

export interface Call {
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: unknown;
}

interface Document {
  id: string;
  kind: string;
  status: string;
  content_type: string;
  size: number;
}

const portable = (country: string) => ['==', ['path', 'applicant', 'country'], ['value', country]];

/** A server in memory that does what the flow API does, as far as the tests need it. */
export class FakeServer {
  readonly calls: Call[] = [];
  /** What happens to the next requests; then all are answered. */
  fates: Fate[] = [];
  token = 'one';
  version = 1;
  collects = true;
  values: Record<string, unknown> = {};
  saved = new Set<string>();
  documents: Document[] = [];
  /** How often an upload is looked at before it is noted. */
  notedAfter = 0;
  submissions = 0;
  writes: string[] = [];
  private readonly keys = new Map<string, unknown>();

  fetch = async (url: string, init: RequestInit = {}): Promise<Response> => {
    const path = url.replace('https://api.test', '');
    const call: Call = {
      method: init.method ?? 'GET',
      path,
      headers: (init.headers ?? {}) as Record<string, string>,
      body: typeof init.body === 'string' ? JSON.parse(init.body) : init.body,
    };
    this.calls.push(call);
    const fate = this.fates.shift() ?? 'ok';
    if (fate === 'hangs') {
      await new Promise((_, reject) => init.signal?.addEventListener('abort', () => reject(new Error('aborted'))));
    }
    if (fate === 'gone') throw new TypeError('failed to fetch');
    if (typeof fate === 'object') {
      return answer(fate.status, { code: fate.code ?? `http_${fate.status}`, detail: 'no' }, fate.after);
    }
    const response = this.answered(call);
    if (fate === 'lost') throw new TypeError('failed to fetch');
    return response;
  };

  private answered({ method, path, headers, body }: Call): Response {
    if (path.startsWith('https://bucket.test/')) return answer(this.received(path) ? 200 : 412, {});
    if (headers['Authorization'] !== `Bearer ${this.token}`) return answer(401, { code: 'unauthenticated' });
    if (headers['If-Match'] && headers['If-Match'] !== `"${this.version}"`) return answer(412, { code: 'stale' });
    const [route = ''] = path.split('?');
    if (method === 'PUT') return this.save(route.split('/').at(-1) ?? '', body as { values: Record<string, unknown> });
    if (method === 'GET') {
      if (this.notedAfter-- <= 0) this.note();
      return answer(200, this.state());
    }
    const key = `${route} ${headers['Idempotency-Key']}`;
    if (!this.keys.has(key)) {
      if (!this.collects) return answer(409, { code: 'not_collecting' });
      this.keys.set(key, route.endsWith('submit') ? this.submit() : this.announce(body as Document));
    }
    return answer(200, this.keys.get(key));
  }

  private save(page: string, { values, partial }: { values: Record<string, unknown>; partial?: boolean }): Response {
    if (!this.collects) return answer(409, { code: 'not_collecting' });
    if (Object.values(values).includes('wrong')) {
      const errors = Object.keys(values).map((field) => ({
        location: `body.values.${field}`,
        code: 'format',
        message: 'No.',
      }));
      return answer(422, { code: 'invalid', errors, request_id: 'req_1' });
    }
    const before = JSON.stringify([this.values, [...this.saved]]);
    this.writes.push(JSON.stringify(values));
    for (const [field, value] of Object.entries(values)) this.values[field] = value;
    if (!partial) this.saved.add(page);
    if (JSON.stringify([this.values, [...this.saved]]) !== before) this.version++;
    return answer(200, this.state());
  }

  private announce(body: Document): unknown {
    const document = {
      id: `doc_${this.documents.length + 1}`,
      kind: body.kind,
      status: 'awaiting_upload',
      content_type: body.content_type,
      size: body.size,
    };
    this.documents.push(document);
    this.version++;
    return {
      document: { ...document },
      upload: { url: `https://bucket.test/${document.id}`, method: 'PUT', headers: { 'x-sum': '1' }, expires_at: '' },
    };
  }

  private readonly bytes = new Set<string>();
  private received(path: string): boolean {
    const id = path.split('/').at(-1) ?? '';
    const fresh = !this.bytes.has(id);
    this.bytes.add(id);
    return fresh;
  }

  private note(): void {
    for (const one of this.documents) {
      if (one.status === 'awaiting_upload' && this.bytes.has(one.id)) {
        one.status = 'received';
        this.version++;
      }
    }
  }

  private submit(): unknown {
    this.submissions++;
    this.version++;
    this.collects = false;
    return this.state();
  }

  /** What somebody else does to the case meanwhile. */
  change(field: string, value: unknown): void {
    this.values[field] = value;
    this.version++;
  }

  state(): FlowState {
    const field = (name: string, more: object = {}) => ({
      type: 'text',
      field: `applicant.${name}`,
      visible: true,
      required: true,
      disabled: false,
      checks: {},
      value: this.values[`applicant.${name}`],
      faults: this.values[`applicant.${name}`] ? [] : [{ code: 'required', message: 'Please fill this in.' }],
      ...more,
    });
    const state = { visible: this.values['applicant.country'] === 'US', rules: { visible: portable('US') } };
    const elements = [
      field('given', { checks: { max_length: 5 } }),
      field('family'),
      field('country', { type: 'country' }),
      field('state', state),
      this.owners(),
    ];
    const file = this.documents.findLast((one) => one.kind === 'passport');
    const pages = [
      { id: 'about', elements },
      {
        id: 'papers',
        elements: [
          {
            type: 'document',
            document: 'passport',
            visible: true,
            required: true,
            disabled: false,
            files: [{ status: file?.status ?? 'missing', id: file?.id }],
          },
        ],
      },
      { id: 'send', elements: [{ type: 'review', visible: true, required: false, disabled: false }], event: 'SUBMIT' },
    ].map((page) => ({
      visible: true,
      open: this.collects,
      complete: this.saved.has(page.id),
      saved: this.saved.has(page.id),
      ...page,
    }));
    const next = this.collects ? { next: pages.find((page) => !page.saved)?.id ?? 'send' } : {};
    return {
      case: {
        id: 'case_1',
        workflow: { id: 'kyc', version: 1 },
        status: 'active',
        configuration: [],
        tags: [],
        version: this.version,
        next: [],
        documents: this.documents.map((one) => ({ ...one })),
      },
      flow: {
        locale: 'en',
        languages: ['en', 'de'],
        collects: this.collects,
        revision: false,
        complete: false,
        progress: { done: this.saved.size, total: 3 },
        remaining: [],
        pages,
        ...next,
      },
    } as FlowState;
  }

  private owners(): object {
    const list = (this.values['owners'] ?? []) as { name?: string; share?: number }[];
    const name = { type: 'text', field: 'name', visible: true, required: true, disabled: false, checks: {} };
    const share = {
      type: 'number',
      field: 'share',
      visible: true,
      required: false,
      disabled: false,
      checks: { max: 100 },
      rules: { visible: ['exists', ['path', 'item', 'name']] },
      validate: [{ rule: ['>', ['path', 'value'], ['value', 0]], message: 'More than nothing.' }],
    };
    const items = list.map((item, i) => [
      { ...name, field: `owners[${i}].name`, value: item.name, faults: [] },
      {
        ...share,
        rules: undefined,
        validate: undefined,
        field: `owners[${i}].share`,
        value: item.share,
        visible: Boolean(item.name),
        faults: [],
      },
    ]);
    return {
      type: 'group',
      field: 'owners',
      visible: true,
      required: false,
      disabled: false,
      checks: { max: 2 },
      elements: [name, share],
      ...(items.length > 0 ? { items } : {}),
    };
  }
}

function answer(status: number, body: unknown, after?: number): Response {
  return new Response(JSON.stringify(body), { status, headers: after ? { 'Retry-After': String(after) } : {} });
}

/** A flow on a server in memory, with time that stands still. */
export async function started(options: Partial<Options> = {}) {
  const server = new FakeServer();
  const clock = new VirtualClock();
  let keys = 0;
  const flow = createFlow({
    baseUrl: 'https://api.test/',
    getToken: () => server.token,
    rules,
    fetch: server.fetch,
    clock,
    random: () => 0,
    newKey: () => `key_${++keys}`,
    digest: async () => new Uint8Array(32),
    ...options,
  });
  await clock.flush();
  return { server, clock, flow };
}
