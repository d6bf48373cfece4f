import { expect, test } from 'vitest';
import { ApiProblem } from '@/api';
import { common as german } from './de/common';
import { common as english } from './en/common';
import { reasonOf } from './reason';

// What API Gateway answers itself, and what people read of it.
test.each([
  [403, 'Forbidden', 'common.refused'],
  [404, 'Not Found', 'common.not_there'],
  [413, 'Request Entity Too Large', 'common.too_large'],
  [429, 'Too Many Requests', 'common.busy'],
  [431, 'Request Header Fields Too Large', 'common.too_large'],
  [500, 'Internal Server Error', 'common.server_failed'],
  [503, 'Service Unavailable', 'common.unreachable'],
  [504, 'Gateway Timeout', 'common.unreachable'],
  [418, "I'm a teapot", 'common.server_failed'],
] as const)('%d %s is explained in both languages', (status, message, key) => {
  const problem = new ApiProblem(status, { message });
  expect(reasonOf((k) => english[k as keyof typeof english], problem)).toBe(english[key]);
  expect(reasonOf((k) => german[k as keyof typeof german], problem)).toBe(german[key]);
});

test('a problem document explains itself', () => {
  expect(reasonOf((key) => key, new ApiProblem(429, { code: 'rate_limited', detail: 'Wait 3 seconds.' }))).toBe(
    'Wait 3 seconds.',
  );
});
