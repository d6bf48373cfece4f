import { ErrorResponse, OidcClient, User, UserManager, WebStorageStateStore } from 'oidc-client-ts';
import { ApiProblem } from '@/api/problem';
import { loadConfig } from './config';
import { reportSigningOut, reportUnreachable } from './connection';
import { clearDrafts } from './drafts';

// The OpenID Connect side of a session: authorization code with PKCE, renewed by refresh token. The same code talks to the
// sign-in of `ballerine dev` and to Cognito. Tokens are in this tab's session storage only.

let manager: Promise<UserManager> | undefined;

export function userManager(): Promise<UserManager> {
  manager ??= loadConfig().then((config) => {
    const users = new UserManager({
      authority: config.issuer,
      client_id: config.client_id,
      redirect_uri: `${location.origin}/sign-in/callback`,
      post_logout_redirect_uri: `${location.origin}/signed-out`,
      response_type: 'code',
      scope: config.logout === 'cognito' ? 'openid email profile' : 'openid email profile offline_access',
      userStore: new WebStorageStateStore({ store: sessionStorage }),
      stateStore: new WebStorageStateStore({ store: sessionStorage }),
      automaticSilentRenew: false, // by `renew`, so that there is one renewal at a time
      accessTokenExpiringNotificationTimeInSeconds: 30,
      monitorSession: false,
      loadUserInfo: false,
    });
    users.events.addAccessTokenExpiring(() => void renew().catch(() => undefined)); // a later call tries again, and reports the failure
    return users;
  });
  manager.catch(() => {
    manager = undefined;
  });
  return manager;
}

let renewing: Promise<User | null> | undefined;

/** The token that the API takes: the ID token, since only it names the tenant with every issuer. Renewed when it ends. */
export async function bearer(): Promise<string | null> {
  const users = await userManager();
  const user = await users.getUser();
  if (!user) return null;
  if (!user.expired) return user.id_token ?? null;
  const renewed = await renew();
  return renewed?.id_token ?? null;
}

/**
 * Renews the session by its refresh token; null when it is over. Calls at the same time share one renewal. Throws a problem
 * when there is no answer: whether the session is over is unknown then.
 */
export function renew(): Promise<User | null> {
  renewing ??= renewOnce().finally(() => {
    renewing = undefined;
  });
  return renewing;
}

async function renewOnce(): Promise<User | null> {
  const users = await userManager();
  const user = await users.getUser();
  if (!user?.refresh_token) return null;
  try {
    return await users.signinSilent();
  } catch (error) {
    if (error instanceof ErrorResponse && !['server_error', 'temporarily_unavailable'].includes(error.error ?? '')) {
      return null;
    }
    reportUnreachable();
    throw new ApiProblem(0, { code: 'unreachable', detail: '' });
  }
}

let leaving: Promise<void> | undefined;

/** Leaves for the sign-in page and comes back to where we are. Calls while we leave are one. */
export function signIn(returnTo = location.pathname + location.search): Promise<void> {
  leaving ??= userManager()
    .then((users) => users.signinRedirect({ state: { returnTo } }))
    .finally(() => {
      leaving = undefined;
    });
  return leaving;
}

/** How a window that signed in notifies the one that opened it. Not by `opener`, which is lost on the way through another site. */
const channelName = 'ballerine.sign-in';

interface SignedIn {
  ticket: string;
  user: string;
}

interface SignInState {
  returnTo?: string;
  /** Set when the sign-in is for the window that opened this one. */
  ticket?: string;
}

/**
 * Signs in without leaving the page, in a window of its own; false when the browser does not allow one. `done` is called
 * with whether it is still the same person. The returned function stops waiting.
 */
export async function signInByWindow(done: (samePerson: boolean) => void): Promise<(() => void) | false> {
  const users = await userManager();
  const before = await users.getUser();
  const ticket = crypto.randomUUID();
  const state: SignInState = { ticket };
  // The window gets a copy of this one's session storage as it opens, and so what is needed to complete the sign-in.
  const request = await new OidcClient(users.settings).createSigninRequest({ state, request_type: 'si:r' });
  const channel = new BroadcastChannel(channelName);
  channel.onmessage = ({ data }: MessageEvent<SignedIn>) => {
    if (data.ticket !== ticket) return;
    channel.close();
    const user = User.fromStorageString(data.user);
    void users
      .storeUser(user)
      .then(() => users.events.load(user))
      .then(() => done(!before || before.profile.sub === user.profile.sub));
  };
  if (!window.open(request.url, 'ballerine-sign-in', 'popup,width=480,height=680')) {
    channel.close();
    return false;
  }
  return () => channel.close();
}

/** Ends the session here and with the issuer. */
export async function signOut(): Promise<void> {
  reportSigningOut();
  clearDrafts();
  const back = `${location.origin}/signed-out`;
  try {
    const [users, config] = await Promise.all([userManager(), loadConfig()]);
    await users.revokeTokens(['refresh_token']).catch(() => undefined); // the end of the session ends it, too
    await users.removeUser();
    sessionStorage.clear();
    if (config.logout === 'cognito') {
      const target = new URL(config.logout_uri ?? `${config.issuer}/logout`);
      target.searchParams.set('client_id', config.client_id);
      target.searchParams.set('logout_uri', back);
      location.assign(target);
      return;
    }
    await users.signoutRedirect({ post_logout_redirect_uri: back });
  } catch {
    // the issuer is unreachable: at least nothing is left in this browser
    sessionStorage.clear();
    location.assign(back);
  }
}

/**
 * Where the sign-in page sends back to: completes it, and returns where to continue; null when this window was opened only to
 * sign in.
 */
export async function completeSignIn(): Promise<string | null> {
  const users = await userManager();
  const user = await users.signinRedirectCallback();
  const state = (user.state ?? {}) as SignInState;
  if (state.ticket) {
    const channel = new BroadcastChannel(channelName);
    channel.postMessage({ ticket: state.ticket, user: user.toStorageString() } satisfies SignedIn);
    channel.close();
    await users.removeUser();
    window.close();
    return null;
  }
  return localPath(state.returnTo);
}

/** A path of this site; anything else is the beginning. */
export function localPath(path: string | undefined): string {
  if (!path?.startsWith('/')) return '/';
  try {
    const url = new URL(path, location.origin);
    return url.origin === location.origin ? url.pathname + url.search + url.hash : '/';
  } catch {
    return '/';
  }
}
