// The sentences in which the screening explains why a listed name may match, in German. The screening writes
// them in English (internal/screening), and cases keep them so; their forms are few. Loaded with the page of a case.

/** How a reader's place writes what the sentences contain. */
export interface Writing {
  /** A calendar date, "2026-11-23". */
  date: (iso: string) => string;
  /** A share of 1. */
  percent: (share: number) => string;
  /** A country by its code. */
  country: (code: string) => string;
}

const apart: Record<string, string> = {
  'more than ten years apart': 'mehr als zehn Jahre auseinander',
  'six to ten years apart': 'sechs bis zehn Jahre auseinander',
  'up to five years apart': 'bis zu fünf Jahre auseinander',
  'at most a year apart': 'höchstens ein Jahr auseinander',
  'the same, as far as both are known': 'gleich, soweit beides bekannt ist',
};

const sides: Record<string, string> = {
  'the name searched for': 'im gesuchten Namen',
  'the listed name': 'im Namen auf der Liste',
};

/** A date of birth as lists have them ("1971-03-25", "circa 1960", "1958 to 1963"), as people read it. */
export function birthText(birth: string, language: string, { date }: Pick<Writing, 'date'>): string {
  const written = birth.replace(/\d{4}-\d{2}-\d{2}/, date);
  return language === 'de' ? written.replace(/^circa /, 'etwa ').replace(' to ', ' bis ') : written;
}

const german: [RegExp, (parts: string[], writing: Writing) => string | undefined][] = [
  [
    /^born (.+?) and (.+?): (.+)$/,
    ([one = '', other = '', how = ''], writing) =>
      apart[how] && `geboren ${birthText(one, 'de', writing)} und ${birthText(other, 'de', writing)}: ${apart[how]}`,
  ],
  [/^country ([A-Z]{2}): the same$/, ([code = ''], { country }) => `Land ${country(code)}: gleich`],
  [
    /^country ([A-Z]{2}), and (.+) on the list$/,
    ([code = '', listed = ''], { country }) =>
      `Land ${country(code)}, auf der Liste ${listed.split(', ').map(country).join(', ')}`,
  ],
  [/^(.+) and (.+): an initial$/, ([a, b]) => `${a} und ${b}: ein Anfangsbuchstabe`],
  [/^(.+) and (.+): spellings of one word$/, ([a, b]) => `${a} und ${b}: Schreibweisen desselben Wortes`],
  [
    /^(.+) and (.+): the consonants agree by (\d\.\d+)$/,
    ([a, b, share], { percent }) => `${a} und ${b}: die Konsonanten stimmen zu ${percent(Number(share))} überein`,
  ],
  [
    /^(.+) and (.+): the letters agree by (\d\.\d+)$/,
    ([a, b, share], { percent }) => `${a} und ${b}: die Buchstaben stimmen zu ${percent(Number(share))} überein`,
  ],
  [
    /^(.+) and (.+): agree by (\d\.\d+) when spaces are left out$/,
    ([a, b, share], { percent }) => `${a} und ${b}: stimmen ohne Leerzeichen zu ${percent(Number(share))} überein`,
  ],
  [
    /^(.+): only in (.+?)(, which counts little)?$/,
    ([word, side = '', little]) => sides[side] && `${word}: nur ${sides[side]}${little ? ', zählt wenig' : ''}`,
  ],
  [/^(.+): the same$/, ([word]) => `${word}: gleich`],
];

/** A sentence of the screening in a language; undefined: it is none, or has no words in that language. */
export function matchReason(sentence: string, language: string, writing: Writing): string | undefined {
  if (language !== 'de') return undefined;
  for (const [form, write] of german) {
    const match = form.exec(sentence);
    if (match) return write(match.slice(1), writing);
  }
  return undefined;
}
