import { type ErrorComponentProps, Link, useRouter } from '@tanstack/react-router';
import { ApiProblem } from '@/api';
import { reasonOf, useT } from '@/i18n';
import { EmptyState, ErrorState } from '@/ui';
import { useTitle } from './title';

/** A page that could not be shown. */
export function RouteError({ error, reset }: ErrorComponentProps) {
  const t = useT();
  const router = useRouter();
  useTitle(t('common.page_failed'));
  // What the API answered is for people; what broke in the page is not.
  const problem = error instanceof ApiProblem ? error : null;
  return (
    <ErrorState
      page
      title={t('common.page_failed')}
      detail={problem ? reasonOf(t, problem) : t('common.page_failed_detail')}
      requestId={problem?.requestId}
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
  useTitle(t('common.not_found'));
  return (
    <EmptyState
      page
      title={t('common.not_found')}
      action={
        <Link to="/" className="inline-flex min-h-6 items-center text-accent-ink underline">
          {t('shell.home')}
        </Link>
      }
    >
      {t('common.not_found_detail')}
    </EmptyState>
  );
}
