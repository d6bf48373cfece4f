import { asProblem } from '@/api';
import { reasonOf, useT } from '@/i18n';
import { ErrorState } from '@/ui';

/** An error of a panel, with a way to try again. */
export function PanelError({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  const t = useT();
  const problem = asProblem(error);
  return (
    <ErrorState
      title={t('common.load_failed')}
      detail={reasonOf(t, problem)}
      requestId={problem.requestId}
      requestLabel={t('common.request')}
      retryLabel={t('common.retry')}
      onRetry={onRetry}
    />
  );
}
