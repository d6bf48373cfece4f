import { asProblem } from '@/api';
import { reasonOf } from '@/i18n';
import { EmptyState, ErrorState } from '@/ui';
import { useT } from './texts';

/** What could not be read, with a way to try again. */
export function Failed({ error, onRetry, page }: { error: unknown; onRetry: () => void; page?: boolean }) {
  const t = useT();
  const problem = asProblem(error);
  if (problem.status === 404) return <EmptyState page title={t('proposals.not_found')} />;
  return (
    <ErrorState
      page={page}
      title={t('common.load_failed')}
      detail={reasonOf(t, problem)}
      requestId={problem.requestId}
      requestLabel={t('common.request')}
      retryLabel={t('common.retry')}
      onRetry={onRetry}
    />
  );
}
