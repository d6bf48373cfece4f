import { useQuery } from '@tanstack/react-query';
import { createContext, type ReactNode, useContext, useEffect, useState } from 'react';
import { asProblem, type Me, meQuery } from '@/api';
import { useT } from '@/i18n';
import { Button, Dialog, ErrorState, Spinner } from '@/ui';
import { reportSignedIn, useConnection } from './connection';
import { signIn, signInByWindow, signOut, userManager } from './oidc';

interface Session {
  me: Me;
  /** Whether the person's roles allow it. The API decides; this is for showing what is possible. */
  can: (permission: string) => boolean;
  signOut: () => void;
}

const SessionContext = createContext<Session | null>(null);

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error('RequireSession is missing');
  return session;
}

/** Shows what is inside to people who are signed in; sends others to the sign-in page and back. */
export function RequireSession({ children }: { children: ReactNode }) {
  const t = useT();
  const [known, setKnown] = useState<boolean | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  useEffect(() => {
    let here = true;
    userManager()
      .then((users) => users.getUser())
      .then(async (user) => {
        if (user) {
          if (here) setKnown(true);
        } else {
          await signIn();
        }
      })
      .catch((error: unknown) => here && setFailure(asProblem(error).message));
    return () => {
      here = false;
    };
  }, []);
  const me = useQuery({ ...meQuery, enabled: known === true });
  if (failure !== null) {
    return (
      <ErrorState
        title={t('session.unavailable')}
        detail={failure}
        retryLabel={t('common.retry')}
        onRetry={() => location.reload()}
      />
    );
  }
  if (me.isError && !me.data) {
    const problem = asProblem(me.error);
    if (!problem.signedOut) {
      return (
        <ErrorState
          title={t('session.unavailable')}
          detail={problem.detail}
          requestId={problem.requestId}
          requestLabel={t('common.request')}
          retryLabel={t('common.retry')}
          onRetry={() => void me.refetch()}
        />
      );
    }
  }
  if (!me.data) {
    return (
      <div role="status" className="flex h-dvh items-center justify-center gap-2 text-muted">
        <Spinner />
        {t('session.loading')}
        <SessionEnded />
      </div>
    );
  }
  const permissions = new Set<string>(me.data.permissions);
  return (
    <SessionContext
      value={{ me: me.data, can: (permission) => permissions.has(permission), signOut: () => void signOut() }}
    >
      {children}
      <SessionEnded />
    </SessionContext>
  );
}

/** Over the page when the session has ended: what was being written stays where it is. */
function SessionEnded() {
  const t = useT();
  const { signedOut } = useConnection();
  const [busy, setBusy] = useState(false);
  if (!signedOut) return null;
  const byWindow = async () => {
    setBusy(true);
    try {
      if (await signInByWindow()) reportSignedIn();
    } catch {
      // the window was closed or not allowed: the other button is there
    } finally {
      setBusy(false);
    }
  };
  return (
    <Dialog
      open
      onOpenChange={() => undefined}
      size="sm"
      title={t('session.ended')}
      description={t('session.ended_detail')}
      closeLabel={t('common.close')}
      footer={
        <>
          <Button onClick={() => void signIn()}>{t('session.sign_in_here')}</Button>
          <Button variant="primary" loading={busy} onClick={() => void byWindow()}>
            {t('session.sign_in_window')}
          </Button>
        </>
      }
    />
  );
}
