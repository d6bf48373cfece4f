import type { ProposedDocument } from '@/api';

type Hunk = NonNullable<ProposedDocument['diff']>['hunks'][number];

/** A line of a difference, with its numbers in the old and in the new text. */
export interface Line {
  kind: 'same' | 'added' | 'removed' | 'note';
  text: string;
  before: number | null;
  after: number | null;
}

/** The lines of a hunk, each with its place. */
export function linesOf(hunk: Hunk): Line[] {
  let before = hunk.old_start;
  let after = hunk.new_start;
  return hunk.lines.map((line) => {
    const text = line.slice(1);
    switch (line[0]) {
      case '+':
        return { kind: 'added', text, before: null, after: after++ };
      case '-':
        return { kind: 'removed', text, before: before++, after: null };
      case '\\':
        return { kind: 'note', text: text.trim(), before: null, after: null };
      default:
        return { kind: 'same', text, before: before++, after: after++ };
    }
  });
}
