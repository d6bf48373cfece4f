import { describe, expect, it } from 'vitest';
import type { Case } from '@/api';
import { append, type LiveList, merge, noRows, show } from './live';

const one = (id: string, version = 1) => ({ id, version }) as Case;
const ids = (list: LiveList) => list.rows.map((row) => row.case.id + (row.removed ? '-' : ''));

describe('a list that is held', () => {
  const list = show(['a', 'b', 'c'].map((id) => one(id)));
  it('lets new cases wait and moves nothing', () => {
    const frozen = merge(list, [one('n'), one('a'), one('b'), one('c')], true, true);
    expect(ids(frozen)).toEqual(['a', 'b', 'c']);
    expect(frozen.waiting).toBe(1);
  });
  it('keeps a case that has left where it was, and says so', () => {
    expect(ids(merge(list, [one('a'), one('c')], true, true))).toEqual(['a', 'b-', 'c']);
  });
  it('takes a case that came back as it is', () => {
    const left = merge(list, [one('a'), one('c')], true, true);
    expect(ids(merge(left, [one('a'), one('b'), one('c')], true, true))).toEqual(['a', 'b', 'c']);
  });
  it('changes rows in place', () => {
    const frozen = merge(list, [one('a', 2), one('b'), one('c')], true, true);
    expect(frozen.rows[0]?.case.version).toBe(2);
    expect(frozen.rows[1]).toBe(list.rows[1]);
  });
});

describe('a list that is free', () => {
  const list = append(show(['a', 'b', 'c'].map((id) => one(id))), [one('d'), one('e')]);
  it('shows new cases at once and keeps later pages', () => {
    expect(ids(merge(list, [one('n'), one('a'), one('b')], false, false))).toEqual(['n', 'a', 'b', 'c', 'd', 'e']);
  });
  it('drops what has left', () => {
    expect(ids(merge(list, [one('a'), one('c'), one('d')], false, false))).toEqual(['a', 'c', 'd', 'e']);
  });
  it('is what was read when there is nothing after it', () => {
    expect(ids(merge(list, [one('b')], true, false))).toEqual(['b']);
  });
  it('begins with nothing', () => {
    expect(ids(merge(noRows, [one('a')], true, false))).toEqual(['a']);
  });
});

it('shows no case twice, whatever the pages say', () => {
  expect(ids(append(show([one('a'), one('a'), one('b')]), [one('b'), one('c')]))).toEqual(['a', 'b', 'c']);
});
