import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { answer, createClient, hasCode, type Retry } from '../src/index.ts';

// Time is virtual, and so is the server: it answers in steps, and keeps what it was sent and when.

type Step = { status?: number; code?: string; retryAfter?: string; lost?: string };

function scripted(steps: Step[], retry?: Retry) {
  const sent: { at: number; key: string | null; body: string }[] = [];
  const client = createClient({
    address: 'https://api.test/base/',
    credential: () => 'secret',
    userAgent: 'shop/2.3',
    retry,
    async fetch(request) {
      sent.push({ at: Date.now(), key: request.headers.get('Idempotency-Key'), body: await request.text() });
      const { status = 200, code, retryAfter, lost } = steps.shift() ?? {};
      if (lost) throw new TypeError('fetch failed', { cause: Object.assign(new Error(lost), { code: lost }) });
      const headers = retryAfter === undefined ? undefined : { 'Retry-After': retryAfter };
      return new Response(code ? JSON.stringify({ code, status }) : '{"id":"case_1"}', { status, headers });
    },
  });
  return { client, sent };
}

type Client = ReturnType<typeof scripted>['client'];
const key = { 'Idempotency-Key': 'customer-42' };
const start = (c: Client) => answer(c.POST('/v1/cases', { params: { header: key }, body: { workflow: 'kyc' } }));
const read = (c: Client) => answer(c.GET('/v1/cases/{id}', { params: { path: { id: 'case_1' } } }));
const decide = (c: Client) =>
  answer(
    c.POST('/v1/cases/{id}/decisions', {
      params: { path: { id: 'case_1' }, header: { 'If-Match': '"1"' } },
      body: { event: 'approve' },
    }),
  );
const busy: Step = { status: 503, code: 'unavailable', retryAfter: '1' };
const limited: Step = { status: 429, code: 'rate_limited' };

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** Runs a call to its end in virtual time. */
async function settle<T>(call: Promise<T>): Promise<T | Error> {
  const settled = call.catch((error: Error) => error);
  await vi.advanceTimersByTimeAsync(120_000);
  return settled;
}

describe('what is safe is repeated under one key, and nothing else', () => {
  it.each<[string, (c: Client) => Promise<unknown>, Step[], number, string?]>([
    ['creating while unavailable', start, [busy, busy], 3],
    ['creating whose answer was lost', start, [{ lost: 'ECONNRESET' }], 2],
    ['creating that is under way', start, [{ lost: 'ECONNRESET' }, { status: 409, code: 'idempotency_in_flight' }], 3],
    ['creating too often', start, [limited], 2],
    ['reading while unavailable', read, [busy], 2],
    ['reading for ever', read, [busy, busy, busy, busy, busy], 4, 'unavailable'],
    ['deciding whose answer was lost', decide, [{ lost: 'ECONNRESET' }], 1, 'unreachable'],
    ['deciding while unavailable', decide, [busy], 1, 'unavailable'],
    ['deciding too often: nothing was done', decide, [limited], 2],
    ['deciding without a connection', decide, [{ lost: 'ECONNREFUSED' }], 2],
    ['deciding on an old version', decide, [{ status: 412, code: 'stale' }], 1, 'stale'],
    ['a conflict', start, [{ status: 409, code: 'conflict' }], 1, 'conflict'],
    ["a proxy's error", start, [{ status: 502 }], 1, 'http_502'],
    ['a redirect', read, [{ status: 302 }], 1, 'http_302'],
    ['a certificate that is not good', read, [{ lost: 'CERT_HAS_EXPIRED' }], 1, 'unreachable'],
    ['a pause that is too long', start, [{ ...limited, retryAfter: '31' }], 1, 'rate_limited'],
  ])('%s', async (_, call, steps, attempts, code) => {
    const { client, sent } = scripted([...steps]);
    const result = await settle(call(client));
    expect(sent.length).toBe(attempts);
    expect(new Set(sent.map(({ key, body }) => `${key} ${body}`)).size).toBe(1);
    if (code === undefined) expect(result).toEqual({ id: 'case_1' });
    else expect(hasCode(result, code)).toBe(true);
  });
});

it('pauses grow and respect what the server asks', async () => {
  const { client, sent } = scripted([{ status: 503 }, { status: 503, retryAfter: '7' }, { status: 503 }]);
  await settle(read(client));
  const pauses = sent.slice(1).map(({ at }, i) => at - (sent[i]?.at ?? 0));
  expect(pauses[0]).toBeGreaterThanOrEqual(125);
  expect(pauses[0]).toBeLessThanOrEqual(250);
  expect(pauses[1]).toBe(7000);
  expect(pauses[2]).toBeGreaterThanOrEqual(500);
  expect(pauses[2]).toBeLessThanOrEqual(1000);
});

it('a call that the caller takes back is not repeated', async () => {
  const { client, sent } = scripted([{ ...busy, retryAfter: '20' }]);
  const taken = new AbortController();
  setTimeout(() => taken.abort(new Error('taken back')), 1000);
  const call = client.GET('/v1/me', { signal: taken.signal });
  expect(await settle(call)).toEqual(new Error('taken back'));
  expect(sent.length).toBe(1);
});

it('parameters arrive as they were given', async () => {
  let got: Request | undefined;
  const client = createClient({
    address: 'https://api.test/base/',
    credential: () => 'secret',
    userAgent: 'shop/2.3',
    fetch: async (request) => {
      got = request;
      return Response.json({ data: [], next_cursor: null });
    },
  });
  await client.GET('/v1/cases/{id}/history', {
    params: { path: { id: 'a/b ?c' }, query: { cause: ['event', 'decision'] } },
  });
  expect(got?.url).toBe('https://api.test/base/v1/cases/a%2Fb%20%3Fc/history?cause=event&cause=decision');
  await client.GET('/v1/events', {
    params: { query: { type: ['case.completed', 'case.failed'], case: 'a&b', after: undefined } },
  });
  expect(got?.url).toBe('https://api.test/base/v1/events?type=case.completed&type=case.failed&case=a%26b');
  expect(got?.headers.get('Authorization')).toBe('Bearer secret');
  expect(got?.headers.get('User-Agent')).toBe('shop/2.3 ballerine-typescript/1');
});

it.each(['', 'api.test', 'ftp://api.test', 'https://u:p@api.test', 'https://api.test?x=1'])(
  'the address %s is refused',
  (address) => {
    expect(() => createClient({ address })).toThrow(TypeError);
  },
);
