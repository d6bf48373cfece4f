import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { evaluate, type Rule } from '../src/index.ts';

interface Vector {
  readonly rule: Rule;
  readonly data: Record<string, unknown>;
  readonly now: string;
  readonly truth: 'true' | 'false' | 'unknown';
  readonly server?: boolean;
}

// What the server says of the same rules: internal/expr/portable_test.go writes and checks them.
const vectors: Vector[] = JSON.parse(
  readFileSync(new URL('../../../internal/expr/testdata/portable.json', import.meta.url), 'utf8'),
);

test('rules say here what they say on the server', () => {
  const left = vectors.filter((v) => evaluate(v.rule, v.data, new Date(v.now)) === 'server');
  const different = vectors.filter((v) => !left.includes(v) && evaluate(v.rule, v.data, new Date(v.now)) !== v.truth);
  expect(different).toEqual([]);
  expect(left.filter((v) => !v.server)).toEqual([]);
  expect(left.length).toBeLessThan(vectors.length / 20);
  expect(vectors.length).toBeGreaterThan(1000);
});

test('what is no rule is left to the server', () => {
  for (const rule of [
    [],
    ['power', 1],
    ['call', 'lower', ['value', 'x']],
    ['not', 3],
    ['match', ['value', 'x'], '('],
  ]) {
    expect(evaluate(rule, {}, new Date()), JSON.stringify(rule)).toBe('server');
  }
});

test('names of objects that JavaScript has by itself are not there', () => {
  expect(evaluate(['exists', ['path', 'constructor']], {}, new Date())).toBe('false');
  expect(evaluate(['exists', ['path', 'a', '__proto__']], { a: {} }, new Date())).toBe('false');
});
