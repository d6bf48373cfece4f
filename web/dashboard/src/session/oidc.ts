import { type User, UserManager, WebStorageStateStore } from 'oidc-client-ts';
import { loadConfig } from './config';

// The OpenID Connect side of a session: authorization code with PKCE, renewed by refresh token. The same code talks to the
// sign-in of `ballerine dev` and to Cognito. Tokens are in this tab's session storage only.

let manager: Promise<UserManager> | undefined;

export function userManager(): Promise<UserManager> {
  manager ??= loadConfig().then(
    (config) =>
      new UserManager({
        authority: config.issuer,
        client_id: config.client_id,
        redirect_uri: `${location.origin}/sign-in/callback`,
        popup_redirect_uri: `${location.origin}/sign-in/callback`,
        post_logout_redirect_uri: `${location.origin}/signed-out`,
        response_type: 'code',
        scope: config.logout === 'cognito' ? 'openid email profile' : 'openid email profile offline_access',
        userStore: new WebStorageStateStore({ store: sessionStorage }),
        stateStore: new WebStorageStateStore({ store: sessionStorage }),
        automaticSilentRenew: true,
        accessTokenExpiringNotificationTimeInSeconds: 30,
        monitorSession: false,
        loadUserInfo: false,
      }),
  );
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

/** Renews the session by its refresh token; null when it is over. Calls at the same time share one renewal. */
export function renew(): Promise<User | null> {
  renewing ??= userManager()
    .then((users) => users.signinSilent())
    .catch(() => null)
    .finally(() => {
      renewing = undefined;
    });
  return renewing;
}

/** Leaves for the sign-in page and comes back to where we are. */
export async function signIn(returnTo = location.pathname + location.search): Promise<void> {
  const users = await userManager();
  await users.signinRedirect({ state: { returnTo } });
}

/** Signs in without leaving the page, in a window of its own. */
export async function signInByWindow(): Promise<boolean> {
  const users = await userManager();
  const user = await users.signinPopup({ state: { popup: true } });
  return Boolean(user);
}

/** Ends the session here and with the issuer. */
export async function signOut(): Promise<void> {
  const [users, config] = await Promise.all([userManager(), loadConfig()]);
  if (config.logout === 'oidc') await users.revokeTokens(['refresh_token']).catch(() => undefined); // it ends by itself, too
  await users.removeUser();
  sessionStorage.clear();
  for (const key of Object.keys(localStorage)) {
    if (key.startsWith('ballerine.draft.')) localStorage.removeItem(key);
  }
  const back = `${location.origin}/signed-out`;
  if (config.logout === 'cognito') {
    const target = new URL(config.logout_uri ?? `${config.issuer}/logout`);
    target.searchParams.set('client_id', config.client_id);
    target.searchParams.set('logout_uri', back);
    location.assign(target);
    return;
  }
  await users.signoutRedirect({ post_logout_redirect_uri: back });
}

/** Where the sign-in page sends back to: completes it, and says where to go on. */
export async function completeSignIn(): Promise<string> {
  const users = await userManager();
  if (window.opener) {
    await users.signinPopupCallback();
    return '';
  }
  const user = await users.signinRedirectCallback();
  const state = user.state as { returnTo?: string } | undefined;
  const to = state?.returnTo ?? '/';
  return to.startsWith('/') && !to.startsWith('//') ? to : '/';
}
