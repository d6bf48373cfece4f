import type { Key } from '@/i18n';

// A guard as people read it. Guards that are more than comparisons joined by "and", "or" and "not" are put in no words: half
// of a condition would be another condition.

/** The texts that a condition is made of. */
export type Translate = (key: Key, parameters?: Record<string, string>) => string;

type Node =
  | { kind: 'all' | 'any'; parts: Node[] }
  | { kind: 'not'; part: Node }
  | { kind: 'known'; path: string }
  | { kind: 'holds'; path: string }
  | { kind: 'compare'; path: string; operator: string; value: Literal };
type Literal = string | number | boolean | null | Literal[];

const token =
  /\s*(?:(\d+(?:\.\d+)?)|'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|([A-Za-z_][\w.]*)|(&&|\|\||==|!=|<=|>=|[<>!()[\],-]))/y;

interface Token {
  kind: 'number' | 'text' | 'name' | 'sign';
  text: string;
}

function tokens(source: string): Token[] | null {
  const found: Token[] = [];
  token.lastIndex = 0;
  while (source.slice(token.lastIndex).trim() !== '') {
    const match = token.exec(source);
    if (!match) return null;
    const [, number, single, double, name, sign] = match;
    const text = single ?? double;
    if (number !== undefined) found.push({ kind: 'number', text: number });
    else if (text !== undefined) found.push({ kind: 'text', text: text.replace(/\\(.)/g, '$1') });
    else if (name !== undefined) found.push({ kind: 'name', text: name });
    else found.push({ kind: 'sign', text: sign ?? '' });
  }
  return found;
}

class Unreadable extends Error {}

/** Reads a condition; null when it is more than can be put in words. */
export function parseCondition(source: string): Node | null {
  const list = tokens(source);
  if (!list || list.length === 0) return null;
  let at = 0;
  const is = (text: string) => list[at]?.kind !== 'text' && list[at]?.text === text;
  const take = (text: string) => {
    if (!is(text)) return false;
    at++;
    return true;
  };
  const joined = (sign: string, kind: 'all' | 'any', part: () => Node): Node => {
    const parts = [part()];
    while (take(sign)) parts.push(part());
    return parts.length === 1 && parts[0] ? parts[0] : { kind, parts };
  };
  const literal = (): Literal => {
    if (take('[')) {
      const values: Literal[] = [];
      while (!take(']')) {
        values.push(literal());
        if (!is(']') && !take(',')) throw new Unreadable();
      }
      return values;
    }
    const negative = take('-');
    const one = list[at++];
    if (one?.kind === 'number') return negative ? -Number(one.text) : Number(one.text);
    if (negative) throw new Unreadable();
    if (one?.kind === 'text') return one.text;
    if (one?.text === 'true') return true;
    if (one?.text === 'false') return false;
    if (one?.text === 'null') return null;
    throw new Unreadable();
  };
  const name = () => {
    const one = list[at++];
    if (one?.kind !== 'name' || is('(')) throw new Unreadable();
    return one.text;
  };
  const unit = (): Node => {
    if (take('!')) return { kind: 'not', part: unit() };
    if (take('(')) {
      const inside = any();
      if (!take(')')) throw new Unreadable();
      return inside;
    }
    if (is('exists') && list[at + 1]?.text === '(') {
      at += 2;
      const path = name();
      if (!take(')')) throw new Unreadable();
      return { kind: 'known', path };
    }
    const path = name();
    const operator = ['==', '!=', '<=', '>=', '<', '>', 'in'].find((sign) => take(sign));
    return operator ? { kind: 'compare', path, operator, value: literal() } : { kind: 'holds', path };
  };
  const all = (): Node => joined('&&', 'all', unit);
  const any = (): Node => joined('||', 'any', all);
  try {
    const condition = any();
    return at === list.length ? condition : null;
  } catch (error) {
    if (error instanceof Unreadable) return null;
    throw error;
  }
}

/** The texts for the values that every workflow has. */
const known: Record<string, { yes: Key; no: Key }> = {
  'documents.all_received': { yes: 'condition.all_received', no: 'condition.not_all_received' },
  'documents.all_approved': { yes: 'condition.all_approved', no: 'condition.not_all_approved' },
  'documents.any_rejected': { yes: 'condition.any_rejected', no: 'condition.none_rejected' },
  'stale.any': { yes: 'condition.any_stale', no: 'condition.none_stale' },
};

const operators: Record<string, { yes: Key; no: Key }> = {
  '==': { yes: 'condition.is', no: 'condition.is_not' },
  '!=': { yes: 'condition.is_not', no: 'condition.is' },
  '<': { yes: 'condition.less', no: 'condition.at_least' },
  '>=': { yes: 'condition.at_least', no: 'condition.less' },
  '>': { yes: 'condition.more', no: 'condition.at_most' },
  '<=': { yes: 'condition.at_most', no: 'condition.more' },
  in: { yes: 'condition.one_of', no: 'condition.none_of' },
};

function sentence(node: Node, translate: Translate, words: Words, yes = true): string {
  const inside = (part: Node) => {
    const text = sentence(part, translate, words, yes);
    return part.kind === 'all' || part.kind === 'any' ? `(${text})` : text;
  };
  switch (node.kind) {
    case 'all':
    case 'any':
      // Not (a and b) is: not a, or not b.
      return node.parts
        .map(inside)
        .join((node.kind === 'all') === yes ? translate('condition.and') : translate('condition.or'));
    case 'not':
      return sentence(node.part, translate, words, !yes);
    case 'known':
      return translate(yes ? 'condition.known' : 'condition.not_known', { field: words.place(node.path) });
    case 'holds': {
      const own = known[node.path];
      return own
        ? translate(yes ? own.yes : own.no)
        : translate('condition.is', {
            field: words.place(node.path),
            value: translate(yes ? 'condition.yes' : 'condition.no'),
          });
    }
    case 'compare': {
      const { path, operator, value } = node;
      if (typeof value === 'boolean' && (operator === '==' || operator === '!=')) {
        return sentence({ kind: 'holds', path }, translate, words, yes === ((operator === '==') === value));
      }
      const compared = operators[operator];
      const text = (one: Literal): string =>
        one === null
          ? translate('condition.nothing')
          : Array.isArray(one)
            ? one.map(text).join(', ')
            : wordsOf(one, translate, words);
      return translate(compared?.[yes ? 'yes' : 'no'] ?? 'condition.is', {
        field: words.place(path),
        value: text(value),
      });
    }
  }
}

function wordsOf(value: string | number | boolean, translate: Translate, words: Words): string {
  return typeof value === 'boolean'
    ? translate(value ? 'condition.yes' : 'condition.no')
    : typeof value === 'string'
      ? translate('condition.quoted', { value: words.value(value) })
      : String(value);
}

/** "risk.outcome" is "risk › outcome". */
export function placeInWords(path: string): string {
  return path
    .split('.')
    .map((name) => name.replaceAll('_', ' '))
    .join(' › ');
}

/** What places and values in a guard are called. */
export interface Words {
  place: (path: string) => string;
  value: (text: string) => string;
}

const plain: Words = { place: placeInWords, value: (text) => text.replaceAll('_', ' ') };

/** A guard in words, never as it is written. */
export function conditionInWords(guard: string, translate: Translate, words: Words = plain): string {
  const node = parseCondition(guard);
  return node ? sentence(node, translate, words) : translate('condition.of_workflow');
}
