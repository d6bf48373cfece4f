import { type ElementView, type Flow, isEmpty, type Snapshot } from '@ballerine/sdk';
import type { ComponentChildren } from 'preact';
import { useTexts } from './app.tsx';
import { Choices, Consent, Control, type ControlProps, DateParts, idOf, Money, Parts } from './controls.tsx';
import { Documents } from './upload.tsx';

/** What elements need of the page that they are on. */
export interface Filling {
  readonly flow: Flow;
  readonly snapshot: Snapshot;
  /** `chosen`: the answer is whole, as of a list, and not still being written. */
  readonly change: (field: string, value: unknown, chosen: boolean) => void;
  /** A field was left. */
  readonly leave: (field: string) => void;
  readonly faultOf: (element: ElementView) => string;
  readonly partFault: (field: string) => string;
  /** Whether the applicant has wanted to go on. */
  readonly tried: boolean;
}

interface Props {
  element: ElementView;
  filling: Filling;
}

export function Element({ element, filling }: Props) {
  const { type, title } = element;
  if (type === 'heading') return <h2>{title}</h2>;
  if (type === 'description') return <p class="lead">{title}</p>;
  if (type === 'divider') return <hr />;
  if (element.document) return <Documents element={element} filling={filling} />;
  if (type === 'group') return <Group element={element} filling={filling} />;
  const field = element.field ?? '';
  return (
    <Field
      element={element}
      filling={filling}
      leave={() => filling.leave(field)}
      change={(value) => filling.change(field, value, isChosen(element))}
    />
  );
}

interface FieldProps extends Props {
  change: (value: unknown) => void;
  leave: () => void;
}

/** What is chosen is kept at once: what else is asked may depend on it. */
const isChosen = (element: ElementView) =>
  Boolean(element.options) || ['boolean', 'country', 'nationality', 'consent'].includes(element.type);

const several = ['date', 'radio', 'boolean', 'checkboxes', 'multiselect', 'address', 'company'];

/** A field with its name, its hint and what is wrong with it. */
function Field({ element, filling, change, leave }: FieldProps) {
  const { say } = useTexts();
  const id = idOf(element.field ?? '');
  const wrong = filling.faultOf(element);
  const hint =
    element.hint ?? (element.type === 'phone' ? say('phone_hint') : element.type === 'date' ? say('date_hint') : '');
  const described = [hint && `${id}-hint`, wrong && `${id}-wrong`].filter(Boolean).join(' ') || undefined;
  const props: ControlProps = { element, id, described, wrong: wrong !== '', change, partFault: filling.partFault };
  const name = (
    <>
      {element.title}
      {!element.required && element.type !== 'consent' && <span class="optional"> ({say('optional')})</span>}
    </>
  );
  const notes = (
    <>
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {wrong && (
        <p class="wrong" id={`${id}-wrong`}>
          {wrong}
        </p>
      )}
    </>
  );
  // A field with several inputs is left when the focus goes out of all of them.
  const left = (event: FocusEvent) => {
    if (!(event.currentTarget as HTMLElement).contains(event.relatedTarget as Node | null)) leave();
  };
  const grouped =
    several.includes(element.type) || (element.type === 'currency' && (element.checks?.currencies?.length ?? 0) > 1);
  return (
    <div class={wrong ? 'field bad' : 'field'} onFocusOut={left}>
      {element.type === 'consent' ? (
        <>
          <Consent {...props} />
          {notes}
        </>
      ) : grouped ? (
        <fieldset aria-describedby={described}>
          <legend>{name}</legend>
          {notes}
          <Grouped {...props} />
        </fieldset>
      ) : (
        <>
          <label for={id}>{name}</label>
          {notes}
          <Control {...props} />
        </>
      )}
    </div>
  );
}

function Grouped(props: ControlProps) {
  const { type } = props.element;
  if (type === 'date') return <DateParts {...props} />;
  if (type === 'currency') return <Money {...props} />;
  if (type === 'address' || type === 'company') return <Parts {...props} />;
  return <Choices {...props} />;
}

type Item = Record<string, unknown>;

/** An object with a value at a path of names. */
export function put(object: Item, path: string, value: unknown): Item {
  const [name = '', ...rest] = path.split('.');
  const { [name]: before, ...others } = object;
  if (rest.length === 0) return isEmpty(value) ? others : { ...others, [name]: value };
  return { ...others, [name]: put((before ?? {}) as Item, rest.join('.'), value) };
}

/** The same for several, such as owners. */
function Group({ element, filling }: Props) {
  const { say } = useTexts();
  const field = element.field ?? '';
  const items = (element.value ?? []) as Item[];
  const wrong = filling.faultOf(element);
  const id = idOf(field);
  const change = (list: Item[]) => filling.change(field, list, false);
  return (
    <fieldset class={wrong ? 'group bad' : 'group'} aria-describedby={wrong ? `${id}-wrong` : undefined}>
      <legend>
        <h2>{element.title}</h2>
      </legend>
      {element.hint && <p class="hint">{element.hint}</p>}
      {wrong && (
        <p class="wrong" id={`${id}-wrong`}>
          {wrong}
        </p>
      )}
      {(element.items ?? []).map((inner, i) => (
        <Numbered key={i} title={say('number', i + 1)}>
          {inner.map(
            (one) =>
              one.visible && (
                <Field
                  key={one.field}
                  element={one}
                  filling={filling}
                  leave={() => filling.leave(field)}
                  change={(value) =>
                    change(
                      items.map((item, at) =>
                        at === i ? put(item, (one.field ?? '').slice(`${field}[${i}].`.length), value) : item,
                      ),
                    )
                  }
                />
              ),
          )}
          {!element.disabled && (
            <button
              type="button"
              class="link"
              aria-label={say('removeOf', i + 1)}
              onClick={() => change(items.filter((_, at) => at !== i))}
            >
              {say('remove')}
            </button>
          )}
        </Numbered>
      ))}
      {!element.disabled && items.length < (element.checks?.max ?? 200) && (
        <button type="button" class="secondary" id={id} onClick={() => change([...items, {}])}>
          {say('add')}
        </button>
      )}
    </fieldset>
  );
}

function Numbered({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <section class="item" aria-label={title}>
      <h3>{title}</h3>
      {children}
    </section>
  );
}
