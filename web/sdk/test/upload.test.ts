import { afterEach, expect, it, vi } from 'vitest';
import type { UploadProgress } from '../src/index.ts';
import { started } from './fake.ts';

const passport = { document: 'passport', content: new Uint8Array([1, 2, 3]), contentType: 'image/png' };

afterEach(() => vi.unstubAllGlobals());

it('a file is announced, sent without the token, and there once the server has noted it', async () => {
  const { flow, server, clock } = await started();
  server.notedAfter = 2;
  const phases: UploadProgress[] = [];
  const uploaded: string[] = [];
  flow.on('uploaded', ({ document }) => uploaded.push(document.status));
  const result = await clock.until(flow.upload({ ...passport, onProgress: (one) => phases.push(one) }));
  expect(result.value).toMatchObject({ id: 'doc_1', kind: 'passport', status: 'received' });
  expect(server.calls[1]).toMatchObject({
    method: 'POST',
    path: '/v1/flow/documents',
    headers: { 'Idempotency-Key': 'key_1' },
    body: { kind: 'passport', content_type: 'image/png', size: 3, sha256: '00'.repeat(32) },
  });
  expect(server.calls[2]).toMatchObject({
    method: 'PUT',
    path: 'https://bucket.test/doc_1',
    headers: { 'x-sum': '1' },
  });
  expect(server.calls[2]?.headers['Authorization']).toBeUndefined();
  expect(phases.map((one) => `${one.phase} ${one.sent}/${one.total}`)).toEqual([
    'preparing 0/3',
    'sending 0/3',
    'sending 3/3',
    'checking 3/3',
    'done 3/3',
  ]);
  expect(flow.getState().uploads['passport']?.phase).toBe('done');
  expect(flow.getState().state?.flow.pages[1]?.elements[0]?.files?.[0]?.status).toBe('received');
  expect(uploaded).toEqual(['received']);
});

it('an upload that is broken off is taken up again, not announced twice', async () => {
  const { flow, server, clock } = await started();
  server.fates = ['ok', 'gone', 'gone', 'gone', 'gone'];
  expect((await clock.until(flow.upload(passport))).error).toMatchObject({ kind: 'offline' });
  expect(flow.getState().uploads['passport']).toMatchObject({ phase: 'failed', error: { kind: 'offline' } });
  expect((await clock.until(flow.upload(passport))).ok).toBe(true);
  expect(server.documents.length).toBe(1);
  // The same file once more is another upload: a reviewer may have asked for it.
  expect((await clock.until(flow.upload(passport))).ok).toBe(true);
  expect(server.documents.length).toBe(2);
});

it('bytes whose answer was lost are not sent twice', async () => {
  const { flow, server, clock } = await started();
  server.fates = ['ok', 'lost'];
  expect((await clock.until(flow.upload(passport))).ok).toBe(true);
  expect(server.documents.length).toBe(1);
});

it('a link whose time is over is replaced once', async () => {
  const { flow, server, clock } = await started();
  server.fates = ['ok', { status: 403 }];
  expect((await clock.until(flow.upload(passport))).value?.id).toBe('doc_2');
  server.fates = ['ok', { status: 403 }, 'ok', { status: 403 }];
  expect((await clock.until(flow.upload(passport))).error).toMatchObject({ kind: 'refused', code: 'link' });
});

it('what is refused is said, with its reason', async () => {
  const { flow, server, clock } = await started();
  server.fates = [{ status: 422, code: 'invalid' }];
  expect((await clock.until(flow.upload(passport))).error).toMatchObject({ kind: 'refused', code: 'invalid' });
  const unreadable = {
    document: 'passport',
    content: { type: 'image/png', arrayBuffer: () => Promise.reject(new Error('gone')) },
  };
  expect((await clock.until(flow.upload(unreadable))).error).toMatchObject({ kind: 'refused', code: 'unreadable' });
  server.notedAfter = 1;
  const uploading = flow.upload(passport);
  await clock.flush();
  for (const one of server.documents) one.status = 'refused';
  expect((await clock.until(uploading)).error).toMatchObject({ kind: 'refused', code: 'refused' });
});

it('an upload can be given up', async () => {
  const { flow, server, clock } = await started();
  server.fates = ['ok', 'hangs'];
  const stop = new AbortController();
  const uploading = flow.upload({ ...passport, signal: stop.signal });
  await clock.flush();
  stop.abort();
  expect((await clock.until(uploading)).error).toMatchObject({ kind: 'cancelled', code: 'cancelled' });
});

it('a notice that is late does not keep the applicant', async () => {
  const { flow, server, clock } = await started();
  server.notedAfter = 1000;
  expect((await clock.until(flow.upload(passport))).value).toMatchObject({ id: 'doc_1', status: 'awaiting_upload' });
});

it('a browser’s own way of sending reports how far it is', async () => {
  const sent: unknown[] = [];
  class Request {
    upload: { onprogress?: (event: { loaded: number }) => void } = {};
    status = 0;
    onload?: () => void;
    onerror?: () => void;
    headers: Record<string, string> = {};
    open(method: string, url: string) {
      sent.push(method, url);
    }
    setRequestHeader(name: string, value: string) {
      this.headers[name] = value;
    }
    send(body: Uint8Array) {
      sent.push(this.headers, body.length);
      this.upload.onprogress?.({ loaded: 2 });
      this.status = 200;
      if (sent.length > 8) this.onerror?.();
      else this.onload?.();
    }
    abort() {}
  }
  const { server } = await started();
  vi.stubGlobal('XMLHttpRequest', Request);
  vi.stubGlobal('fetch', server.fetch);
  const { flow, clock } = await started({ fetch: undefined });
  await clock.flush();
  const phases: string[] = [];
  const uploading = flow.upload({ ...passport, onProgress: (one) => phases.push(`${one.phase} ${one.sent}`) });
  await clock.until(uploading);
  expect(sent.slice(0, 4)).toEqual(['PUT', 'https://bucket.test/doc_1', { 'x-sum': '1' }, 3]);
  expect(phases.slice(0, 4)).toEqual(['preparing 0', 'sending 0', 'sending 2', 'checking 3']);
});
