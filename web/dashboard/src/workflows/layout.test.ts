import { describe, expect, it } from 'vitest';
import { crossings, layout, linesOf, roomOf } from './layout';

const p = (x: number, y: number) => ({ x, y });

describe('a drawn workflow', () => {
  it('counts where ways cross, and not where they meet', () => {
    expect(crossings([{ points: [p(0, 0), p(10, 10)] }, { points: [p(0, 10), p(10, 0)] }])).toBe(1);
    expect(crossings([{ points: [p(0, 0), p(10, 10)] }, { points: [p(0, 0), p(10, 0)] }])).toBe(0);
    expect(crossings([{ points: [p(0, 0), p(5, 5), p(10, 0)] }, { points: [p(0, 3), p(10, 3)] }])).toBe(2);
  });

  it('has no crossing where none is needed, and no state on another', () => {
    const link = (from: string, to: string) => ({ from, to, width: 90, height: 18 });
    const states = ['collect', 'screen', 'review', 'escalated', 'approved', 'rejected', 'expired'];
    const drawn = layout(states, [
      link('collect', 'screen'),
      link('collect', 'expired'),
      link('screen', 'review'),
      link('review', 'approved'),
      link('review', 'rejected'),
    ]);
    expect(drawn.crossings).toBe(0);
    const places = [...drawn.states.values()];
    for (const [n, a] of places.entries()) {
      for (const b of places.slice(n + 1)) expect(Math.abs(a.x - b.x) >= 184 || Math.abs(a.y - b.y) >= 56).toBe(true);
    }
    expect(drawn.ways).toHaveLength(5);
  });
});

it('breaks long names of ways between words, and makes room for each line', () => {
  expect(linesOf('Genehmigen / Trotz unvollständiger Prüfungen genehmigen')).toEqual([
    'Genehmigen / Trotz',
    'unvollständiger',
    'Prüfungen genehmigen',
  ]);
  expect(linesOf('Ablehnen')).toEqual(['Ablehnen']);
  expect(roomOf(['Ablehnen', 'x'])).toEqual({ width: 8 * 6.5 + 12, height: 34 });
});
