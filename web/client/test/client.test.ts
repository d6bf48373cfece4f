import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { afterEach, describe, expect, it } from 'vitest';
import {
  ApiProblem,
  answer,
  awaitsReview,
  createClient,
  each,
  SignatureError,
  uploadDocument,
  verifyWebhook,
  waitForCase,
} from '../src/index.ts';

let server: Server | undefined;
afterEach(() => server?.close());

/** A client of a server on this machine. */
async function local(handle: (request: IncomingMessage, body: string, response: ServerResponse) => void) {
  const listening = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    handle(request, body, response);
  });
  server = listening;
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  const address = `http://127.0.0.1:${(listening.address() as AddressInfo).port}`;
  return { address, client: createClient({ address, credential: 'key' }) };
}

const json = (response: ServerResponse, status: number, body: unknown) =>
  response.writeHead(status).end(JSON.stringify(body));

it('a refusal is thrown with its code, its places and its request', async () => {
  const { client } = await local((_, __, response) =>
    json(response, 422, {
      code: 'invalid',
      detail: 'The input has problems.',
      request_id: 'req_1',
      errors: [{ location: 'body.workflow', code: 'required', message: 'this is required' }],
    }),
  );
  const error = await answer(client.GET('/v1/me')).catch((error: unknown) => error);
  expect(error).toBeInstanceOf(ApiProblem);
  expect(error).toMatchObject({ status: 422, code: 'invalid', requestId: 'req_1', attempts: 1 });
  expect((error as ApiProblem).errors[0]?.location).toBe('body.workflow');
});

it('a list is read page by page, and no further than it is needed', async () => {
  const asked: string[] = [];
  const { client } = await local((request, _, response) => {
    asked.push(request.url ?? '');
    const at = Number(new URL(request.url ?? '', 'http://x').searchParams.get('cursor') ?? 0);
    json(response, 200, { data: at === 1 ? [] : [{ id: `case_${at}` }], next_cursor: at < 2 ? String(at + 1) : null });
  });
  const list = () =>
    each((cursor) => answer(client.GET('/v1/cases', { params: { query: { status: 'active', cursor } } })));
  const ids: string[] = [];
  for await (const one of list()) ids.push(one.id);
  expect(ids).toEqual(['case_0', 'case_2']);
  expect(asked).toEqual([
    '/v1/cases?status=active',
    '/v1/cases?status=active&cursor=1',
    '/v1/cases?status=active&cursor=2',
  ]);
  for await (const _ of list()) break;
  expect(asked.length).toBe(4);
});

it('a list that does not advance is an error', async () => {
  const read = each(async () => ({ data: [1], next_cursor: 'same' }));
  await expect(async () => {
    for await (const _ of read);
  }).rejects.toThrow('does not advance');
});

it('a document is announced with its digest, and sent without the credential', async () => {
  const seen: { url?: string; authorization?: string; body: string }[] = [];
  const { client, address } = await local((request, body, response) => {
    seen.push({ url: request.url, authorization: request.headers.authorization, body });
    if (request.method === 'PUT')
      response.writeHead(412).end(); // the bytes are there already
    else
      json(response, 201, {
        document: { id: 'doc_1' },
        upload: { url: `${address}/bucket/1`, method: 'PUT', headers: { 'X-Sum': '1' } },
      });
  });
  const content = new TextEncoder().encode('hello');
  const document = await uploadDocument(client, 'case_1', { kind: 'passport', contentType: 'image/png', content });
  expect(document.id).toBe('doc_1');
  expect(JSON.parse(seen[0]?.body ?? '')).toEqual({
    kind: 'passport',
    content_type: 'image/png',
    size: 5,
    sha256: '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824',
  });
  expect(seen[1]).toEqual({ url: '/bucket/1', authorization: undefined, body: 'hello' });
});

it('waiting ends when the case is as wanted, or with its signal', async () => {
  let looks = 0;
  const { client } = await local((_, __, response) => {
    looks++;
    json(response, 200, { status: 'active', tags: looks > 1 ? ['manual_review'] : [] });
  });
  await waitForCase(client, 'case_1', awaitsReview, AbortSignal.timeout(5000));
  expect(looks).toBe(2);
  await expect(waitForCase(client, 'case_1', () => false, AbortSignal.timeout(50))).rejects.toThrow(/timeout/);
});

describe('a webhook', () => {
  const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
  const body = JSON.stringify({
    id: 'evt_1',
    type: 'case.completed',
    data: { case: 'case_1', outcome: 'approved', version: 9 },
  });
  const signed = (at = new Date()) => ({
    'Webhook-Id': 'evt_1',
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': new Webhook(secret).sign('evt_1', at, body),
  });

  it('becomes an event whose type tells its data', () => {
    const event = verifyWebhook(['whsec_AAAA', secret], new TextEncoder().encode(body), signed());
    expect(event.type === 'case.completed' && event.data.outcome).toBe('approved'); // compiles: outcome is of this type
    expect(verifyWebhook(secret, body, new Headers(signed())).id).toBe('evt_1');
  });

  it('that is not ours is refused', () => {
    const refused: [string | string[], string, Record<string, string>][] = [
      ['whsec_AAAA', body, signed()],
      [[], body, signed()],
      [secret, `${body} `, signed()],
      [secret, body, signed(new Date(Date.now() - 360_000))],
      [secret, body, {}],
    ];
    for (const [secrets, text, headers] of refused) {
      expect(() => verifyWebhook(secrets, text, headers)).toThrow(SignatureError);
    }
  });
});
