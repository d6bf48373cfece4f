import { useNavigate } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { useT } from '@/i18n';
import { Button, ErrorState, Spinner } from '@/ui';
import { completeSignIn, signIn } from './oidc';

/** Where the sign-in page sends back to. */
export function SignInCallback() {
  const t = useT();
  const navigate = useNavigate();
  const [failed, setFailed] = useState(false);
  const begun = useRef(false);
  useEffect(() => {
    if (begun.current) return; // the code is good for one exchange
    begun.current = true;
    completeSignIn()
      .then((to) => (to ? navigate({ to, replace: true }) : undefined))
      .catch(() => setFailed(true));
  }, [navigate]);
  if (failed) {
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
