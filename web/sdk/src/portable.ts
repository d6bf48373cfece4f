/**
 * Evaluates the portable rules of a flow (see docs/flows.md) as the server does: true, false or unknown. The server decides; this says
 * what it will say, before its answer comes.
 */

/** A rule as `GET /v1/flow/state` gives it: `["op", argument, …]`. */
export type Rule = readonly unknown[];

/** What a rule says. `server`: only the server can say it, as for dates with a time. */
export type Truth = 'true' | 'false' | 'unknown' | 'server';

/** Data that rules read: answers by name, `item` and `index` within a group, `value` in a validator. */
export type Data = Readonly<Record<string, unknown>>;

/** evaluate reports whether a rule holds. It never throws, whatever rule or data are. */
export function evaluate(rule: Rule, data: Data, now: Date): Truth {
  try {
    const truth = truthOf(value(rule, { data, now }));
    return truth === undefined ? 'unknown' : truth ? 'true' : 'false';
  } catch (error) {
    if (error instanceof ServerOnly || error instanceof RangeError || error instanceof SyntaxError) return 'server';
    throw error;
  }
}

class ServerOnly extends Error {}

/** What cannot be said. It is not undefined, which JavaScript makes of everything. */
const unknown = Symbol('unknown');
type Value = unknown;

interface Env {
  readonly data: Data;
  readonly now: Date;
  readonly element?: { readonly value: unknown };
}

const maxText = 1 << 20;

function isRule(v: unknown): v is Rule {
  return Array.isArray(v) && typeof v[0] === 'string';
}

function value(rule: unknown, env: Env): Value {
  if (!isRule(rule)) throw new ServerOnly();
  const [op, ...args] = rule;
  switch (op) {
    case 'value':
      return args[0];
    case 'path': {
      const found = find(args, env);
      return found === undefined ? unknown : found;
    }
    case 'element':
      return env.element ? env.element.value : unknown;
    case 'and':
    case 'or':
      return joined(op, args, env);
    case 'not': {
      const truth = truthOf(value(args[0], env));
      return truth === undefined ? unknown : !truth;
    }
    case 'if': {
      const truth = truthOf(value(args[0], env));
      return truth === undefined ? unknown : value(truth ? args[1] : args[2], env);
    }
    case 'coalesce':
      return coalesce(args, env);
    case 'exists':
      return isFilled(value(args[0], env));
    case 'truthy':
      return truthy(args[0], env);
    case 'list':
      return list(args.map((one) => value(one, env)));
    case 'in':
      return isIn(args, env);
    case 'match':
      return match(args, env);
    case 'some':
    case 'all':
    case 'none':
      return quantified(op, args, env);
    case 'call':
      return call(args, env);
  }
  return computed(String(op), args, env);
}

function truthOf(v: Value): boolean | undefined {
  return typeof v === 'boolean' ? v : undefined;
}

function find(steps: readonly unknown[], env: Env): unknown {
  let at: unknown = env.element ? env.element.value : env.data;
  for (const step of steps) {
    if (typeof step === 'number') at = Array.isArray(at) ? at[step] : undefined;
    else if (Array.isArray(at) && env.element && at === env.element.value && /^\d+$/.test(String(step)))
      at = at[Number(step)];
    else if (isObject(at) && Object.hasOwn(at, String(step))) at = at[String(step)];
    else return undefined;
    if (at === undefined) return undefined;
  }
  return at;
}

function isObject(v: unknown): v is Record<string, unknown> {
  return typeof v === 'object' && v !== null && !Array.isArray(v);
}

/** Kleene's and, or: what decides, decides. */
function joined(op: 'and' | 'or', args: readonly unknown[], env: Env): Value {
  const decides = op === 'or';
  let open = false;
  for (const arg of args) {
    const truth = truthOf(value(arg, env));
    if (truth === decides) return decides;
    open ||= truth === undefined;
  }
  return open ? unknown : !decides;
}

function coalesce(args: readonly unknown[], env: Env): Value {
  let last: Value = unknown;
  for (const arg of args) {
    last = value(arg, env);
    if (last !== unknown && last !== null) return last;
  }
  return last;
}

function isFilled(v: Value): boolean {
  if (v === unknown || v === null || v === '') return false;
  if (Array.isArray(v)) return v.length > 0;
  return !isObject(v) || Object.keys(v).length > 0;
}

function truthy(arg: unknown, env: Env): Value {
  if (isRule(arg) && arg[0] === 'path') {
    const found = find(arg.slice(1), env);
    return found !== undefined && isTruthy(found);
  }
  const v = value(arg, env);
  return v === unknown ? unknown : isTruthy(v);
}

function isTruthy(v: unknown): boolean {
  if (Array.isArray(v)) return v.length > 0;
  return isObject(v) || Boolean(v);
}

function list(values: readonly Value[]): Value {
  return values.includes(unknown) ? unknown : values;
}

function isIn(args: readonly unknown[], env: Env): Value {
  const right = args[1];
  if (!isRule(right) || right[0] !== 'list') {
    const left = value(args[0], env);
    const whole = value(right, env);
    return left === unknown || whole === unknown ? unknown : contains(whole, left);
  }
  const left = value(args[0], env);
  let open = left === unknown;
  for (const arg of right.slice(1)) {
    const one = value(arg, env);
    const same = left === unknown || one === unknown ? undefined : truthOf(compare('==', one, left));
    if (same) return true;
    open ||= same === undefined;
  }
  return open ? unknown : false;
}

/** contains is unknown when no element is the part and one is of another type. */
function contains(whole: unknown, part: unknown): Value {
  if (Array.isArray(whole)) {
    let open = false;
    for (const element of whole) {
      const same = truthOf(compare('==', element, part));
      if (same) return true;
      open ||= same === undefined;
    }
    return open ? unknown : false;
  }
  return typeof whole === 'string' && typeof part === 'string' ? whole.includes(part) : unknown;
}

function match(args: readonly unknown[], env: Env): Value {
  const v = value(args[0], env);
  return typeof v === 'string' ? new RegExp(String(args[1]), 'u').test(v) : unknown;
}

function quantified(op: 'some' | 'all' | 'none', args: readonly unknown[], env: Env): Value {
  const elements = value(args[0], env);
  if (!Array.isArray(elements)) return unknown;
  const truths = elements.map((element) => truthOf(value(args[1], { ...env, element: { value: element } })));
  if (op === 'all') {
    if (truths.length === 0 || truths.includes(false)) return false;
    return truths.includes(undefined) ? unknown : true;
  }
  if (truths.includes(true)) return op === 'some';
  return truths.includes(undefined) ? unknown : op === 'none';
}

const maxExact = Number.MAX_SAFE_INTEGER;

function isExact(v: unknown): v is number {
  return typeof v === 'number' && Math.abs(v) <= maxExact;
}

function computed(op: string, args: readonly unknown[], env: Env): Value {
  const values = args.map((arg) => value(arg, env));
  if (values.includes(unknown)) return unknown;
  const [left, right] = values;
  switch (op) {
    case 'neg':
      return isExact(left) ? -left : unknown;
    case '==':
    case '!=':
    case '<':
    case '<=':
    case '>':
    case '>=':
      return compare(op, left, right);
    case '+':
    case '-':
    case '*':
    case '/':
    case '%':
      return arithmetic(op, left, right);
  }
  throw new ServerOnly();
}

function arithmetic(op: '+' | '-' | '*' | '/' | '%', left: unknown, right: unknown): Value {
  if (op === '+' && typeof left === 'string' && typeof right === 'string') {
    if (left.length + right.length > maxText / 4) throw new ServerOnly();
    return left + right;
  }
  if (!isExact(left) || !isExact(right) || ((op === '/' || op === '%') && right === 0)) return unknown;
  const result =
    op === '+'
      ? left + right
      : op === '-'
        ? left - right
        : op === '*'
          ? left * right
          : op === '/'
            ? left / right
            : left % right;
  return isExact(result) ? result : unknown;
}

type Comparison = '==' | '!=' | '<' | '<=' | '>' | '>=';

function holds(op: Comparison, order: number): boolean {
  switch (op) {
    case '==':
      return order === 0;
    case '!=':
      return order !== 0;
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '>':
      return order > 0;
    case '>=':
      return order >= 0;
  }
}

/** compare of known values: those of unlike types have no answer. */
function compare(op: Comparison, left: unknown, right: unknown): Value {
  const equality = op === '==' || op === '!=';
  if (equality && (left === null || right === null)) return (left === null && right === null) === (op === '==');
  if (typeof left === 'number' && typeof right === 'number') {
    return isExact(left) && isExact(right) ? holds(op, left < right ? -1 : left > right ? 1 : 0) : unknown;
  }
  if (typeof left === 'string' && typeof right === 'string') {
    if (left !== right && (isTimed(left) || isTimed(right))) throw new ServerOnly();
    return holds(op, compareTexts(left, right));
  }
  if (!equality) return unknown;
  const alike =
    (typeof left === 'boolean' && typeof right === 'boolean') ||
    (Array.isArray(left) && Array.isArray(right)) ||
    (isObject(left) && isObject(right));
  return alike ? isSame(left, right) === (op === '==') : unknown;
}

/** By code points: JavaScript would compare halves of pairs. */
function compareTexts(left: string, right: string): number {
  const a = [...left];
  const b = [...right];
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const difference = (a[i]?.codePointAt(0) ?? 0) - (b[i]?.codePointAt(0) ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

function isTimed(text: string): boolean {
  return /^\d...-..-..[Tt]/su.test(text);
}

function isSame(a: unknown, b: unknown): boolean {
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((one, i) => isSame(one, b[i]));
  if (isObject(a)) {
    const names = Object.keys(a);
    return (
      isObject(b) &&
      names.length === Object.keys(b).length &&
      names.every((name) => Object.hasOwn(b, name) && isSame(a[name], b[name]))
    );
  }
  return a === b;
}

function call(args: readonly unknown[], env: Env): Value {
  const [name, ...rest] = args;
  const values = rest.map((arg) => value(arg, env));
  if (values.includes(unknown)) return unknown;
  const [first, second] = values;
  switch (name) {
    case 'len':
      return lengthOf(first);
    case 'contains':
      return contains(first, second);
    case 'starts_with':
      return typeof first === 'string' && typeof second === 'string' ? first.startsWith(second) : unknown;
    case 'ends_with':
      return typeof first === 'string' && typeof second === 'string' ? first.endsWith(second) : unknown;
    case 'abs':
      return isExact(first) ? Math.abs(first) : unknown;
    case 'floor':
      return isExact(first) ? Math.floor(first) : unknown;
    case 'ceil':
      return isExact(first) ? Math.ceil(first) : unknown;
    case 'min':
    case 'max':
      return extreme(name, values.length === 1 && Array.isArray(first) ? first : values);
    case 'sum':
      return sum(values.length === 1 && Array.isArray(first) ? first : values);
    case 'age':
      return age(first, env.now);
  }
  throw new ServerOnly();
}

function lengthOf(v: unknown): Value {
  if (typeof v === 'string') return [...v].length;
  if (Array.isArray(v)) return v.length;
  return isObject(v) ? Object.keys(v).length : unknown;
}

function extreme(name: 'min' | 'max', values: readonly unknown[]): Value {
  if (values.length === 0 || !values.every(isExact)) return unknown;
  return name === 'min' ? Math.min(...values) : Math.max(...values);
}

function sum(values: readonly unknown[]): Value {
  if (!values.every(isExact)) return unknown;
  let total = 0;
  for (const one of values) {
    total += one;
    if (!isExact(total)) return unknown;
  }
  return total;
}

/** age is in whole years; who was born on 29 February is a year older on 1 March of a year without that day. */
function age(v: unknown, now: Date): Value {
  if (typeof v !== 'string') return unknown;
  const parts = /^(\d{4})-(\d\d)-(\d\d)$/u.exec(v);
  if (!parts) {
    if (/[Tt]/u.test(v) && /^\d/u.test(v)) throw new ServerOnly();
    return unknown;
  }
  const [year, month, day] = [Number(parts[1]), Number(parts[2]), Number(parts[3])];
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return unknown;
  const [onMonth, onDay] = [now.getUTCMonth() + 1, now.getUTCDate()];
  return now.getUTCFullYear() - year - (onMonth < month || (onMonth === month && onDay < day) ? 1 : 0);
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}
