import { useQuery, useQueryClient } from '@tanstack/react-query';
import { createContext, type ReactNode, useContext, useEffect, useMemo, useRef, useState } from 'react';
import { type ApiProblem, asProblem, type Me, meQuery } from '@/api';
import { reasonOf, useT } from '@/i18n';
import { Button, Dialog, ErrorState, Spinner } from '@/ui';
import { reportSignedIn, useConnection } from './connection';
import { claimDrafts } from './drafts';
import { renew, signIn, signInByWindow, signOut, userManager } from './oidc';

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

/** What a person may do, by the permissions of their roles. */
export function allows(me: Pick<Me, 'permissions'>): (permission: string) => boolean {
  const permissions = new Set(me.permissions);
  return (permission) => permissions.has(permission);
}

/** Whether the user is signed in. A session that ended in the background is renewed, or is over. */
async function signedIn(): Promise<boolean> {
  const user = await userManager().then((users) => users.getUser());
  const good = user?.expired ? await renew() : user;
  if (good) claimDrafts(good.profile.sub);
  return Boolean(good);
}

/** Shows what is inside to people who are signed in; sends others to the sign-in page and back. `onSignedIn` is called before it is known what they may. */
export function RequireSession({ onSignedIn, children }: { onSignedIn?: () => void; children: ReactNode }) {
  const t = useT();
  const [known, setKnown] = useState<boolean | null>(null);
  const [failure, setFailure] = useState<ApiProblem | null>(null);
  const started = useRef(onSignedIn);
  useEffect(() => {
    let here = true;
    signedIn()
      .then((is) => {
        if (!is) return signIn();
        if (!here) return;
        started.current?.();
        started.current = undefined;
        setKnown(true);
      })
      .catch((error: unknown) => here && setFailure(asProblem(error)));
    // A page that the browser kept and shows again after the sign-out must not show anything.
    const onShow = (event: PageTransitionEvent) => {
      if (!event.persisted) return;
      void userManager()
        .then((users) => users.getUser())
        .then((user) => user ?? location.reload());
    };
    window.addEventListener('pageshow', onShow);
    return () => {
      here = false;
      window.removeEventListener('pageshow', onShow);
    };
  }, []);
  const me = useQuery({ ...meQuery, enabled: known === true });
  if (failure !== null) {
    return (
      <ErrorState
        page
        title={t('session.unavailable')}
        detail={failure.unreachable ? t('session.unreachable') : reasonOf(t, failure)}
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
          page
          title={t('session.unavailable')}
          detail={problem.unreachable ? t('session.unreachable') : reasonOf(t, problem)}
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
  return (
    <KnownSession me={me.data}>
      {children}
      <SessionEnded />
    </KnownSession>
  );
}

function KnownSession({ me, children }: { me: Me; children: ReactNode }) {
  const session = useMemo<Session>(() => ({ me, can: allows(me), signOut: () => void signOut() }), [me]);
  return <SessionContext value={session}>{children}</SessionContext>;
}

/** Over the page when the session has ended: what was being written stays where it is. */
function SessionEnded() {
  const t = useT();
  const { signedOut } = useConnection();
  const queries = useQueryClient();
  const [window, setWindow] = useState<'closed' | 'opening' | 'open' | 'blocked'>('closed');
  const stop = useRef<(() => void) | null>(null);
  useEffect(() => () => stop.current?.(), []);
  if (!signedOut) return null;
  const byWindow = async () => {
    stop.current?.();
    setWindow('opening');
    try {
      const opened = await signInByWindow((samePerson) => {
        if (!samePerson) {
          location.assign('/'); // what is on this page is not theirs
          return;
        }
        setWindow('closed');
        reportSignedIn();
        void queries.invalidateQueries();
      });
      stop.current = opened || null;
      setWindow(opened ? 'open' : 'blocked');
    } catch {
      setWindow('blocked');
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
          <Button variant="primary" loading={window === 'opening'} onClick={() => void byWindow()}>
            {t('session.sign_in_window')}
          </Button>
        </>
      }
    >
      <p role="status" className="text-sm text-muted">
        {window === 'open' && t('session.window_open')}
        {window === 'blocked' && t('session.window_blocked')}
      </p>
    </Dialog>
  );
}
