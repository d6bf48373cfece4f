import type { ElementView } from '@ballerine/sdk';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { useTexts } from './app.tsx';
import { countries, type Option } from './countries.ts';
import type { Name } from './texts.ts';

export interface ControlProps {
  readonly element: ElementView;
  readonly id: string;
  readonly described: string | undefined;
  readonly wrong: boolean;
  readonly change: (value: unknown) => void;
  readonly partFault: (field: string) => string;
}

/** The id of a field's first input, for links to it. */
export const idOf = (field: string) => `f-${field.replace(/[^A-Za-z0-9]+/g, '-')}`;

const shared = ({ element, id, described, wrong }: ControlProps) => ({
  id,
  disabled: element.disabled,
  'aria-describedby': described,
  'aria-invalid': wrong,
  'aria-required': element.required,
});

/** What a browser may fill in by itself: of the applicant, not of others who are in a group. */
const purposes: Record<string, string> = {
  given: 'given-name',
  family: 'family-name',
  email: 'email',
  phone: 'tel',
  country: 'country',
  line1: 'address-line1',
  line2: 'address-line2',
  postal_code: 'postal-code',
  city: 'address-level2',
  state: 'address-level1',
};
const purposeOf = (field: string) =>
  field.includes('[') ? 'off' : (purposes[field.slice(field.lastIndexOf('.') + 1)] ?? 'off');

/** A field with one input. */
export function Control(props: ControlProps) {
  const { element, change } = props;
  const { language } = useTexts();
  const { type, checks, options } = element;
  const field = element.field ?? '';
  const all = useMemo(
    () => (type === 'country' || type === 'nationality' ? countries(language) : undefined),
    [type, language],
  );
  const chosen = options ?? all ?? checks?.states?.map((one) => ({ value: one, title: one }));
  if (chosen && type !== 'text') return <Select {...props} options={chosen} />;
  const text = typeof element.value === 'string' ? element.value : '';
  if (type === 'number' || type === 'currency') return <NumberInput {...props} suffix={checks?.currencies?.[0]} />;
  if (type === 'tags') return <Lines {...props} />;
  if (checks?.multiline) {
    return <textarea {...shared(props)} rows={4} value={text} onInput={(event) => change(event.currentTarget.value)} />;
  }
  const kind =
    type === 'phone' ? 'tel' : checks?.format === 'email' ? 'email' : checks?.format === 'uri' ? 'url' : 'text';
  return (
    <input
      {...shared(props)}
      type={kind as 'text'}
      inputMode={type === 'mcc' ? 'numeric' : undefined}
      autoComplete={purposeOf(field)}
      autoCapitalize={kind === 'text' ? undefined : 'off'}
      spellcheck={false}
      value={text}
      onInput={(event) => change(event.currentTarget.value)}
    />
  );
}

function Select(props: ControlProps & { options: readonly Option[] }) {
  const { say } = useTexts();
  const { element, options, change } = props;
  return (
    <select
      {...shared(props)}
      autoComplete={purposeOf(element.field ?? '')}
      value={typeof element.value === 'string' ? element.value : ''}
      onChange={(event) => change(event.currentTarget.value)}
    >
      <option value="">{say('choose')}</option>
      {options.map((one) => (
        <option key={one.value} value={one.value}>
          {one.title}
        </option>
      ))}
    </select>
  );
}

/** Text as it is being written, of a value that has another form. What is written elsewhere takes its place. */
function useWritten<T>(
  value: T,
  format: (value: T) => string,
  parse: (text: string) => T,
): [string, (text: string) => T] {
  const [text, setText] = useState(format(value));
  const known = JSON.stringify(value);
  // biome-ignore lint/correctness/useExhaustiveDependencies: only another value changes what is written
  useEffect(() => {
    if (JSON.stringify(parse(text)) !== known) setText(format(value));
  }, [known]);
  return [
    text,
    (next) => {
      setText(next);
      return parse(next);
    },
  ];
}

/** A number as people write it; what is none goes to the server as it is, which says so. */
export function numberOf(text: string): unknown {
  const plain = text.trim().replace(/\s/g, '').replace(',', '.');
  if (plain === '') return undefined;
  return /^-?(\d+\.?\d*|\.\d+)$/.test(plain) ? Number(plain) : text;
}

function NumberInput(props: ControlProps & { suffix?: string | undefined }) {
  const [text, write] = useWritten(
    props.element.value as unknown,
    (value) => (value === undefined ? '' : String(value)),
    numberOf,
  );
  return (
    <div class="suffixed">
      <input
        {...shared(props)}
        inputMode="decimal"
        autoComplete="off"
        value={text}
        onInput={(event) => props.change(write(event.currentTarget.value))}
      />
      {props.suffix && <span aria-hidden="true">{props.suffix}</span>}
    </div>
  );
}

export function Money(props: ControlProps) {
  const { say } = useTexts();
  const { element, id, change } = props;
  const value = (typeof element.value === 'object' && element.value !== null ? element.value : {}) as {
    amount?: unknown;
    currency?: string;
  };
  const [text, write] = useWritten(value.amount, (amount) => (amount === undefined ? '' : String(amount)), numberOf);
  const set = (part: object) => {
    const { amount, currency } = { ...value, ...part };
    change({ ...(amount === undefined ? {} : { amount }), ...(currency ? { currency } : {}) });
  };
  return (
    <div class="row">
      <label>
        {say('amount')}
        <input
          {...shared(props)}
          inputMode="decimal"
          autoComplete="off"
          value={text}
          onInput={(event) => set({ amount: write(event.currentTarget.value) })}
        />
      </label>
      <label>
        {say('currency')}
        <select
          id={`${id}-currency`}
          disabled={element.disabled}
          value={value.currency ?? ''}
          onChange={(event) => set({ currency: event.currentTarget.value })}
        >
          <option value="">{say('choose')}</option>
          {element.checks?.currencies?.map((one) => (
            <option key={one}>{one}</option>
          ))}
        </select>
      </label>
    </div>
  );
}

function Lines(props: ControlProps) {
  const { say } = useTexts();
  const parse = (text: string) =>
    text
      .split('\n')
      .map((line) => line.trim())
      .filter(Boolean);
  const [text, write] = useWritten((props.element.value ?? []) as string[], (list) => list.join('\n'), parse);
  return (
    <>
      <p class="hint">{say('one_per_line')}</p>
      <textarea
        {...shared(props)}
        rows={4}
        value={text}
        onInput={(event) => props.change(write(event.currentTarget.value))}
      />
    </>
  );
}

interface Day {
  readonly year: string;
  readonly month: string;
  readonly day: string;
}

/** The day that three inputs have; what is no day yet is a text that nothing takes for one. */
export function dayOf({ year, month, day }: Day): string | undefined {
  if (!year && !month && !day) return undefined;
  return `${year.padStart(4, '0')}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`;
}

function partsOf(value: unknown): Day {
  const [, year = '', month = '', day = ''] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(String(value ?? '')) ?? [];
  return { year, month: month.replace(/^0/, ''), day: day.replace(/^0/, '') };
}

/** A day in three inputs: quicker than a calendar for a date of birth, and the same in every browser. */
export function DateParts(props: ControlProps) {
  const { say } = useTexts();
  const { element, id, change } = props;
  const [parts, setParts] = useState(partsOf(element.value));
  const value = element.value;
  // biome-ignore lint/correctness/useExhaustiveDependencies: only another value changes what is written
  useEffect(() => {
    if (dayOf(parts) !== value) setParts(partsOf(value));
  }, [value]);
  const set = (part: Partial<Day>) => {
    const next = { ...parts, ...part };
    setParts(next);
    change(dayOf(next));
  };
  const birth = /birth|born/.test(element.field ?? '') && !element.field?.includes('[');
  const input = (name: keyof Day, length: number, inputId: string) => (
    <label class={name}>
      {say(name)}
      <input
        {...shared(props)}
        id={inputId}
        inputMode="numeric"
        maxLength={length}
        autoComplete={birth ? `bday-${name}` : 'off'}
        value={parts[name]}
        onInput={(event) => set({ [name]: event.currentTarget.value.replace(/\D/g, '') })}
      />
    </label>
  );
  return (
    <div class="row date">
      {input('day', 2, id)}
      {input('month', 2, `${id}-month`)}
      {input('year', 4, `${id}-year`)}
    </div>
  );
}

/** Some of a few, or one of them. */
export function Choices(props: ControlProps) {
  const { say } = useTexts();
  const { element, id, change } = props;
  const { type, value } = element;
  const one = type === 'radio' || type === 'boolean';
  const yesNo = [
    { value: 'true', title: say('yes') },
    { value: 'false', title: say('no') },
  ];
  const options = type === 'boolean' ? yesNo : (element.options ?? []);
  const list = Array.isArray(value) ? (value as string[]) : [];
  const has = (option: string) => (one ? String(value) === option : list.includes(option));
  const choose = (option: string, checked: boolean) => {
    if (type === 'boolean') change(option === 'true');
    else if (one) change(option);
    else
      change(
        options.map((other) => other.value).filter((other) => (other === option ? checked : list.includes(other))),
      );
  };
  return (
    <div class="choices">
      {options.map((option, i) => (
        <label key={option.value} class="choice">
          <input
            type={one ? 'radio' : 'checkbox'}
            name={id}
            id={i === 0 ? id : undefined}
            disabled={element.disabled}
            checked={has(option.value)}
            aria-invalid={props.wrong}
            onChange={(event) => choose(option.value, event.currentTarget.checked)}
          />
          <span>{option.title}</span>
        </label>
      ))}
    </div>
  );
}

export function Consent(props: ControlProps) {
  const { element, change } = props;
  const accepted = (element.value as { accepted?: boolean } | undefined)?.accepted === true;
  return (
    <label class="choice">
      <input
        {...shared(props)}
        type="checkbox"
        checked={accepted}
        onChange={(event) =>
          change(event.currentTarget.checked ? { accepted: true, version: element.checks?.version } : null)
        }
      />
      <span>{element.title}</span>
    </label>
  );
}

const companyParts = ['name', 'registration_number', 'country', 'lei'];
const addressParts = ['line1', 'line2', 'postal_code', 'city', 'state', 'country'];

/** An address or a company: an object of texts. */
export function Parts(props: ControlProps) {
  const { say, language } = useTexts();
  const { element, id, change } = props;
  const company = element.type === 'company';
  const names = company ? companyParts : (element.checks?.parts ?? addressParts);
  const required = company ? ['name'] : (element.checks?.required_parts ?? []);
  const value = (element.value ?? {}) as Record<string, string>;
  const all = useMemo(() => countries(language), [language]);
  const set = (name: string, text: string) => {
    const { [name]: _, ...others } = value;
    change(text === '' ? others : { ...others, [name]: text });
  };
  return (
    <div class="parts">
      {names.map((name, i) => {
        const field = `${element.field}.${name}`;
        const wrong = props.partFault(field);
        const partId = i === 0 ? id : idOf(field);
        const attributes = {
          id: partId,
          disabled: element.disabled,
          value: value[name] ?? '',
          autoComplete: company ? (name === 'name' ? 'organization' : 'off') : purposeOf(field),
          'aria-invalid': wrong !== '',
          'aria-required': required.includes(name),
          'aria-describedby': wrong ? `${partId}-wrong` : undefined,
        };
        return (
          <div key={name} class={wrong ? 'bad' : ''}>
            <label for={partId}>
              {say(`${company ? 'company' : 'address'}_${name}` as Name)}
              {!required.includes(name) && <span class="optional"> ({say('optional')})</span>}
            </label>
            {wrong && (
              <p class="wrong" id={`${partId}-wrong`}>
                {wrong}
              </p>
            )}
            {name === 'country' ? (
              <select {...attributes} onChange={(event) => set(name, event.currentTarget.value)}>
                <option value="">{say('choose')}</option>
                {all.map((one) => (
                  <option key={one.value} value={one.value}>
                    {one.title}
                  </option>
                ))}
              </select>
            ) : (
              <input {...attributes} onInput={(event) => set(name, event.currentTarget.value)} />
            )}
          </div>
        );
      })}
    </div>
  );
}
