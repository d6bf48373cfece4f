import { parseSync } from 'vite';
import { expect, it } from 'vitest';

const sources = import.meta.glob<string>(
  ['./**/*.{ts,tsx}', '../e2e/**/*.ts', '../../client/{src,test,examples}/**/*.ts', '!../../client/src/schema.ts'],
  { query: '?raw', import: 'default', eager: true },
);

/** Words that identifiers do not contain, because a standard term exists: report, notify, input, frozen, removed, started. */
const quaint = new Set(
  `tell tells telling told say says saying said hear hears heard give gives giving gave nothing together held lies hands anew
  begun beneath beside gone whole whoever standing thing things`.split(/\s+/),
);

function wordsOf(name: string): string[] {
  return name.split(/(?=[A-Z])|_/).map((word) => word.toLowerCase());
}

interface SyntaxNode {
  type: string;
  [member: string]: unknown;
}

/** Where each kind of node has what it declares. Members of object literals are data, or declared elsewhere. */
const declaring: Record<string, readonly string[]> = {
  VariableDeclarator: ['id'],
  FunctionDeclaration: ['id', 'params'],
  FunctionExpression: ['id', 'params'],
  ArrowFunctionExpression: ['params'],
  CatchClause: ['param'],
  ClassDeclaration: ['id'],
  PropertyDefinition: ['key'],
  MethodDefinition: ['key'],
  ImportSpecifier: ['local'],
  ImportDefaultSpecifier: ['local'],
  ImportNamespaceSpecifier: ['local'],
  JSXAttribute: ['name'],
  TSInterfaceDeclaration: ['id'],
  TSTypeAliasDeclaration: ['id'],
  TSTypeParameter: ['name'],
  TSPropertySignature: ['key'],
  TSMethodSignature: ['key', 'params'],
  TSFunctionType: ['params'],
  TSEnumDeclaration: ['id'],
  TSEnumMember: ['id'],
};

const isNode = (value: unknown): value is SyntaxNode => value !== null && typeof value === 'object' && 'type' in value;

/** The names that a pattern binds: of a plain name itself, of a destructuring all within. */
function bound(pattern: unknown): string[] {
  if (Array.isArray(pattern)) return pattern.flatMap(bound);
  if (!isNode(pattern)) return [];
  if (pattern.type === 'Identifier' || pattern.type === 'JSXIdentifier') return [String(pattern['name'])];
  const inside: Record<string, string> = {
    ObjectPattern: 'properties',
    ArrayPattern: 'elements',
    Property: 'value',
    RestElement: 'argument',
    AssignmentPattern: 'left',
    TSParameterProperty: 'parameter',
  };
  const member = inside[pattern.type];
  return member ? bound(pattern[member]) : [];
}

/** The names that a file declares, of variables, functions, parameters, types and members. */
function declared(text: string, file = 'file.tsx'): string[] {
  const { program, errors } = parseSync(file, text);
  expect(errors).toEqual([]);
  const names: string[] = [];
  const visit = (value: unknown) => {
    if (Array.isArray(value)) value.forEach(visit);
    if (!isNode(value)) return;
    for (const member of declaring[value.type] ?? []) names.push(...bound(value[member]));
    Object.values(value).forEach(visit);
  };
  visit(program);
  return names;
}

function quaintNames(text: string, file?: string): string[] {
  return declared(text, file).filter((name) => wordsOf(name).some((word) => quaint.has(word)));
}

it('finds identifiers with words that have a standard term', () => {
  const text = 'const told = 1; function sayIt(one: { wasHeld: boolean }) { return one.wasHeld ? told : 2; }';
  expect(quaintNames(text)).toEqual(['told', 'sayIt', 'wasHeld']);
});

it('finds what is declared, wherever that is', () => {
  const text = `import { a as b } from 'x';
    interface Card { front: string; turn(by: number): void }
    type Deck<Kind> = { cards: Kind[] };
    class Table { legs = 4; move(to: string) {} }
    const { c: d, ...rest } = data, [first = 1] = list;
    const f = async (g: (h: string) => void) => { try { use({ data: 1 }) } catch (error) {} };
    function Row({ width }: { width: number }) { return <Cell span={width} />; }`;
  expect(declared(text).sort()).toEqual(
    'b Card front turn by Deck Kind cards Table legs move to d rest first f g h error Row width width span'
      .split(' ')
      .sort(),
  );
});

it('names nothing with words that have a standard term', () => {
  expect(Object.keys(sources).length).toBeGreaterThan(150);
  const found = Object.entries(sources).flatMap(([file, text]) =>
    quaintNames(text, file).map((name) => `${file}: ${name}`),
  );
  expect(found).toEqual([]);
});

/** Phrases that comments do not use, because a standard term exists: see the end of the glossary in CONTRIBUTING.md. */
const unidiomatic =
  /\b(told|tells|heard|loudly|held against|says whether|is there and cannot|anew|goes on|in silence|put right|(came|comes?|becomes?|became) of (it|that|an?|the))\b/gi;

/** The comments of a file. Addresses of the web in literals look like some, and do no harm. */
function comments(text: string): string[] {
  return text.match(/\/\*[\s\S]*?\*\/|\/\/.*$/gm) ?? [];
}

it('uses standard terms in comments', () => {
  const found = Object.entries(sources).flatMap(([file, text]) =>
    file.endsWith('names.test.ts')
      ? []
      : comments(text).flatMap((comment) => (comment.match(unidiomatic) ?? []).map((phrase) => `${file}: ${phrase}`)),
  );
  expect(found).toEqual([]);
});

it('finds the phrases that comments do not use', () => {
  const text = "const a = 'told'; // It goes on\n/** Retold, and\n * told. */";
  expect(comments(text).flatMap((comment) => comment.match(unidiomatic) ?? [])).toEqual(['goes on', 'told']);
});
