import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Case } from '@/api';
import { Time, useT } from '@/i18n';
import { RiskChip, StateChip, stateName } from '@/queue/chips';
import { outcomeToShow } from './family';

/** Another case, as a row of a list that leads to it. */
export function CaseRow({ other, detail, children }: { other: Case; detail?: string; children?: ReactNode }) {
  const t = useT();
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
          {[other.workflow.id, other.external_id, detail].filter(Boolean).join(' · ')}
        </span>
        <StateChip one={other} />
        {outcome && <span className="text-sm">{t.maybe(`state.${outcome}`, stateName(outcome))}</span>}
        <RiskChip risk={other.risk} />
        <span className="flex-1" />
        <Time value={other.created_at} className="text-sm text-muted" />
        {children}
      </Link>
    </li>
  );
}
