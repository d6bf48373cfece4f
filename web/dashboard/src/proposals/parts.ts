/** A part of a line: as it was written, or the name of a character that would not be seen, or would be obeyed. */
export interface Part {
  text: string;
  named: boolean;
}

// What has a shape of its own, and the space. Beside control characters and marks of direction this leaves out other spaces,
// and what is ignored when a text is drawn, though it counts as a letter or a mark.
const shown = /^(?!\p{Default_Ignorable_Code_Point})[\p{L}\p{M}\p{N}\p{P}\p{S} \t]$/u;

/** A line in parts: it must not look other than it is. "<U+202E>" stands for what turns the direction of the text. */
export function partsOf(line: string): Part[] {
  const parts: Part[] = [];
  for (const one of line) {
    const named = !shown.test(one);
    const text = named ? `<U+${(one.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}>` : one;
    const last = parts.at(-1);
    if (last?.named === named) last.text += text;
    else parts.push({ text, named });
  }
  return parts;
}
