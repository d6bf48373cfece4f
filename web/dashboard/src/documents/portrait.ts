// Where the portrait is on a page of a travel document. Nothing here looks at the picture: ICAO Doc 9303 prints the holder's portrait
// (zone V) at the left edge, above the machine-readable zone, so that the shape of an upright picture which shows the page alone says
// where it is. Of any other picture nothing is known, and the whole of it is shown.

/** A part of a picture, in fractions of its width and height. */
export interface Part {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Width by height of the frame that faces are shown in: that of the portrait, 35 by 45 mm. */
export const frameShape = 35 / 45;

const mm = (page: { width: number; height: number }, x: number, y: number, width: number): Part => ({
  x: x / page.width,
  y: y / page.height,
  width: width / page.width,
  height: width / frameShape / page.height,
});

const td3 = { width: 125, height: 88 };
const td1 = { width: 85.6, height: 54 };

/** The pages that are known: a passport's (TD3) and a card's front (TD1), each with the portrait and a margin around it. */
const pages = [
  { shape: td3.width / td3.height, portrait: mm(td3, 3, 10, 41) },
  { shape: td1.width / td1.height, portrait: mm(td1, 2, 12.5, 31) },
];

/** How far a picture's shape may be from the page's, as a fraction: more is not the page alone. */
const tolerance = 0.04;

/** The part of a picture that has the portrait; null: it is not known. Width and height are in any unit. */
export function portraitIn(width: number, height: number): Part | null {
  if (!(width > 0 && height > 0)) return null;
  const shape = width / height;
  return pages.find((page) => Math.abs(shape / page.shape - 1) <= tolerance)?.portrait ?? null;
}

/** How a picture is placed so that a frame shows just this part of it, in percent of the frame. */
export function placed(part: Part): { left: string; top: string; width: string; height: string } {
  const percent = (value: number) => `${value * 100}%`;
  return {
    left: percent(-part.x / part.width),
    top: percent(-part.y / part.height),
    width: percent(1 / part.width),
    height: percent(1 / part.height),
  };
}
