/** Texts by key. A text may hold parameters in braces: "{count} cases". "…|…" are the forms for one and for any other number. */
export type Catalogue = Record<string, string>;

export type Parameters = Record<string, string | number>;

/** Puts parameters into a text. The form is chosen by `count` when there are two. */
export function fill(text: string, parameters: Parameters | undefined, locale: string): string {
  let chosen = text;
  if (parameters && typeof parameters['count'] === 'number' && text.includes('|')) {
    const [one = '', other = ''] = text.split('|');
    chosen = new Intl.PluralRules(locale).select(parameters['count']) === 'one' ? one : other;
  }
  if (!parameters) return chosen;
  return chosen.replace(/\{(\w+)\}/g, (match, name: string) => {
    const value = parameters[name];
    if (value === undefined) return match;
    return typeof value === 'number' ? new Intl.NumberFormat(locale).format(value) : value;
  });
}

/** The names of a text's parameters, sorted. */
export function parametersOf(text: string): string[] {
  return [...new Set([...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? ''))].sort();
}
