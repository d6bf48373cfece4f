import dagre from '@dagrejs/dagre';

// Where states and ways are drawn. The layout is tried in several orders, and the one is taken whose ways cross least.

export interface Point {
  x: number;
  y: number;
}

export interface Drawn {
  /** The middle of each state. */
  states: Map<string, Point>;
  ways: { from: string; to: string; points: Point[]; label: Point }[];
  width: number;
  height: number;
  crossings: number;
}

export interface Link {
  from: string;
  to: string;
  /** The room that its name takes. */
  width: number;
  height: number;
}

export const stateSize = { width: 184, height: 56 };

function side(a: Point, b: Point, c: Point): number {
  return Math.sign((b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x));
}

/** A name in lines of a length that leaves room for others beside it: broken between words. */
export function linesOf(name: string, longest = 22): string[] {
  const found: string[] = [];
  for (const word of name.split(' ')) {
    const last = found.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= longest) found[found.length - 1] = `${last} ${word}`;
    else found.push(word);
  }
  return found;
}

/** The room that lines of text take. */
export function roomOf(text: readonly string[]): { width: number; height: number } {
  return { width: Math.max(0, ...text.map((line) => line.length)) * 6.5 + 12, height: text.length * 16 + 2 };
}

/** Whether two lines cross: to touch is not to cross. */
function cross([a, b]: readonly [Point, Point], [c, d]: readonly [Point, Point]): boolean {
  return side(a, b, c) * side(a, b, d) < 0 && side(c, d, a) * side(c, d, b) < 0;
}

function lines(points: readonly Point[]): [Point, Point][] {
  return points.slice(1).flatMap((point, n): [Point, Point][] => {
    const before = points[n];
    return before ? [[before, point]] : [];
  });
}

/** How often ways cross each other, where they do not begin or end together. */
export function crossings(ways: readonly { points: readonly Point[] }[]): number {
  const all = ways.map((way) => lines(way.points));
  let sum = 0;
  all.forEach((one, n) => {
    for (const other of all.slice(n + 1)) {
      for (const line of one) sum += other.filter((each) => cross(line, each)).length;
    }
  });
  return sum;
}

interface Attempt {
  ranker: string;
  acyclicer?: string;
  backwards: boolean;
}

const attempts: Attempt[] = ['network-simplex', 'tight-tree', 'longest-path'].flatMap((ranker) =>
  [undefined, 'greedy'].flatMap((acyclicer) => [false, true].map((backwards) => ({ ranker, acyclicer, backwards }))),
);

function attempt(states: readonly string[], links: readonly Link[], { ranker, acyclicer, backwards }: Attempt): Drawn {
  const graph = new dagre.graphlib.Graph()
    .setGraph({ rankdir: 'TB', nodesep: 32, edgesep: 20, ranksep: 28, marginx: 12, marginy: 12, ranker, acyclicer })
    .setDefaultEdgeLabel(() => ({}));
  const ordered = <T>(list: readonly T[]) => (backwards ? [...list].reverse() : list);
  for (const state of ordered(states)) graph.setNode(state, { ...stateSize });
  for (const { from, to, width, height } of ordered(links)) {
    graph.setEdge(from, to, { width, height, labelpos: 'c' });
  }
  dagre.layout(graph);
  const ways = links.map(({ from, to }) => {
    const way = graph.edge(from, to);
    return { from, to, points: way.points as Point[], label: { x: way.x ?? 0, y: way.y ?? 0 } };
  });
  const { width = 0, height = 0 } = graph.graph();
  const at = new Map(states.map((state) => [state, { x: graph.node(state).x, y: graph.node(state).y }]));
  return { states: at, ways, width, height, crossings: crossings(ways) };
}

/** Places states and ways: with as few crossings as any order has, and then as narrow as possible. */
export function layout(states: readonly string[], links: readonly Link[]): Drawn {
  const [first, ...rest] = attempts.map((one) => attempt(states, links, one));
  return rest.reduce(
    (best, one) =>
      one.crossings < best.crossings || (one.crossings === best.crossings && one.width < best.width) ? one : best,
    first as Drawn,
  );
}
