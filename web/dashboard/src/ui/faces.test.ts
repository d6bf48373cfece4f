import { describe, expect, it } from 'vitest';
import { facesOf, initials } from './faces';

describe('faces', () => {
  it('has no two people with the same letters or the same colour', () => {
    const names = [
      'Rita Reviewer',
      'Robin Reviewer',
      'Ada Admin',
      'Otto Auditor',
      'Ronja Räuber',
      'R R',
      'Li',
      '王 小明',
    ];
    const faces = [...facesOf(names).values()];
    expect(new Set(faces.map((one) => one.letters)).size).toBe(names.length);
    expect(new Set(faces.map((one) => one.hue)).size).toBe(names.length);
    const apart = faces.flatMap((a, n) => faces.slice(n + 1).map((b) => Math.abs(a.hue - b.hue)));
    expect(Math.min(...apart.map((angle) => Math.min(angle, 360 - angle)))).toBeGreaterThan(15);
  });
  it('does not depend on the order in which people are known', () => {
    const names = ['Rita Reviewer', 'Robin Reviewer', 'Ada Admin'];
    expect(facesOf([...names].reverse())).toEqual(facesOf(names));
  });
  it('shortens names of any script', () => {
    expect(['Ada Lovelace', 'Cher', '王 小明', '', '  Ada  B  Clark '].map(initials)).toEqual([
      'AL',
      'C',
      '王小',
      '?',
      'AC',
    ]);
  });
});
