import { createFlow, type Flow, rules, type Snapshot } from '@ballerine/sdk';
import { createContext } from 'preact';
import { useContext, useEffect, useMemo, useState } from 'preact/hooks';
import { Frame, Notice } from './frame.tsx';
import { PageForm } from './page.tsx';
import { type Language, languageOf, type Texts, textsOf } from './texts.ts';

/** The token of the address: behind #, where no server and no log sees it. */
export function tokenOf(hash: string): string {
  return hash.startsWith('#') ? (new URLSearchParams(hash.slice(1)).get('token') ?? '') : '';
}

const Words = createContext<Texts>(textsOf('en'));
export const useTexts = () => useContext(Words);

export function useFlow(flow: Flow): Snapshot {
  const [snapshot, setSnapshot] = useState(flow.getState());
  useEffect(() => {
    setSnapshot(flow.getState());
    return flow.subscribe(() => setSnapshot(flow.getState()));
  }, [flow]);
  return snapshot;
}

/** Everything: one flow for each token. */
export function App() {
  const [token, setToken] = useState(tokenOf(location.hash));
  const [language, setLanguage] = useState(languageOf(navigator.languages));
  useEffect(() => {
    const changed = () => setToken(tokenOf(location.hash));
    addEventListener('hashchange', changed);
    return () => removeEventListener('hashchange', changed);
  }, []);
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  const texts = useMemo(() => textsOf(language), [language]);
  return (
    <Words.Provider value={texts}>
      {token === '' ? (
        <Frame language={language} onLanguage={setLanguage}>
          <Notice kind="problem" title={texts.say('no_token_title')} text={texts.say('no_token')} />
        </Frame>
      ) : (
        <WithToken key={token} token={token} language={language} onLanguage={setLanguage} />
      )}
    </Words.Provider>
  );
}

interface Props {
  token: string;
  language: Language;
  onLanguage: (language: Language) => void;
}

function WithToken({ token, language, onLanguage }: Props) {
  // biome-ignore lint/correctness/useExhaustiveDependencies: another language is told to the flow that there is
  const flow = useMemo(
    () => createFlow({ baseUrl: location.origin, getToken: () => token, rules, locale: language }),
    [token],
  );
  useEffect(() => () => flow.destroy(), [flow]);
  useEffect(() => {
    if (flow.getState().locale !== language) void flow.setLocale(language);
  }, [flow, language]);
  useEffect(() => {
    const back = () => void flow.refresh();
    addEventListener('online', back);
    return () => removeEventListener('online', back);
  }, [flow]);
  return <Shown flow={flow} language={language} onLanguage={onLanguage} />;
}

function Shown({ flow, language, onLanguage }: { flow: Flow } & Omit<Props, 'token'>) {
  const snapshot = useFlow(flow);
  const { say } = useTexts();
  useWatch(flow, snapshot);
  const { state, status } = snapshot;
  const collects = state?.flow.collects && snapshot.page;
  const frame = {
    language,
    onLanguage,
    ...(collects ? { progress: progressOf(snapshot), saving: snapshot.saving } : {}),
  };
  let shown = (
    <p class="loading" role="status">
      {say('loading')}
    </p>
  );
  if (status === 'expired') shown = <Notice kind="problem" title={say('expired_title')} text={say('expired')} />;
  else if (status === 'failed') {
    const text = say(snapshot.error?.kind === 'offline' ? 'offline' : 'failed');
    shown = (
      <Notice kind="problem" title={say('failed_title')} text={text}>
        <button type="button" class="primary" onClick={() => void flow.refresh()}>
          {say('again')}
        </button>
      </Notice>
    );
  } else if (collects) shown = <PageForm key={snapshot.pageId} flow={flow} snapshot={snapshot} />;
  else if (state) shown = <Ended snapshot={snapshot} />;
  return <Frame {...frame}>{shown}</Frame>;
}

/** Where the page is among those that can be filled in. */
function progressOf({ state, pageId }: Snapshot): { at: number; of: number } {
  const open = state?.flow.pages.filter((page) => page.visible && (page.open || page.id === pageId)) ?? [];
  return { at: open.findIndex((page) => page.id === pageId) + 1, of: open.length };
}

/** What an applicant reads when nothing is asked of them. */
function Ended({ snapshot }: { snapshot: Snapshot }) {
  const { say } = useTexts();
  const { status = '', tags = [] } = snapshot.state?.case ?? {};
  if (status === 'active') return <Notice kind="waiting" title={say('review_title')} text={say('review')} />;
  if (tags.includes('approved')) return <Notice kind="done" title={say('approved_title')} text={say('approved')} />;
  if (tags.includes('rejected')) return <Notice kind="problem" title={say('rejected_title')} text={say('rejected')} />;
  if (status !== 'completed' || tags.includes('expired')) {
    return <Notice kind="problem" title={say('ended_title')} text={say('ended')} />;
  }
  return <Notice kind="done" title={say('completed_title')} text={say('completed')} />;
}

/** Looks whether something has come of the case while it is being checked and somebody looks at the page. */
function useWatch(flow: Flow, snapshot: Snapshot) {
  const { state } = snapshot;
  const waits = state !== undefined && !state.flow.collects && state.case.status === 'active';
  useEffect(() => {
    if (!waits) return;
    let pause = 2000;
    let timer = 0;
    const look = () => {
      if (!document.hidden) void flow.refresh();
      pause = Math.min(pause * 1.5, 30_000);
      timer = window.setTimeout(look, pause);
    };
    timer = window.setTimeout(look, pause);
    return () => clearTimeout(timer);
  }, [flow, waits]);
}
