import { type Caller, failure } from './call.ts';
import type { components } from './schema.ts';
import type { Failure, FlowDocument, Options, Result, Sender, Upload, UploadProgress } from './types.ts';

type Announced = components['schemas']['AnnouncedFlowDocument'];
type Bytes = Uint8Array<ArrayBuffer>;

/** What an upload is called among others: passport, passport/front. */
export const uploadName = (document: string, side?: string) => (side ? `${document}/${side}` : document);

/** Announces documents and sends their bytes. What was announced is used again for the same bytes, as long as its link is valid. */
export class Uploader {
  private readonly caller: Caller;
  private readonly options: Options;
  private readonly keys = new Map<string, string>();

  constructor(caller: Caller, options: Options) {
    this.caller = caller;
    this.options = options;
  }

  async upload(upload: Upload, report: (progress: UploadProgress) => void): Promise<Result<FlowDocument>> {
    let bytes: Bytes;
    try {
      const { content } = upload;
      bytes = content instanceof Uint8Array ? content : new Uint8Array(await content.arrayBuffer());
    } catch {
      return { ok: false, error: failure('refused', 'unreadable') };
    }
    report({ phase: 'preparing', sent: 0, total: bytes.length });
    const digest = hex(new Uint8Array(await this.digest(bytes)));
    const contentType = upload.contentType ?? (upload.content instanceof Uint8Array ? '' : upload.content.type);
    const body = {
      kind: upload.document,
      ...(upload.side ? { side: upload.side } : {}),
      content_type: contentType,
      size: bytes.length,
      sha256: digest,
      ...(upload.properties ? { properties: upload.properties } : {}),
    };
    const same = JSON.stringify(body);
    for (let attempt = 1; ; attempt++) {
      const announced = await this.announce(same, body, upload.signal);
      if (!announced.ok) return announced;
      const error = await this.send(announced.value, bytes, upload, report);
      // What has arrived, or was refused, is not taken up again: the same file after that is another upload.
      if (!error || error.kind === 'refused') this.keys.delete(same);
      if (!error) return { ok: true, value: announced.value.document };
      // A link whose time is over: once more with a new one.
      if (error.code !== 'link' || attempt > 1) return { ok: false, error };
    }
  }

  private async announce(same: string, body: unknown, signal?: AbortSignal): Promise<Result<Announced>> {
    const key = this.keys.get(same) ?? this.newKey();
    this.keys.set(same, key);
    const answer = await this.caller.call<Announced>({ method: 'POST', path: '/v1/flow/documents', body, key, signal });
    if (!answer.ok && !answer.unsure) this.keys.delete(same);
    return answer;
  }

  private async send(
    announced: Announced,
    bytes: Bytes,
    upload: Upload,
    report: (progress: UploadProgress) => void,
  ): Promise<Failure | undefined> {
    const { url, method, headers } = announced.upload;
    const total = bytes.length;
    let error = failure('offline', 'unreachable');
    for (let attempt = 1; attempt <= this.caller.retry.attempts; attempt++) {
      if (attempt > 1) await this.caller.sleep(this.caller.pause(attempt - 1), upload.signal);
      report({ phase: 'sending', sent: 0, total });
      const sender = this.options.send ?? senderOf(this.options);
      const answer = await this.caller.bounded<{ status: number } | Failure>(
        upload.signal,
        (signal) =>
          sender(url, { method, headers, body: bytes, signal }, (sent) => report({ phase: 'sending', sent, total })),
        (failed) => failed,
        2 ** 31 - 1,
      );
      if ('kind' in answer) error = answer;
      // 412: they are there, from an attempt whose answer was lost. The link takes exactly these bytes, once.
      else if (answer.status < 300 || answer.status === 412) return undefined;
      else if (answer.status >= 500) error = failure('failed', `http_${answer.status}`, { status: answer.status });
      else
        return failure('refused', answer.status === 403 ? 'link' : `http_${answer.status}`, { status: answer.status });
      if (error.kind === 'cancelled') return error;
    }
    return error;
  }

  private digest(bytes: Bytes): Promise<ArrayBuffer | Uint8Array> {
    return this.options.digest?.(bytes) ?? crypto.subtle.digest('SHA-256', bytes);
  }

  newKey(): string {
    return this.options.newKey?.() ?? crypto.randomUUID();
  }
}

const hex = (bytes: Uint8Array) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

/** XMLHttpRequest, as far as it is needed: browsers and React Native have it. */
interface XHR {
  upload: { onprogress: ((event: { loaded: number }) => void) | null };
  status: number;
  onload: (() => void) | null;
  onerror: (() => void) | null;
  onabort: (() => void) | null;
  open(method: string, url: string): void;
  setRequestHeader(name: string, value: string): void;
  send(body: Uint8Array): void;
  abort(): void;
}

function senderOf(options: Options): Sender {
  const XMLHttpRequest = (globalThis as { XMLHttpRequest?: new () => XHR }).XMLHttpRequest;
  if (!options.fetch && XMLHttpRequest) return withProgress(XMLHttpRequest);
  return async (url, { method, headers, body, signal }, onSent) => {
    const response = await (options.fetch ?? globalThis.fetch)(url, {
      method,
      headers,
      body,
      signal,
      credentials: 'omit',
    });
    onSent(body.length);
    return { status: response.status };
  };
}

const withProgress =
  (Request: new () => XHR): Sender =>
  (url, { method, headers, body, signal }, onSent) =>
    new Promise((resolve, reject) => {
      const request = new Request();
      const failed = () => reject(new Error('no answer'));
      request.open(method, url);
      // Browsers write the length themselves and refuse others to.
      for (const [name, value] of Object.entries(headers))
        if (!/^(host|content-length)$/i.test(name)) request.setRequestHeader(name, value);
      request.upload.onprogress = ({ loaded }) => onSent(loaded);
      request.onload = () => resolve({ status: request.status });
      request.onerror = failed;
      request.onabort = failed;
      signal.addEventListener('abort', () => request.abort(), { once: true });
      request.send(body);
    });
