import type { PolicyDecision, Replay } from '@/api';

// The result of a replay in a reviewer's terms: the answer then, the answer now, and the differences.

/** The part of a policy's answer that is shown. */
export interface PolicyVerdict {
  outcome: string;
  score: number;
  severity: string;
  /** The rules that triggered. */
  fired: string[];
}

/** One thing that is not as it was. */
export type ReplayChange =
  | { kind: 'outcome' | 'severity'; was: string; is: string }
  | { kind: 'score'; was: number; is: number }
  | { kind: 'appeared' | 'gone'; rule: string }
  | { kind: 'rule'; rule: string; was: string; is: string }
  | { kind: 'error'; code: string };

export interface Replayed {
  was: PolicyVerdict;
  /** null where the policy cannot be evaluated any more */
  is: PolicyVerdict | null;
  changes: ReplayChange[];
  /** Other places that differ, such as what a rule read. */
  others: string[];
  /** The server names at most so many places; there may be more. */
  cut: boolean;
}

const most = 100;

const isRecord = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === 'object' && !Array.isArray(value);
const text = (value: unknown) => (typeof value === 'string' ? value : '');

/** The rules of an answer's trace, in its order. */
function traceOf(answer: unknown) {
  const trace = isRecord(answer) && Array.isArray(answer['trace']) ? answer['trace'].filter(isRecord) : [];
  return trace.map((step) => ({
    rule: text(step['rule']),
    status: text(step['status']),
    reason: text(step['reason']),
    texts: isRecord(step['texts']) ? step['texts'] : {},
    titles: isRecord(step['titles']) ? step['titles'] : {},
  }));
}

/**
 * Why a rule triggered, as the decision of that time has it; a rule that triggers only now had no reason then, and is called by its title,
 * where it has one.
 */
export function reasonsThen({ answer }: Pick<PolicyDecision, 'answer'>, language = 'en'): Map<string, string> {
  const words = traceOf(answer).map(({ rule, status, reason, texts, titles }): [string, string] => [
    rule,
    status === 'passed' && reason ? text(texts[language]) || reason : text(titles[language]) || text(titles['en']),
  ]);
  return new Map(words.filter(([, found]) => found !== ''));
}

/** Puts the differences of a replay onto the decision. */
export function replayed(
  decision: Pick<PolicyDecision, 'outcome' | 'score' | 'severity' | 'fired' | 'answer'>,
  { differences }: Pick<Replay, 'differences'>,
): Replayed {
  const was: PolicyVerdict = {
    outcome: decision.outcome,
    score: decision.score,
    severity: decision.severity,
    fired: decision.fired,
  };
  const now = { ...was };
  const fired: (string | undefined)[] = [...was.fired];
  const trace = traceOf(decision.answer);
  const statuses: ReplayChange[] = [];
  const others: string[] = [];
  let failed: string | null = null;
  for (const { location, is } of differences) {
    const place = /^(fired|trace)\[(\d+)\](?:\.status)?$/.exec(location);
    const index = Number(place?.[2]);
    const step = trace[index];
    if (location === 'error') failed = text(is);
    else if ((location === 'outcome' || location === 'severity') && typeof is === 'string') now[location] = is;
    else if (location === 'score' && typeof is === 'number') now.score = is;
    else if (place?.[1] === 'fired') fired[index] = typeof is === 'string' ? is : undefined;
    else if (place && step && location.endsWith('.status'))
      statuses.push({ kind: 'rule', rule: step.rule, was: step.status, is: text(is) });
    else others.push(location);
  }
  const cut = differences.length >= most;
  if (failed !== null) return { was, is: null, changes: [{ kind: 'error', code: failed }], others, cut };
  now.fired = fired.filter((rule): rule is string => rule !== undefined);
  const appeared = now.fired.filter((rule) => !was.fired.includes(rule));
  const disappeared = was.fired.filter((rule) => !now.fired.includes(rule));
  // The same reasons in another order are a difference, too.
  if (appeared.length + disappeared.length === 0 && now.fired.join() !== was.fired.join()) others.push('fired');
  const listed = new Set([...appeared, ...disappeared]);
  const changes: ReplayChange[] = [
    ...(now.outcome === was.outcome ? [] : [{ kind: 'outcome' as const, was: was.outcome, is: now.outcome }]),
    ...(now.severity === was.severity ? [] : [{ kind: 'severity' as const, was: was.severity, is: now.severity }]),
    ...(now.score === was.score ? [] : [{ kind: 'score' as const, was: was.score, is: now.score }]),
    ...appeared.map((rule) => ({ kind: 'appeared' as const, rule })),
    ...disappeared.map((rule) => ({ kind: 'gone' as const, rule })),
    ...statuses.filter((change) => change.kind === 'rule' && !listed.has(change.rule)),
  ];
  return { was, is: now, changes, others, cut };
}
