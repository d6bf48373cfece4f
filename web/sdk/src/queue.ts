import { type Answered, type Caller, failure, isPassing, type Request } from './call.ts';
import type { Failure } from './types.ts';

export type Delivery = 'idle' | 'saving' | 'waiting';

interface Waiting<T> {
  readonly request: () => Request;
  /** Looks at an answer: another request takes the place of the one that was answered. */
  readonly judge: (answer: Answered<T>) => Promise<Request | undefined>;
  readonly settle: (answer: Answered<T>) => void;
}

/**
 * Delivers calls in the order in which they came, one at a time, and each until it has an answer: the network may be gone, or the token
 * expired. Nothing is left out or made twice, for the calls are those that do nothing twice.
 */
export class Queue<T> {
  state: Delivery = 'idle';
  private readonly caller: Caller;
  private readonly report: (state: Delivery, error?: Failure) => void;
  private readonly waiting: Waiting<T>[] = [];
  private pausing = new AbortController();
  private running = false;
  private ended = false;
  private idle: (() => void)[] = [];

  constructor(caller: Caller, report: (state: Delivery, error?: Failure) => void) {
    this.caller = caller;
    this.report = report;
  }

  get length(): number {
    return this.waiting.length;
  }

  /** Adds a call. `request` is made when its turn comes: it may depend on what was answered before. */
  add(request: Waiting<T>['request'], judge: Waiting<T>['judge']): Promise<Answered<T>> {
    return new Promise((settle) => {
      this.waiting.push({ request, judge, settle });
      if (this.ended) this.end();
      else if (!this.running) void this.run();
      else this.report(this.state);
    });
  }

  /** Tries at once what waits for the network or a token. */
  wake(): void {
    this.pausing.abort();
  }

  /** When nothing is being delivered: everything was, or it waits. */
  async settled(): Promise<void> {
    while (this.waiting.length > 0 && this.state !== 'waiting') await new Promise<void>((done) => this.idle.push(done));
  }

  /** Ends every call that waits. */
  end(): void {
    this.ended = true;
    this.wake();
    for (const one of this.waiting.splice(0)) {
      one.settle({ ok: false, error: failure('cancelled', 'destroyed'), unsure: true });
    }
    this.change('idle');
  }

  private change(state: Delivery, error?: Failure): void {
    this.state = state;
    this.report(state, error);
    if (state !== 'saving') for (const done of this.idle.splice(0)) done();
  }

  private async run(): Promise<void> {
    this.running = true;
    for (let one = this.waiting[0]; one; one = this.waiting[0]) {
      const answer = await this.deliver(one);
      if (this.ended) break;
      this.waiting.shift();
      one.settle(answer);
      if (this.waiting.length > 0) this.report(this.state);
    }
    this.running = false;
    if (!this.ended) this.change('idle');
  }

  private async deliver(one: Waiting<T>): Promise<Answered<T>> {
    let request = one.request();
    let unsure = false;
    for (let failed = 0; ; ) {
      if (this.state === 'idle') this.change('saving');
      const answer = { ...(await this.caller.once<T>(request)) };
      unsure ||= answer.unsure;
      answer.unsure = unsure;
      if (this.ended) return answer;
      if (!answer.ok && this.waits(answer.error, ++failed)) {
        await this.pause(answer.error, failed, answer.after);
        continue;
      }
      if (this.state === 'waiting') this.change('saving');
      const next = await one.judge(answer);
      if (!next) return answer;
      request = next;
    }
  }

  /** Without an answer or a token a call waits as long as it takes; what the server fails at is repeated up to the bound. */
  waits(error: Failure, failed: number): boolean {
    return (
      error.kind === 'expired' || error.kind === 'offline' || (isPassing(error) && failed < this.caller.retry.attempts)
    );
  }

  /** Waits until it is time to try again, or for wake(). */
  async pause(error: Failure, failed: number, asked?: number): Promise<void> {
    this.pausing = new AbortController();
    const expired = error.kind === 'expired';
    if (error.kind !== 'failed') this.change('waiting', error);
    // A token is not asked for again and again: refresh() does, once there is another one.
    await this.caller.sleep(
      expired ? 2 ** 31 - 1 : this.caller.pause(Math.min(failed, 20), asked),
      this.pausing.signal,
    );
  }
}
