import { expect, it } from 'vitest';
import { cx } from './cx';

it.each<[(string | false | null | undefined)[], string]>([
  [
    ['bg-surface text-ink border-line-strong', 'border-success bg-success-soft text-success'],
    'border-success bg-success-soft text-success',
  ],
  [['text-sm text-muted', 'text-ink'], 'text-sm text-ink'],
  [['enabled:hover:bg-hover', 'enabled:hover:bg-success-soft'], 'enabled:hover:bg-success-soft'],
  [['border border-line', 'border-t-4'], 'border border-line border-t-4'],
  [['h-8 px-3', false, null, undefined, 'h-7'], 'px-3 h-7'],
  [['no-print sr-text animate-appear shadow-pop'], 'no-print sr-text animate-appear shadow-pop'],
])('joins %j', (names, want) => {
  expect(cx(...names)).toBe(want);
});
