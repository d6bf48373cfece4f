import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { type Case, workflowsQuery } from '@/api';
import { Time } from '@/i18n';
import { useTitle } from '@/i18n/titles';
import { RiskChip, StateChip } from '@/queue/chips';
import { useStateNames } from '@/queue/stateNames';
import { outcomeToShow } from './family';

/** Another case, as a row of a list that leads to it. */
export function CaseRow({ other, detail, children }: { other: Case; detail?: string; children?: ReactNode }) {
  const title = useTitle();
  const states = useStateNames([other.workflow.id]);
  const workflow = useQuery(workflowsQuery).data?.find((one) => one.id === other.workflow.id);
  const outcome = outcomeToShow(other);
  return (
    <li className="border-b last:border-0">
      <Link
        to="/cases/$caseId"
        params={{ caseId: other.id }}
        className="flex flex-wrap items-center gap-3 px-3 py-2 hover:bg-hover"
      >
        <span className="font-medium">
          <bdi>{other.subject.name || other.external_id || other.id}</bdi>
        </span>
        <span className="text-sm text-muted">
          {[title(workflow ?? {}, other.workflow.id), other.external_id, detail].filter(Boolean).join(' · ')}
        </span>
        <StateChip one={other} names={states} />
        {outcome && <span className="text-sm">{states(outcome, other.workflow.id)}</span>}
        {other.risk && <RiskChip risk={other.risk} />}
        <span className="flex-1" />
        <Time value={other.created_at} className="text-sm text-muted" />
        {children}
      </Link>
    </li>
  );
}
