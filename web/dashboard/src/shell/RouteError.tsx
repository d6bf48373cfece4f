import { type ErrorComponentProps, Link, useRouter } from '@tanstack/react-router';
import { asProblem } from '@/api';
import { useT } from '@/i18n';
import { EmptyState, ErrorState } from '@/ui';

/** A page that could not be shown. */
export function RouteError({ error, reset }: ErrorComponentProps) {
  const t = useT();
  const router = useRouter();
  const problem = asProblem(error);
  return (
    <ErrorState
      title={t('common.page_failed')}
      detail={problem.detail || t('common.page_failed_detail')}
      requestId={problem.requestId}
      requestLabel={t('common.request')}
      retryLabel={t('common.retry')}
      onRetry={() => {
        reset();
        void router.invalidate();
      }}
    />
  );
}

export function NotFound() {
  const t = useT();
  return (
    <EmptyState
      title={t('common.not_found')}
      action={
        <Link to="/" className="text-accent-ink underline">
          {t('shell.home')}
        </Link>
      }
    >
      {t('common.not_found_detail')}
    </EmptyState>
  );
}
