import type { ReactNode } from 'react';
import type { ApiProblem } from '@/api';
import { Time, useT } from '@/i18n';
import { Button, Dialog } from '@/ui';
import { useActorName } from './actors';
import { changesSince } from './decisions';

/** The page was older than the case: who changed what since. The draft is kept. */
export function StaleDialog({
  problem,
  onClose,
  children,
}: {
  problem: ApiProblem | null;
  onClose: () => void;
  /** The draft that is kept. */
  children?: ReactNode;
}) {
  const t = useT();
  const nameOf = useActorName();
  return (
    <Dialog
      open={problem !== null}
      onOpenChange={(open) => !open && onClose()}
      size="sm"
      title={t('cases.stale')}
      description={t('cases.stale_detail')}
      closeLabel={t('common.close')}
      footer={
        <Button variant="primary" onClick={onClose}>
          {t('cases.stale_go_on')}
        </Button>
      }
    >
      <ol className="flex flex-col gap-2 text-sm">
        {changesSince(problem?.details ?? {}).map((change) => (
          <li key={change.version} className="border-l-2 pl-3">
            <p className="font-medium">
              {t.maybe(`cause.${change.cause}`, change.cause)}
              {change.event && `: ${t.maybe(`decision.${change.event}`, change.event)}`}
            </p>
            <p className="text-muted">
              {nameOf(change.actor)} · <Time value={change.at} />
              {change.to &&
                change.to.length > 0 &&
                ` · ${change.to.map((path) => t.maybe(`state.${path}`, path)).join(', ')}`}
            </p>
          </li>
        ))}
      </ol>
      {children && <div className="mt-3">{children}</div>}
    </Dialog>
  );
}
