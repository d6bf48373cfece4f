import { describe, expect, it } from 'vitest';
import { reasonsThen, replayed } from './replay';

const decision = {
  outcome: 'review',
  score: 55,
  severity: 'medium',
  fired: ['mrz_mismatch', 'high_risk_country'],
  answer: {
    trace: [
      { rule: 'underage', status: 'failed', reason: 'It does not hold that age < 18.' },
      { rule: 'mrz_mismatch', status: 'passed', reason: 'The name is not the applicant’s.' },
      { rule: 'high_risk_country', status: 'passed', reason: 'The country is one of high risk.' },
      { rule: 'sanctions_match', status: 'skipped', reason: '' },
    ],
  },
};
const was = { outcome: 'review', score: 55, severity: 'medium', fired: decision.fired };

describe('a replay', () => {
  it('that is identical has nothing to tell', () => {
    expect(replayed(decision, { differences: [] })).toEqual({ was, is: was, changes: [], others: [], cut: false });
  });

  it('tells outcome, risk, reasons that came and went, and rules that answer otherwise', () => {
    const found = replayed(decision, {
      differences: [
        { location: 'fired[0]', was: 'mrz_mismatch', is: 'underage' },
        { location: 'fired[1]', was: 'high_risk_country' },
        { location: 'outcome', was: 'review', is: 'reject' },
        { location: 'score', was: 55, is: 90 },
        { location: 'severity', was: 'medium', is: 'critical' },
        { location: 'trace[0].reason' },
        { location: 'trace[0].status', was: 'failed', is: 'passed' },
        { location: 'trace[3].status', was: 'skipped', is: 'failed' },
      ],
    });
    expect(found.is).toEqual({ outcome: 'reject', score: 90, severity: 'critical', fired: ['underage'] });
    expect(found.changes).toEqual([
      { kind: 'outcome', was: 'review', is: 'reject' },
      { kind: 'severity', was: 'medium', is: 'critical' },
      { kind: 'score', was: 55, is: 90 },
      { kind: 'appeared', rule: 'underage' },
      { kind: 'gone', rule: 'mrz_mismatch' },
      { kind: 'gone', rule: 'high_risk_country' },
      { kind: 'rule', rule: 'sanctions_match', was: 'skipped', is: 'failed' },
    ]);
    expect(found.others).toEqual(['trace[0].reason']);
  });

  it('does not take a rule that only moved for one that went', () => {
    const found = replayed(decision, {
      differences: [
        { location: 'fired[0]', was: 'mrz_mismatch', is: 'high_risk_country' },
        { location: 'fired[1]', was: 'high_risk_country', is: 'mrz_mismatch' },
      ],
    });
    expect([found.changes, found.others]).toEqual([[], ['fired']]);
  });

  it('that fails now has no answer', () => {
    const found = replayed(decision, { differences: [{ location: 'error', is: 'timeout' }] });
    expect([found.is, found.changes]).toEqual([null, [{ kind: 'error', code: 'timeout' }]]);
  });

  it('says when there may be more differences than were named', () => {
    const differences = Array.from({ length: 100 }, (_, n) => ({ location: `indicators[${n}].score` }));
    expect(replayed(decision, { differences }).cut).toBe(true);
  });

  it('has the reasons of the rules that triggered then, and not the conditions of the others', () => {
    expect([...reasonsThen(decision)]).toEqual([
      ['mrz_mismatch', 'The name is not the applicant’s.'],
      ['high_risk_country', 'The country is one of high risk.'],
    ]);
  });
});
