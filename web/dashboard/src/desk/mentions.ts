import type { User } from '@/api';

// Notes name people as "@Name". Which of them are meant is found by their names, the longest first.

export type Part = { text: string; kind: 'text' | 'mention' } | { text: string; kind: 'link'; href: string };

const address = /https?:\/\/[^\s<>"'`]+/g;

/** The word that is being written after an @, up to the caret; null: none. */
export function mentionAt(text: string, caret: number): { from: number; query: string } | null {
  const found = /(?:^|[\s(])@([\p{L}\p{M}\d.'’-]*(?: [\p{L}\p{M}\d.'’-]*)?)$/u.exec(text.slice(0, caret));
  if (!found) return null;
  return { from: caret - (found[1] ?? '').length - 1, query: found[1] ?? '' };
}

/** The people whose name, or a word of it, begins with what was written. */
export function matching(people: readonly User[], query: string, most = 6): User[] {
  const wanted = query.toLocaleLowerCase();
  return people
    .filter(({ name }) => {
      const lower = name.toLocaleLowerCase();
      return lower !== '' && (lower.startsWith(wanted) || lower.split(' ').some((word) => word.startsWith(wanted)));
    })
    .slice(0, most);
}

function pieces(text: string, people: readonly User[]): { at: number; user: User }[] {
  const byLength = [...people].filter(({ name }) => name !== '').sort((a, b) => b.name.length - a.name.length);
  const found: { at: number; user: User }[] = [];
  for (let at = text.indexOf('@'); at >= 0; at = text.indexOf('@', at + 1)) {
    const rest = text.slice(at + 1);
    const user = byLength.find(({ name }) => rest.startsWith(name) && !/^[\p{L}\d]/u.test(rest.slice(name.length)));
    if (user) found.push({ at, user });
  }
  return found;
}

/** The ids of the people whom a text names: of several with the same name, all. */
export function mentionsIn(text: string, people: readonly User[]): string[] {
  const names = new Set(pieces(text, people).map(({ user }) => user.name));
  return people.filter(({ name }) => names.has(name)).map(({ id }) => id);
}

/** Only addresses of the web become links: whatever else looks like one stays text. */
function linkOf(text: string): string | null {
  try {
    const url = new URL(text);
    return url.protocol === 'https:' || url.protocol === 'http:' ? url.href : null;
  } catch {
    return null;
  }
}

/** A note in parts: its text, whom it names, and links. */
export function partsOf(text: string, mentioned: readonly User[]): Part[] {
  const marks: { from: number; to: number; part: Part }[] = [];
  for (const { index, 0: match } of text.matchAll(address)) {
    const shown = match.replace(/[.,;:!?)\]}]+$/, '');
    const href = linkOf(shown);
    if (href) marks.push({ from: index, to: index + shown.length, part: { kind: 'link', text: shown, href } });
  }
  for (const { at, user } of pieces(text, mentioned)) {
    if (marks.some((mark) => at >= mark.from && at < mark.to)) continue;
    marks.push({ from: at, to: at + 1 + user.name.length, part: { kind: 'mention', text: `@${user.name}` } });
  }
  const parts: Part[] = [];
  let last = 0;
  for (const mark of marks.sort((a, b) => a.from - b.from)) {
    if (mark.from > last) parts.push({ kind: 'text', text: text.slice(last, mark.from) });
    parts.push(mark.part);
    last = mark.to;
  }
  if (last < text.length) parts.push({ kind: 'text', text: text.slice(last) });
  return parts;
}
