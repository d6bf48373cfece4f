import { useMemo, useSyncExternalStore } from 'react';
import type { Flow } from './flow.ts';
import type { Answers, Result, Snapshot, Validation } from './types.ts';

/** What there is to show of a flow; the component is drawn again when it changes. */
export function useFlow(flow: Flow): Snapshot {
  return useSyncExternalStore(flow.subscribe, flow.getState, flow.getState);
}

/** What the answers that are being entered lead to on the page the applicant is on. Give the same object while nothing changes. */
export function useValidation(flow: Flow, answers: Answers): Result<Validation> {
  const snapshot = useFlow(flow);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the flow's snapshot is what validate reads
  return useMemo(() => flow.validate(answers), [flow, answers, snapshot]);
}
