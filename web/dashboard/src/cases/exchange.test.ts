import { describe, expect, it } from 'vitest';
import { leftOut, pretty } from './ExchangeDialog';

describe('bodies that a vendor was sent or answered', () => {
  it('are JSON with line breaks, or as they are', () => {
    expect(pretty('{"a":1}')).toBe('{\n  "a": 1\n}');
    expect(pretty('a=1&b=2')).toBe('a=1&b=2');
  });

  it('that are no text are known by their digest', () => {
    const digest = '0123456789abcdef'.repeat(4);
    expect(leftOut({ text: `__bytes.sha256.${digest}__` })).toBe(digest);
    for (const text of [undefined, '', digest, `__bytes.sha256.${digest}__ and more`])
      expect(leftOut({ text })).toBeUndefined();
  });
});
