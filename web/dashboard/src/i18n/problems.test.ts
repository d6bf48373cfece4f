import { readFileSync } from 'node:fs';
import { afterEach, expect, it } from 'vitest';
import { ApiProblem, describeProblems } from '@/api/problem';
import { problems } from './de/problems';

afterEach(() => describeProblems((_, stated) => stated));

it('has German texts for all codes of problems', () => {
  const source = readFileSync('../../internal/problem/problem.go', 'utf8');
  const codes = [...source.matchAll(/Code\s+= "(\w+)"/g)].map((match) => match[1] ?? '');
  expect(codes.length).toBeGreaterThan(30);
  expect(Object.keys(problems).sort()).toEqual([...codes, 'unreachable'].sort());
});

it('describes problems in the language of the dashboard, by their codes', () => {
  describeProblems((code, stated) => problems[code] ?? `${stated} (Originaltext)`);
  expect(new ApiProblem(409, { code: 'case_closed', detail: 'The case has ended.' }).detail).toBe(
    'Der Fall ist abgeschlossen.',
  );
  expect(new ApiProblem(418, { code: 'new_code', detail: 'A newer server.' }).detail).toBe(
    'A newer server. (Originaltext)',
  );
});
