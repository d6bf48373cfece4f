import { type Answered, Caller, failure, type Request } from './call.ts';
import { Queue } from './queue.ts';
import type {
  Answers,
  Events,
  Failure,
  FlowDocument,
  FlowState,
  Options,
  PageState,
  PageView,
  Result,
  Rules,
  Snapshot,
  Upload,
  UploadProgress,
  Validation,
} from './types.ts';
import { Uploader, uploadName } from './upload.ts';
import { at, dataOf } from './values.ts';

/** An applicant's way through the pages of a case. */
export interface Flow {
  /** What there is to show now. The same object until something changes. */
  getState(): Snapshot;
  /** Calls back after each change. Answers what ends it. */
  subscribe(listener: () => void): () => void;
  on<E extends keyof Events>(event: E, listener: (detail: Events[E]) => void): () => void;
  /** Goes to a page that is shown. */
  goTo(page: string): Result<PageState>;
  /** Goes to the page before this one that is shown and open. */
  back(): Result<PageState>;
  /** What answers to a page lead to, without asking the server: what is shown, required, closed and wrong then. */
  validate(answers?: Answers, page?: string): Result<Validation>;
  /** All pages as they are with these answers, for progress. */
  pages(answers?: Answers): readonly PageView[];
  /**
   * Saves answers to a page, and continues with the next one; with `partial` answers may be missing, and the page stays. Saves are delivered in
   * their order. Without a network, or a valid token, they wait as long as the page lives; the promise does, too.
   */
  save(answers: Answers, options?: { readonly page?: string; readonly partial?: boolean }): Promise<Result<FlowState>>;
  /** Uploads a document, and waits until the server has it. */
  upload(upload: Upload): Promise<Result<FlowDocument>>;
  /** Submits, after everything was saved. What remains to be done is in `error.fields`. */
  submit(page?: string): Promise<Result<FlowState>>;
  setLocale(locale: string): Promise<Result<FlowState>>;
  /** Reads the state again, and immediately retries pending saves. */
  refresh(): Promise<Result<FlowState>>;
  /** Ends everything. What waits is cancelled. */
  destroy(): void;
}

/** Starts with reading the state. */
export function createFlow(options: Options): Flow {
  const flow = new Running(options);
  void flow.refresh();
  return flow;
}

/** How often an upload that was sent is looked for. */
const looks = 12;

/** Without rules: what the server has said last. */
const asReported: Rules = {
  pages: (state) => state.flow.pages as readonly PageView[],
  validate: (_, page) => ({ page: page as PageView, valid: true, faults: [] }),
};

class Running implements Flow {
  private snapshot: Snapshot;
  private readonly caller: Caller;
  private readonly rules: Rules;
  private readonly queue: Queue<FlowState>;
  private readonly uploader: Uploader;
  private readonly listeners = new Set<() => void>();
  private readonly handlers = new Map<string, Set<(detail: never) => void>>();
  /** Of submissions whose outcome is not known: the same call again is the same submission. */
  private readonly submissions = new Map<string, string>();
  private submitting: Promise<Result<FlowState>> | undefined;

  constructor(options: Options) {
    this.caller = new Caller(options);
    this.rules = options.rules ?? asReported;
    this.uploader = new Uploader(this.caller, options);
    this.queue = new Queue(this.caller, (saving, error) => this.delivered(saving, error));
    this.snapshot = Object.freeze<Snapshot>({
      status: 'loading',
      locale: options.locale ?? 'en',
      state: undefined,
      page: undefined,
      pageId: undefined,
      saving: 'idle',
      pending: 0,
      uploads: {},
      error: undefined,
    });
  }

  getState = (): Snapshot => this.snapshot;

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  on<E extends keyof Events>(event: E, listener: (detail: Events[E]) => void): () => void {
    const all = this.handlers.get(event) ?? new Set();
    this.handlers.set(event, all.add(listener));
    return () => all.delete(listener);
  }

  goTo(id: string): Result<PageState> {
    const page = this.snapshot.state?.flow.pages.find((one) => one.id === id && one.visible);
    if (!page) return { ok: false, error: failure('refused', 'no_page') };
    this.change({ page, pageId: id });
    return { ok: true, value: page };
  }

  back(): Result<PageState> {
    const all = this.snapshot.state?.flow.pages ?? [];
    const here = all.findIndex((one) => one.id === this.snapshot.pageId);
    const page = all.slice(0, Math.max(here, 0)).findLast((one) => one.visible && one.open);
    return this.goTo(page?.id ?? '');
  }

  validate(answers: Answers = {}, id = this.snapshot.pageId): Result<Validation> {
    const { state } = this.snapshot;
    const page = state?.flow.pages.find((one) => one.id === id);
    if (!state || !page) return { ok: false, error: failure('refused', 'no_page') };
    return { ok: true, value: this.rules.validate(state, page, answers, new Date(this.caller.clock.now())) };
  }

  pages(answers: Answers = {}): readonly PageView[] {
    const { state } = this.snapshot;
    return state ? this.rules.pages(state, answers, new Date(this.caller.clock.now())) : [];
  }

  async save(
    answers: Answers,
    options: { readonly page?: string; readonly partial?: boolean } = {},
  ): Promise<Result<FlowState>> {
    const page = options.page ?? this.snapshot.pageId;
    if (page === undefined) return this.refused(failure('refused', 'no_page'));
    const body = { values: { ...answers }, ...(options.partial ? { partial: true } : {}) };
    let before = '';
    const request = (version: number | undefined): Request => {
      before = this.answered(Object.keys(answers));
      return { method: 'PUT', path: this.path(`pages/${encodeURIComponent(page)}`), body, version };
    };
    const answer = await this.queue.add(
      () => request(this.snapshot.state?.case.version),
      async (got) => {
        // Taken over before the next save is made, which is based on it.
        if (got.ok) this.take(got.value, options.partial ? undefined : page);
        if (got.error?.kind !== 'conflict') return undefined;
        // The case has changed. An attempt without an answer may have done it; else these answers have to be as they were.
        const known = before;
        for (let failed = 1; ; failed++) {
          const read = await this.read();
          if (read.ok) break;
          if (!this.queue.waits(read.error, failed)) return undefined;
          await this.queue.pause(read.error, failed);
        }
        if (got.unsure) return request(undefined);
        return this.answered(Object.keys(answers)) === known ? request(this.snapshot.state?.case.version) : undefined;
      },
    );
    if (!answer.ok)
      return this.refused(answer.error.status === 412 ? { ...answer.error, code: 'changed' } : answer.error);
    this.emit('saved', { page, state: answer.value });
    return { ok: true, value: answer.value };
  }

  async upload(upload: Upload): Promise<Result<FlowDocument>> {
    const name = uploadName(upload.document, upload.side);
    const report = (progress: UploadProgress) => {
      this.change({ uploads: Object.freeze({ ...this.snapshot.uploads, [name]: Object.freeze(progress) }) });
      upload.onProgress?.(progress);
    };
    const sent = await this.uploader.upload(upload, report);
    const total = this.snapshot.uploads[name]?.total ?? 0;
    const fail = (error: Failure): Result<never> => {
      report({ phase: 'failed', sent: 0, total, error });
      return this.refused(error);
    };
    if (!sent.ok) return fail(sent.error);
    report({ phase: 'checking', sent: total, total });
    const document = await this.arrived(sent.value, upload.signal);
    if (!document.ok) return fail(document.error);
    report({ phase: 'done', sent: total, total });
    this.emit('uploaded', { document: document.value });
    return document;
  }

  /** Looks until the server has noted an upload. */
  private async arrived(document: FlowDocument, signal?: AbortSignal): Promise<Result<FlowDocument>> {
    for (let look = 1; ; look++) {
      const read = await this.read();
      const now = read.value?.case.documents.find((one) => one.id === document.id);
      if (now?.status === 'refused') return { ok: false, error: failure('refused', 'refused') };
      if (now && now.status !== 'awaiting_upload') return { ok: true, value: now };
      if (signal?.aborted) return { ok: false, error: failure('cancelled', 'cancelled') };
      if (!read.ok && read.error.kind !== 'offline') return read;
      // The bytes are there: the notice of them, or the next call that changes the case, finds them.
      if (look === looks) return { ok: true, value: now ?? document };
      await this.caller.sleep(this.caller.pause(Math.min(look, 4)), signal);
    }
  }

  submit(page?: string): Promise<Result<FlowState>> {
    this.submitting ??= this.submitted(page).finally(() => {
      this.submitting = undefined;
    });
    return this.submitting;
  }

  private async submitted(page?: string): Promise<Result<FlowState>> {
    this.queue.wake();
    await this.queue.settled();
    if (this.queue.length > 0) return this.refused(failure('offline', 'not_saved'));
    const path = this.path('submit');
    const name = `${path} ${page}`;
    for (let attempt = 1; ; attempt++) {
      const seen = this.seen();
      const known = this.submissions.has(name);
      const key = this.submissions.get(name) ?? this.uploader.newKey();
      this.submissions.set(name, key);
      const version = this.snapshot.state?.case.version;
      const answer = await this.caller.call<FlowState>({
        method: 'POST',
        path,
        body: page ? { page } : {},
        key,
        version,
      });
      const unsure = known || answer.unsure;
      if (answer.ok || !['offline', 'failed', 'expired', 'cancelled'].includes(answer.error.kind))
        this.submissions.delete(name);
      if (answer.ok) return this.sent(answer.value);
      if (answer.error.kind !== 'conflict' && answer.error.kind !== 'closed') return this.refused(answer.error);
      const read = await this.read();
      if (!read.ok) return this.refused(read.error);
      // An attempt whose answer was lost has submitted it.
      if (unsure && !read.value.flow.collects) return this.sent(read.value);
      // What was changed is nothing that the applicant has not seen, such as that a file has arrived.
      if (answer.error.kind === 'closed' || this.seen() !== seen || attempt === this.caller.retry.attempts) {
        return this.refused(answer.error.status === 412 ? { ...answer.error, code: 'changed' } : answer.error);
      }
    }
  }

  private sent(state: FlowState): Result<FlowState> {
    this.take(state, this.snapshot.pageId);
    this.emit('submitted', { state });
    return { ok: true, value: state };
  }

  setLocale(locale: string): Promise<Result<FlowState>> {
    this.change({ locale });
    return this.refresh();
  }

  async refresh(): Promise<Result<FlowState>> {
    const read = await this.read();
    if (read.ok) this.queue.wake();
    return read;
  }

  destroy(): void {
    this.change({ status: 'destroyed' });
    this.caller.end();
    this.queue.end();
    this.listeners.clear();
    this.handlers.clear();
  }

  private async read(): Promise<Answered<FlowState>> {
    const { locale } = this.snapshot;
    const answer = await this.caller.call<FlowState>({ method: 'GET', path: this.path('state') });
    if (!answer.ok) this.failed(answer.error);
    else if (locale === this.snapshot.locale) this.take(answer.value);
    return answer;
  }

  /** Takes over what the server has answered, unless something newer is here. `from`: the page that is done, so that the next one is shown. */
  private take(state: FlowState, from?: string): void {
    const old = this.snapshot.state;
    if (old && old.case.id === state.case.id && old.case.version > state.case.version) return;
    const { pageId } = this.snapshot;
    const stays =
      pageId !== undefined && pageId !== from && state.flow.pages.some((one) => one.id === pageId && one.visible);
    const id = stays ? pageId : state.flow.next;
    const page = state.flow.pages.find((one) => one.id === id);
    this.change({ status: 'ready', state: deepFreeze(state), page, pageId: page?.id, error: undefined });
  }

  private failed(error: Failure): void {
    if (this.snapshot.status === 'destroyed') return;
    const fresh = error.kind === 'expired' && this.snapshot.status !== 'expired';
    const status = error.kind === 'expired' ? 'expired' : this.snapshot.state ? this.snapshot.status : 'failed';
    this.change({ status, error });
    if (fresh) this.emit('expired', error);
  }

  private refused<T>(error: Failure): Result<T> {
    if (error.kind === 'expired') this.failed(error);
    if (error.kind !== 'cancelled') this.emit('refused', error);
    return { ok: false, error };
  }

  private delivered(saving: Snapshot['saving'], error?: Failure): void {
    const before = this.snapshot.saving;
    this.change({ saving, pending: this.queue.length });
    if (error?.kind === 'expired') this.failed(error);
    else if (saving === 'waiting' && before !== 'waiting' && error) this.emit('offline', error);
    if (before === 'waiting' && saving !== 'waiting') this.emit('online', undefined);
  }

  /** What some fields have, as text. */
  private answered(fields: readonly string[]): string {
    const data = this.snapshot.state ? dataOf(this.snapshot.state, {}) : {};
    return JSON.stringify(fields.map((field) => at(data, field) ?? null));
  }

  /** All that the applicant sees before they submit, as text. */
  private seen(): string {
    return JSON.stringify(
      this.snapshot.state?.flow.pages.map(({ id, visible, elements }) => [
        id,
        visible,
        elements.map((one) => [
          one.field,
          one.value,
          one.items?.map((item) => item?.map((inner) => inner.value)),
          one.files?.map((file) => file.id),
        ]),
      ]),
    );
  }

  private path(rest: string): string {
    return `/v1/flow/${rest}?locale=${encodeURIComponent(this.snapshot.locale)}`;
  }

  private change(part: Partial<Snapshot>): void {
    if (this.snapshot.status === 'destroyed') return;
    const before = this.snapshot.pageId;
    this.snapshot = Object.freeze({ ...this.snapshot, ...part });
    for (const listener of [...this.listeners]) listener();
    if (before !== this.snapshot.pageId) this.emit('page', { pageId: this.snapshot.pageId });
  }

  private emit<E extends keyof Events>(event: E, detail: Events[E]): void {
    for (const handler of [...(this.handlers.get(event) ?? [])]) (handler as (detail: Events[E]) => void)(detail);
  }
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(deepFreeze);
  }
  return value;
}
