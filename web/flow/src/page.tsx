import {
  type Answers,
  type ElementView,
  type FieldFault,
  type Flow,
  isEmpty,
  type PageView,
  type Snapshot,
} from '@ballerine/sdk';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { useTexts } from './app.tsx';
import { idOf } from './controls.tsx';
import { Element, type Filling } from './element.tsx';
import { Heading } from './frame.tsx';
import { Review } from './review.tsx';

interface Props {
  flow: Flow;
  snapshot: Snapshot;
}

/** A page as a form. What is entered is saved when a field is left, and judged when the applicant goes on. */
export function PageForm({ flow, snapshot }: Props) {
  const { say, fault } = useTexts();
  const [answers, setAnswers] = useState<Answers>({});
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set()); // fields that were left, whose faults are shown
  const [tried, setTried] = useState(false);
  const [reported, setReported] = useState<readonly FieldFault[]>([]); // by the server
  const [notice, setNotice] = useState('');
  const [busy, setBusy] = useState(false);
  const summary = useRef<HTMLDivElement>(null);
  const sent = useRef<Answers>({});

  // biome-ignore lint/correctness/useExhaustiveDependencies: the flow's snapshot is what validate reads
  const checked = useMemo(() => flow.validate(answers).value, [flow, answers, snapshot]);
  if (!checked || !snapshot.state) return null;
  const page: PageView = checked.page;
  const submits = Boolean(page.event);
  const faults = tried ? listed(page, reported, snapshot) : [];

  const change = (field: string, value: unknown, chosen: boolean) => {
    const next = { ...answers, [field]: value };
    setAnswers(next);
    setReported((before) => before.filter((one) => !within(one.field, field)));
    if (chosen) keep(field, next);
  };
  const leave = (field: string) => {
    setLeft((before) => new Set([...before, field]));
    keep(field, answers);
  };
  /** Keeps what was entered: of a page that is left half way, everything that is right by itself is there again. */
  const keep = (field: string, entered: Answers) => {
    const value = entered[field];
    if (!(field in entered) || sent.current[field] === value) return;
    const judged = flow.validate(entered).value;
    const element = judged?.page.elements.find((one) => one.field === field);
    if (!element?.visible || element.disabled) return;
    if (judged?.faults.some((one) => within(one.field, field) && one.code !== 'required')) return;
    sent.current = { ...sent.current, [field]: value };
    void flow.save({ [field]: isEmpty(value) ? null : value }, { partial: true }).then((saved) => {
      if (!saved.ok && saved.error.kind === 'refused') setReported((before) => [...before, ...saved.error.fields]);
      if (!saved.ok && saved.error.kind === 'conflict') setNotice(say('conflict'));
    });
  };

  const proceed = async () => {
    setTried(true);
    setNotice('');
    const open = checked.faults.some((one) => one.code !== 'undecided' && one.code !== 'needed');
    if (open || missing(page)) return focusSoon(summary);
    setBusy(true);
    const asks = page.elements.some((one) => one.visible && one.field);
    let result = submits && !asks ? undefined : await flow.save(entered(page, answers), { page: page.id });
    if ((!result || result.ok) && submits) result = await flow.submit(page.id);
    setBusy(false);
    if (!result || result.ok) return;
    const { kind, fields } = result.error;
    if (kind === 'refused' && fields.length > 0) setReported(fields);
    else if (kind === 'conflict') {
      setAnswers({});
      setNotice(say('conflict'));
    } else if (kind !== 'expired' && kind !== 'closed') setNotice(say(kind === 'offline' ? 'offline' : 'failed'));
    if (kind === 'closed') void flow.refresh();
    focusSoon(summary);
  };

  const filling: Filling = {
    flow,
    snapshot,
    change,
    leave,
    faultOf: (element) => {
      const field = element.field ?? '';
      const server = reported.find((one) => one.field === field);
      const own = element.faults?.find((one) => one.code !== 'undecided' && one.code !== 'needed');
      if (server) return fault(server.code, server.message);
      const shown = tried || (left.has(field.replace(/[[].*/, '')) && own?.code !== 'required');
      return own && shown ? fault(own.code, own.message) : '';
    },
    partFault: (field) => {
      const found = [...reported, ...(tried ? checked.faults : [])].find((one) => one.field === field);
      return found ? fault(found.code, found.message) : '';
    },
    tried,
  };
  const back = snapshot.state.flow.pages.slice(
    0,
    snapshot.state.flow.pages.findIndex((one) => one.id === page.id),
  );
  const { message } = snapshot.state.case;
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (!busy) void proceed();
      }}
    >
      {back.some((one) => one.visible && one.open) && (
        <button type="button" class="back" onClick={() => flow.back()}>
          <span aria-hidden="true">←</span> {say('back')}
        </button>
      )}
      <Heading text={page.title ?? say('title')} />
      {page.description && <p class="lead">{page.description}</p>}
      {snapshot.state.flow.revision && message && (
        <section class="message">
          <h2>{say('revision')}</h2>
          <p>{message.text}</p>
        </section>
      )}
      {/* Always there, so that what is put in is read out. */}
      <div class="summary" ref={summary} tabIndex={-1} role="alert" hidden={faults.length === 0 && notice === ''}>
        {notice && <p>{notice}</p>}
        {faults.length > 0 && (
          <>
            <h2>{say('problems')}</h2>
            <ul>
              {faults.map((one) => (
                <li key={one.id + one.page}>
                  <a
                    href={`#${one.id}`}
                    onClick={(event) => {
                      event.preventDefault();
                      if (one.page === page.id) document.getElementById(one.id)?.focus();
                      else flow.goTo(one.page);
                    }}
                  >
                    {one.title}: {fault(one.code, one.message)}
                  </a>
                </li>
              ))}
            </ul>
          </>
        )}
      </div>
      {page.elements.map((element, i) =>
        element.type === 'review' ? (
          <Review key={i} flow={flow} snapshot={snapshot} />
        ) : (
          element.visible && (
            <Element key={element.field ?? element.document ?? i} element={element} filling={filling} />
          )
        ),
      )}
      <footer>
        <button type="submit" class="primary" aria-disabled={busy}>
          {busy ? say('saving') : say(submits ? 'submit' : 'continue')}
        </button>
        <Saved saving={snapshot.saving} />
      </footer>
    </form>
  );
}

function Saved({ saving }: { saving: Snapshot['saving'] }) {
  const { say } = useTexts();
  const before = useRef(saving);
  const [saved, setSaved] = useState(false);
  useEffect(() => {
    if (before.current !== 'idle' && saving === 'idle') setSaved(true);
    before.current = saving;
  }, [saving]);
  return (
    <p class="saved" role="status">
      {saving === 'idle' && saved ? say('saved') : ''}
    </p>
  );
}

const within = (place: string, field: string) =>
  place === field || place.startsWith(`${field}.`) || place.startsWith(`${field}[`);

const focusSoon = (summary: { current: HTMLElement | null }) => setTimeout(() => summary.current?.focus());

/** Whether a document of the page has to be uploaded. */
const missing = (page: PageView) => page.elements.some((one) => one.visible && one.files?.some((file) => file.fault));

/** What was entered on a page and can be saved. */
function entered(page: PageView, answers: Answers): Answers {
  const found: Record<string, unknown> = {};
  for (const { field, visible, disabled } of page.elements) {
    if (field && field in answers && visible && !disabled)
      found[field] = isEmpty(answers[field]) ? null : answers[field];
  }
  return found;
}

interface Listed {
  page: string;
  id: string;
  title: string;
  code: string;
  message: string;
}

/** Everything that has to be put right, with where it is: on this page, or on those before when it is about to be submitted. */
function listed(page: PageView, reported: readonly FieldFault[], snapshot: Snapshot): Listed[] {
  const found: Listed[] = [];
  const add = (element: ElementView) => {
    if (!element.visible) return;
    const field = element.field ?? '';
    const own = (element.faults ?? []).filter((one) => one.code !== 'undecided' && one.code !== 'needed');
    const server = reported.filter(
      (one) => one.field === field || (!element.items && within(one.field, field) && field !== ''),
    );
    const at = { page: page.id, title: element.title ?? '', id: idOf(field || `document.${element.document}`) };
    const [first] = server.length > 0 ? server : own;
    if (first) found.push({ ...at, code: first.code, message: first.message });
    const file = element.files?.find((one) => one.fault);
    if (file?.fault) found.push({ ...at, id: idOf(`document.${element.document}.${file.side ?? ''}`), ...file.fault });
    for (const item of element.items ?? []) item.forEach(add);
  };
  page.elements.forEach(add);
  if (!page.event) return found;
  for (const one of snapshot.state?.flow.remaining ?? []) {
    const on = snapshot.state?.flow.pages.find((other) => other.id === one.page);
    if (one.page === page.id || !on) continue;
    const element = on.elements.find((other) =>
      one.field ? other.field === one.field : other.document === one.document,
    );
    found.push({
      page: one.page,
      id: idOf(one.field ?? one.document ?? ''),
      title: element?.title ?? on.title ?? '',
      code: one.code,
      message: one.message,
    });
  }
  return found;
}
