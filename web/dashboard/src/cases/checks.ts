import type { TaskRun } from '@/api';
import { labelOf } from '@/queue/schema';
import { type DataField, dataFields } from './fields';
import { wordsOf } from './words';

// What the automatic checks have found, as a case's context holds it.

export interface RuleStep {
  rule: string;
  status: 'passed' | 'failed' | 'skipped';
  reason: string;
  inputs: Record<string, unknown>;
  /** The reason in other languages, where the policy has it in several. */
  texts?: Record<string, unknown>;
  /** What people call the rule, by language. */
  titles?: Record<string, unknown>;
}

export interface PolicyAnswer {
  work: string;
  policy: string;
  version: number;
  /** The id under which it is kept. */
  decision: string;
  outcome: string;
  score: number;
  severity: string;
  fired: string[];
  indicators: { domain: string; indicator: string; score: number }[];
  trace: RuleStep[];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

function records(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

const text = (value: unknown) => (typeof value === 'string' ? value : '');
const number = (value: unknown) => (typeof value === 'number' ? value : 0);

/** The answers of policies in a context: whatever has an outcome and a trace. */
export function policyAnswers(context: Record<string, unknown>): PolicyAnswer[] {
  return Object.entries(context).flatMap(([work, value]) => {
    if (!isRecord(value) || !Array.isArray(value['trace']) || typeof value['outcome'] !== 'string') return [];
    return [
      {
        work,
        policy: text(value['policy']),
        version: number(value['version']),
        decision: text(value['decision']),
        outcome: value['outcome'],
        score: number(value['score']),
        severity: text(value['severity']),
        fired: Array.isArray(value['fired'])
          ? value['fired'].filter((one): one is string => typeof one === 'string')
          : [],
        indicators: records(value['indicators']).map((one) => ({
          domain: text(one['domain']),
          indicator: text(one['indicator']),
          score: number(one['score']),
        })),
        trace: records(value['trace']).map((one) => ({
          rule: text(one['rule']),
          status: one['status'] === 'passed' || one['status'] === 'failed' ? one['status'] : 'skipped',
          reason: text(one['reason']),
          inputs: isRecord(one['inputs']) ? one['inputs'] : {},
          ...(isRecord(one['texts']) && { texts: one['texts'] }),
          ...(isRecord(one['titles']) && { titles: one['titles'] }),
        })),
      },
    ];
  });
}

/** What was asked of one vendor, policy or other case, over all its attempts. */
export interface Attempts {
  work: string;
  name: string;
  source: string;
  /** In the order in which they were made; there is at least one. */
  runs: TaskRun[];
  last: TaskRun;
}

/** The runs of each work, grouped, in the order in which they first started. */
export function attemptsOf(tasks: readonly TaskRun[]): Attempts[] {
  const found = new Map<string, Attempts>();
  for (const run of [...tasks].sort((a, b) => Date.parse(a.started_at) - Date.parse(b.started_at))) {
    const known = found.get(run.work);
    if (known) {
      known.runs.push(run);
      known.last = run;
    } else
      found.set(run.work, { work: run.work, name: run.name || run.work, source: run.source, runs: [run], last: run });
  }
  return [...found.values()];
}

/** The end of a path as words: "id_check.mrz.valid" is "MRZ valid". */
export function pathWords(path: string): string {
  return wordsOf(path.split('.').slice(-2).join(' '));
}

/** The text of a rule, and the language that it is in: null if it is not stated, as for a policy in one language. */
export interface RuleText {
  text: string;
  language: string | null;
}

/** A rule's reason when it has triggered and the policy states one, else its name. Conditions are for authors. */
export function ruleText(
  step: Pick<RuleStep, 'rule' | 'status' | 'reason' | 'texts' | 'titles'>,
  language = 'en',
): RuleText {
  const stated =
    step.status === 'passed' &&
    !/^(The condition (holds|does not hold): |It (holds|does not hold) that )/.test(step.reason);
  if (stated && step.reason) {
    const own = text(step.texts?.[language]);
    if (own) return { text: own, language };
    return { text: step.reason, language: step.texts || isOwnStep(step) ? 'en' : null };
  }
  const own = text(step.titles?.[language]);
  return own ? { text: own, language } : { text: text(step.titles?.['en']) || wordsOf(step.rule), language: 'en' };
}

/** What a rule is called in a language, else in English, else by its name. */
export function ruleTitle({ rule, titles }: Pick<RuleStep, 'rule' | 'titles'>, language: string): string {
  return text(titles?.[language]) || text(titles?.['en']) || wordsOf(rule);
}

/** The rows of a rule's table that count, which the software lists in English before the reasons that the rows state. */
export function rowsOf({
  status,
  reason,
}: Pick<RuleStep, 'status' | 'reason'>): { numbers: string; many: boolean; rest: string } | null {
  const found = status === 'passed' && /^Rows? ([\d, and]+) of \S+ appl(y|ies)\.(?: (.*))?$/.exec(reason);
  return found ? { numbers: found[1] ?? '', many: found[2] === 'y', rest: found[3] ?? '' } : null;
}

/** Steps that are no rule's: the software writes them, in English. */
export function isOwnStep({ rule, reason }: Pick<RuleStep, 'rule' | 'reason'>): boolean {
  return (
    (rule === 'invalid' && reason.startsWith('The input is not as declared: ')) ||
    (rule === 'unknown' && /^\d+ rules? could not be (evaluated|told): /.test(reason)) ||
    (rule === 'score' && reason.startsWith('The score '))
  );
}

/** The step that states a reason. */
export function stepWith(answers: readonly PolicyAnswer[], reason: string): RuleStep | undefined {
  return answers.flatMap((one) => one.trace).find((one) => one.status === 'passed' && one.reason === reason);
}

/** A value that a rule has read, as text. Null for personal data: a trace names it and does not repeat it. */
export function inputText(value: unknown): string | null {
  if (isRecord(value) && typeof value['$ref'] === 'string') return null;
  if (value === null || value === undefined) return '—';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** What a plugin calls its result and the fields in it: by path ("" is the result, "hits[].list" a field of each hit), then by language. */
export type Titles = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** What a vendor or another case has answered. */
export interface Result {
  work: string;
  /** What has answered: a vendor, the screening, other cases. */
  source: string;
  titles: Titles;
  /** The code of a check that has failed: it has no answer. */
  failed: string | null;
  /** Single values. */
  fields: DataField[];
  /** Lists of things, such as the hits of a screening. */
  tables: { name: string; columns: string[]; rows: Record<string, unknown>[] }[];
}

/** The groups that a field of a result is in, and the field: their paths, as a definition has them, and their names. */
export function partsOf(path: string): { path: string; name: string }[] {
  let at = '';
  return path.split('.').map((name) => {
    at += /^\d+$/.test(name) ? '[]' : at ? `.${name}` : name;
    return { path: at, name };
  });
}

/** The name of a result or a field in the reader's language, otherwise in English: from the plugin, or by its id. Items are numbered. */
export function titleAt(titles: Titles, path: string, name: string, language: string): RuleText {
  if (/^\d+$/.test(name)) return { text: `#${Number(name) + 1}`, language };
  const own = titles[path]?.[language];
  return own ? { text: own, language } : { text: titles[path]?.['en'] || labelOf(name), language: 'en' };
}

/** The code that stands in the place of an answer where work has failed and the workflow has gone on: {error: code}, and nothing else. */
function failureOf(value: Record<string, unknown>): string | null {
  const error = value['error'];
  return typeof error === 'string' && Object.keys(value).length === 1 ? error : null;
}

/** The answers of vendors in a context. Policies and the check of documents are shown in their own places. */
export function resultsOf(
  context: Record<string, unknown>,
  tasks: readonly Pick<TaskRun, 'work' | 'source' | 'titles'>[],
): Result[] {
  // Of several attempts, the last that has answered names the fields.
  const works = new Map<string, { source: string; titles: Titles }>();
  for (const { work, source, titles } of tasks) {
    if (source !== 'document' && source !== 'rules')
      works.set(work, { source, titles: titles ?? works.get(work)?.titles ?? {} });
  }
  return [...works].flatMap(([work, { source, titles }]): Result[] => {
    const value = context[work];
    if (!isRecord(value)) return [];
    const failed = failureOf(value);
    if (failed !== null) return [{ work, source, titles, failed, fields: [], tables: [] }];
    const tables = Object.entries(value)
      .filter(([, list]) => Array.isArray(list) && list.every(isRecord))
      .map(([name, list]) => {
        const rows = records(list);
        return { name, rows, columns: [...new Set(rows.flatMap((row) => Object.keys(row)))] };
      });
    const inTables = new Set(tables.map((table) => table.name));
    const rest = Object.fromEntries(Object.entries(value).filter(([name]) => !inTables.has(name)));
    return [{ work, source, titles, failed: null, fields: dataFields({ [work]: rest }, {}, new Set()), tables }];
  });
}
