import { expect, test } from 'vitest';
import { ApiProblem, pauseBefore, refusesCredential, repeatsBusy } from './problem';

const gateway = (status: number, message: string) =>
  new Response(JSON.stringify({ message }), { status, headers: { 'Content-Type': 'application/json' } });

// API Gateway's own answers, word for word.
test.each([
  [401, 'Unauthorized', 'unauthenticated'],
  [403, 'Forbidden', 'forbidden'],
  [404, 'Not Found', 'not_found'],
  [413, 'Request Entity Too Large', 'too_large'],
  [429, 'Too Many Requests', 'rate_limited'],
  [431, 'Request Header Fields Too Large', 'too_large'],
  [500, 'Internal Server Error', 'internal'],
  [503, 'Service Unavailable', 'unavailable'],
])('%d %s has the code %s', (status, message, code) => {
  expect(new ApiProblem(status, { message }).code).toBe(code);
});

test('a proxy that says nothing has the status as its code', () => {
  expect(new ApiProblem(503, undefined).code).toBe('http_503');
  expect(new ApiProblem(0, undefined).code).toBe('unreachable');
});

test('a refused credential ends the session, a missing permission does not', () => {
  expect(refusesCredential(gateway(401, 'Unauthorized'))).toBe(true);
  expect(refusesCredential(gateway(403, 'Forbidden'))).toBe(true);
  expect(refusesCredential(gateway(503, 'Service Unavailable'))).toBe(false);
  const missing = new Response('{"code":"forbidden"}', {
    status: 403,
    headers: { 'Content-Type': 'application/problem+json' },
  });
  expect(refusesCredential(missing)).toBe(false);
});

test('what was one too many is made again when the answer says, a few times', () => {
  const busy = new ApiProblem(429, { message: 'Too Many Requests' }, undefined, 7);
  expect(pauseBefore(0, busy)).toBe(7000);
  expect([0, 1, 2, 3].map((count) => repeatsBusy(count, busy))).toEqual([true, true, true, false]);
  expect(repeatsBusy(0, new ApiProblem(429, undefined, undefined, 3600))).toBe(false);
  expect(repeatsBusy(0, new ApiProblem(503, undefined))).toBe(false);
  const bare = new ApiProblem(429, { message: 'Too Many Requests' });
  expect([0, 1, 2].map((count) => pauseBefore(count, bare))).toEqual([1000, 2000, 4000]);
});
