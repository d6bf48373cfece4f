import { useRouter } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { useT } from '@/i18n';
import { useTitle } from '@/shell/title';
import { Button, ErrorState, Spinner } from '@/ui';
import { completeSignIn, signIn } from './oidc';

/** Where the sign-in page sends back to. */
export function SignInCallback() {
  const t = useT();
  useTitle(t('session.sign_in'));
  const router = useRouter();
  const [end, setEnd] = useState<'failed' | 'window' | null>(null);
  const started = useRef(false);
  useEffect(() => {
    if (started.current) return; // the code is valid for one exchange
    started.current = true;
    completeSignIn()
      .then((to) => (to === null ? setEnd('window') : router.history.replace(to)))
      .catch(() => setEnd('failed'));
  }, [router]);
  if (end === 'window') {
    return (
      <main role="status" className="flex h-dvh flex-col items-center justify-center gap-2 p-4 text-center">
        <h1 className="text-xl font-semibold">{t('session.signed_in')}</h1>
        <p className="text-muted">{t('session.close_window')}</p>
      </main>
    );
  }
  if (end === 'failed') {
    return (
      <main>
        <ErrorState
          title={t('session.failed')}
          detail={t('session.failed_detail')}
          retryLabel={t('session.sign_in')}
          onRetry={() => void signIn('/')}
        />
      </main>
    );
  }
  return (
    <main role="status" className="flex h-dvh items-center justify-center gap-2 text-muted">
      <Spinner />
      {t('session.completing')}
    </main>
  );
}

/** Where signing out ends. */
export function SignedOut() {
  const t = useT();
  useTitle(t('session.signed_out'));
  return (
    <main className="flex h-dvh flex-col items-center justify-center gap-3 p-4 text-center">
      <h1 className="text-xl font-semibold">{t('session.signed_out')}</h1>
      <p className="text-muted">{t('session.signed_out_detail')}</p>
      <Button variant="primary" onClick={() => void signIn('/')}>
        {t('session.sign_in')}
      </Button>
    </main>
  );
}
