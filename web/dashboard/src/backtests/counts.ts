import type { BacktestReport } from '@/api';

// A report of a backtest, in the order in which it is read.

/** A row of the table of outcomes: as it was, and how many decisions have which outcome by the draft. */
export interface OutcomeRow {
  was: string;
  counts: { is: string; count: number; flipped: boolean }[];
}

/** The outcomes, each in the same order on both sides. */
export function outcomes(report: Pick<BacktestReport, 'matrix'>): { names: string[]; rows: OutcomeRow[] } {
  const was = Object.keys(report.matrix);
  const names = [...new Set([...was, ...Object.values(report.matrix).flatMap(Object.keys)])].sort();
  return {
    names,
    rows: names
      .filter((name) => was.includes(name))
      .map((name) => ({
        was: name,
        counts: names.map((is) => ({ is, count: report.matrix[name]?.[is] ?? 0, flipped: is !== name })),
      })),
  };
}

/** Rules that triggered more or less often, the largest change first. */
export function changedRules(report: Pick<BacktestReport, 'rules'>): BacktestReport['rules'] {
  const size = (one: BacktestReport['rules'][number]) => Math.abs(one.is - one.was);
  return report.rules.filter((one) => size(one) > 0).sort((a, b) => size(b) - size(a) || (a.rule < b.rule ? -1 : 1));
}
