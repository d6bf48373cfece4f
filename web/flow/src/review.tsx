import type { ElementView, Flow, Snapshot } from '@ballerine/sdk';
import { useTexts } from './app.tsx';
import { countryName } from './countries.ts';
import type { Texts } from './texts.ts';

/** Everything that was entered, page by page, with a way back to each. */
export function Review({ flow, snapshot }: { flow: Flow; snapshot: Snapshot }) {
  const texts = useTexts();
  const pages = flow
    .pages()
    .filter(
      (page) =>
        page.visible &&
        page.id !== snapshot.pageId &&
        page.elements.some((one) => one.visible && (one.field || one.document)),
    );
  return (
    <div class="review">
      {pages.map((page) => (
        <section key={page.id}>
          <h2>{page.title}</h2>
          {page.open && (
            <button
              type="button"
              class="link"
              onClick={() => flow.goTo(page.id)}
              aria-label={texts.say('editOf', page.title ?? '')}
            >
              {texts.say('edit')}
            </button>
          )}
          <dl>
            {page.elements
              .filter((one) => one.visible && (one.field || one.document))
              .map((one) => (
                <Row key={one.field ?? one.document} element={one} texts={texts} />
              ))}
          </dl>
        </section>
      ))}
    </div>
  );
}

function Row({ element, texts }: { element: ElementView; texts: Texts }) {
  const shown = element.document ? filesOf(element, texts) : written(element, element.value, texts);
  return (
    <div>
      <dt>{element.title}</dt>
      <dd class={shown ? '' : 'faint'}>{shown || texts.say(element.document ? 'missing_document' : 'not_given')}</dd>
    </div>
  );
}

const filesOf = (element: ElementView, { say }: Texts) => (element.files?.some((one) => one.id) ? say('uploaded') : '');

/** An answer as people read it. */
export function written(element: ElementView, value: unknown, texts: Texts): string {
  const { language, region, say } = texts;
  if (value === undefined || value === null || value === '') return '';
  const option = (one: unknown) => element.options?.find((other) => other.value === one)?.title ?? String(one);
  switch (element.type) {
    case 'boolean':
      return say(value ? 'yes' : 'no');
    case 'date':
      return new Intl.DateTimeFormat(region, { dateStyle: 'long', timeZone: 'UTC' }).format(
        new Date(`${value}T00:00:00Z`),
      );
    case 'country':
    case 'nationality':
      return element.options ? option(value) : countryName(language, String(value));
    case 'consent':
      return say((value as { accepted?: boolean }).accepted ? 'yes' : 'no');
    case 'number':
      return new Intl.NumberFormat(region).format(Number(value));
    case 'currency':
      return money(element, value, region);
    case 'group':
      return (element.items ?? [])
        .map((item) =>
          item
            .filter((one) => one.visible)
            .map((one) => written(one, one.value, texts))
            .filter(Boolean)
            .join(', '),
        )
        .join('\n');
  }
  if (Array.isArray(value)) return value.map(option).join(', ');
  if (typeof value === 'object') {
    return Object.entries(value)
      .map(([name, part]) => (name === 'country' ? countryName(language, String(part)) : String(part)))
      .join(', ');
  }
  return option(value);
}

function money(element: ElementView, value: unknown, language: string): string {
  const { amount, currency } =
    typeof value === 'object'
      ? (value as { amount?: number; currency?: string })
      : { amount: Number(value), currency: undefined };
  const code = currency ?? element.checks?.currencies?.[0];
  if (amount === undefined || !code) return String(amount ?? '');
  return new Intl.NumberFormat(language, { style: 'currency', currency: code }).format(amount);
}
