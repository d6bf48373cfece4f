import { labelOf } from '@/queue/schema';
import { type DataField, dataFields } from './fields';

// What the automatic checks have found, as a case's context holds it.

export interface RuleStep {
  rule: string;
  status: 'passed' | 'failed' | 'skipped';
  reason: string;
  inputs: Record<string, unknown>;
}

export interface PolicyAnswer {
  work: string;
  policy: string;
  version: number;
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
        })),
      },
    ];
  });
}

/** A value that a rule has read, as text. Null for personal data: a trace names it and does not repeat it. */
export function inputText(value: unknown): string | null {
  if (isRecord(value) && typeof value['$ref'] === 'string') return null;
  if (value === null || value === undefined) return '—';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** What a vendor or another case has answered. */
export interface Result {
  work: string;
  /** Single values. */
  fields: DataField[];
  /** Lists of things, such as the hits of a screening. */
  tables: { name: string; label: string; columns: string[]; rows: Record<string, unknown>[] }[];
}

/** The answers of vendors in a context. Policies and the check of documents are shown in their own places. */
export function resultsOf(
  context: Record<string, unknown>,
  tasks: readonly { work: string; source: string }[],
): Result[] {
  const works = new Set(
    tasks.filter((task) => task.source !== 'document' && task.source !== 'rules').map((task) => task.work),
  );
  return [...works].flatMap((work) => {
    const value = context[work];
    if (!isRecord(value)) return [];
    const tables = Object.entries(value)
      .filter(([, list]) => Array.isArray(list) && list.every(isRecord))
      .map(([name, list]) => {
        const rows = records(list);
        return { name, label: labelOf(name), rows, columns: [...new Set(rows.flatMap((row) => Object.keys(row)))] };
      });
    const inTables = new Set(tables.map((table) => table.name));
    const rest = Object.fromEntries(Object.entries(value).filter(([name]) => !inTables.has(name)));
    return [{ work, fields: dataFields({ [work]: rest }, {}, new Set()), tables }];
  });
}
