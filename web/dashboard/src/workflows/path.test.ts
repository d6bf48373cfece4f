import { expect, it } from 'vitest';
import type { Case, Entry, WorkflowDetail } from '@/api';
import { nextSteps, visitsOf } from './path';

it('tells the way of a case, coming back included', () => {
  const entries = [
    { from: [], to: ['collect'], at: '1', cause: 'started' },
    { from: ['collect'], to: ['collect'], at: '2', cause: 'note' },
    { from: ['collect'], to: ['review'], at: '3', cause: 'event', event: 'SUBMIT' },
    { from: ['review'], to: ['collect'], at: '4', cause: 'decision', event: 'revision' },
  ] as unknown as Entry[];
  expect(visitsOf(entries).map((visit) => [visit.state, visit.event])).toEqual([
    ['collect', null],
    ['review', 'SUBMIT'],
    ['collect', 'revision'],
  ]);
});

it('says what can happen next, what cannot and why, and what only time brings', () => {
  const workflow = {
    transitions: [
      { from: 'review', to: 'approved', kind: 'event', event: 'approve', after: null, guard: 'x' },
      { from: 'review', to: 'escalated', kind: 'after', event: null, after: 'P5D', guard: null },
      { from: 'collect', to: 'review', kind: 'event', event: 'SUBMIT', after: null, guard: null },
    ],
  } as unknown as WorkflowDetail;
  const one = {
    status: 'active',
    configuration: ['review'],
    next: [{ event: 'approve', allowed: false, reason: 'a document is rejected' }],
  } as unknown as Case;
  expect(nextSteps(workflow, one).map((step) => [step.to, step.allowed, step.reason])).toEqual([
    ['approved', false, 'a document is rejected'],
    ['escalated', null, null],
  ]);
  expect(nextSteps(workflow, { ...one, status: 'completed' })).toEqual([]);
});
