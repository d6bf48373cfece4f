export { reportSignedIn, useConnection } from './connection';
export { readDraft, useDraft, writeDraft } from './drafts';
export { signIn, signOut } from './oidc';
export { getPreferences, type Preferences, setPreferences, usePreferences } from './preferences';
export { RequireSession, useSession } from './session';
