import type { Snapshot } from '@ballerine/sdk';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { useTexts } from './app.tsx';
import { type Language, languages } from './texts.ts';

interface FrameProps {
  language: Language;
  onLanguage: (language: Language) => void;
  /** Which page of how many. */
  progress?: { at: number; of: number };
  saving?: Snapshot['saving'];
  children: ComponentChildren;
}

/** What is around every page: how far the applicant is, and the language. */
export function Frame({ language, onLanguage, progress, saving, children }: FrameProps) {
  const { say } = useTexts();
  const step = progress && say('step', progress.at, progress.of);
  return (
    <div class="frame">
      <header>
        <span class="step">{step}</span>
        <label class="language">
          <span class="hidden">{say('language')}</span>
          <select value={language} onChange={(event) => onLanguage(event.currentTarget.value as Language)}>
            {Object.entries(languages).map(([name, title]) => (
              <option key={name} value={name} lang={name}>
                {title}
              </option>
            ))}
          </select>
        </label>
        {progress && <progress max={progress.of} value={progress.at - 1} aria-label={step} />}
      </header>
      <main>{children}</main>
      {saving === 'waiting' && (
        <p class="offline" role="status">
          {say('waiting')}
        </p>
      )}
    </div>
  );
}

/** The heading of a page, which gets the focus when the page is shown, so that it is read out. */
export function Heading({ text }: { text: string }) {
  const heading = useRef<HTMLHeadingElement>(null);
  const { say } = useTexts();
  useEffect(() => {
    document.title = `${text} – ${say('title')}`;
    heading.current?.focus();
    scrollTo(0, 0);
  }, [text, say]);
  return (
    <h1 ref={heading} tabIndex={-1}>
      {text}
    </h1>
  );
}

interface NoticeProps {
  kind: 'done' | 'waiting' | 'problem';
  title: string;
  text: string;
  children?: ComponentChildren;
}

const signs = {
  done: <path d="M14 25l7 7 14-15" />,
  waiting: <path d="M24 14v11l7 4" />,
  problem: <path d="M24 14v13m0 6.5v.5" />,
};

/** A page on which nothing is asked. */
export function Notice({ kind, title, text, children }: NoticeProps) {
  return (
    <section class={`notice ${kind}`}>
      <svg viewBox="0 0 48 48" aria-hidden="true">
        <circle cx="24" cy="24" r="22" />
        {signs[kind]}
      </svg>
      <Heading text={title} />
      <p>{text}</p>
      {children}
    </section>
  );
}
