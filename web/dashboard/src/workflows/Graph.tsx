import {
  BaseEdge,
  type Edge,
  EdgeLabelRenderer,
  type EdgeProps,
  Handle,
  MarkerType,
  type Node,
  type NodeProps,
  Position,
  ReactFlow,
} from '@xyflow/react';
import { useLayoutEffect, useMemo, useRef } from 'react';
import type { Case, WorkflowDetail } from '@/api';
import { useFormats } from '@/i18n';
import { useTitle } from '@/i18n/titles';
import { workName } from '@/queue/chips';
import { usePreferences } from '@/session';
import { cx } from '@/ui';
import { layout, linesOf, type Point, roomOf, stateSize } from './layout';
import type { NextStep, Visit } from './path';
import '@xyflow/react/dist/style.css';
import './graph.css';
import { useT } from './texts';

interface StateData extends Record<string, unknown> {
  title: string;
  detail: string;
  /** When it was entered: the place of each visit in the path. */
  order: number[];
  now: boolean;
  visited: boolean;
  possible: boolean;
  final: boolean;
}

function StateNode({ data }: NodeProps<Node<StateData>>) {
  return (
    <div
      className={cx(
        'relative flex h-14 w-46 flex-col justify-center rounded-md border bg-surface px-2.5 text-left',
        data.final && 'border-2 border-double',
        data.now
          ? 'border-accent bg-accent-soft'
          : data.visited
            ? 'border-line-strong'
            : 'border-dashed border-line-strong',
        !data.now && !data.visited && !data.possible && 'text-muted',
      )}
    >
      <Handle type="target" position={Position.Top} isConnectable={false} />
      {data.order.length > 0 && (
        <span
          aria-hidden="true"
          className="absolute -top-2.5 -left-2.5 rounded-full bg-accent px-1.5 text-xs leading-5 font-semibold text-on-accent"
        >
          {data.order.join(', ')}
        </span>
      )}
      <span className={cx('truncate text-sm', data.now && 'font-semibold text-accent-ink')}>{data.title}</span>
      <span className="truncate text-xs text-muted">{data.detail}</span>
      <Handle type="source" position={Position.Bottom} isConnectable={false} />
    </div>
  );
}

interface WayData extends Record<string, unknown> {
  points: Point[];
  label: string;
  at: Point;
  kind: 'gone' | 'possible' | 'other';
}

/** A curve through the points of the layout, so that ways keep clear of states and of each other's names. */
export function curve(points: readonly Point[]): string {
  const [first, ...rest] = points;
  const last = rest.at(-1);
  if (!first || !last) return '';
  const parts = [`M${first.x},${first.y}`];
  for (let n = 0; n < rest.length - 1; n++) {
    const a = rest[n];
    const b = rest[n + 1];
    if (!a || !b) continue;
    const end = n === rest.length - 2 ? b : { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
    parts.push(`Q${a.x},${a.y} ${end.x},${end.y}`);
  }
  if (rest.length === 1) parts.push(`L${last.x},${last.y}`);
  return parts.join(' ');
}

function Way({ id, data, markerEnd }: EdgeProps<Edge<WayData>>) {
  if (!data) return null;
  return (
    <>
      <BaseEdge id={id} path={curve(data.points)} markerEnd={markerEnd} />
      <EdgeLabelRenderer>
        <span
          className={cx(
            'absolute rounded-sm bg-surface px-1 text-center text-xs leading-4 whitespace-pre',
            data.kind === 'possible' ? 'text-accent-ink' : 'text-muted',
          )}
          style={{ transform: `translate(-50%, -50%) translate(${data.at.x}px, ${data.at.y}px)` }}
        >
          {linesOf(data.label).join('\n')}
        </span>
      </EdgeLabelRenderer>
    </>
  );
}

const nodeTypes = { state: StateNode };
const edgeTypes = { way: Way };

/** The chart drawn: where the case is, where it has been, where it can go. */
export function Graph({
  workflow,
  one,
  visits,
  steps,
  name,
}: {
  workflow: WorkflowDetail;
  one: Case;
  visits: Visit[];
  steps: NextStep[];
  name: (path: string) => string;
}) {
  const t = useT();
  const title = useTitle();
  const { theme } = usePreferences();
  const { period } = useFormats();
  const { nodes, edges, size } = useMemo(() => {
    const states = workflow.states.filter(
      (state) => state.kind !== 'compound' && state.kind !== 'parallel' && state.kind !== 'history',
    );
    const leaf = (path: string) =>
      states.find((state) => state.path === path)?.path ??
      states.find((state) => state.path.startsWith(`${path}.`))?.path;
    const been = new Set(visits.map((visit) => visit.state));
    const ways = new Set(visits.slice(1).map((visit, n) => `${visits[n]?.state}→${visit.state}`));
    const possible = new Set(steps.filter((step) => step.allowed !== false).map((step) => leaf(step.to)));
    const joined = new Map<string, { from: string; to: string; labels: string[] }>();
    const labelOf = (edge: { labels: string[] }) => edge.labels.join(' / ');
    for (const transition of workflow.transitions) {
      const from = leaf(transition.from);
      const to = leaf(transition.to);
      if (!from || !to) continue;
      const label =
        transition.kind === 'after'
          ? t('workflows.after', { time: period(transition.after ?? '') })
          : transition.event
            ? t.maybe(`decision.${transition.event}`, transition.event)
            : t(`workflows.kind_${transition.kind}`);
      const key = `${from}→${to}`;
      const edge = joined.get(key) ?? { from, to, labels: [] };
      if (!edge.labels.includes(label)) edge.labels.push(label);
      joined.set(key, edge);
    }
    const drawn = layout(
      states.map((state) => state.path),
      [...joined.values()].map(({ from, to, labels }) => ({ from, to, ...roomOf(linesOf(labels.join(' / '))) })),
    );
    const nodes: Node<StateData>[] = states.map((state) => {
      const at = drawn.states.get(state.path) ?? { x: 0, y: 0 };
      const order = visits.flatMap((visit, n) => (visit.state === state.path ? [n + 1] : []));
      const now = one.configuration.includes(state.path);
      return {
        id: state.path,
        type: 'state',
        position: { x: at.x - stateSize.width / 2, y: at.y - stateSize.height / 2 },
        data: {
          title: name(state.path),
          detail:
            now && one.status === 'active'
              ? t('workflows.here')
              : been.has(state.path)
                ? t('workflows.was_here')
                : state.kind === 'final'
                  ? t('workflows.end')
                  : state.tags.map((tag) => t.maybe(`tag.${tag}`, workName(tag))).join(', '),
          order,
          now,
          visited: been.has(state.path),
          possible: possible.has(state.path),
          final: state.kind === 'final',
        },
        ariaLabel: [
          name(state.path),
          order.length > 0 && t('workflows.steps', { count: order.length, steps: order.join(', ') }),
          now && t('workflows.here'),
        ]
          .filter(Boolean)
          .join(', '),
        draggable: false,
        connectable: false,
      };
    });
    const edges: Edge<WayData>[] = drawn.ways.map((way) => {
      const key = `${way.from}→${way.to}`;
      const edge = joined.get(key) ?? { from: way.from, to: way.to, labels: [] };
      const kind =
        one.configuration.includes(edge.from) && possible.has(edge.to) ? 'possible' : ways.has(key) ? 'gone' : 'other';
      return {
        id: key,
        type: 'way',
        source: edge.from,
        target: edge.to,
        data: { points: way.points, label: labelOf(edge), at: way.label, kind },
        className: `edge-${kind}`,
        markerEnd: { type: MarkerType.ArrowClosed },
        focusable: false,
      };
    });
    return { nodes, edges, size: { width: drawn.width, height: drawn.height } };
  }, [workflow, one, visits, steps, name, t, period]);
  const frame = useRef<HTMLElement>(null);
  const here = nodes.find((node) => node.data.now)?.position;
  const [x, y] = [here?.x, here?.y];
  useLayoutEffect(() => {
    // What is drawn keeps its size, so that it can be read: the frame scrolls, and begins at the state that matters.
    const box = frame.current;
    if (!box || x === undefined || y === undefined) return;
    box.scrollTo({ left: x + stateSize.width / 2 - box.clientWidth / 2, top: y - box.clientHeight / 2 });
  }, [x, y]);
  return (
    <section
      ref={frame}
      // The drawing scrolls: it must be reachable by keyboard.
      tabIndex={0}
      className="max-h-[42rem] overflow-auto"
      role="group"
      aria-label={t('workflows.graph_of', { workflow: title(workflow, workflow.id) })}
    >
      <div className="mx-auto" style={size}>
        <ReactFlow
          nodes={nodes}
          edges={edges}
          nodeTypes={nodeTypes}
          edgeTypes={edgeTypes}
          colorMode={theme}
          defaultViewport={{ x: 0, y: 0, zoom: 1 }}
          minZoom={1}
          maxZoom={1}
          panOnDrag={false}
          zoomOnDoubleClick={false}
          zoomOnPinch={false}
          nodesDraggable={false}
          nodesConnectable={false}
          nodesFocusable={false}
          edgesFocusable={false}
          elementsSelectable={false}
          zoomOnScroll={false}
          preventScrolling={false}
          proOptions={{ hideAttribution: true }}
        />
      </div>
    </section>
  );
}
