import { type QueryClient, useQueryClient } from '@tanstack/react-query';
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
  useRouter,
} from '@tanstack/react-router';
import { startPage } from './early';
import { readQueueSearch } from './queue/search';
import { RequireSession } from './session';
import { SignedOut, SignInCallback } from './session/pages';
import { NotFound, RouteError } from './shell/RouteError';
import { Shell } from './shell/Shell';

const root = createRootRouteWithContext<{ queries: QueryClient }>()({ notFoundComponent: NotFound });

const signedIn = createRoute({
  getParentRoute: () => root,
  id: 'signed-in',
  component: function SignedIn() {
    const queries = useQueryClient();
    const router = useRouter();
    return (
      <RequireSession onSignedIn={() => startPage(router.state.location, queries)}>
        <Shell />
      </RequireSession>
    );
  },
});

const home = createRoute({
  getParentRoute: () => signedIn,
  path: '/',
  component: lazyRouteComponent(() => import('./home/HomePage'), 'HomePage'),
});

const queue = createRoute({
  getParentRoute: () => signedIn,
  path: '/queue',
  validateSearch: readQueueSearch,
  component: lazyRouteComponent(() => import('./queue/QueuePage'), 'QueuePage'),
});

/** The address of "a new case": the queue with its dialog open. */
const newCase = createRoute({
  getParentRoute: () => signedIn,
  path: '/queue/new',
  validateSearch: readQueueSearch,
  beforeLoad: ({ search }) => {
    throw redirect({ to: '/queue', search: { ...search, new: true }, replace: true });
  },
});

const caseRoute = createRoute({
  getParentRoute: () => signedIn,
  path: '/cases/$caseId',
  validateSearch: (raw: Record<string, unknown>): { tab?: string; document?: string } => ({
    ...(typeof raw['tab'] === 'string' ? { tab: raw['tab'] } : {}),
    ...(typeof raw['document'] === 'string' ? { document: raw['document'] } : {}),
  }),
  component: lazyRouteComponent(() => import('./cases/CasePage'), 'CasePage'),
});

const notifications = createRoute({
  getParentRoute: () => signedIn,
  path: '/notifications',
  component: lazyRouteComponent(() => import('./desk/NotificationsPage'), 'NotificationsPage'),
});

const settings = createRoute({
  getParentRoute: () => signedIn,
  path: '/settings',
  component: lazyRouteComponent(() => import('./settings/SettingsPage'), 'SettingsPage'),
});

const undelivered = createRoute({
  getParentRoute: () => signedIn,
  path: '/undelivered',
  component: lazyRouteComponent(() => import('./undelivered/UndeliveredPage'), 'UndeliveredPage'),
});

const screening = createRoute({
  getParentRoute: () => signedIn,
  path: '/screening',
  component: lazyRouteComponent(() => import('./screening/ScreeningPage'), 'ScreeningPage'),
});

const proposals = createRoute({
  getParentRoute: () => signedIn,
  path: '/proposals',
  validateSearch: (raw: Record<string, unknown>): { status?: string } =>
    typeof raw['status'] === 'string' ? { status: raw['status'] } : {},
  component: lazyRouteComponent(() => import('./proposals/ProposalsPage'), 'ProposalsPage'),
});

const proposal = createRoute({
  getParentRoute: () => signedIn,
  path: '/proposals/$proposalId',
  component: lazyRouteComponent(() => import('./proposals/ProposalPage'), 'ProposalPage'),
});

const backtests = createRoute({
  getParentRoute: () => signedIn,
  path: '/backtests',
  validateSearch: (raw: Record<string, unknown>): { policy?: string; run?: string } => ({
    ...(typeof raw['policy'] === 'string' ? { policy: raw['policy'] } : {}),
    ...(typeof raw['run'] === 'string' ? { run: raw['run'] } : {}),
  }),
  component: lazyRouteComponent(() => import('./backtests/BacktestsPage'), 'BacktestsPage'),
});

const showcase = createRoute({
  getParentRoute: () => signedIn,
  path: '/showcase',
  component: lazyRouteComponent(() => import('./showcase/ShowcasePage'), 'ShowcasePage'),
});

const elsewhere = createRoute({ getParentRoute: () => signedIn, path: '$', component: NotFound });

const callback = createRoute({ getParentRoute: () => root, path: '/sign-in/callback', component: SignInCallback });
const signedOut = createRoute({ getParentRoute: () => root, path: '/signed-out', component: SignedOut });

export function makeRouter(queries: QueryClient) {
  return createRouter({
    routeTree: root.addChildren([
      signedIn.addChildren([
        home,
        queue,
        newCase,
        caseRoute,
        notifications,
        settings,
        undelivered,
        screening,
        proposals,
        proposal,
        backtests,
        showcase,
        elsewhere,
      ]),
      callback,
      signedOut,
    ]),
    context: { queries },
    defaultErrorComponent: RouteError,
    defaultNotFoundComponent: NotFound,
    defaultPreload: 'intent',
    scrollRestoration: true,
  });
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
